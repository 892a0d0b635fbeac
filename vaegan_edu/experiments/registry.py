"""The experiments by name: which model, on which data, for how long."""

from dataclasses import dataclass, field

import keras

from vaegan_edu import datasets, metrics, models, networks, schedules
from vaegan_edu.experiments.evaluation import (
    evaluate_classifier,
    evaluate_latent_model,
    evaluate_regressor,
    evaluate_samples,
    measure_modes,
    watch_modes,
    watch_samples,
)
from vaegan_edu.experiments.faces import evaluate_faces, judge_of_faces, load_faces, watch_faces

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
RULES = {
    **ORIGINAL_RULES,
    "plateau": lambda initial, epochs: schedules.Plateau(initial, 0.5, initial / 100, patience=5),
    "constant": lambda initial, epochs: schedules.Constant(initial),
    "linear": lambda initial, epochs: schedules.Linear(initial, epochs, start=0.6),
    "cosine": lambda initial, epochs: schedules.Cosine(initial, epochs),
}


def compile_alone(model, arguments, steps):
    """Compile a model that has one optimizer."""
    model.compile(keras.optimizers.Adam(_learning_rate(arguments, steps)))
    if "schedule" in arguments:
        return _rule(arguments)(arguments["learning_rate"], arguments["epochs"])


def compile_players(model, arguments, steps):
    """Compile a model with an optimizer for each network, and a rule unless its rate decays."""
    rates = dict.fromkeys(model.network_names, arguments["learning_rate"])
    rates["discriminator"] *= arguments.get("discriminator_rate", 1.0)
    model.compile(
        **{
            f"{name}_optimizer": keras.optimizers.Adam(
                _learning_rate({**arguments, "learning_rate": rate}, steps),
                beta_1=0.9 if name == "encoder" else arguments["beta_1"],
            )
            for name, rate in rates.items()
        }
    )
    if arguments.get("cosine_decay"):
        return None
    rule = _rule(arguments)
    return {name: rule(rate, arguments["epochs"]) for name, rate in rates.items()}


def _learning_rate(arguments, steps):
    """Return the rate, or with `cosine_decay` its way to 0, step by step, at the run's end."""
    if not arguments.get("cosine_decay"):
        return arguments["learning_rate"]
    return keras.optimizers.schedules.CosineDecay(
        arguments["learning_rate"], steps * arguments["epochs"]
    )


def _rule(arguments):
    name = arguments["schedule"]
    if name not in RULES:
        raise ValueError(f"`schedule` must be one of {', '.join(RULES)}. Received: {name!r}")
    return RULES[name]


def load_classes(arguments):
    """Load data whose labels are classes, by which digits are judged."""
    data = arguments["data"]
    if data in datasets.FACES or data not in datasets.LOADERS:
        raise ValueError(
            "This experiment is measured by a classifier of digits; faces and folders of pictures "
            f"are for the experiments on faces, such as faces-light. Received: {data!r}"
        )
    return datasets.load(data)


def judge_of_digits(arguments):
    """Return the digest of the classifier, for the record."""
    return {"classifier": metrics.classifier_digest(arguments["data"])}


@dataclass(frozen=True)
class Experiment:
    """A run that can be started by its name.

    Attributes:
        summary: one line for `python -m vaegan_edu list`.
        build: from the arguments and the images' shape to a model that is not compiled yet.
        evaluate: from (model, data, arguments) to the numbers of `metrics.json`.
        arguments: all settings and their defaults; the command line may change some.
        assumptions: names of the arguments that the source does not state and we chose.
        load: from the arguments to what `datasets.load` returns.
        judge: from the arguments to what the record says of the network that measures the samples;
            `ValueError` if there is none.
        compile: from (model, arguments, steps an epoch) to the rules of its learning rates, by
            network, the rule of its only one, or `None`; it compiles the model.
        watch: from (data, arguments) to a function of the model that measures it after each epoch.
        has_samples: whether the model generates images, so that sample sheets make sense.
    """

    summary: str
    build: callable
    evaluate: callable
    arguments: dict = field(default_factory=dict)
    assumptions: tuple = ()
    load: callable = load_classes
    judge: callable = judge_of_digits
    compile: callable = compile_alone
    watch: callable = None
    has_samples: bool = True


def _networks(arguments, image_shape, *kinds, **settings):
    """Return the networks of an autoencoder or a game, built to one preset."""

    def given(*names):
        """The settings that the run has; records from before a setting came are built without."""
        return {name: arguments[name] for name in names if name in arguments}

    common = {"preset": arguments["preset"], "image_shape": image_shape, **given("batch_norm")}
    maker = {**common, "latent_dim": arguments["latent_dim"]}
    judge = given(
        "feature_stage", "minibatch_kernels", "minibatch_dim", "minibatch_scale", "dropout",
        "dropout_place",
    )  # fmt: skip
    build = {
        "encoder": lambda: networks.build_encoder(**maker, **settings),
        "decoder": lambda: networks.build_decoder(**maker, **given("noise")),
        "discriminator": lambda: networks.build_discriminator(**common, **judge),
    }
    return [build[kind]() for kind in kinds]


def _build_autoencoder(arguments, image_shape):
    return models.Autoencoder(
        *_networks(arguments, image_shape, "encoder", "decoder", variational=False)
    )


def _build_vae(arguments, image_shape):
    return models.VAE(
        *_networks(arguments, image_shape, "encoder", "decoder"),
        beta=arguments["beta"],
        reconstruction_loss=arguments["reconstruction_loss"],
        seed=arguments["seed"],
    )


def _build_gan(arguments, image_shape):
    return models.GAN(
        *_networks(arguments, image_shape, "decoder", "discriminator"),
        **{name: arguments[name] for name in ("real_target", "flip_probability", "seed")},
    )


def _build_vaegan(arguments, image_shape):
    return models.VAEGAN(
        *_networks(arguments, image_shape, "encoder", "decoder", "discriminator"),
        **{name: arguments[name] for name in (
            "gamma", "kl_weight", "feature_weight", "feature_scale", "reconstructions_are_fakes",
            "fake_weight", "real_target", "flip_probability", "seed",
        )},
        **{name: arguments[name] for name in ("equilibrium", "margin") if name in arguments},
    )  # fmt: skip


def _build_similarity_vae(arguments, image_shape):
    return models.SimilarityVAE(
        *_networks(arguments, image_shape, "encoder", "decoder", "decoder", "discriminator"),
        **{name: arguments[name] for name in (
            "kl_weight", "feature_scale", "real_target", "flip_probability", "seed"
        )},
    )  # fmt: skip


def _build_classifier(arguments, image_shape):
    return models.Classifier(networks.build_classifier(image_shape))


def _build_regressor(arguments, image_shape):
    network = networks.build_regressor(image_shape[0], len(datasets.FACE_ATTRIBUTES))
    return models.Regressor(network, *datasets.face_attribute_moments())


def _load_faces_of_the_regressor(arguments):
    """Render faces of a seed of their own: none of them is in any model's training or test set."""
    if arguments["data"] != "rendered-faces":
        raise ValueError(
            "regressor-faces needs faces of known attributes, which only rendered-faces have. "
            f"Received: {arguments['data']!r}"
        )
    return datasets.load_rendered_faces(
        arguments["train_count"], 2000, arguments["image_size"], REGRESSOR_SEED, "uint8"
    )


LATENT = {
    "data": "digits", "epochs": 60, "batch_size": 64, "learning_rate": 1e-3, "latent_dim": 16,
    "preset": "small",
}  # fmt: skip

ELBO = {"beta": 1.0, "reconstruction_loss": "gaussian"}

REGRESSOR_SEED = 1

CLASSIFIER = {"learning_rate": 2e-3, "cosine_decay": True}

# Of the networks of a game; each does nothing yet. `noise` is (stddev, epochs).
TRICKS = {
    "batch_norm": "before", "noise": None, "dropout": 0.0, "dropout_place": "dense",
    "feature_stage": "linear", "minibatch_kernels": 0, "minibatch_dim": 5, "minibatch_scale": 1.0,
}  # fmt: skip

# A preset that reaches good samples soon. Against Larsen et al. 2016: Adam for RMSProp, features
# divided by their variance, real and fake examples of equal weight, a softened target, and a KL
# term of weight 15, for the summed feature loss is that much larger than a pixel loss. (It was the
# best of 1, 5 and 15, one seed each, on training images held out; of that no record is kept. What
# was tried later, `benchmarks.quality_search`, was no better.)
LIGHT = {
    "batch_size": 64, "learning_rate": 1e-3, "beta_1": 0.5, "schedule": "linear", "latent_dim": 10,
    "preset": "light", "real_target": 0.9, "flip_probability": 0.0, **TRICKS,
}  # fmt: skip
LIGHT_VAEGAN = {
    **LIGHT, "gamma": 0.04, "kl_weight": 15.0, "feature_weight": 1.0, "feature_scale": "variance",
    "reconstructions_are_fakes": True, "fake_weight": 0.5,
}  # fmt: skip

# The 2020 student project. What its report and diagrams do not say is listed in `ASSUMED`.
ORIGINAL = {
    "data": "mnist", "epochs": 100, "batch_size": 100, "learning_rate": 5e-4, "beta_1": 0.9,
    "schedule": "constant", "latent_dim": 64, "preset": "original", "gamma": 1e-8,
    "kl_weight": 1 / 64, "feature_weight": 1 / 4096, "feature_scale": "sum",
    "reconstructions_are_fakes": True, "fake_weight": 1.0, "real_target": 0.9,
    "flip_probability": 0.05, "discriminator_rate": 1.0, "equilibrium": None, "margin": 0.35,
    **TRICKS,
}  # fmt: skip
ASSUMED = ("learning_rate", "beta_1", "schedule", "real_target", "flip_probability", "preset")

GAME = {"compile": compile_players, "watch": watch_samples}

# Faces: the light settings with networks in the manner of Larsen et al. 2016. `train_count` is of
# rendered faces, 8,500 where it is None; `None` for all other data.
FACES = {"data": "rendered-faces", "image_size": 64, "train_count": None}
LIGHT_FACES = {**LIGHT, **FACES, "epochs": 6, "latent_dim": 64, "preset": "larsen"}
VAE_FACES = {
    **FACES, **ELBO,
    **{name: LIGHT_FACES[name] for name in (
        "epochs", "batch_size", "learning_rate", "schedule", "latent_dim", "preset"
    )},
}  # fmt: skip
LEARNED_SIMILARITY = {"kl_weight": 5.0, "feature_scale": "variance"}
LIGHT_FACES_VAEGAN = {**LIGHT_VAEGAN, **LIGHT_FACES, **LEARNED_SIMILARITY, "gamma": 0.05}

# As in the original project, with the assumptions that its diagrams ask for.
ORIGINAL_FACES = {
    **ORIGINAL, **FACES, "latent_dim": 2048, "kl_weight": 1 / 2048, "schedule": "s1",
    "minibatch_kernels": 16, "minibatch_dim": 5, "dropout": 0.3, "dropout_place": "dense",
}  # fmt: skip
ASSUMED_FACES = (
    *(name for name in ASSUMED if name not in ("learning_rate", "schedule")),
    "batch_size", "minibatch_dim", "dropout",
)  # fmt: skip

ON_FACES = {"load": load_faces, "judge": judge_of_faces, "watch": watch_faces}

EXPERIMENTS = {
    "ae-digits": Experiment(
        "plain autoencoder on the built-in digits (chapter 1)",
        _build_autoencoder,
        evaluate_latent_model,
        LATENT,
    ),
    "vae-digits": Experiment(
        "VAE on the built-in digits (chapter 2)",
        _build_vae,
        evaluate_latent_model,
        {**LATENT, **ELBO},
    ),
    "gan-digits": Experiment(
        "GAN on the built-in digits",
        _build_gan,
        evaluate_samples,
        {"data": "digits", "epochs": 60, **LIGHT},
        **GAME,
    ),
    "gan-ring": Experiment(
        "GAN that collapses on a ring of eight Gaussians",
        _build_gan,
        measure_modes,
        {"data": "ring", "epochs": 40, "batch_size": 128, "learning_rate": 1e-3,
         "discriminator_rate": 0.1, "beta_1": 0.5, "schedule": "constant", "latent_dim": 2,
         "preset": "toy", "real_target": 1.0, "flip_probability": 0.0, **TRICKS},
        compile=compile_players,
        watch=watch_modes,
        has_samples=False,
    ),
    "vaegan-digits": Experiment(
        "VAE-GAN on the built-in digits",
        _build_vaegan,
        evaluate_samples,
        {"data": "digits", "epochs": 25, **LIGHT_VAEGAN},
        **GAME,
    ),
    "vae-mnist": Experiment(
        # Its rate decays since the search held the sharpened samples of such a VAE to be the harder
        # bar (`benchmarks.quality_search`).
        "VAE of the same encoder and decoder as vaegan-mnist",
        _build_vae,
        evaluate_samples,
        {"data": "mnist", "epochs": 4, "batch_size": 64, "learning_rate": 1e-3,
         "cosine_decay": True, "latent_dim": 10, "preset": "light", **ELBO},
        watch=watch_samples,
    ),
    "vaegan-mnist": Experiment(
        "VAE-GAN on MNIST, light networks",
        _build_vaegan,
        evaluate_samples,
        {"data": "mnist", "epochs": 2, **LIGHT_VAEGAN},
        **GAME,
    ),
    "vaegan-mnist-original": Experiment(
        "VAE-GAN on MNIST as in the original project",
        _build_vaegan,
        evaluate_samples,
        ORIGINAL,
        ASSUMED,
        **GAME,
    ),
    "faces-light": Experiment(
        "VAE-GAN on faces, light networks",
        _build_vaegan,
        evaluate_faces,
        LIGHT_FACES_VAEGAN,
        compile=compile_players,
        **ON_FACES,
    ),
    "vae-faces": Experiment(
        "VAE of faces-light's encoder and decoder",
        _build_vae,
        evaluate_faces,
        VAE_FACES,
        **ON_FACES,
    ),
    "vae-faces-similarity": Experiment(
        "VAE that compares faces by a GAN's features",
        _build_similarity_vae,
        evaluate_faces,
        {**LIGHT_FACES, **LEARNED_SIMILARITY},
        compile=compile_players,
        **ON_FACES,
    ),
    "gan-faces": Experiment(
        "GAN of faces-light's decoder and discriminator",
        _build_gan,
        evaluate_faces,
        LIGHT_FACES,
        compile=compile_players,
        **ON_FACES,
    ),
    "faces-original": Experiment(
        "VAE-GAN on faces as in the original project",
        _build_vaegan,
        evaluate_faces,
        ORIGINAL_FACES,
        ASSUMED_FACES,
        compile=compile_players,
        **ON_FACES,
    ),
    "classifier-digits": Experiment(
        "classifier that measures generated digits",
        _build_classifier,
        evaluate_classifier,
        {"data": "digits", **CLASSIFIER, "epochs": 40, "batch_size": 64},
        has_samples=False,
    ),
    "classifier-mnist": Experiment(
        "classifier that measures generated MNIST digits",
        _build_classifier,
        evaluate_classifier,
        {"data": "mnist", **CLASSIFIER, "epochs": 8, "batch_size": 128},
        has_samples=False,
    ),
    "regressor-faces": Experiment(
        "regressor that reads the attributes of faces",
        _build_regressor,
        evaluate_regressor,
        {"data": "rendered-faces", "train_count": 30000, "image_size": 64, **CLASSIFIER,
         "epochs": 8, "batch_size": 64},
        load=_load_faces_of_the_regressor,
        has_samples=False,
    ),
}  # fmt: skip
