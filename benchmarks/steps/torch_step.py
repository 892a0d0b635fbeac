"""The same step in PyTorch: the original project's MNIST networks, layer by layer as in Keras."""

import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

KERAS_NORM = {"eps": 1e-3, "momentum": 0.01}  # Keras counts the momentum from the other end
KERAS_SLOPE = 0.2


class Flatten(nn.Module):
    """To (batch, height * width * channels), Keras' order; free in the memory order used here."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class Unflatten(nn.Module):
    """From (batch, side * side * channels) in Keras' order to (batch, channels, side, side)."""

    def __init__(self, side, channels):
        super().__init__()
        self.shape = (side, side, channels)

    def forward(self, x):
        return x.reshape(-1, *self.shape).permute(0, 3, 1, 2)


def _convolutions():
    return [nn.Conv2d(1, 64, 4, stride=2), nn.Conv2d(64, 128, 4, stride=2)]


def _trunk():
    return [
        nn.BatchNorm2d(128, **KERAS_NORM),
        nn.LeakyReLU(KERAS_SLOPE),
        Flatten(),
        nn.Linear(3200, 1024),
        nn.BatchNorm1d(1024, **KERAS_NORM),
        nn.LeakyReLU(KERAS_SLOPE),
    ]


class Encoder(nn.Module):
    """Images to `(z_mean, z_log_var)`."""

    def __init__(self, latent_dim):
        super().__init__()
        self.hidden = nn.Sequential(*_convolutions(), *_trunk())
        self.z_mean, self.z_log_var = nn.Linear(1024, latent_dim), nn.Linear(1024, latent_dim)

    def forward(self, images):
        h = self.hidden(images)
        return self.z_mean(h), self.z_log_var(h)


class Discriminator(nn.Module):
    """Images to `(logits, features)`."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(*_convolutions())
        self.head = nn.Sequential(*_trunk(), nn.Linear(1024, 1))

    def forward(self, images):
        features = self.features(images)
        return self.head(features), features


def build_decoder(latent_dim):
    """Return the network from codes to images."""
    return nn.Sequential(
        nn.Linear(latent_dim, 1024),
        nn.BatchNorm1d(1024, **KERAS_NORM),
        nn.ReLU(),
        nn.Linear(1024, 4608),
        nn.BatchNorm1d(4608, **KERAS_NORM),
        nn.ReLU(),
        Unflatten(6, 128),
        nn.ConvTranspose2d(128, 64, 3, stride=2),
        nn.BatchNorm2d(64, **KERAS_NORM),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 4, stride=2),
        nn.Tanh(),
    )


class TorchStep:
    """The step of `KerasStep` in eager PyTorch, with its fused Adam; autocast for bfloat16.

    Raises:
        ValueError: another preset or image size than the original project's MNIST.
    """

    def __init__(
        self,
        *,
        precision,
        preset,
        image_size,
        batch_size,
        latent_dim,
        gamma,
        kl_weight,
        feature_weight,
        learning_rate,
    ):
        if (preset, image_size) != ("original", 28):
            raise ValueError(
                f"PyTorch's networks are the original's for 28x28. Received: {preset}, {image_size}"
            )
        torch.manual_seed(0)
        self.half = precision == "mixed_bfloat16"
        self.batch_size = batch_size
        self.latent_dim = latent_dim
        self.weights = {"gamma": gamma, "kl_weight": kl_weight, "feature_weight": feature_weight}
        self.networks = {
            "encoder": Encoder(latent_dim),
            "decoder": build_decoder(latent_dim),
            "discriminator": Discriminator(),
        }
        for network in self.networks.values():
            network.to(memory_format=torch.channels_last)
        self.optimizers = {
            name: torch.optim.Adam(network.parameters(), learning_rate, eps=1e-7, fused=True)
            for name, network in self.networks.items()
        }
        images = np.random.default_rng(0).uniform(-1, 1, (batch_size, image_size, image_size, 1))
        self.batch = _to_torch(images.astype("float32"))

    def set_weights(self, weights):
        """Take the weights of Keras' networks, in Keras' layout and order."""
        for name, network in self.networks.items():
            arrays = iter(weights[name])
            for layer in network.modules():
                for tensor, values in zip(_tensors(layer), arrays, strict=False):
                    with torch.no_grad():
                        tensor.copy_(torch.from_numpy(_transposed(layer, values)))
            if next(arrays, None) is not None:
                raise ValueError(f"The {name} has fewer weights than it was given")

    def losses(self, images, noise):
        """Return the three losses of a batch in training, a dict of numbers."""
        with torch.no_grad():
            found = self._losses(
                _to_torch(images), *map(_to_torch, (noise["posterior"], noise["prior"]))
            )
        return {name: float(loss) for name, loss in found.items()}

    def window(self, steps):
        """Return the seconds of `steps` steps."""
        started = time.perf_counter()
        for _ in range(steps):
            self._step()
        return time.perf_counter() - started

    def matmul_rate(self, size, repeats=20):
        """Return the rate of the fastest of some square matrix products, operations per second."""
        matrix = torch.randn(size, size, dtype=torch.bfloat16 if self.half else torch.float32)
        seconds = []
        for _ in range(repeats):
            started = time.perf_counter()
            matrix @ matrix
            seconds.append(time.perf_counter() - started)
        return 2 * size**3 / min(seconds)

    def library(self):
        """Return name and version of what computes."""
        return f"torch {torch.__version__}"

    def _step(self):
        shape = (self.batch_size, self.latent_dim)
        losses = self._losses(self.batch, torch.randn(shape), torch.randn(shape))
        gradients = {
            name: torch.autograd.grad(losses[name], list(network.parameters()), retain_graph=True)
            for name, network in self.networks.items()
        }
        for name, network in self.networks.items():
            for parameter, gradient in zip(network.parameters(), gradients[name], strict=True):
                parameter.grad = gradient
            self.optimizers[name].step()

    def _losses(self, images, posterior, prior):
        encoder, decoder, discriminator = self.networks.values()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.half):
            z_mean, z_log_var = (z.float() for z in encoder(images))
            z = z_mean + torch.exp(0.5 * z_log_var) * posterior
            reconstruction, generated = decoder(z), decoder(prior)
            outputs = [discriminator(x) for x in (images, reconstruction, generated)]
        real, fake, sample = (logits.float() for logits, _ in outputs)
        real_features, fake_features = (features.float() for _, features in outputs[:2])
        kl = 0.5 * (z_mean.square() + z_log_var.exp() - 1 - z_log_var).sum(dim=1).mean()
        feature = 0.5 * (real_features - fake_features).square().sum(dim=(1, 2, 3)).mean()
        return {
            "encoder": self.weights["kl_weight"] * kl + self.weights["feature_weight"] * feature,
            "decoder": self.weights["gamma"] * feature
            + (F.softplus(-fake) + F.softplus(-sample)).mean(),
            "discriminator": (F.softplus(-real) + F.softplus(fake) + F.softplus(sample)).mean(),
        }


def _tensors(layer):
    """The layer's own tensors in Keras' order."""
    if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
        return [layer.weight, layer.bias, layer.running_mean, layer.running_var]
    return [layer.weight, layer.bias] if hasattr(layer, "weight") else []


def _transposed(layer, values):
    """One array in PyTorch's layout."""
    if values.ndim == 4:  # (rows, columns, in, out); transposed: (rows, columns, out, in)
        return values.transpose(3, 2, 0, 1).copy()
    return values.T.copy() if isinstance(layer, nn.Linear) and values.ndim == 2 else values


def _to_torch(array):
    tensor = torch.from_numpy(np.asarray(array, "float32"))
    if tensor.ndim < 4:
        return tensor
    return tensor.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
