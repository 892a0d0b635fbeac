"""Write a Keras decoder down as JSON that `decoder.js` runs in a browser."""

import base64
import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

# A page carries the weights: 300,000 of them are 1.6 MB of text.
MAX_WEIGHTS = 300_000

_IDENTITY = {"Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout"}  # when not training


def export_decoder(decoder: "keras.Model") -> dict[str, Any]:
    """Return a decoder as a dictionary of JSON values.

    Args:
        decoder: a built Keras model, functional or `Sequential`, that is one chain of Dense,
            Reshape, Flatten, Conv2D, Conv2DTranspose, UpSampling2D (nearest), BatchNormalization,
            Activation, ReLU and LeakyReLU layers (dropout and noise are left out, as they are when
            a model predicts), with activations linear, relu, leaky_relu, tanh or sigmoid. It maps
            codes `(batch, latent_dim)` to images `(batch, height, width, channels)`.

    Returns:
        `{"input": [latent_dim], "image": [height, width, channels], "count": number of weights,
        "layers": [...], "weights": base64 of little-endian float32}`. Batch normalisation is folded
        into one scale and one shift a channel.

    Raises:
        ValueError: when the model is not such a chain, is not built, holds a weight that is not
            finite, or is too large for a page.
    """
    shape = _input_shape(decoder)
    writer = _Writer(shape)
    writer.add_model(decoder)
    if len(writer.shape) != 3:
        raise ValueError(
            "The decoder must end in images of shape (height, width, channels): add a Reshape. "
            f"Received: output shape {writer.shape}"
        )
    weights = np.concatenate([np.zeros(0), *writer.weights])
    if not np.isfinite(weights).all():
        raise ValueError(
            "The decoder's weights must be finite: train it again. "
            f"Received: {np.count_nonzero(~np.isfinite(weights))} weights that are NaN or infinite"
        )
    if weights.size > MAX_WEIGHTS:
        raise ValueError(
            f"The page carries the decoder, so it may have at most {MAX_WEIGHTS} weights: use a "
            f"smaller preset. Received: {weights.size}"
        )
    return {
        "input": list(shape),
        "image": list(writer.shape),
        "count": int(weights.size),
        "layers": writer.layers,
        "weights": base64.b64encode(weights.astype("<f4").tobytes()).decode("ascii"),
    }


class _Writer:
    """Follows one example through the layers and writes each of them down."""

    def __init__(self, shape):
        self.shape = shape  # of one example, before the next layer
        self.layers = []
        self.weights = []
        self._size = 0

    def add_model(self, model):
        _check_chain(model)
        for layer in model.layers:
            if hasattr(layer, "layers"):  # a model within the model
                self.add_model(layer)
                continue
            kind = type(layer).__name__
            if kind == "InputLayer":
                continue
            config = layer.get_config()
            if config.get("data_format") == "channels_first":
                raise ValueError(
                    "The decoder's layers must keep channels last: set "
                    f'data_format="channels_last". Received: {_name(layer)} with channels_first'
                )
            after = tuple(layer.compute_output_shape((None, *self.shape))[1:])
            if kind in ("Reshape", "Flatten") or kind in _IDENTITY:
                pass  # values keep their order
            elif kind in _WRITERS:
                _WRITERS[kind](self, layer, config, after)
            else:
                raise ValueError(
                    "The decoder may hold only layers that the page can run "
                    f"({', '.join(sorted([*_WRITERS, *_IDENTITY, 'Reshape', 'Flatten']))}). "
                    f"Received: {_name(layer)}"
                )
            self.shape = after

    def write(self, operation, kernel=(), bias=(), *, activation=("linear", 0), **options):
        """Append a step: `operation`, then the bias of each channel, then the activation."""
        self.layers.append(
            {
                "operation": operation,
                "kernel": self._store(kernel),
                "bias": self._store(bias),
                "activation": list(activation),
                **options,
            }
        )

    def _store(self, values):
        values = np.asarray(values, "float64").ravel()
        start, self._size = self._size, self._size + values.size
        self.weights.append(values)
        return [start, self._size]

    def dense(self, layer, config, after):
        self.write("dense", *layer.get_weights(), activation=_activation(layer), units=after[-1])

    def convolution(self, layer, config, after, transposed=False):
        _refuse(layer, config, dilation_rate=(1, 1), groups=1, output_padding=None)
        small, large = (self.shape, after) if transposed else (after, self.shape)
        size, stride = config["kernel_size"], config["strides"]
        pad = [0, 0]
        if config["padding"] == "same":  # what is missing at the edges, the smaller half first
            pad = [max((small[i] - 1) * stride[i] + size[i] - large[i], 0) // 2 for i in (0, 1)]
        self.write(
            "convolve",
            *layer.get_weights(),
            activation=_activation(layer),
            transposed=transposed,
            small=list(small),
            large=list(large),
            size=list(size),
            stride=list(stride),
            pad=pad,
        )

    def transposed_convolution(self, layer, config, after):
        self.convolution(layer, config, after, transposed=True)

    def upsampling(self, layer, config, after):
        _refuse(layer, config, interpolation="nearest")
        self.write("upsample", shape=list(after), factor=list(config["size"]))

    def batch_normalization(self, layer, config, after):
        axis = config["axis"][0] if isinstance(config["axis"], (list, tuple)) else config["axis"]
        if axis not in (-1, len(after)):
            raise ValueError(
                "Batch normalisation must run over the last axis (axis=-1). "
                f"Received: {_name(layer)} with axis={axis}"
            )
        weights = [np.asarray(w, "float64") for w in layer.get_weights()]
        scale = weights.pop(0) if config["scale"] else 1.0
        shift = weights.pop(0) if config["center"] else 0.0
        mean, variance = weights
        scale = scale / np.sqrt(variance + config["epsilon"])
        self.write("scale", scale, shift - mean * scale)

    def activation(self, layer, config, after):
        self.write("activate", activation=_activation(layer))

    def relu(self, layer, config, after):
        self.write("activate", activation=_slope(layer, config))


_WRITERS = {
    "Dense": _Writer.dense,
    "Conv2D": _Writer.convolution,
    "Conv2DTranspose": _Writer.transposed_convolution,
    "UpSampling2D": _Writer.upsampling,
    "BatchNormalization": _Writer.batch_normalization,
    "Activation": _Writer.activation,
    "ReLU": _Writer.relu,
    "LeakyReLU": _Writer.relu,
}


def _activation(layer):
    """Return a layer's activation as `(name, slope below zero)`."""
    given = layer.get_config()["activation"]
    if isinstance(given, dict) and given.get("class_name") in ("ReLU", "LeakyReLU"):
        return _slope(layer, given["config"])
    if given == "leaky_relu":
        return ("leaky_relu", 0.2)  # the default of keras.activations.leaky_relu
    if given in ("linear", "relu", "tanh", "sigmoid"):
        return (given, 0)
    raise ValueError(
        "The decoder's activations must be linear, relu, leaky_relu, tanh or sigmoid. "
        f"Received: {given!r} in {_name(layer)}"
    )


def _slope(layer, config):
    """Return a ReLU or LeakyReLU layer's activation as `(name, slope below zero)`."""
    if config.get("max_value") is not None or config.get("threshold"):
        raise ValueError(
            "A ReLU must have neither max_value nor threshold. "
            f"Received: {_name(layer)} with max_value={config.get('max_value')}, "
            f"threshold={config.get('threshold')}"
        )
    slope = config["negative_slope"]
    return ("leaky_relu", float(slope if np.ndim(slope) == 0 else slope[0]))


def _refuse(layer, config, **only):
    for option, allowed in only.items():
        given = config.get(option, allowed)
        if (tuple(given) if isinstance(given, list) else given) != allowed:
            raise ValueError(
                f"A layer of the decoder must have {option}={allowed!r}, the page knows no other. "
                f"Received: {_name(layer)} with {option}={given!r}"
            )


def _name(layer):
    return f"layer {layer.name!r} ({type(layer).__name__})"


def _input_shape(decoder):
    try:
        inputs, outputs = decoder.inputs, decoder.outputs
        shape = tuple(inputs[0].shape[1:])
        chain = len(inputs) == len(outputs) == 1 and math.prod(shape) > 0
    except (AttributeError, TypeError, ValueError, IndexError):
        chain = False
    if not chain:
        raise ValueError(
            "The decoder must be a built Keras model, functional or Sequential, with one input of "
            f"known size and one output. Received: {type(decoder).__name__}"
        )
    return shape


def _check_chain(model):
    """Refuse a layer that is called twice: `model.layers` names it once."""
    for entry in model.get_config()["layers"]:
        if len(entry.get("inbound_nodes", ())) > 1:
            raise ValueError(
                "The decoder must be one chain in which each layer is called once. Received: layer "
                f"{entry['name']!r} called {len(entry['inbound_nodes'])} times"
            )
