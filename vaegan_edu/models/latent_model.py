"""What every model with a decoder, and with an encoder, can do: arrays in, arrays out.

Every model learns in the same words: `play` is one forward pass, a named value; `terms_of` it are
the terms that the losses are made of; `losses_of` them are the losses. Each is a function of what
the one before returned, and nothing else is remembered while a step is traced. What is logged
follows from the names of the terms.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from vaegan_edu import networks
from vaegan_edu.layers import Tensor
from vaegan_edu.models.steps import step_module
from vaegan_edu.validation import check_codes, check_count, check_images, check_points


class GenerativeModel(keras.Model):
    """A decoder that makes examples out of codes: images, or points (batch, width) for 2-D toys.

    A subclass names its networks in `network_names`; each is an attribute of that name and an
    argument of `__init__`, and is saved with the model. It defines `play`, `terms_of` and
    `losses_of`. Here all networks follow one loss, `losses_of(...)["loss"]`, by one optimizer and
    Keras' own training step; `AdversarialModel` gives each network its own.

    Keras' regularisers, and what a layer passes to `add_loss`, are added to the loss in `fit` and
    `evaluate`; `compute_losses` is the formula without them.

    Args:
        **kwargs: the networks by name, the decoder from codes (batch, latent_dim) to examples
            among them; the rest as for `keras.Model`.

    Raises:
        ValueError: a network is none, or the decoder doesn't take codes of shape
            (batch, latent_dim).
    """

    network_names: tuple[str, ...] = ("decoder",)
    # The name in the logs of terms that have another one there; `None` is not logged.
    log_names: dict[str, str | None] = {}

    def __init__(self, **kwargs: Any):
        given = {name: kwargs.pop(name) for name in self.network_names}
        super().__init__(**kwargs)
        # The decoder first: the states that runs keep are in this order.
        for name in sorted(given, key=lambda name: name != "decoder"):
            setattr(self, name, check_network(given[name], name))
        if len(self.decoder.input_shape) != 2:
            raise ValueError(
                "A decoder takes codes of shape (batch, latent_dim). "
                f"Received: {self.decoder.input_shape}"
            )
        self._trackers: dict[
            str, keras.metrics.Mean
        ] = {}  # by the name in the logs; `compile` fills it
        self.built = True  # the networks have their weights: saving needs no first call

    @property
    def networks(self) -> dict[str, keras.Model]:
        """The networks by name."""
        return {name: getattr(self, name) for name in self.network_names}

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width, channels) of the images, or (width,) of points."""
        return self.decoder.output_shape[1:]

    @property
    def latent_dim(self) -> int:
        """Length of a code."""
        return self.decoder.input_shape[-1]

    # Arrays in, arrays out.

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Return the images (batch, height, width, channels) of codes z (batch, latent_dim)."""
        return networks.apply(self.decoder, check_codes(z, latent_dim=self.latent_dim))

    def generate(self, count: int, seed: int | None = None) -> np.ndarray:
        """Return `count` images decoded from standard normal codes; equal seeds, equal codes."""
        count = check_count(count)
        return self.decode(np.random.default_rng(seed).standard_normal((count, self.latent_dim)))

    # What a subclass states.

    def play(self, images: Tensor, training: bool, noise: Any = None) -> Any:
        """Return what the networks make of a batch, a named tuple."""
        raise NotImplementedError

    def terms_of(self, played: Any, training: bool) -> dict[str, Tensor]:
        """Return the terms that the losses are made of, scalars, from what `play` returned."""
        raise NotImplementedError

    def losses_of(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the losses, scalars, from the terms."""
        raise NotImplementedError

    def observed_of(self, played: Any, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return what is logged beside the losses, scalars by their names: here the terms."""
        named = ((self.log_names.get(name, name), term) for name, term in terms.items())
        return {name: term for name, term in named if name is not None}

    # What follows from it.

    def compute_terms(self, images: Tensor, training: bool, noise: Any = None) -> dict[str, Tensor]:
        """Return the terms of a batch, scalars; noise is drawn where it is `None`."""
        played = self.play(self.check_examples(images), training, noise)
        return self.terms_of(played, training)

    def compute_losses(
        self, images: Tensor, training: bool, noise: Any = None
    ) -> dict[str, Tensor]:
        """Return the losses of a batch, scalars; noise is drawn where it is `None`."""
        return self.losses_of(self.compute_terms(images, training, noise))

    def as_played(self, images: Tensor, outputs: Any) -> Any:
        """Return what `play` would, from images and what `call` returned for them."""
        raise NotImplementedError

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Return the loss of what `call` made of images `x`, a scalar, and log its terms.

        Keras' training step calls it. Labels may come with the images; they are not used.

        Raises:
            ValueError: there are sample weights, or the images have another shape.
        """
        images = self.check_examples(x)
        played = self.as_played(images, y_pred)
        terms = self.terms_of(played, training)
        self.track(images, self.observed_of(played, terms))
        return complete_loss(self, self.losses_of(terms)["loss"], sample_weight)

    def check_examples(self, images: Tensor) -> Tensor:
        """Return the examples of a batch in Keras' usual precision, whatever type they came in.

        Raises:
            ValueError: they do not have the decoder's shape. Sides may be unknown while a step is
                traced.
        """
        check_shape(images, self.image_shape)
        return ops.cast(images, keras.backend.floatx())

    # Compiling and logs.

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "rmsprop",
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Compile with an optimizer; all arguments as for `keras.Model.compile`.

        There is no `loss` and there are no `metrics`: both follow from the terms.
        """
        super().compile(
            optimizer=optimizer,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            auto_scale_loss=auto_scale_loss,
        )
        self._make_trackers(self._observe)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        config = keras.saving.deserialize_keras_object(config)
        self.compile(**{name: value for name, value in config.items() if value is not None})
        self.optimizer.build(self.trainable_variables)

    def _observe(self, images):
        played = self.play(images, training=True)
        return self.observed_of(played, self.terms_of(played, training=True))

    def _make_trackers(self, logged: Callable[[Tensor], dict[str, Tensor]]) -> None:
        """Make a mean over the epoch for each name that `logged(images)` returns.

        Only the names are looked at, on a batch without numbers.
        """
        for name in step_module().names_of(logged, self):
            if name not in self._trackers:
                self._trackers[name] = keras.metrics.Mean(name)

    def track(self, images: Tensor, values: dict[str, Tensor]) -> None:
        """Add scalars of a batch to the epoch's means, each image counted once."""
        for name, value in values.items():
            if name in self._trackers:
                self._trackers[name].update_state(value, sample_weight=ops.shape(images)[0])

    # Keras' own ways in and out.

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Train as Keras does, once the first images were looked at: they must lie in [-1, 1].

        Keras' own callbacks know of a log named `loss` alone that it is to fall. Here they are told
        that all losses are, and `TerminateOnNaN` looks at all of them.

        Raises:
            ValueError: they do not, in arrays or a `keras.utils.PyDataset`. A network would learn
                from 0-255 without a word, and badly. Other pipelines are taken as they are.
        """
        if len(self.image_shape) == 3:
            for data in (x, kwargs.get("validation_data")):
                _check_first_images(data, self.image_shape)
        if isinstance(kwargs.get("callbacks"), (list, tuple)):
            kwargs["callbacks"] = [_tell_losses(callback) for callback in kwargs["callbacks"]]
        return super().fit(x, *args, **kwargs)

    def export(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Export `call` as `keras.Model.export` does; its input's shape is known."""
        first = next(iter(self.networks.values()))
        if "input_signature" not in kwargs:
            kwargs["input_signature"] = [keras.InputSpec("float32", shape=first.input_shape)]
        super().export(filepath, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {k: keras.saving.serialize_keras_object(v) for k, v in self.networks.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        networks = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects)
            for name in cls.network_names
        }
        return cls(**{**config, **networks})


class LatentModel(GenerativeModel):
    """An encoder and a decoder that meet in a latent space.

    Args:
        encoder: images (batch, height, width, channels) to codes.
        decoder: codes (batch, latent_dim) to images of the encoder's input shape.

    Raises:
        ValueError: the two networks do not meet.
    """

    network_names: tuple[str, ...] = ("encoder", "decoder")

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        if self.encoder.input_shape[1:] != self.decoder.output_shape[1:]:
            raise ValueError(
                "The decoder must return images of the encoder's input shape "
                f"{self.encoder.input_shape[1:]}. Received: {self.decoder.output_shape[1:]}"
            )
        for code_shape in _shapes(self.encoder.output_shape):
            if code_shape[1:] != self.decoder.input_shape[1:]:
                raise ValueError(
                    f"The decoder must take codes of the encoder's shape {code_shape[1:]}. "
                    f"Received: {self.decoder.input_shape[1:]}"
                )

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Return the codes (batch, latent_dim) of images (batch, height, width, channels)."""
        if len(self.image_shape) == 1:
            images = check_points(images, width=self.image_shape[0])
        else:
            images = check_images(images, image_shape=self.image_shape)
        codes = networks.apply(self.encoder, images)
        return codes[0] if isinstance(codes, tuple) else codes  # of a VAE: z_mean

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Return `decode(encode(images))`, of the shape of `images`."""
        return self.decode(self.encode(images))


def check_network(network: Any, name: str) -> keras.Model:
    """Return a network; `ValueError` unless it is a Keras model that knows its shapes."""
    if not isinstance(network, keras.Model) or not getattr(network, "outputs", None):
        raise ValueError(
            f"`{name}` must be a Keras model whose shapes are known, as `networks` builds them. "
            f"Received: {network!r}"
        )
    return network


def check_shape(examples: Tensor, example_shape: tuple[int, ...]) -> None:
    """Raise `ValueError` unless a batch has examples of that shape; a side may be unknown."""
    try:
        shape = tuple(examples.shape)
    except ValueError:  # TensorFlow does not even know how many sides there are
        shape = None
    if (
        shape is None
        or len(shape) != len(example_shape) + 1
        or any(
            side not in (None, expected)
            for side, expected in zip(shape[1:], example_shape, strict=True)
        )
    ):
        raise ValueError(
            f"Examples must have shape (batch, {', '.join(map(str, example_shape))}). "
            f"Received: {'an unknown number of dimensions' if shape is None else shape}"
        )


def complete_loss(model: keras.Model, loss: Tensor, sample_weight: Tensor = None) -> Tensor:
    """Return a model's loss with its regularisers and what its layers passed to `add_loss`.

    Devices that share a batch add their gradients up; each then gets its share of the loss.

    Raises:
        ValueError: there are sample weights.
    """
    refuse_weights(sample_weight)
    for added in model.losses:
        loss = loss + added
    replicas = step_module().replicas()
    return loss / replicas if replicas > 1 else loss


def refuse_weights(sample_weight: Tensor) -> None:
    """Raise `ValueError` if a batch came with weights of its examples."""
    if sample_weight is not None:
        raise ValueError("These models take no `sample_weight` or `class_weight`; leave it out.")


def layers_within(networks: Iterable[keras.Layer]) -> Iterator[keras.Layer]:
    """Yield networks and all their layers."""
    for network in networks:
        yield network
        yield from layers_within(getattr(network, "layers", ()))


class _TerminateOnNaN(keras.callbacks.TerminateOnNaN):
    """Keras' own, which looks at `loss` alone, told of all losses."""

    def on_batch_end(self, batch, logs=None):
        found = [value for name, value in (logs or {}).items() if _is_loss(name)]
        super().on_batch_end(batch, {"loss": sum(found)})


def _tell_losses(callback: keras.callbacks.Callback) -> keras.callbacks.Callback:
    if type(callback) is keras.callbacks.TerminateOnNaN:
        told = _TerminateOnNaN()
        told.__dict__.update(callback.__dict__)
        return told
    if getattr(callback, "mode", None) == "auto" and _is_loss(getattr(callback, "monitor", "")):
        callback.mode = "min"
    return callback


def _is_loss(name: str) -> bool:
    return name == "loss" or name.endswith("_loss")


def _check_first_images(data: Any, image_shape: tuple[int, ...]) -> None:
    """Refuse what `fit` was given where its first images are none; look no further: it is cheap."""
    if isinstance(data, keras.utils.PyDataset):
        data = data[0]
    images = keras.utils.unpack_x_y_sample_weight(data)[0]
    if hasattr(images, "shape"):
        check_images(images[:100], image_shape=image_shape)


def _shapes(output_shape: Any) -> list[tuple[int | None, ...]]:
    """Return a list of shapes, for one output as for several."""
    return [output_shape] if output_shape and output_shape[0] is None else list(output_shape)
