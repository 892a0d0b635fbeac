"""Learning-rate rules as plain Python: a loss goes in after each epoch, a rate comes out.

A rule knows nothing of networks or optimizers, so that it can be replayed over the losses of a run
that is long over. `callbacks.LearningRateSchedules` lets it lead a network's optimizer.
"""

import math
from collections.abc import Iterable
from typing import Any, Self

from vaegan_edu.validation import check_count, check_number, shown


class Schedule:
    """What all rules share. A rule of one's own states `_next` and, where it remembers, `_memory`.

    Args:
        initial: learning rate of the first epoch, above 0.

    Attributes:
        learning_rate: the rate now, a float: `initial`, or what the last `update` returned.
        epoch: how many losses were seen.
    """

    _memory: tuple[
        str, ...
    ] = ()  # names of attributes that hold what the rule remembers, beside the two above

    def __init__(self, initial: float):
        self.initial = check_number(initial, "initial")
        if self.initial == 0.0:
            raise ValueError("`initial` must be above 0, or nothing is learnt. Received: 0")
        self.learning_rate = self.initial
        self.epoch = 0

    def update(self, loss: float) -> float:
        """See the loss of one more epoch and return the learning rate from then on.

        Raises:
            ValueError: the loss is NaN or no number. The rule then stays as it was.
        """
        try:
            loss = float(loss)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(
                f"The loss of epoch {self.epoch + 1} must be a number. Received: {shown(loss)}"
            ) from None
        if math.isnan(loss):
            raise ValueError(
                f"The loss of epoch {self.epoch + 1} must be a number; lower the learning rate. "
                "Received: nan"
            )
        self.epoch += 1
        self.learning_rate = self._next(loss)
        return self.learning_rate

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs, a dict of numbers and lists that JSON can hold."""
        names = ("epoch", "learning_rate", *self._memory)
        values = {name: getattr(self, name) for name in names}
        return {k: list(v) if isinstance(v, list) else v for k, v in values.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a `state`; `ValueError` unless it is of a rule of this kind."""
        expected = self.state()
        if not isinstance(state, dict) or state.keys() != expected.keys():
            raise ValueError(
                f"The state of {type(self).__name__} must hold {', '.join(expected)}. "
                f"Received: {state!r}"
            )
        for name, value in state.items():
            setattr(self, name, list(value) if isinstance(value, list) else value)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this rule anew, from its first epoch on."""
        return {"initial": self.initial}

    def fresh(self, **changes: Any) -> Self:
        """Return a new rule that has seen nothing; `changes` replace arguments."""
        return type(self)(**{**self.get_config(), **changes})

    def _next(self, loss: float) -> float:
        raise NotImplementedError

    def __repr__(self):
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class Constant(Schedule):
    """The initial rate, for ever.

    Args:
        initial: the learning rate.
    """

    def _next(self, loss: float) -> float:
        return self.learning_rate


class _LossDecay(Schedule):
    """A rule that multiplies the rate by `factor` when the losses say so, down to `minimum`."""

    def __init__(self, initial: float, factor: float, minimum: float):
        super().__init__(initial)
        self.factor = check_number(factor, "factor")
        if not 0.0 < self.factor < 1.0:
            raise ValueError(f"`factor` must lie between 0 and 1. Received: {factor!r}")
        self.minimum = _check_minimum(minimum, self.initial)

    def _decays(self, loss: float) -> bool:
        raise NotImplementedError

    def _next(self, loss: float) -> float:
        if not self._decays(loss):
            return self.learning_rate
        return max(self.learning_rate * self.factor, self.minimum)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor, "minimum": self.minimum}


class Plateau(_LossDecay):
    """Decay when the loss has had no new best for `patience` epochs.

    A new best lies strictly below all losses before it: a tie is none. The count of epochs without
    one decays the rate when it reaches `patience`, and starts again. So counts Keras'
    `ReduceLROnPlateau` with `min_delta=0`. PyTorch's, with `threshold=0`, decays when the count
    exceeds its `patience`, one epoch later: give it one less for the same rule.

    This is S2 and S3 of the original project as the words of its README have them, "patience 10"
    and "patience 6". What its logs have is `PeakDecay`.

    Example:
        >>> Plateau(5e-4, factor=0.85, minimum=1e-4, patience=10)  # S2 by its words

    Args:
        initial: learning rate of the first epoch.
        factor: what a decay multiplies the rate by, between 0 and 1.
        minimum: floor of the rate.
        patience: epochs without a new best before a decay.
    """

    _memory = ("best", "waited")

    def __init__(self, initial: float, factor: float, minimum: float, patience: int):
        super().__init__(initial, factor, minimum)
        self.patience = check_count(patience, "patience")
        self.best: float | None = None
        self.waited = 0

    def _decays(self, loss: float) -> bool:
        if self.best is None or loss < self.best:
            self.best, self.waited = loss, 0
            return False
        self.waited = (self.waited + 1) % self.patience
        return self.waited == 0

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "patience": self.patience}


class WindowedDecay(_LossDecay):
    """Compare the loss with the lowest of the `window` losses before it.

    Nothing decays until there are so many. A decay does not clear the window.

    - `decay_on="stagnation"`: decay if the loss is not below that lowest (S4 of the original
      project as the words of its README have it, with window 6). A tie decays.
    - `decay_on="improvement"`: decay if it is below (S4 as its logs have it, with window 4: all 300
      logged rates). A tie does not decay.

    Args:
        initial: learning rate of the first epoch.
        factor: what a decay multiplies the rate by, between 0 and 1.
        minimum: floor of the rate.
        window: how many losses before the present one are compared with it.
        decay_on: "stagnation" or "improvement".
    """

    _memory = ("previous",)

    def __init__(
        self,
        initial: float,
        factor: float,
        minimum: float,
        window: int,
        decay_on: str = "stagnation",
    ):
        super().__init__(initial, factor, minimum)
        if not isinstance(decay_on, str) or decay_on not in ("stagnation", "improvement"):
            raise ValueError(
                f'`decay_on` must be "stagnation" or "improvement". Received: {shown(decay_on)}'
            )
        self.window = check_count(window, "window")
        self.decay_on = decay_on
        self.previous: list[float] = []  # the last losses, oldest first, at most `window`

    def _decays(self, loss: float) -> bool:
        full = len(self.previous) == self.window
        improved = full and loss < min(self.previous)
        self.previous = [*self.previous, loss][-self.window :]
        return full and improved == (self.decay_on == "improvement")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "window": self.window, "decay_on": self.decay_on}


class PeakDecay(_LossDecay):
    """Decay when the loss is above every loss of its window, then wait.

    From epoch `start` on each loss is tested: a decay if it is strictly above all losses of the
    window. A decay empties the window, and for `patience` epochs nothing is tested or kept. The
    first test, and the first after each wait, compares with the loss of the epoch before alone.
    From test to test the window then grows, to the last `patience` losses.

    This is S2 and S3 of the original project as its logs have them: replayed over the logged
    validation losses it gives all 300 logged rates of each. Its README says "patience" and no more;
    the start of S3 at epoch 53 stands in its logs alone. What they cannot tell apart: windows of
    `patience - 1` and `patience + 1` losses, a tie that decays, any `minimum` below the rates in
    the end, and for S3 a window that fills from epoch 1 on.

    Example:
        >>> PeakDecay(5e-4, factor=0.85, minimum=1e-4, patience=10, start=11)  # S2 by its logs
        >>> PeakDecay(5e-4, factor=0.75, minimum=5e-6, patience=6, start=53)  # S3 by its logs

    Args:
        initial: learning rate of the first epoch.
        factor: what a decay multiplies the rate by, between 0 and 1.
        minimum: floor of the rate.
        patience: epochs from a decay to the next test, and the most losses in the window.
        start: the first epoch that is tested, counted from 1; at least 2, for epoch 1 has no loss
            before it.
    """

    _memory = ("previous", "next_test")

    def __init__(self, initial: float, factor: float, minimum: float, patience: int, start: int):
        super().__init__(initial, factor, minimum)
        self.patience = check_count(patience, "patience")
        self.start = check_count(start, "start", minimum=2)
        self.previous: list[float] = []  # what the next loss is compared with, oldest first
        self.next_test = self.start

    def _decays(self, loss: float) -> bool:
        if self.epoch < self.next_test:
            self.previous = [loss]
            return False
        if loss > max(self.previous):
            self.previous, self.next_test = [loss], self.epoch + self.patience
            return True
        self.previous = [*self.previous, loss][-self.patience :]
        return False

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "patience": self.patience, "start": self.start}


class _EpochDecay(Schedule):
    """A rule that goes by the epoch alone, from `initial` to `minimum` after `epochs`."""

    def __init__(self, initial: float, epochs: int, minimum: float = 0.0):
        super().__init__(initial)
        self.epochs = check_count(epochs, "epochs")
        self.minimum = _check_minimum(minimum, self.initial)

    def _share_left(self, share: float) -> float:
        raise NotImplementedError

    def _next(self, loss: float) -> float:
        left = self._share_left(min(self.epoch / self.epochs, 1.0))
        return min(self.minimum + (self.initial - self.minimum) * left, self.learning_rate)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epochs": self.epochs, "minimum": self.minimum}


class Cosine(_EpochDecay):
    """Half a cosine wave from `initial` to `minimum` (Loshchilov & Hutter 2017, equation 5).

    `learning_rate = minimum + (initial - minimum) * (1 + cos(pi * epoch / epochs)) / 2`, without
    restarts; after `epochs` it stays at `minimum`.

    Args:
        initial: learning rate of the first epoch.
        epochs: how long the decay takes.
        minimum: where it ends.
    """

    def _share_left(self, share: float) -> float:
        return (1.0 + math.cos(math.pi * share)) / 2.0


class Linear(_EpochDecay):
    """Constant at first, then a straight line to `minimum`.

    Example:
        >>> Linear(1e-3, epochs=100, start=0.6)  # falls over the last 40 epochs

    Args:
        initial: learning rate of the first epoch.
        epochs: the epoch at whose end the line reaches `minimum`; then it stays there.
        minimum: where it ends.
        start: share of `epochs` that stay at `initial`, from 0 to below 1.
    """

    def __init__(self, initial: float, epochs: int, minimum: float = 0.0, start: float = 0.0):
        super().__init__(initial, epochs, minimum)
        self.start = check_number(start, "start")
        if self.start >= 1.0:
            raise ValueError(f"`start` must be at least 0 and below 1. Received: {start!r}")

    def _share_left(self, share: float) -> float:
        return min((1.0 - share) / (1.0 - self.start), 1.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}


def two_time_scales(schedule: Schedule, **factors: float) -> dict[str, Schedule]:
    """Give each network the same rule at a rate of its own (TTUR, Heusel et al. 2017, section 2).

    One step of each network a batch, but at different rates: a discriminator that learns faster
    than the generator stays near its best answer to it.

    Example:
        >>> rules = two_time_scales(Constant(1e-4), generator=1.0, discriminator=4.0)
        >>> rules["discriminator"].learning_rate
        0.0004

    Args:
        schedule: the rule; it stays unchanged.
        **factors: for each network, by its name, what its `initial` and `minimum` are multiplied
            by, above 0.

    Returns:
        A dict from network to a fresh rule. Rules that follow the loss follow each its own
        network's, so that the ratio of the rates may change during a run.

    Raises:
        ValueError: a factor is not above 0.
    """
    config = check_schedule(schedule).get_config()
    scaled = {}
    for network, factor in factors.items():
        if check_number(factor, network) == 0.0:
            raise ValueError(f"The factor of `{network}` must be above 0. Received: {factor!r}")
        rates = {k: v * factor for k, v in config.items() if k in ("initial", "minimum")}
        scaled[network] = schedule.fresh(**rates)
    return scaled


def replay(schedule: Schedule, losses: Iterable[float]) -> list[float]:
    """Return the learning rate after each loss was seen, had the rule led from the first on.

    Args:
        schedule: a rule, used or not; the replay starts from its `initial` and leaves it unchanged.
        losses: one number an epoch.

    Returns:
        A list of floats, as long as `losses`. Its last entry would lead the epoch to come.

    Raises:
        ValueError: no row of losses, or one that is NaN or no number; the message names the epoch,
            counted from 1.
    """
    fresh = check_schedule(schedule).fresh()
    try:
        found = iter(losses)
    except TypeError:
        found = None
    if found is None or isinstance(losses, (str, bytes)):
        raise ValueError(f"`losses` must be one number an epoch. Received: {shown(losses)}")
    return [fresh.update(loss) for loss in found]


def check_schedule(schedule: Schedule, name: str = "schedule") -> Schedule:
    """Return `schedule`; `ValueError` unless it is an instance of `Schedule`."""
    if not isinstance(schedule, Schedule):
        raise ValueError(
            f"`{name}` must be a rule such as schedules.Constant(1e-3). Received: {schedule!r}"
        )
    return schedule


def _check_minimum(minimum: float, initial: float) -> float:
    minimum = check_number(minimum, "minimum")
    if minimum > initial:
        raise ValueError(
            f"`minimum` must not be above `initial`, {initial:g}. Received: {minimum!r}"
        )
    return minimum
