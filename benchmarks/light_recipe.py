"""The search for settings of a light VAE-GAN whose MNIST samples beat the best VAE's in equal time.

    python -m benchmarks.light_recipe [ARM ...] [--share 0.07] [--seed 0]

`benchmarks.quality_search` tried rates and gamma, and found a tie. Here networks, game, averages
and samplers are tried. What a VAE can use as well, the VAE gets: smaller networks, an average of
the weights, codes drawn from a mixture of Gaussians, more contrast.

Registered before the runs:

- **Cost.** The multiplications and additions of all steps (`operations`): a share of the `work` of
  `vaegan-mnist` as it stood, which took about two minutes of two cores. Small layers are slower
  than their operations say, so the arms of the last round are also timed on a quiet machine (part
  `models` of `benchmarks.train_step`) before anything is claimed. Rates fall by the share of the
  steps that were taken: along half a cosine for a VAE, and over the last 40 % in a line to zero for
  a VAE-GAN.
- **Data.** As in `quality_search`: trained on 55,000 of MNIST's training images, compared with the
  other 5,000. MNIST's test images play no part.
- **Ways of sampling.** From each trained model, `drawn` samples in each of several ways: "plain",
  the decoder as trained, codes of the prior; "statistics", the same but for the statistics of its
  BatchNorm, which are recomputed on such codes; "average", its weights averaged over about the last
  twentieth of the steps, with recomputed statistics; "mixture", "average" with codes from fifty
  Gaussians that were fitted to codes of training images (Ghosh et al. 2020, section 4). Of a
  VAE-GAN the last two also with "rejection": samples that its discriminator lets pass (Azadi et al.
  2019). "average" and "mixture" also with contrast x2 and x4; of the VAE-GAN since the third round,
  for its samples gain by contrast too.
- **First round**, `ARMS`, a share of 0.07, one seed. They are ranked by the lowest Fréchet distance
  of their ways.
- **Later rounds** are written down here before they run.
- **Last round.** The best VAE-GAN and the best VAE by Fréchet distance: share 1, seeds 0 and 1.
- **Verdict.** The bar is, for each of the four measures, the best of all ways of all VAEs of the
  last round, mean over seeds. The recipe wins if one way of it, chosen on seed 0, is at least as
  good in all four on both seeds, and its Fréchet distance is below 15.

Added when the first two rounds were known, before any second seed: contrast trades precision for
recall, so no way of a VAE itself reaches that bar. A weaker verdict is given beside it: the recipe
wins against contrast if one way of it, chosen on seed 0, is at least as good in all four measures
as that way of the VAE whose Fréchet distance is the lowest, on each seed.

A first version measured cost by the processor time of the process. It was stopped after one arm
("samples", decoder of half the channels), for on a busy machine that time said little: one step
took several times what it takes on a quiet one. With 280 steps the arm had a Fréchet distance of
88, and of 78 with recomputed statistics.

The first arms ("samples", "vae", "tiny") were measured with ten Gaussians at first. Fifty came
closer to the codes of images themselves, of the VAE as of the VAE-GAN; since then there are fifty.

Found: a tie again, at a higher level. The mixture's codes help both models far more than any lever
in training. In the last round no way of "tiny, start, game" is at least as good in all four
measures as "vae, beta 0.3" with contrast x4, so neither verdict is reached: with contrast x2 it is
ahead in Fréchet distance, recall and coverage on both seeds, and behind in precision by a
hundredth; without contrast ahead in precision and coverage, and behind in recall.

Each run leaves a file in `benchmarks/results/light_recipe/`, the failed ones too. The command makes
those that are missing, and prints the table. Sheets and weights are left in `runs/light_recipe/`.
"""

import argparse
import json
import math
import os
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import keras
import numpy as np
from keras import ops
from sklearn.mixture import GaussianMixture

from benchmarks import markdown
from benchmarks.quality_search import hold_out
from benchmarks.steps.keras_steps import operations_of
from vaegan_edu import datasets, metrics, networks, plotting, records
from vaegan_edu.callbacks.samples import write_picture
from vaegan_edu.experiments.batches import EpochBatches
from vaegan_edu.experiments.evaluation import sharpen
from vaegan_edu.experiments.provenance import data_provenance, environment
from vaegan_edu.losses import flat_logits
from vaegan_edu.models import GAN, VAE, VAEGAN, input_gradient
from vaegan_edu.models.adversarial import GamePass

FITTED = 15_000  # training images, at most, to whose codes the mixture is fitted
GAUSSIANS = 50
MEASURES = {  # with their headings
    "frechet_distance": "Fréchet",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
}

# Shapes that are tried beside "light".
Block, LIGHT = networks.Block, networks.PRESETS["light"]
HALF = replace(
    LIGHT,
    decoder=(
        Block("map", 64, norm=True),
        Block("up", 32, norm=True),
        Block("up", 16, norm=True),
    ),
)
# Half the channels in encoder and decoder, and the last step up leads to the image itself, as in
# the networks of InfoGAN.
QUICK = replace(
    LIGHT,
    encoder=(Block("down", 16), Block("down", 32), Block("down", 64)),
    decoder=(Block("map", 64, norm=True), Block("up", 32, norm=True)),
    output=("up", 4),
)
TINY = replace(QUICK, discriminator=(Block("down", 16), Block("down", 32)))
SHAPES = {"half": HALF, "quick": QUICK, "tiny": TINY}

# fmt: off
# What holds where an arm says nothing else: the settings of `vae-mnist` and `vaegan-mnist` as they
# stood when the search began, and of the levers that which leaves all as it was.
VAE_BASE = {
    "data": "mnist", "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.9,
    "preset": "light", "latent_dim": 10, "batch_norm": "before",
    "beta": 1.0, "reconstruction_loss": "gaussian",
}
GAME_BASE = {
    "data": "mnist", "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.5,
    "discriminator_rate": 1.0,
    "preset": "light", "latent_dim": 10, "batch_norm": "before",
    "gamma": 0.04, "kl_weight": 15.0, "feature_weight": 1.0, "feature_scale": "variance",
    "reconstructions_are_fakes": True, "fake_weight": 0.5,
    "real_target": 0.9, "flip_probability": 0.0,
    "start": 0.0, "start_beta": 1.0, "share": None, "prior_is_played": True,
    "r1": 0.0, "r2": 0.0, "relativistic": False, "pixels": 0.0,
}
SAMPLES = {
    "preset": "quick", "gamma": 0.01, "reconstructions_are_fakes": False, "fake_weight": 1.0,
}
RELATIVISTIC = {**SAMPLES, "relativistic": True, "r1": 1.0, "r2": 1.0}
# fmt: on

RECONSTRUCTIONS = {"preset": "quick", "gamma": 0.01}

# Second round, known the first two arms: samples of the mixture's codes are far better than those
# of the prior's, so the game is about codes of images; and there are more steps.
CODES = {
    "preset": "tiny",
    "gamma": 0.02,
    "kl_weight": 5.0,
    "prior_is_played": False,
    "fake_weight": 1.0,
}

STARTED = {**CODES, "start": 0.5}

PLAYED = {**STARTED, "gamma": 0.005, "discriminator_rate": 3.0}

# In the order in which they run.
ARMS = {
    "samples": (GAME_BASE, SAMPLES),
    "vae": (VAE_BASE, {"preset": "quick"}),
    "tiny": (GAME_BASE, CODES),
    "tiny, start": (GAME_BASE, STARTED),
    # Third round, known those above: a discriminator near its blind level may learn faster; and a
    # mixture needs no codes that look normal, so the KL term may weigh less, of either model.
    "tiny, start, game": (GAME_BASE, PLAYED),
    # The stronger game halved the distance; the next arm builds on it.
    "tiny, start, game, kl 1.5": (GAME_BASE, {**PLAYED, "kl_weight": 1.5, "start_beta": 0.3}),
    "vae, beta 0.3": (VAE_BASE, {"preset": "quick", "beta": 0.3}),
    # Fourth round: the game stronger still.
    "tiny, start, game, gamma 0.001": (GAME_BASE, {**PLAYED, "gamma": 0.001}),
    "quick, start, game": (GAME_BASE, {**PLAYED, "preset": "quick"}),
    "tiny, start 0.25, game": (GAME_BASE, {**PLAYED, "start": 0.25}),
    # Fifth round, known a share of 1 of seed 0: without the start, with codes of images alone in
    # the game as before, or with those of the prior too, so that they need no mixture.
    "tiny, game": (GAME_BASE, {**PLAYED, "start": 0.0}),
    "tiny, game, prior": (
        GAME_BASE,
        {"preset": "tiny", "gamma": 0.005, "discriminator_rate": 3.0},
    ),
    # Registered for the first round, and put off for what the second had shown.
    "reconstructions": (GAME_BASE, RECONSTRUCTIONS),
    "vae, latent 16": (VAE_BASE, {"preset": "quick", "latent_dim": 16}),
    "latent 16": (GAME_BASE, {**RECONSTRUCTIONS, "latent_dim": 16}),
    "gamma 0.1": (GAME_BASE, {**RECONSTRUCTIONS, "gamma": 0.1}),
    "relativistic": (GAME_BASE, RELATIVISTIC),
    "half": (GAME_BASE, {**SAMPLES, "preset": "half"}),
    "as it was": (GAME_BASE, {}),
    "relativistic, no norm": (GAME_BASE, {**RELATIVISTIC, "batch_norm": None}),
    "gamma 0.001": (GAME_BASE, {**SAMPLES, "gamma": 0.001}),
    "r1": (GAME_BASE, {**SAMPLES, "r1": 3.0}),
    "discriminator x2": (GAME_BASE, {**SAMPLES, "discriminator_rate": 2.0}),
    "vae, light": (VAE_BASE, {}),
    "share": (GAME_BASE, {**SAMPLES, "share": 0.5}),
    "batch 32": (GAME_BASE, {**SAMPLES, "batch_size": 32}),
    "start": (GAME_BASE, {**SAMPLES, "start": 0.2}),
}


@dataclass(frozen=True)
class Study:
    """What is tried, on what data, and how it is judged.

    Attributes:
        name: of the folders of its records, in `benchmarks/results`, and of its sheets and weights.
        arms: by name, settings and what of them it changes.
        work: operations of a share of 1.
        data: name of the data.
        load: returns `(x_train, _), (x_held_out, _)`.
        judge: returns a function from images to a `metrics.Reference`.
        drawn: samples that are measured.
        unclear: whether the judge's readings are probabilities, of which the share of low ones is
            recorded too.
        ways: of sampling, that are measured; all of them where it is empty.
    """

    name: str
    arms: Mapping
    work: float
    data: str
    load: Callable
    judge: Callable
    drawn: int = 5000
    unclear: bool = True
    ways: tuple = ()
    results: Path = Path(__file__).parent / "results"
    runs: Path = Path("runs")  # sheets and weights, which are no part of the record

    def path_of(self, name, share, seed):
        """Return the path of an arm's record."""
        stem = name.replace(", ", "-").replace(" ", "-")
        return self.results / self.name / f"{stem}-{share:g}-seed-{seed}.json"


def judge_digits():
    """Return a function that reads images by the classifier of MNIST."""
    return partial(metrics.read_digits, metrics.load_classifier("mnist"))


STUDY = Study(
    name="light_recipe",
    arms=ARMS,
    work=1876 * 64 * 251e6,  # two epochs of `vaegan-mnist` as it stood: 1,876 steps of 64 images
    data="mnist",
    load=lambda: hold_out(datasets.load_mnist()),
    judge=judge_digits,
)


@keras.saving.register_keras_serializable("light_recipe")
class Game(VAEGAN):
    """A `VAEGAN` with the levers that the package has not.

    Args:
        prior_is_played: otherwise there are no samples of the prior in training, and the game is
            about reconstructions alone.
        relativistic: whether the game is about the differences of logits, `softplus(-(C(x) -
            C(x_p)))` for the discriminator and with the sign turned for the decoder (Huang et al.
            2024, equation 2); prior samples alone are fakes then.
        pixels: the `pixel_weight` of `VAEGAN`, under the name that the first records gave it.
        r1, r2: gamma of the zero-centred penalties `gamma/2 E ||grad C||^2` on real and on
            generated images (Mescheder et al. 2018, equation 9).
        **kwargs: of `VAEGAN`. Here gamma is a variable, which `Share` may set.
    """

    def __init__(
        self,
        *networks,
        prior_is_played=True,
        relativistic=False,
        r1=0.0,
        r2=0.0,
        pixels=0.0,
        **kwargs,
    ):
        super().__init__(*networks, pixel_weight=pixels, **kwargs)
        self.prior_is_played = prior_is_played
        self.relativistic = relativistic
        self.penalties = {"real": r1, "generated": r2}
        self.gamma_now = keras.Variable(self.gamma, trainable=False, name="gamma")

    @property
    def fakes(self):
        return super().fakes if self.prior_is_played else ("reconstruction",)

    def play(self, images, training, noise=None):
        if self.prior_is_played:
            return super().play(images, training, noise)
        noise = self.complete_noise(images, noise)
        z_mean, z_log_var = self.encoder(images, training=training)
        z = self.sampling((z_mean, z_log_var), noise=noise["posterior"])
        examples = {"real": images, "reconstruction": self.decoder(z, training=training)}
        logits, features = self.discriminate_each(examples, training)
        return GamePass(examples, logits, features, z_mean, z_log_var, z)

    def terms_of(self, played, training):
        terms = super().terms_of(played, training)
        if self.relativistic:
            lead = flat_logits(played.logits["real"]) - flat_logits(played.logits["generated"])
            terms["adversarial_discriminator"] = ops.mean(ops.softplus(-lead))
            terms["adversarial_decoder"] = ops.mean(ops.softplus(lead))
        for kind, gamma in self.penalties.items():
            if gamma:
                slope = input_gradient(self.discriminator, played.examples[kind], training)
                terms[f"slope_{kind}"] = ops.mean(ops.sum(slope**2, axis=(1, 2, 3)))
        return terms

    def losses_of(self, terms):
        losses = super().losses_of(terms)
        similarity = terms["feature"]
        if self.pixel_weight:
            similarity += self.pixel_weight * terms["pixel"]
        losses["decoder"] = self.gamma_now * similarity + terms["adversarial_decoder"]
        for kind, gamma in self.penalties.items():
            if gamma:
                losses["discriminator"] += gamma / 2 * terms[f"slope_{kind}"]
        return losses


class Steps(keras.callbacks.Callback):
    """End training after so many steps, and let the rates fall by their share.

    Before the weights' averages take their place, at the end of `fit`, it keeps the weights
    themselves, in `trained`.
    """

    def __init__(self, steps, factor):
        super().__init__()
        self.steps, self.factor, self.taken, self.trained = steps, factor, 0, None

    def on_train_begin(self, logs=None):
        optimizer = self.model.optimizer
        optimizers = getattr(optimizer, "optimizers", [optimizer])
        self.rates = [(one, float(one.learning_rate)) for one in optimizers]

    def on_train_batch_end(self, batch, logs=None):
        self.taken += 1
        if self.taken % 10 == 0:
            for optimizer, rate in self.rates:
                optimizer.learning_rate = rate * self.factor(self.taken / self.steps)
        if self.taken == self.steps:
            self.trained = self.model.get_weights()
            self.model.stop_training = True


class Share(keras.callbacks.Callback):
    """Set gamma so that the feature term's gradient is `share` times the game's.

    Both are measured at the decoder's last kernel (Esser et al. 2021, equation 7, turned round),
    every 25 steps; gamma is a moving average.
    """

    def __init__(self, share, images):
        super().__init__()
        self.share, self.images, self.gammas = share, images, []

    def on_train_begin(self, logs=None):
        import tensorflow as tf

        kernel = self.model.decoder.trainable_variables[-2]

        @tf.function
        def lengths(images):
            with tf.GradientTape(persistent=True) as tape:
                terms = self.model.terms_of(self.model.play(images, True), True)
            return [
                tf.norm(tape.gradient(terms[name], kernel.value))
                for name in ("feature", "adversarial_decoder")
            ]

        self.lengths, self.rng = lengths, np.random.default_rng(0)

    def on_train_batch_end(self, batch, logs=None):
        if batch % 25:
            return
        images = self.images[self.rng.integers(len(self.images), size=64)]
        feature, game = (float(x) for x in self.lengths(images))
        gamma = min(self.share * game / (feature + 1e-4), 1e4)
        now = float(self.model.gamma_now)
        self.model.gamma_now.assign(gamma if not self.gammas else 0.9 * now + 0.1 * gamma)
        self.gammas.append(gamma)


def last_line(share):
    """Return the factor of a rate that falls in a line to zero over the last 40 %."""
    return min((1.0 - share) / 0.4, 1.0)


def cosine(share):
    """Return the factor of a rate that falls along half a cosine."""
    return (1.0 + math.cos(math.pi * share)) / 2


OF_GANS = ("real_target", "flip_probability")
OF_GAMES = (
    "gamma kl_weight feature_weight feature_scale reconstructions_are_fakes fake_weight "
    "real_target flip_probability prior_is_played r1 r2 relativistic pixels"
).split()


def build(arguments, image_shape=(28, 28, 1)):
    """Return the model of an arm, not compiled yet."""
    networks.PRESETS.update(SHAPES)
    preset, seed = arguments["preset"], arguments["seed"]
    norm = {"batch_norm": arguments["batch_norm"]}
    sizes = (preset, image_shape, arguments["latent_dim"])
    decoder = networks.build_decoder(*sizes, **norm)
    if "beta" in arguments:
        encoder = networks.build_encoder(*sizes, **norm)
        return VAE(encoder, decoder, arguments["beta"], arguments["reconstruction_loss"], seed=seed)
    discriminator = networks.build_discriminator(preset, image_shape, **norm)
    if "gamma" not in arguments:
        levers = {name: arguments[name] for name in OF_GANS}
        return GAN(decoder, discriminator, **levers, seed=seed)
    encoder = networks.build_encoder(*sizes, **norm)
    levers = {name: arguments[name] for name in OF_GAMES if name in arguments}
    return Game(encoder, decoder, discriminator, **levers, seed=seed)


def operations(model):
    """Return the operations that one image costs in one step, as `count_operations` counts them.

    What the game does not need is left out: of a discriminator that does not learn from
    reconstructions, the gradients of its weights there. A penalty costs six passes: one to the
    logits, one back to the images, and their gradients.
    """
    decoder = operations_of(model.decoder)
    if isinstance(model, GAN):
        # Real and generated examples, both learned from; the generated ones were decoded.
        return (2 * 2 + 2 * 2) * operations_of(model.discriminator) + 3 * decoder
    encoder = operations_of(model.encoder)
    if isinstance(model, VAE):
        return 3 * (encoder + decoder)
    discriminator = operations_of(model.discriminator)
    kinds = 3 if model.prior_is_played else 2  # real, reconstructed, and generated of the prior
    passes = 2 * kinds + 2 * (1 + len(model.fakes))  # there and back to the images; and learning
    penalties = sum(6 for gamma in model.penalties.values() if gamma)
    decoded = 1 + 3 * (kinds - 1)
    return 3 * encoder + decoded * decoder + (passes + penalties) * discriminator


def train(arguments, images, work):
    """Train a model for so many operations; return it, its `Steps` and its logs."""
    seed = arguments["seed"]
    keras.utils.set_random_seed(seed)
    model = build(arguments, images.shape[1:])
    steps = round(work / operations(model) / arguments["batch_size"])
    batches = EpochBatches(images, None, arguments["batch_size"], seed)

    def adam(factor=1.0, beta_1=0.9):
        return keras.optimizers.Adam(
            factor * arguments["learning_rate"],
            beta_1=beta_1,
            use_ema=True,
            ema_momentum=max(1.0 - 20.0 / steps, 0.0),
        )

    def fit(model, steps, factor, *more):
        end = Steps(steps, factor)
        history = model.fit(
            batches,
            epochs=1000,
            shuffle=False,
            verbose=0,
            callbacks=[batches.follow(), keras.callbacks.TerminateOnNaN(), *more, end],
        )
        if end.trained is None:
            raise FloatingPointError("a loss became NaN or infinite")
        return end, {k: [float(v) for v in vs] for k, vs in history.history.items()}

    if isinstance(model, VAE):
        model.compile(adam())
        return model, *fit(model, steps, cosine)
    if arguments["start"]:
        vae = VAE(model.encoder, model.decoder, arguments["start_beta"], seed=seed)
        vae.compile(adam())
        first = round(arguments["start"] * work / operations(vae) / batches.batch_size)
        fit(vae, first, lambda taken: 1.0)
    beta_1 = arguments["beta_1"]
    players = adam(1.0, beta_1), adam(arguments["discriminator_rate"], beta_1)
    model.compile(*(players if isinstance(model, GAN) else (adam(), *players)))
    follow = [] if arguments["share"] is None else [Share(arguments["share"], images)]
    end, logs = fit(model, round((1.0 - arguments["start"]) * steps), last_line, *follow)
    if arguments["start"]:
        logs["steps_as_vae"] = [first]
    if follow:
        logs["gamma"] = follow[0].gammas
    return model, end, logs


def recompute_statistics(decoder, codes, count=500):
    """Let every BatchNorm's statistics be those of these codes: the mean over chunks of `count`."""
    norms = [x for x in decoder.layers if isinstance(x, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    if norms:
        for number, start in enumerate(range(0, len(codes), count)):
            for norm in norms:
                norm.momentum = number / (number + 1)
            decoder(codes[start : start + count], training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def fit_mixture(model, images, seed):
    """Fit Gaussians to codes of images, as the decoder met them: drawn from the posteriors."""
    z_mean, z_log_var = networks.apply(model.encoder, images)
    noise = np.random.default_rng(seed).standard_normal(z_mean.shape)
    codes = z_mean + np.exp(z_log_var / 2) * noise
    return GaussianMixture(GAUSSIANS, random_state=seed).fit(codes)


def let_pass(logits, rng):
    """Say which samples pass the discriminator (Azadi et al. 2019, section 3).

    A sample passes with probability `sigmoid(F)`, F as in their equation 8, with `gamma` such that
    F is negative for half of the samples.

    Args:
        logits: (count,), of generated images.

    Returns:
        (count,), booleans.
    """
    below = logits - logits.max()
    strength = below - np.log1p(-np.exp(below - 1e-6))
    strength -= np.median(strength)
    return rng.random(len(logits)) < 1 / (1 + np.exp(-strength))


def draw(model, weights, averages, images, arguments, count):
    """Yield `(way, samples)` of a model with its weights and their averages, `count` of each."""
    seed, rng = arguments["seed"], np.random.default_rng(arguments["seed"])
    shape = (count, arguments["latent_dim"])
    prior, others = rng.standard_normal(shape), rng.standard_normal((2 * count, shape[1]))

    model.set_weights(weights)
    yield "plain", model.decode(prior)
    recompute_statistics(model.decoder, others[:count])
    yield "statistics", model.decode(prior)

    model.set_weights(averages)
    recompute_statistics(model.decoder, others[:count])
    yield from _with_rejected(model, "average", np.concatenate([prior, others]), count, rng)

    if not hasattr(model, "encoder"):
        return
    mixture = fit_mixture(model, images, seed)
    codes, _ = mixture.sample(3 * count)
    rng.shuffle(codes)  # they come sorted by Gaussian
    recompute_statistics(model.decoder, codes[-count:])
    yield from _with_rejected(model, "mixture", codes, count, rng)


def _with_rejected(model, way, codes, count, rng):
    """Yield the samples of the first codes, and of a game as many of those that it lets pass."""
    if not hasattr(model, "discriminator"):
        yield way, model.decode(codes[:count])
        return
    samples = model.decode(codes)
    yield way, samples[:count]
    logits, _ = networks.apply(model.discriminator, samples)
    passed = samples[let_pass(logits[:, 0].astype("float64"), rng)]
    if len(passed) >= count:
        yield f"{way}, rejection", passed[:count]


def measure(study, model, weights, averages, data, arguments, sheet):
    """Return the measures of all ways of sampling, and write a sheet of each to `sheet-<way>`."""
    (x_train, _), (held_out, _) = data
    read = study.judge()
    real = read(held_out)
    fitted = x_train[-FITTED:]
    found = {"real": metrics.compare_features(read(fitted[: len(held_out)]), real)}
    for way, samples in draw(model, weights, averages, fitted, arguments, study.drawn):
        for factor in (1, 2, 4) if way in ("average", "mixture") else (1,):
            name = way if factor == 1 else f"{way} x{factor}"
            if study.ways and name not in study.ways:
                continue
            seen = read(samples if factor == 1 else sharpen(samples, factor))
            found[name] = metrics.compare_features(seen, real)
            if study.unclear:
                found[name]["low_confidence"] = metrics.low_confidence_share(seen.readings)
        write_picture(
            f"{sheet}-{way.replace(', ', '-')}.png", plotting.tile(samples[:100], columns=20)
        )
    return found


def run(study, name, data, share, seed):
    """Train and measure one arm; write its record, with `error` in place of what failed."""
    base, changes = study.arms[name]
    arguments = {**base, **changes, "seed": seed}
    record = {
        "arm": name,
        "changes": changes,
        "arguments": arguments,
        "share": share,
        "data": data_provenance(study.data, data),
        **environment(Path(__file__).parent),
    }
    (x_train, _), _ = data
    path = study.path_of(name, share, seed)
    weights = study.runs / study.name / f"{path.stem}.npz"
    for file in (path, weights):
        file.parent.mkdir(parents=True, exist_ok=True)
    try:
        began = time.process_time()
        model, end, logs = train(arguments, x_train, share * study.work)
        seconds = round(time.process_time() - began, 1)
        record |= {"steps": end.taken, "processor_seconds": seconds, "logs": logs}
        np.savez(weights, *model.get_weights(), *end.trained)
        records.write_json(path, record)
        measure_again(study, path, data)
    except (ValueError, FloatingPointError) as error:  # what diverged has no measure
        traceback.print_exc()
        record.pop("logs", None)  # JSON knows no NaN
        records.write_json(path, {**record, "error": str(error)})


def measure_again(study, path, data):
    """Measure a run by its weights, and write what was found to its record."""
    record = json.loads(path.read_text(encoding="utf-8"))
    (x_train, _), _ = data
    model = build(record["arguments"], x_train.shape[1:])
    sheet = study.runs / study.name / path.stem
    with np.load(sheet.with_name(f"{path.stem}.npz")) as archive:
        arrays = [archive[name] for name in archive.files]
    averages, weights = arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]
    record["ways"] = measure(study, model, weights, averages, data, record["arguments"], sheet)
    records.write_json(path, record)


def rows(results, ways=None):
    """Return the table's rows, a dict for each way of each run, the best of a share first.

    Args:
        results: the folder of the records.
        ways: names of the ways that are shown; all without it. The floor comes first.
    """
    found = [json.loads(path.read_text(encoding="utf-8")) for path in Path(results).glob("*.json")]
    found.sort(key=lambda record: (record["share"], _best(record)))
    table = []
    for record in found:
        head = {
            "share": f"{record['share']:g}",
            "arm": record["arm"],
            "seed": str(record["arguments"]["seed"]),
        }
        measured = dict(record.get("ways", {}))
        if not measured:
            table.append({**head, "steps": "failed" if "error" in record else "not measured"})
            continue
        floor = measured.pop("real")
        if not table or table[0]["arm"]:
            blank = dict.fromkeys(("share", "arm", "seed", "steps"), "")
            table.insert(0, {**blank, "way": "real images", **_numbers(floor)})
        for way, numbers in measured.items():
            if ways is None or way in ways:
                steps = {"steps": str(record["steps"]), "way": way}
                table.append({**head, **steps, **_numbers(numbers)})
    return table


def _numbers(measured):
    return {title: f"{measured[name]:.3g}" for name, title in MEASURES.items()}


def _best(record):
    ways = {k: v for k, v in record.get("ways", {}).items() if k != "real"}
    return min((way["frechet_distance"] for way in ways.values()), default=math.inf)


def main(argv=None, study=STUDY):
    """Make what is missing of a study and print the table."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{study.name}")
    parser.add_argument("arms", nargs="*", metavar="ARM", help=f"{'; '.join(study.arms)} (all)")
    parser.add_argument("--share", type=float, default=0.07, help="of the study's work (0.07)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", action="store_true", help="measure what is there again")
    given = parser.parse_args(argv)
    paths = {n: study.path_of(n, given.share, given.seed) for n in given.arms or study.arms}
    missing = [name for name, path in paths.items() if not path.exists()]
    if missing or given.again:
        data = study.load()
    if given.again:
        for name in paths.keys() - set(missing):
            measure_again(study, paths[name], data)
    for name in missing:
        run(study, name, data, given.share, given.seed)
    print(markdown.table_of(rows(study.results / study.name)))


if __name__ == "__main__":
    main()
