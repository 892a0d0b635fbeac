"""The search for settings of a light VAE-GAN whose MNIST samples beat the best VAE's in equal time.

    python -m benchmarks.light_recipe [ARM ...] [--seconds 60] [--seed 0]

`benchmarks.quality_search` tried rates and gamma, and found a tie. Here networks, game, averages
and samplers are tried. What a VAE can use as well, the VAE gets: a decoder of half the channels,
an average of the weights, codes drawn from a mixture of Gaussians, more contrast.

Registered before the runs:

- **Cost.** A run may use so many seconds of one core. The process counts its own
  (`time.process_time`), so a busy machine does not matter much; one thread; tracing, which happens
  in the first step, and measuring do not count. Rates fall by the share of the budget that is used:
  along half a cosine for a VAE, and over the last 40 % in a line to zero for a VAE-GAN.
- **Data.** As in `quality_search`: trained on 55,000 of MNIST's training images, compared with the
  other 5,000. MNIST's test images play no part.
- **Ways of sampling.** From each trained model, `DRAWN` samples in each of several ways: "plain",
  the decoder as trained, codes of the prior; "average", its weights averaged (`ema_momentum` of
  Keras' Adam), with the statistics of its BatchNorm recomputed on such codes; "statistics", as
  trained but for these statistics; "mixture", "average" with codes from ten Gaussians that were
  fitted to codes of training images; and of a VAE-GAN "rejection", "average" with samples that its
  discriminator lets pass (Azadi et al. 2019). Of a VAE each way also with contrast x2 and x4.
- **First round**, `ARMS`, 60 s, one seed. Each arm after "samples" changes one thing in it. The
  arms are ranked by the lowest Fréchet distance of their ways.
- **Later rounds** put those together that lowered the distance of "samples" by more than 10 %; they
  are written down here before they run.
- **Last round.** The best VAE-GAN and the best VAE by Fréchet distance: 360 s, seeds 0 and 1.
- **Verdict.** The bar is, for each of the four measures, the best of all ways of all VAEs of the
  last round, mean over seeds. The recipe wins if one way of it, chosen on seed 0, is at least as
  good in all four on both seeds, and its Fréchet distance is below 15.

Each run leaves a file in `benchmarks/results/light_recipe/`, the failed ones too. The command makes
those that are missing, and prints the table. Sheets and weights are left in `runs/light_recipe/`.
"""

import argparse
import json
import math
import os
import time
import traceback
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import keras
import numpy as np
from keras import ops
from sklearn.mixture import GaussianMixture

from benchmarks import markdown
from benchmarks.quality_search import hold_out
from vaegan_edu import datasets, metrics, networks, plotting, records
from vaegan_edu.callbacks.samples import write_picture
from vaegan_edu.experiments import tasks
from vaegan_edu.experiments.batches import EpochBatches
from vaegan_edu.experiments.evaluation import sharpen
from vaegan_edu.experiments.experiment import Experiment
from vaegan_edu.experiments.provenance import data_provenance, environment
from vaegan_edu.losses import flat_logits
from vaegan_edu.models import VAE, VAEGAN, input_gradient

RESULTS = Path(__file__).parent / "results" / "light_recipe"
RUNS = Path("runs", "light_recipe")  # sheets and weights, which are no part of the record
DRAWN = 5000
FITTED = 10_000  # training images to whose codes the mixture is fitted
MEASURES = ("frechet_distance", "precision", "recall", "coverage")

# Shapes of the decoder that are tried; encoder and discriminator stay those of "light".
Block, LIGHT = networks.Block, networks.PRESETS["light"]
SHAPES = {
    "half": replace(
        LIGHT,
        decoder=(
            Block("map", 64, norm=True),
            Block("up", 32, norm=True),
            Block("up", 16, norm=True),
        ),
    ),
    # The last step up leads to the image itself, as in the networks of InfoGAN.
    "flat": replace(
        LIGHT,
        decoder=(Block("map", 96, norm=True), Block("up", 48, norm=True)),
        output=("up", 4),
    ),
}

# fmt: off
# What holds where an arm says nothing else: the settings of `vae-mnist` and `vaegan-mnist` as they
# stood when the search began, and of the levers that which leaves all as it was.
VAE_BASE = {
    "data": "mnist", "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.9,
    "ema_momentum": 0.998,
    "preset": "light", "latent_dim": 10, "batch_norm": "before",
    "beta": 1.0, "reconstruction_loss": "gaussian",
}
GAME_BASE = {
    "data": "mnist", "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.5,
    "discriminator_rate": 1.0, "ema_momentum": 0.998,
    "preset": "light", "latent_dim": 10, "batch_norm": "before",
    "gamma": 0.04, "kl_weight": 15.0, "feature_weight": 1.0, "feature_scale": "variance",
    "reconstructions_are_fakes": True, "fake_weight": 0.5,
    "real_target": 0.9, "flip_probability": 0.0,
    "start": 0.0, "share": None, "r1": 0.0, "r2": 0.0, "relativistic": False,
}
SAMPLES = {"preset": "half", "reconstructions_are_fakes": False, "fake_weight": 1.0}
# fmt: on

# In the order in which they run.
ARMS = {
    "samples": (GAME_BASE, SAMPLES),
    "vae, half": (VAE_BASE, {"preset": "half"}),
    "relativistic": (GAME_BASE, {**SAMPLES, "relativistic": True, "r1": 1.0, "r2": 1.0}),
    "no norm": (GAME_BASE, {**SAMPLES, "batch_norm": None}),
    "gamma 0.004": (GAME_BASE, {**SAMPLES, "gamma": 0.004}),
    "r1": (GAME_BASE, {**SAMPLES, "r1": 3.0}),
    "flat": (GAME_BASE, {**SAMPLES, "preset": "flat"}),
    "half": (GAME_BASE, {"preset": "half"}),
    "vae": (VAE_BASE, {}),
    "as it was": (GAME_BASE, {}),
    "discriminator x2": (GAME_BASE, {**SAMPLES, "discriminator_rate": 2.0}),
    "vae, half, beta 0.3": (VAE_BASE, {"preset": "half", "beta": 0.3}),
    "share": (GAME_BASE, {**SAMPLES, "share": 0.5}),
    "batch 32": (GAME_BASE, {**SAMPLES, "batch_size": 32}),
    "start": (GAME_BASE, {**SAMPLES, "start": 0.2}),
}


@keras.saving.register_keras_serializable("light_recipe")
class Game(VAEGAN):
    """A `VAEGAN` with the levers that the package has not.

    Args:
        relativistic: whether the game is about the differences of logits, `softplus(-(C(x) -
            C(x_p)))` for the discriminator and with the sign turned for the decoder (Huang et al.
            2024, equation 2); prior samples alone are fakes then.
        r1, r2: gamma of the zero-centred penalties `gamma/2 E ||grad C||^2` on real and on
            generated images (Mescheder et al. 2018, equation 9).
        **kwargs: of `VAEGAN`. Here gamma is a variable, which `Share` may set.
    """

    def __init__(self, relativistic=False, r1=0.0, r2=0.0, **kwargs):
        super().__init__(**kwargs)
        self.relativistic = relativistic
        self.penalties = {"real": r1, "generated": r2}
        self.gamma_now = keras.Variable(self.gamma, trainable=False, name="gamma")

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
        losses["decoder"] = self.gamma_now * terms["feature"] + terms["adversarial_decoder"]
        for kind, gamma in self.penalties.items():
            if gamma:
                losses["discriminator"] += gamma / 2 * terms[f"slope_{kind}"]
        return losses


class Clock(keras.callbacks.Callback):
    """End training when its seconds of processor time are used, and let the rates fall by them.

    The first step traces the graph and does not count. Before the weights' averages take their
    place, at the end of `fit`, it keeps the weights themselves, in `trained`.
    """

    def __init__(self, seconds, factor):
        super().__init__()
        self.seconds, self.factor = seconds, factor
        self.began, self.steps, self.used, self.trained = None, 0, 0.0, None

    def on_train_begin(self, logs=None):
        optimizer = self.model.optimizer
        optimizers = getattr(optimizer, "optimizers", [optimizer])
        self.rates = [(one, float(one.learning_rate)) for one in optimizers]

    def on_train_batch_end(self, batch, logs=None):
        if self.began is None:
            self.began = time.process_time()
        self.steps += 1
        self.used = time.process_time() - self.began
        share = min(self.used / self.seconds, 1.0)
        if self.steps % 10 == 0:
            for optimizer, rate in self.rates:
                optimizer.learning_rate = rate * self.factor(share)
        if share == 1.0:
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


def train(arguments, images, seconds):
    """Train a model for so many seconds of processor time; return it, its `Clock` and its logs."""
    seed, is_game = arguments["seed"], "gamma" in arguments
    keras.utils.set_random_seed(seed)
    experiment = Experiment("", Game if is_game else VAE, tasks.DigitSamples(), arguments)
    model = experiment.build(arguments, (28, 28, 1))
    batches = EpochBatches(images, None, arguments["batch_size"], seed)

    def adam(factor=1.0, beta_1=0.9):
        return keras.optimizers.Adam(
            factor * arguments["learning_rate"],
            beta_1=beta_1,
            use_ema=True,
            ema_momentum=arguments["ema_momentum"],
        )

    def fit(model, seconds, factor, *more):
        clock = Clock(seconds, factor)
        history = model.fit(
            batches,
            epochs=1000,
            shuffle=False,
            verbose=0,
            callbacks=[batches.follow(), keras.callbacks.TerminateOnNaN(), *more, clock],
        )
        if clock.trained is None:
            raise FloatingPointError("a loss became NaN or infinite")
        return clock, {k: [float(v) for v in vs] for k, vs in history.history.items()}

    if not is_game:
        model.compile(adam())
        return model, *fit(model, seconds, cosine)
    if arguments["start"]:
        vae = VAE(model.encoder, model.decoder, seed=seed)
        vae.compile(adam())
        fit(vae, arguments["start"] * seconds, lambda share: 1.0)
    beta_1 = arguments["beta_1"]
    model.compile(adam(), adam(1.0, beta_1), adam(arguments["discriminator_rate"], beta_1))
    share = [] if arguments["share"] is None else [Share(arguments["share"], images)]
    clock, logs = fit(model, (1.0 - arguments["start"]) * seconds, last_line, *share)
    if share:
        logs["gamma"] = share[0].gammas
    return model, clock, logs


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
    """Fit ten Gaussians to codes of images, as the decoder met them: drawn from the posteriors."""
    z_mean, z_log_var = networks.apply(model.encoder, images)
    noise = np.random.default_rng(seed).standard_normal(z_mean.shape)
    codes = z_mean + np.exp(z_log_var / 2) * noise
    return GaussianMixture(10, random_state=seed).fit(codes)


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


def draw(model, clock, images, arguments):
    """Yield `(way, samples)` of a trained model; afterwards its weights are the averages."""
    seed, rng = arguments["seed"], np.random.default_rng(arguments["seed"])
    shape = (DRAWN, arguments["latent_dim"])
    prior, others = rng.standard_normal(shape), rng.standard_normal((2 * DRAWN, shape[1]))
    averaged = model.get_weights()

    model.set_weights(clock.trained)
    yield "plain", model.decode(prior)
    recompute_statistics(model.decoder, others[:DRAWN])
    yield "statistics", model.decode(prior)

    model.set_weights(averaged)
    recompute_statistics(model.decoder, others[:DRAWN])
    average = model.decode(prior)
    yield "average", average
    if hasattr(model, "discriminator"):
        more = np.concatenate([average, model.decode(others)])
        logits, _ = networks.apply(model.discriminator, more)
        passed = more[let_pass(logits[:, 0].astype("float64"), rng)]
        if len(passed) >= DRAWN:
            yield "rejection", passed[:DRAWN]

    mixture = fit_mixture(model, images, seed)
    codes, _ = mixture.sample(2 * DRAWN)
    rng.shuffle(codes)  # they come sorted by Gaussian
    recompute_statistics(model.decoder, codes[:DRAWN])
    yield "mixture", model.decode(codes[DRAWN:])


def measure(model, clock, data, arguments, sheet):
    """Return the measures of all ways of sampling, and write a sheet of each to `sheet-<way>`."""
    (x_train, _), (held_out, _) = data
    classifier = metrics.load_classifier("mnist")
    real = metrics.read_digits(classifier, held_out)
    fitted = x_train[-FITTED:]
    floor = metrics.read_digits(classifier, fitted[: len(held_out)])
    found = {"real": metrics.compare_features(floor, real)}
    factors = (1,) if hasattr(model, "discriminator") else (1, 2, 4)
    for way, samples in draw(model, clock, fitted, arguments):
        for factor in factors:
            name = way if factor == 1 else f"{way} x{factor}"
            images = samples if factor == 1 else sharpen(samples, factor)
            read = metrics.read_digits(classifier, images)
            unclear = metrics.low_confidence_share(read.readings)
            found[name] = {**metrics.compare_features(read, real), "low_confidence": unclear}
        write_picture(f"{sheet}-{way}.png", plotting.tile(samples[:100], columns=20))
    return found


def run(name, data, seconds, seed):
    """Train and measure one arm; write its record, with `error` in place of what failed."""
    networks.PRESETS.update(SHAPES)
    base, changes = ARMS[name]
    arguments = {**base, **changes, "seed": seed}
    record = {
        "arm": name,
        "changes": changes,
        "arguments": arguments,
        "budget": seconds,
        "data": data_provenance("mnist", data),
        **environment(Path(__file__).parent),
    }
    (x_train, _), _ = data
    RUNS.mkdir(parents=True, exist_ok=True)
    try:
        model, clock, logs = train(arguments, x_train, seconds)
        record |= {"steps": clock.steps, "seconds": round(clock.used, 2), "logs": logs}
        stem = RUNS / path_of(name, seconds, seed).stem
        np.savez(f"{stem}.npz", *model.get_weights(), *clock.trained)  # averages, weights
        record["ways"] = measure(model, clock, data, arguments, stem)
    except (
        ValueError,
        FloatingPointError,
        AttributeError,
    ) as error:  # what diverged has no measure
        traceback.print_exc()
        record.pop("logs", None)  # JSON knows no NaN
        record["error"] = str(error)
    RESULTS.mkdir(parents=True, exist_ok=True)
    records.write_json(path_of(name, seconds, seed), record)


def path_of(name, seconds, seed):
    """Return the path of an arm's record."""
    stem = name.replace(", ", "-").replace(" ", "-")
    return RESULTS / f"{stem}-{seconds:g}s-seed-{seed}.json"


def rows(results=RESULTS):
    """Return the table's rows, a dict for each way of each run, the best of a budget first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in Path(results).glob("*.json")]
    found.sort(key=lambda record: (record["budget"], _best(record)))
    table = []
    for record in found:
        head = {
            "seconds": f"{record['budget']:g}",
            "arm": record["arm"],
            "seed": str(record["arguments"]["seed"]),
        }
        if "ways" not in record:
            table.append({**head, "steps": "failed"})
            continue
        for way, measured in record["ways"].items():
            if way != "real" or not table:
                numbers = {name: f"{measured[name]:.3g}" for name in MEASURES}
                table.append({**head, "steps": str(record["steps"]), "way": way, **numbers})
    return table


def _best(record):
    ways = {k: v for k, v in record.get("ways", {}).items() if k != "real"}
    return min((way["frechet_distance"] for way in ways.values()), default=math.inf)


def main(argv=None):
    """Make what is missing and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.light_recipe")
    parser.add_argument("arms", nargs="*", metavar="ARM", help=f"{'; '.join(ARMS)} (all)")
    parser.add_argument("--seconds", type=float, default=60, help="of one core, for training (60)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(argv)
    names = given.arms or list(ARMS)
    missing = [n for n in names if not path_of(n, given.seconds, given.seed).exists()]
    if missing:
        data = hold_out(datasets.load_mnist())
        for name in missing:
            run(name, data, given.seconds, given.seed)
    print(markdown.table_of(rows(RESULTS)))


if __name__ == "__main__":
    main()
