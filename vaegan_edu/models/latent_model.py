"""What every model with a decoder, and with an encoder, can do: arrays in, arrays out."""

import keras
import numpy as np

from vaegan_edu import networks
from vaegan_edu.validation import check_codes, check_count, check_images, check_points


class GenerativeModel(keras.Model):
    """A decoder that makes examples out of codes: images, or points (batch, width) for 2-D toys.

    A subclass names its networks in `network_names`; each is an attribute of that name and an
    argument of `__init__`, and is saved with the model.

    Args:
        decoder: codes (batch, latent_dim) to examples.

    Raises:
        ValueError: the decoder is no network, or doesn't take codes of shape (batch, latent_dim).
    """

    network_names = ("decoder",)

    def __init__(self, decoder, **kwargs):
        super().__init__(**kwargs)
        check_network(decoder, "decoder")
        if len(decoder.input_shape) != 2:
            raise ValueError(
                "A decoder takes codes of shape (batch, latent_dim). "
                f"Received: {decoder.input_shape}"
            )
        self.decoder = decoder
        self.built = True  # the networks have their weights: saving needs no first call

    @property
    def networks(self):
        """The networks by name, a dict."""
        return {name: getattr(self, name) for name in self.network_names}

    @property
    def image_shape(self):
        """(height, width, channels) of the images, or (width,) of points."""
        return self.decoder.output_shape[1:]

    @property
    def latent_dim(self):
        """Length of a code."""
        return self.decoder.input_shape[-1]

    def decode(self, z):
        """Return the images (batch, height, width, channels) of codes z (batch, latent_dim)."""
        return networks.apply(self.decoder, check_codes(z, latent_dim=self.latent_dim))

    def generate(self, count, seed=None):
        """Return `count` images decoded from standard normal codes; equal seeds, equal codes."""
        count = check_count(count)
        return self.decode(np.random.default_rng(seed).standard_normal((count, self.latent_dim)))

    def fit(self, x=None, *args, **kwargs):
        """Train as Keras does, once the first images were looked at: they must lie in [-1, 1].

        Raises:
            ValueError: they do not, in arrays or a `keras.utils.PyDataset`. A network would learn
                from 0-255 without a word, and badly. Other pipelines are taken as they are.
        """
        if len(self.image_shape) == 3:
            for data in (x, kwargs.get("validation_data")):
                _check_first_images(data, self.image_shape)
        return super().fit(x, *args, **kwargs)

    def get_config(self):
        return {k: keras.saving.serialize_keras_object(v) for k, v in self.networks.items()}

    @classmethod
    def from_config(cls, config, custom_objects=None):
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

    network_names = ("encoder", "decoder")

    def __init__(self, encoder, decoder, **kwargs):
        check_network(encoder, "encoder")
        super().__init__(decoder=decoder, **kwargs)
        if encoder.input_shape[1:] != decoder.output_shape[1:]:
            raise ValueError(
                "The decoder must return images of the encoder's input shape "
                f"{encoder.input_shape[1:]}. Received: {decoder.output_shape[1:]}"
            )
        for code_shape in _shapes(encoder.output_shape):
            if code_shape[1:] != decoder.input_shape[1:]:
                raise ValueError(
                    f"The decoder must take codes of the encoder's shape {code_shape[1:]}. "
                    f"Received: {decoder.input_shape[1:]}"
                )
        self.encoder = encoder

    def encode(self, images):
        """Return the codes (batch, latent_dim) of images (batch, height, width, channels)."""
        if len(self.image_shape) == 1:
            images = check_points(images, width=self.image_shape[0])
        else:
            images = check_images(images, image_shape=self.image_shape)
        codes = networks.apply(self.encoder, images)
        return codes[0] if isinstance(codes, tuple) else codes  # of a VAE: z_mean

    def reconstruct(self, images):
        """Return `decode(encode(images))`, of the shape of `images`."""
        return self.decode(self.encode(images))


def check_network(network, name):
    """Return a network; `ValueError` unless it is a Keras model that knows its shapes."""
    if not isinstance(network, keras.Model) or not getattr(network, "outputs", None):
        raise ValueError(
            f"`{name}` must be a Keras model whose shapes are known, as `networks` builds them. "
            f"Received: {network!r}"
        )
    return network


def _check_first_images(data, image_shape):
    """Refuse what `fit` was given where its first images are none; look no further: it is cheap."""
    if isinstance(data, keras.utils.PyDataset):
        data = data[0]
    images = keras.utils.unpack_x_y_sample_weight(data)[0]
    if hasattr(images, "shape"):
        check_images(images[:100], image_shape=image_shape)


def _shapes(output_shape):
    """Return a list of shapes, for one output as for several."""
    return [output_shape] if output_shape and output_shape[0] is None else list(output_shape)
