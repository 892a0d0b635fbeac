"""Checks of chapter 1, the autoencoder."""

import numpy as np

from vaegan_edu.exercises import Hint, compare, exercise, numbers


@exercise("dense_weights", takes="value")
def _(answer):
    value = numbers(answer, "the number of weights")
    places, channels, units = 16 * 16, 32, 64
    compare(
        value,
        places * channels * units + units,
        {
            "the biases are missing: one for each unit.": places * channels * units,
            "that is the layer for images of 28 x 28 pixels.": 7 * 7 * channels * units + units,
            "a place of the feature map has 32 channels, not one.": places * units + units,
            "each convolution halves the side, and there are two of them.": 32**2 * channels * units
            + units,
            "the convolutions come first: the layer does not see the pixels.": 64**2 * units
            + units,
            "you counted the numbers that go in. Each is joined to each unit.": places * channels,
            "one bias for each unit, not for each number that goes in.": places
            * channels
            * (units + 1),
        },
        what="the number of weights",
    )
    return (
        "524,352 weights. The side grew by a factor of 64 / 28, and the weights by nearly its "
        "square; a convolution would have as many as before."
    )


@exercise("interpolate")
def _(answer):
    for a, b, steps in (
        (np.array([0.0, 2.0]), np.array([3.0, -1.0]), 4),
        (np.array([1.0, -1.0, 5.0]), np.array([2.0, 3.0, 5.0]), 3),
    ):
        t = np.linspace(0, 1, steps)[:, None]
        line = (1 - t) * a + t * b
        open_t = (np.arange(steps) / steps)[:, None]
        inner_t = (np.arange(1, steps + 1) / (steps + 1))[:, None]
        compare(
            answer(a, b, steps),
            line,
            {
                "you walk from b to a. Start at a.": line[::-1],
                "the walk stops before b: the last weight must be 1.": (1 - open_t) * a
                + open_t * b,
                "the walk leaves out both ends: the weights run from 0 to 1, both included.": (
                    1 - inner_t
                )
                * a
                + inner_t * b,
                "one code too many: `steps` counts the codes, both ends included.": np.linspace(
                    a, b, steps + 1
                ),
                "the result lies on its side: each code needs a row of its own.": line.T,
                "you add t * b to the whole of a. The weight of a must fall to 0.": a + t * b,
            },
            where=f"a = {a.tolist()}, b = {b.tolist()}, steps = {steps}",
        )
    return "every code lies on the straight line from a to b, in equal steps, both ends included."


@exercise("reconstruction_loss")
def _(answer):
    rng = np.random.default_rng(0)
    for count, side in ((3, 4), (2, 6)):
        x, x_hat = rng.uniform(-1, 1, (2, count, side, side, 1))
        square = (x - x_hat) ** 2
        each = 0.5 * square.sum(axis=(1, 2, 3))
        compare(
            answer(x, x_hat),
            each.mean(),
            {
                "the half is missing: each squared difference counts half.": 2 * each.mean(),
                "you averaged over the pixels. They are summed; only images are averaged.": 0.5
                * square.mean(),
                "you averaged over the pixels, and the half is missing.": square.mean(),
                "you summed over the images as well. Take their mean.": each.sum(),
                "this is one loss per image. Average over the batch.": each,
                "this is the absolute difference. Square it.": 0.5
                * np.abs(x - x_hat).sum(axis=(1, 2, 3)).mean(),
                "this is the length of the difference. The loss has no square root.": 0.5
                * np.sqrt(square.sum(axis=(1, 2, 3))).mean(),
                "the sign is reversed: a loss is never negative here.": -each.mean(),
            },
            what="the loss",
        )
    return "it sums over pixels, averages over images, and has its half."


@exercise("encoder")
def _(answer):
    import keras

    for image_shape, latent_dim in (((28, 28, 1), 16), ((32, 24, 3), 5)):
        network = answer(image_shape, latent_dim)
        where = f"image_shape = {image_shape} and latent_dim = {latent_dim}"
        if not isinstance(network, keras.Model):
            raise Hint(
                "return a Keras model: `keras.Model(images, code)`. "
                f"Received: {type(network).__name__}"
            )
        if network.input_shape != (None, *image_shape):
            raise Hint(
                "the input is not the one of the first line: `images = keras.Input(image_shape)`. "
                f"Received an input of {network.input_shape[1:]} for {where}"
            )
        output = network.output_shape
        if not isinstance(output, tuple) or output != (None, latent_dim):
            raise Hint(
                f"the last layer is a dense one of `latent_dim` units, here {latent_dim}, after "
                f"`Flatten`. Received an output of {output} for {where}"
            )
        _check_weights(network.count_params(), image_shape, latent_dim, where)
        _check_activations(network)
    return (
        "three convolutions, a dense layer and the code. For a digit that is "
        f"{_encoder_weights((28, 28, 1), 16):,} weights."
    )


def _check_weights(count, image_shape, latent_dim, where):
    """Compare a number of weights with the right one and with those of typical mistakes."""
    mistakes: dict[str, dict] = {
        "no padding: the maps are smaller than they should be. Convolutions need "
        '`padding="same"`.': {"padded": False},
        "the convolutions do not halve the image: `strides=2` is missing.": {"stride": 1},
        "the kernels have another size than 3 x 3.": {"kernel": 4},
        "the third convolution, of 64 filters, is missing.": {"filters": (16, 32)},
        "the numbers of filters stand in another order: 16, then 32, then 64.": {
            "filters": (64, 32, 16)
        },
        "the dense layer of 64 units before the code is missing.": {"units": None},
    }
    for hint, change in mistakes.items():
        if count == _encoder_weights(image_shape, latent_dim, **change):
            raise Hint(hint)
    expected = _encoder_weights(image_shape, latent_dim)
    if count != expected:
        raise Hint(f"the network should have {expected} weights for {where}. Received: {count}")


def _check_activations(network):
    found = []
    for layer in network.layers:
        name = getattr(getattr(layer, "activation", None), "__name__", "linear")
        found += [name] if name != "linear" else []
        found += ["relu"] if type(layer).__name__ == "ReLU" else []
    if not found:
        raise Hint(
            "there is no activation: the whole network is one linear map. Each convolution and "
            'the first dense layer need `activation="relu"`.'
        )
    if len(found) == 5:
        raise Hint(
            "the code goes through an activation too, so ReLU would cut off its negative numbers. "
            "Leave the last layer without one."
        )
    if found != ["relu"] * 4:
        raise Hint(
            "four layers are followed by ReLU: three convolutions and the first dense layer. "
            f"Received: {', '.join(found)}"
        )


def _encoder_weights(
    image_shape, latent_dim, filters=(16, 32, 64), kernel=3, stride=2, padded=True, units=64
):
    """Return the number of weights and biases, layer by layer."""
    height, width, channels = image_shape
    total = 0
    for count in filters:
        total += kernel * kernel * channels * count + count
        channels = count
        if padded:
            height, width = -(-height // stride), -(-width // stride)
        else:
            height, width = (height - kernel) // stride + 1, (width - kernel) // stride + 1
    length = height * width * channels
    for count in (units, latent_dim):
        if count is not None:
            total += length * count + count
            length = count
    return total
