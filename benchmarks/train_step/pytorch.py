"""The same step in PyTorch, eager, with its modules and optimizers. Imports nothing of ours."""

import time

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy


class Trunk(nn.Module):
    """The convolutions that encoder and discriminator have in common, and the dense layer."""

    def __init__(self, size):
        super().__init__()
        side = ((size - 4) // 2 + 1 - 4) // 2 + 1
        self.first, self.second = nn.Conv2d(1, 64, 4, 2), nn.Conv2d(64, 128, 4, 2)
        self.norm = nn.BatchNorm2d(128, eps=1e-3, momentum=0.01)
        self.dense = nn.Linear(128 * side * side, 1024)
        self.dense_norm = nn.BatchNorm1d(1024, eps=1e-3, momentum=0.01)
        self.leaky = nn.LeakyReLU(0.2)

    def forward(self, images):
        """Return what the heads read, and the features."""
        features = self.second(self.first(images))
        h = self.leaky(self.norm(features)).permute(0, 2, 3, 1).flatten(1)  # as Keras flattens
        return self.leaky(self.dense_norm(self.dense(h))), features


class Encoder(nn.Module):
    """Images to mean and log-variance."""

    def __init__(self, size, latent_dim):
        super().__init__()
        self.trunk = Trunk(size)
        self.mean, self.log_var = nn.Linear(1024, latent_dim), nn.Linear(1024, latent_dim)

    def forward(self, images):
        """Return `(z_mean, z_log_var)`."""
        h, _ = self.trunk(images)
        return self.mean(h), self.log_var(h)


class Decoder(nn.Module):
    """Codes to images."""

    def __init__(self, size, latent_dim):
        super().__init__()
        self.side = size // 4 - 1
        self.first, self.second = nn.Linear(latent_dim, 1024), nn.Linear(1024, self.side**2 * 128)
        self.first_norm = nn.BatchNorm1d(1024, eps=1e-3, momentum=0.01)
        self.second_norm = nn.BatchNorm1d(self.side**2 * 128, eps=1e-3, momentum=0.01)
        self.up = nn.ConvTranspose2d(128, 64, 3, 2)
        self.up_norm = nn.BatchNorm2d(64, eps=1e-3, momentum=0.01)
        self.out = nn.ConvTranspose2d(64, 1, 4, 2)

    def forward(self, z):
        """Return images in [-1, 1]."""
        h = torch.relu(self.first_norm(self.first(z)))
        h = torch.relu(self.second_norm(self.second(h)))
        h = h.reshape(-1, self.side, self.side, 128).permute(0, 3, 1, 2)
        return torch.tanh(self.out(torch.relu(self.up_norm(self.up(h)))))


class Discriminator(nn.Module):
    """Images to logits and features."""

    def __init__(self, size):
        super().__init__()
        self.trunk = Trunk(size)
        self.logits = nn.Linear(1024, 1)

    def forward(self, images):
        """Return `(logits, features)`."""
        h, features = self.trunk(images)
        return self.logits(h), features


class Variant:
    """Three modules and three optimizers."""

    def __init__(self, step):
        if step.preset != "original":
            raise ValueError(f"PyTorch has the original networks alone. Received: {step.preset!r}")
        self.step = step
        self.networks = {
            "encoder": Encoder(step.image_size, step.latent_dim),
            "decoder": Decoder(step.image_size, step.latent_dim),
            "discriminator": Discriminator(step.image_size),
        }
        self.optimizers = {
            name: torch.optim.Adam(network.parameters(), step.learning_rate, eps=1e-7)
            for name, network in self.networks.items()
        }

    def take_weights(self, weights):
        """Take weights by network in Keras' order and layout."""
        for name, network in self.networks.items():
            arrays = iter(weights[name])
            for module in network.modules():
                if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
                    axes = (1, 0) if isinstance(module, nn.Linear) else (3, 2, 0, 1)
                    self._take(module.weight, next(arrays).transpose(axes))
                    self._take(module.bias, next(arrays))
                elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                    for values in (module.weight, module.bias):
                        self._take(values, next(arrays))
                    for values in (module.running_mean, module.running_var):
                        self._take(values, next(arrays))
            assert next(arrays, None) is None

    @staticmethod
    def _take(parameter, values):
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(values.copy()))

    def _losses(self, images, noise):
        step = self.step
        half = step.precision == "mixed_bfloat16"
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            z_mean, z_log_var = self.networks["encoder"](images)
            z = z_mean + torch.exp(0.5 * z_log_var) * noise["posterior"]
            reconstruction = self.networks["decoder"](z)
            generated = self.networks["decoder"](noise["prior"])
            real_logits, real_features = self.networks["discriminator"](images)
            logits, features = self.networks["discriminator"](reconstruction)
            prior_logits, _ = self.networks["discriminator"](generated)
        z_mean, z_log_var, real_logits, logits, prior_logits, real_features, features = (
            tensor.float()
            for tensor in (
                z_mean, z_log_var, real_logits, logits, prior_logits, real_features, features
            )
        )  # fmt: skip
        kl = (0.5 * (z_mean**2 + z_log_var.exp() - z_log_var - 1).sum(dim=1)).mean()
        feature = (0.5 * ((real_features - features) ** 2).sum(dim=(1, 2, 3))).mean()
        ones, zeros = torch.ones_like(logits), torch.zeros_like(logits)
        return {
            "encoder": step.kl_weight * kl + step.feature_weight * feature,
            "decoder": step.gamma * feature
            + cross_entropy(logits, ones)
            + cross_entropy(prior_logits, ones),
            "discriminator": cross_entropy(real_logits, ones)
            + cross_entropy(logits, zeros)
            + cross_entropy(prior_logits, zeros),
        }

    def _train_step(self, images):
        shape = (self.step.batch, self.step.latent_dim)
        noise = {name: torch.randn(shape) for name in ("posterior", "prior")}
        losses = self._losses(images, noise)
        gradients = {}
        for name, network in self.networks.items():
            parameters = list(network.parameters())
            gradients[name] = torch.autograd.grad(losses[name], parameters, retain_graph=True)
        for name, network in self.networks.items():
            for parameter, gradient in zip(network.parameters(), gradients[name], strict=True):
                parameter.grad = gradient
            self.optimizers[name].step()
        return losses

    def losses(self):
        """Return the three losses of the first step."""
        images = torch.from_numpy(self.step.images()).permute(0, 3, 1, 2)
        noise = {name: torch.from_numpy(values) for name, values in self.step.noise().items()}
        with torch.no_grad():
            return {name: float(loss) for name, loss in self._losses(images, noise).items()}

    def prepare(self, steps):
        """Make the first steps, and return the seconds they took."""
        images = torch.from_numpy(self.step.images(steps)).permute(0, 3, 1, 2).contiguous()
        self.batches = images.split(self.step.batch)
        started = time.perf_counter()
        self.run()
        return time.perf_counter() - started

    def run(self):
        """Make a step with each batch."""
        for images in self.batches:
            losses = self._train_step(images)
        return {name: float(loss.detach()) for name, loss in losses.items()}
