"""The settings of the experiments, each set complete and flat, and the learning rates' rules.

A set is all that its experiment is told: what its data is, how it is trained, how its networks are
built, and the arguments of its model. Nothing is inherited from another set.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from vaegan_edu import schedules

# The rules of the original project by its own names; all begin at `ORIGINAL_RATE`. Of three there
# are two readings: the words of its README, and what its logs show.
ORIGINAL_RATE = 5e-4
ORIGINAL_RULES = {
    "s1": lambda initial, epochs: schedules.Constant(initial),
    "s2-text": lambda initial, epochs: schedules.Plateau(initial, 0.85, 1e-4, patience=10),
    "s3-text": lambda initial, epochs: schedules.Plateau(initial, 0.75, 5e-6, patience=6),
    "s4-text": lambda initial, epochs: schedules.WindowedDecay(
        initial, 0.6, 5e-6, window=6, decay_on="stagnation"
    ),
    "s2-log": lambda initial, epochs: schedules.PeakDecay(
        initial, 0.85, 1e-4, patience=10, start=11
    ),
    "s3-log": lambda initial, epochs: schedules.PeakDecay(
        initial, 0.75, 5e-6, patience=6, start=53
    ),
    "s4-log": lambda initial, epochs: schedules.WindowedDecay(
        initial, 0.6, 5e-6, window=4, decay_on="improvement"
    ),
}
# Records from before the logs were read say "s2" and "s3", and mean the words.
ORIGINAL_RULES |= {name: ORIGINAL_RULES[f"{name}-text"] for name in ("s2", "s3")}
# Those, and others beside them: from the first rate and the number of epochs to a rule.
RULES: dict[str, Callable[[float, int], schedules.Schedule]] = {
    **ORIGINAL_RULES,
    "plateau": lambda initial, epochs: schedules.Plateau(initial, 0.5, initial / 100, patience=5),
    "constant": lambda initial, epochs: schedules.Constant(initial),
    "linear": lambda initial, epochs: schedules.Linear(initial, epochs, start=0.6),
    "cosine": lambda initial, epochs: schedules.Cosine(initial, epochs),
}
# The cosine again, but for its unit: the rate falls at every step and not from epoch to epoch. A
# run of two epochs then has a decay at all. It sees no loss, so it is no rule of `schedules`.
COSINE_STEPS = "cosine-steps"


# Related settings share a line, so that two experiments can be compared at a glance.
# fmt: off

# Chapters 1 and 2.
AE_DIGITS = {
    "data": "digits", "epochs": 60, "batch_size": 64, "learning_rate": 1e-3, "precision": "float32",
    "preset": "small", "latent_dim": 16, "variational": False,
}
VAE_DIGITS = {
    "data": "digits", "epochs": 60, "batch_size": 64, "learning_rate": 1e-3, "precision": "float32",
    "preset": "small", "latent_dim": 16,
    "beta": 1.0, "reconstruction_loss": "gaussian",
}

# The light games: settings that reach good samples soon. Against Larsen et al. 2016: Adam for
# RMSProp, features divided by their variance, real and fake examples of equal weight, a softened
# target, and a KL term of weight 15, for the summed feature loss is that much larger than a pixel
# loss. (It was the best of 1, 5 and 15, one seed each, on training images held out; of that no
# record is kept. What was tried later, `benchmarks.quality_search`, was no better.)
#
# The tricks of chapter 8, from `batch_norm` to `minibatch_scale`, do nothing as they stand here.
# `noise` is [stddev, epochs].
GAN_DIGITS = {
    "data": "digits", "epochs": 60, "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.5,
    "schedule": "linear", "precision": "float32",
    "preset": "light", "latent_dim": 10,
    "batch_norm": "before", "noise": None, "dropout": 0.0, "dropout_place": "dense",
    "minibatch_kernels": 0, "minibatch_dim": 5, "minibatch_scale": 1.0,
    "real_target": 0.9, "flip_probability": 0.0,
}
VAEGAN_DIGITS = {
    "data": "digits", "epochs": 25, "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.5,
    "schedule": "linear", "precision": "float32",
    "preset": "light", "latent_dim": 10,
    "batch_norm": "before", "noise": None, "dropout": 0.0, "dropout_place": "dense",
    "minibatch_kernels": 0, "minibatch_dim": 5, "minibatch_scale": 1.0,
    "gamma": 0.04, "kl_weight": 15.0, "feature_weight": 1.0, "feature_scale": "variance",
    "reconstructions_are_fakes": True, "fake_weight": 0.5, "pixel_weight": 0.0,
    "real_target": 0.9, "flip_probability": 0.0,
}
# The VAE's rate decays since the search held the sharpened samples of such a VAE to be the harder
# bar (`benchmarks.quality_search`).
VAE_MNIST = {
    "data": "mnist", "epochs": 4, "batch_size": 64, "learning_rate": 1e-3,
    "schedule": "cosine-steps", "precision": "float32",
    "preset": "light", "latent_dim": 10,
    "beta": 1.0, "reconstruction_loss": "gaussian",
}
VAEGAN_MNIST = {
    "data": "mnist", "epochs": 2, "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.5,
    "schedule": "linear", "precision": "float32",
    "preset": "light", "latent_dim": 10,
    "batch_norm": "before", "noise": None, "dropout": 0.0, "dropout_place": "dense",
    "minibatch_kernels": 0, "minibatch_dim": 5, "minibatch_scale": 1.0,
    "gamma": 0.04, "kl_weight": 15.0, "feature_weight": 1.0, "feature_scale": "variance",
    "reconstructions_are_fakes": True, "fake_weight": 0.5, "pixel_weight": 0.0,
    "real_target": 0.9, "flip_probability": 0.0,
}

# The plain game collapses here: its discriminator learns ten times as slowly.
GAN_RING = {
    "data": "ring", "epochs": 40, "batch_size": 128, "learning_rate": 1e-3,
    "discriminator_rate": 0.1, "beta_1": 0.5, "schedule": "constant", "precision": "float32",
    "preset": "toy", "latent_dim": 2,
    "batch_norm": "before", "noise": None, "dropout": 0.0, "dropout_place": "dense",
    "minibatch_kernels": 0, "minibatch_dim": 5, "minibatch_scale": 1.0,
    "real_target": 1.0, "flip_probability": 0.0,
}

# The 2020 student project. What its README, diagrams and logs do not say, and was not looked up in
# its notebooks, is named by `assumptions`. Of rates, labels and features these are the ones whose
# losses came closest to its log (`benchmarks.original_settings`).
VAEGAN_MNIST_ORIGINAL = {
    "data": "mnist", "epochs": 100, "batch_size": 100, "learning_rate": 1e-4, "beta_1": 0.9,
    "discriminator_rate": 0.1, "schedule": "constant", "precision": "float32",
    "preset": "original", "latent_dim": 64, "feature_stage": "activation",
    "batch_norm": "before", "noise": None, "dropout": 0.0, "dropout_place": "dense",
    "minibatch_kernels": 0, "minibatch_dim": 5, "minibatch_scale": 1.0,
    "gamma": 1e-8, "kl_weight": 1 / 64, "feature_weight": 1 / 4096, "feature_scale": "sum",
    "reconstructions_are_fakes": True, "fake_weight": 1.0, "pixel_weight": 0.0,
    "real_target": 1.0, "flip_probability": 0.05, "equilibrium": None, "margin": 0.35,
}
ASSUMED_FOR_MNIST = (
    "learning_rate", "beta_1", "discriminator_rate", "schedule", "preset", "feature_stage",
    "real_target", "flip_probability", "equilibrium",
)
FACES_ORIGINAL = {
    "data": "rendered-faces", "image_size": 64, "train_count": None,
    "epochs": 100, "batch_size": 100, "learning_rate": 5e-4, "beta_1": 0.9, "schedule": "s1",
    "precision": "float32",
    "preset": "original", "latent_dim": 2048,
    "batch_norm": "before", "noise": None, "dropout": 0.3, "dropout_place": "dense",
    "minibatch_kernels": 16, "minibatch_dim": 5, "minibatch_scale": 1.0,
    "gamma": 1e-8, "kl_weight": 1 / 2048, "feature_weight": 1 / 4096, "feature_scale": "sum",
    "reconstructions_are_fakes": True, "fake_weight": 1.0, "pixel_weight": 0.0,
    "real_target": 0.9, "flip_probability": 0.05,
}
ASSUMED_FOR_FACES = (
    "beta_1", "real_target", "flip_probability", "preset", "batch_size", "minibatch_dim", "dropout",
)

# Faces: the light settings with networks in the manner of Larsen et al. 2016, the same in all four
# models. `train_count` is of rendered faces, 8,500 where it is None; it is None for all other data.
FACES_LIGHT = {
    "data": "rendered-faces", "image_size": 64, "train_count": None,
    "epochs": 6, "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.5, "schedule": "linear",
    "precision": "float32",
    "preset": "larsen", "latent_dim": 64,
    "batch_norm": "before", "noise": None, "dropout": 0.0, "dropout_place": "dense",
    "minibatch_kernels": 0, "minibatch_dim": 5, "minibatch_scale": 1.0,
    "gamma": 0.05, "kl_weight": 5.0, "feature_weight": 1.0, "feature_scale": "variance",
    "reconstructions_are_fakes": True, "fake_weight": 0.5, "pixel_weight": 0.0,
    "real_target": 0.9, "flip_probability": 0.0,
}
VAE_FACES = {
    "data": "rendered-faces", "image_size": 64, "train_count": None,
    "epochs": 6, "batch_size": 64, "learning_rate": 1e-3, "schedule": "linear",
    "precision": "float32",
    "preset": "larsen", "latent_dim": 64,
    "beta": 1.0, "reconstruction_loss": "gaussian",
}
VAE_FACES_SIMILARITY = {
    "data": "rendered-faces", "image_size": 64, "train_count": None,
    "epochs": 6, "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.5, "schedule": "linear",
    "precision": "float32",
    "preset": "larsen", "latent_dim": 64,
    "batch_norm": "before", "noise": None, "dropout": 0.0, "dropout_place": "dense",
    "minibatch_kernels": 0, "minibatch_dim": 5, "minibatch_scale": 1.0,
    "kl_weight": 5.0, "feature_scale": "variance",
    "real_target": 0.9, "flip_probability": 0.0,
}
GAN_FACES = {
    "data": "rendered-faces", "image_size": 64, "train_count": None,
    "epochs": 6, "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.5, "schedule": "linear",
    "precision": "float32",
    "preset": "larsen", "latent_dim": 64,
    "batch_norm": "before", "noise": None, "dropout": 0.0, "dropout_place": "dense",
    "minibatch_kernels": 0, "minibatch_dim": 5, "minibatch_scale": 1.0,
    "real_target": 0.9, "flip_probability": 0.0,
}

# The judges.
CLASSIFIER_DIGITS = {
    "data": "digits", "epochs": 40, "batch_size": 64, "learning_rate": 2e-3,
    "schedule": "cosine-steps", "precision": "float32",
}
CLASSIFIER_MNIST = {
    "data": "mnist", "epochs": 8, "batch_size": 128, "learning_rate": 2e-3,
    "schedule": "cosine-steps", "precision": "float32",
}
REGRESSOR_FACES = {
    "data": "rendered-faces", "image_size": 64, "train_count": 30000,
    "epochs": 8, "batch_size": 64, "learning_rate": 2e-3, "schedule": "cosine-steps",
    "precision": "float32",
}


# What a setting was before it could be chosen. A record from then does not name it.
BEFORE = {
    "batch_norm": "before", "noise": None, "dropout": 0.0, "dropout_place": "dense",
    "minibatch_kernels": 0, "minibatch_dim": 5, "minibatch_scale": 1.0,
    "feature_stage": "linear", "variational": False, "discriminator_rate": 1.0,
    "equilibrium": None, "margin": 0.35, "schedule": "constant", "precision": "float32",
    "pixel_weight": 0.0,
}
# fmt: on
RENAMED_RULES = {"s2": "s2-text", "s3": "s3-text"}


def read_settings(recorded: Mapping, known: Iterable[str]) -> dict:
    """Return the settings of a record in the words of today.

    This is the one place that knows how settings were written before:

    - `cosine_decay: true` is the schedule "cosine-steps", whatever schedule stood beside it;
    - the schedules "s2" and "s3" are "s2-text" and "s3-text";
    - a setting that came later has what it was before it could be chosen (`BEFORE`).

    Args:
        recorded: the `arguments` of a record's `config.json`.
        known: the settings of its experiment, whose names must all be there in the end.

    Raises:
        ValueError: one is missing.
    """
    settings = {name: as_recorded(value) for name, value in recorded.items()}
    if settings.pop("cosine_decay", False):
        settings["schedule"] = COSINE_STEPS
    if "schedule" in settings:
        named: Any = settings["schedule"]
        settings["schedule"] = RENAMED_RULES.get(named, named)
    for name in known:
        if name not in settings:
            if name not in BEFORE:
                raise ValueError(f"does not say {name!r}; perhaps another version wrote it")
            settings[name] = BEFORE[name]
    return settings


def as_recorded(value: object) -> object:
    """Return a setting as JSON gives it back: a tuple becomes a list, here and in the record."""
    return [as_recorded(one) for one in value] if isinstance(value, (list, tuple)) else value
