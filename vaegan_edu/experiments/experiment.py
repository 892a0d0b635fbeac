"""What an experiment is: a model, a task and settings; the model is built from its signature."""

import difflib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras

from vaegan_edu import models, networks
from vaegan_edu.experiments.settings import COSINE_STEPS, RULES
from vaegan_edu.experiments.tasks import Task
from vaegan_edu.schedules import Schedule
from vaegan_edu.validation import check_choice

# What the training itself reads; of the second, games alone.
NEEDED = ("data", "epochs", "batch_size", "learning_rate")
OF_TRAINING = (*NEEDED, "schedule", "precision", "seed")
OF_GAMES = ("beta_1", "discriminator_rate")

# In which layers compute; weights, losses and the optimizers' states are float32 in both.
PRECISIONS = ("float32", "mixed_bfloat16")

# What builds the network that a model asks for by name.
BUILDERS: dict[str, Callable] = {
    "encoder": networks.build_encoder,
    "decoder": networks.build_decoder,
    "generator": networks.build_decoder,
    "discriminator": networks.build_discriminator,
}


@dataclass(frozen=True)
class Experiment:
    """A model that is trained for a task with given settings.

    Example:
        >>> from vaegan_edu.experiments import Experiment, tasks
        >>> sharp_vae = Experiment(
        ...     "VAE with half the KL term", VAE, tasks.DigitSamples(),
        ...     {"data": "digits", "epochs": 20, "batch_size": 64, "learning_rate": 1e-3,
        ...      "preset": "small", "latent_dim": 8, "beta": 0.5})

    Attributes:
        summary: one line for `python -m vaegan_edu list`.
        model: the model's class, or a function that returns a model. It is called with what its
            signature names: the networks, which are built to the settings (`BUILDERS`), any
            settings, `seed` and `image_shape`. The signatures of a class's bases count too, as far
            as `**kwargs` leads to them.
        task: what loads the data, watches the training and measures the result.
        settings: all that can be chosen, with the values that hold unless a run changes them,
            each of which JSON can hold (a model gives itself what it cannot, such as functions):
            `data`, `epochs`, `batch_size` and `learning_rate`; the networks' arguments and the
            model's; `schedule`, a name in `RULES` or "cosine-steps"; `precision`, one of
            `PRECISIONS`, "float32" where it is not named; and of a game `beta_1` of Adam and
            `discriminator_rate`, a factor of the discriminator's learning rate.
        assumptions: names of the settings that the source does not state and we chose.
    """

    summary: str
    model: Callable[..., keras.Model]
    task: Task
    settings: Mapping = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()

    def build(self, settings: Mapping, image_shape: tuple) -> keras.Model:
        """Return the model, not compiled yet.

        Args:
            settings: as the experiment's own, and `seed`.
            image_shape: (height, width, channels), or (width,) of points.

        Raises:
            ValueError: a setting that a network or the model refuses, or that nobody reads; one
                that is missing, or that no record can hold.
        """
        self._check_settings()
        known = {**settings, "image_shape": tuple(image_shape)}
        with _computing_in(settings.get("precision", "float32")):
            built = {name: _call(BUILDERS[name], known) for name in network_names(self.model)}
            return _call(self.model, known, **built)

    def _check_settings(self):
        names = network_names(self.model)
        takers: list[Callable] = [self.model, *(BUILDERS[name] for name in names)]
        read = {*OF_TRAINING, *OF_GAMES, *self.task.reads}.union(
            *(_parameters(taker) for taker in takers)
        )
        for name in [name for name in NEEDED if name not in self.settings]:
            raise ValueError(f"An experiment needs the setting `{name}`. It has none")
        for name, value in self.settings.items():
            if name not in read:
                near = difflib.get_close_matches(name, read, 1)
                meant = f"; did you mean `{near[0]}`?" if near else ""
                raise ValueError(
                    f"`{name}` is no setting of {self.model.__name__}, of its networks, of its "
                    f"task or of the training{meant}"
                )
            try:
                json.dumps(value)
            except TypeError:
                raise ValueError(
                    f"The setting `{name}` cannot be written into a record: give it to the model "
                    f"in its `__init__`, or in a function that builds it. Received: {value!r}"
                ) from None

    def compile(
        self, model: keras.Model, settings: Mapping, steps: int | None
    ) -> Schedule | dict[str, Schedule] | None:
        """Compile a model with Adam for each network, or one for all.

        Args:
            model: as `build` returned it.
            settings: as for `build`.
            steps: of an epoch; only the schedule "cosine-steps" needs to know.

        Returns:
            The rules that the learning rates follow, for `callbacks.LearningRateSchedules`: by
            network, or the one of a model with one optimizer; `None` where the rates follow none.

        Raises:
            ValueError: no such schedule.
        """
        name: Any = settings.get("schedule")
        if name is not None:
            check_choice(name, "schedule", (*RULES, COSINE_STEPS))
        epochs = settings["epochs"]

        def adam(rate, **arguments):
            if name == COSINE_STEPS:
                rate = keras.optimizers.schedules.CosineDecay(rate, steps * epochs)
            return keras.optimizers.Adam(rate, **arguments)

        def rule(rate):
            return RULES[name](rate, epochs)

        rate = settings["learning_rate"]
        if not isinstance(model, models.AdversarialModel):
            model.compile(adam(rate))
            return None if name in (None, COSINE_STEPS) else rule(rate)
        rates = dict.fromkeys(model.network_names, rate)
        rates["discriminator"] *= settings.get("discriminator_rate", 1.0)
        beta_1 = settings.get("beta_1", 0.9)
        model.compile(
            **{
                f"{network}_optimizer": adam(rate, beta_1=0.9 if network == "encoder" else beta_1)
                for network, rate in rates.items()
            }
        )
        if name in (None, COSINE_STEPS):
            return None
        return {network: rule(rate) for network, rate in rates.items()}


def network_names(model: Callable) -> tuple[str, ...]:
    """Return the names of the networks that a model's class or function is given."""
    names = getattr(model, "network_names", None)
    return tuple(name for name in (names or _parameters(model)) if name in BUILDERS)


@contextmanager
def _computing_in(precision):
    """Let layers that are made meanwhile compute in this precision, and all others as before."""
    check_choice(precision, "precision", PRECISIONS)
    before = keras.config.dtype_policy()
    if precision != "float32":  # which leaves a policy that the user has set as it is
        keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _call(function, known, **given):
    """Call a function or class with what is given and what of `known` its signature names."""
    chosen = {name: known[name] for name in _parameters(function) if name in known}
    return function(**{**chosen, **given})


def _parameters(function: Callable) -> Iterator[str]:
    """Yield the names of a function's parameters, or of a class's and those that it passes on.

    `**kwargs` of an `__init__` are for the next class, up to Keras' own.
    """
    if not isinstance(function, type):
        yield from inspect.signature(function).parameters
        return
    for base in function.__mro__:
        if base is keras.Model:
            return
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
        yield from (p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        yield from (p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return
