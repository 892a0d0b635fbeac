"""The same step in PyTorch, with Keras' networks built layer by layer, and pythae's own."""

from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.steps.worker import clock

SLOPE = 0.2  # of Keras' leaky ReLU
ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": lambda: nn.LeakyReLU(SLOPE), "tanh": nn.Tanh}


class Flatten(nn.Module):
    """To one row an image in Keras' order, channels last; free in the memory order used here."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class Unflatten(nn.Module):
    """From a row in Keras' order to (batch, channels, height, width)."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return x.reshape(-1, *self.shape).permute(0, 3, 1, 2)


def build(layers):
    """Return the layers that `keras_steps.told` describes, a `Sequential`."""
    return nn.Sequential(*(module for layer in layers for module in _build(layer)))


def _build(layer):
    kind, inputs = layer["kind"], layer["inputs"]
    if kind == "Dense":
        yield nn.Linear(inputs[-1], layer["size"])
    elif kind == "Conv2D":
        if layer["padding"] == "same":
            yield nn.ZeroPad2d(_padding(inputs, layer["kernel"], layer["stride"]))
        yield nn.Conv2d(inputs[-1], layer["size"], layer["kernel"], stride=layer["stride"])
    elif kind == "Conv2DTranspose":
        cut = layer["kernel"] - layer["stride"] if layer["padding"] == "same" else 0
        if cut % 2:
            raise ValueError(f"PyTorch cuts both sides alike. Received: a cut of {cut}")
        sides = {"stride": layer["stride"], "padding": cut // 2}
        yield nn.ConvTranspose2d(inputs[-1], layer["size"], layer["kernel"], **sides)
    elif kind == "BatchNormalization":
        norm = nn.BatchNorm2d if len(inputs) == 3 else nn.BatchNorm1d
        # Keras counts the momentum from the other end.
        yield norm(inputs[-1], eps=layer["epsilon"], momentum=1 - layer["momentum"])
    elif kind == "Flatten":
        yield Flatten()
    elif kind == "Reshape":
        yield Unflatten(layer["outputs"])
    if layer["activation"] != "linear":
        yield ACTIVATIONS[layer["activation"]]()


def _padding(inputs, kernel, stride):
    """TensorFlow's "same": left, right, top, bottom; an odd one goes to the right and below."""
    height, width = (max((-(-s // stride) - 1) * stride + kernel - s, 0) for s in inputs[:2])
    return width // 2, width - width // 2, height // 2, height - height // 2


class Encoder(nn.Module):
    """Images to `(z_mean, z_log_var)`."""

    def __init__(self, layers):
        super().__init__()
        *hidden, z_mean, z_log_var = layers
        self.hidden, self.z_mean, self.z_log_var = (
            build(hidden),
            build([z_mean]),
            build([z_log_var]),
        )

    def forward(self, images):
        h = self.hidden(images)
        return self.z_mean(h), self.z_log_var(h)


class Discriminator(nn.Module):
    """Images to `(logits, features)`."""

    def __init__(self, layers, ahead):
        super().__init__()
        self.features, self.head = build(layers[:ahead]), build(layers[ahead:])

    def forward(self, images):
        features = self.features(images)
        return self.head(features), features


class TorchStep:
    """The step of `KerasStep` in eager PyTorch, with its fused Adam; autocast for bfloat16.

    Args:
        plan: the networks, as `KerasStep.plan` tells them.
        preset: their name; not read.
        **settings: as for `KerasStep`.
    """

    def __init__(
        self,
        *,
        plan,
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
        torch.manual_seed(0)
        self.half = precision == "mixed_bfloat16"
        self.batch_size = batch_size
        self.latent_dim = latent_dim
        self.weights = {"gamma": gamma, "kl_weight": kl_weight, "feature_weight": feature_weight}
        layers, ahead = plan
        self.networks = {
            "encoder": Encoder(layers["encoder"]),
            "decoder": build(layers["decoder"]),
            "discriminator": Discriminator(layers["discriminator"], ahead),
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
        started = clock()
        for _ in range(steps):
            self._step()
        return clock() - started

    def matmul_rate(self, size, repeats=20):
        """Return the rate of the fastest of some square matrix products, operations per second."""
        matrix = torch.randn(size, size, dtype=torch.bfloat16 if self.half else torch.float32)
        seconds = []
        for _ in range(repeats):
            started = clock()
            matrix @ matrix
            seconds.append(clock() - started)
        return 2 * size**3 / min(seconds)

    def library(self):
        """Return name and version of what computes."""
        return f"torch {torch.__version__}"

    def _step(self):
        shape = (self.batch_size, self.latent_dim)
        self._apply(self._losses(self.batch, torch.randn(shape), torch.randn(shape)))

    def _apply(self, losses):
        """Move each network down its own loss, all gradients from the same weights."""
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


class CompiledStep(TorchStep):
    """The same with each network under `torch.compile`, which is how its users ask for speed."""

    def __init__(self, **settings):
        super().__init__(**settings)
        for network in self.networks.values():
            network.compile(dynamic=False)


class PythaeStep(TorchStep):
    """One step of pythae's `VAEGAN` as released, with the same networks, batch and optimizers.

    Its losses are its own: it scores no reconstructions, is minimax, and weights the decoder's two
    terms by its `adversarial_loss_scale`. Its trainer calls `backward` three times and clears no
    gradient in between, so that the encoder also learns from the decoder's loss, and its margins
    may skip an update of the decoder or the discriminator.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        from pythae.models import VAEGAN, VAEGANConfig
        from pythae.models.base.base_utils import ModelOutput
        from pythae.models.nn import BaseDecoder, BaseDiscriminator, BaseEncoder

        encoder, decoder, discriminator = self.networks.values()

        class TheirEncoder(BaseEncoder):
            def __init__(self):
                super().__init__()
                self.network = encoder

            def forward(self, x):
                z_mean, z_log_var = self.network(x)
                return ModelOutput(embedding=z_mean.float(), log_covariance=z_log_var.float())

        class TheirDecoder(BaseDecoder):
            def __init__(self):
                super().__init__()
                self.network = decoder

            def forward(self, z):
                return ModelOutput(reconstruction=self.network(z))

        class TheirDiscriminator(BaseDiscriminator):
            def __init__(self):
                super().__init__()
                self.depth = 2
                self.features, self.head = discriminator.features, discriminator.head

            def forward(self, x, output_layer_levels=None):
                features = self.features(x)
                if output_layer_levels == [1]:
                    return ModelOutput(embedding_layer_1=features.float())
                return ModelOutput(embedding=self.head(features).float().sigmoid())

        batch, latent = tuple(self.batch.shape[1:]), self.latent_dim
        self.model = VAEGAN(
            VAEGANConfig(input_dim=batch, latent_dim=latent, reconstruction_layer=1),
            TheirEncoder(),
            TheirDecoder(),
            TheirDiscriminator(),
        )

    def _step(self):
        from pythae.trainers import CoupledOptimizerAdversarialTrainer as Trainer

        theirs = SimpleNamespace(
            **{f"{name}_optimizer": optimizer for name, optimizer in self.optimizers.items()}
        )
        Trainer._optimizers_step(theirs, self._forward())

    def _forward(self):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.half):
            return self.model({"data": self.batch})


class RoutedPythaeStep(PythaeStep):
    """The same forward pass and losses, but each network's gradient its own, and none skipped."""

    def _step(self):
        output = self._forward()
        self._apply({name: output[f"{name}_loss"] for name in self.networks})


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
