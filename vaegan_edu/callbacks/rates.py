"""Learning rates: a rule for each network."""

from collections.abc import Mapping
from typing import Any

import keras

from vaegan_edu.schedules import Schedule, check_schedule


class LearningRateSchedules(keras.callbacks.Callback):
    """Let each network's learning rate follow that network's own validation loss.

    After every epoch a network's rule (see `schedules`) sees `val_<network>_loss` and sets the rate
    of that network's optimizer, no other's. It logs `learning_rate_<network>`, the rate after the
    loss was seen: over a run these are `schedules.replay` of the rule over the logged losses.

    The rules have the last word: they set the rate again before each epoch, also over what
    `compile` was given and over what `keras.callbacks.ReduceLROnPlateau` did to all optimizers at
    once. Networks without a rule are left alone. List it before the callbacks that write logs
    (`keras.callbacks.CSVLogger`, `HistoryWriter`). The rules keep their state from one `fit` to the
    next; `state` and `restore` carry it from one process to the next.

    Example:
        >>> rules = {"generator": Constant(1e-3), "discriminator": Plateau(1e-3, 0.5, 1e-5, 6)}
        >>> gan.fit(x_train, validation_data=(x_test,), callbacks=[LearningRateSchedules(rules)])

    Args:
        schedules: a dict from a network's name to its rule. For a model with one optimizer a rule
            alone, which follows `val_loss` and logs `learning_rate`.
        monitor: the log to follow; `{network}` stands for the network's name. "{network}_loss"
            follows the training loss. By default `val_{network}_loss`, of a rule alone `val_loss`.

    Raises:
        ValueError: what was given is no rule, or one rule for two networks; when training begins, a
            network that the model has not; when an epoch ends, a log that is missing or NaN.
    """

    def __init__(
        self, schedules: Schedule | Mapping[str, Schedule], monitor: str | None = None
    ) -> None:
        super().__init__()
        self.schedules: dict[str, Schedule] = (
            {"": schedules} if isinstance(schedules, Schedule) else dict(schedules)
        )
        for network, schedule in self.schedules.items():
            check_schedule(schedule, network)
        if len({id(schedule) for schedule in self.schedules.values()}) < len(self.schedules):
            raise ValueError(
                "Each network needs a rule of its own, for a rule remembers the losses it saw. "
                f"Received: {schedules!r}"
            )
        self.monitor = monitor or ("val_loss" if "" in self.schedules else "val_{network}_loss")

    def on_train_begin(self, logs: dict | None = None) -> None:
        known = optimizers(self.model)
        for network in self.schedules:
            if network not in known:
                has = "one optimizer, which takes a rule alone" if "" in known else ", ".join(known)
                raise ValueError(
                    f"The model has no optimizer of that name; it has {has}. Received: {network!r}"
                )
            optimizer = known[network]
            try:
                optimizer.learning_rate = self.schedules[network].learning_rate
            except (TypeError, AttributeError):  # Keras: "not settable"
                raise ValueError(
                    f"`{_rate_name(network)}` can follow one rule only: compile with a number. "
                    f"Received: {optimizer.get_config()['learning_rate']}"
                ) from None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._set_rates()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs = {} if logs is None else logs
        losses = {name: self._loss(name, epoch, logs) for name in self.schedules}
        for network, schedule in self.schedules.items():
            try:
                schedule.update(losses[network])
            except ValueError as error:
                raise ValueError(f"`{self._monitored(network)}`: {error}") from None
            logs[_rate_name(network)] = schedule.learning_rate
        self._set_rates()

    def state(self) -> dict[str, Any]:
        """Return the state of every rule by network, for JSON."""
        return {network: rule.state() for network, rule in self.schedules.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a `state`; `ValueError` unless it is of the same networks and kinds of rules."""
        if not isinstance(state, dict) or state.keys() != self.state().keys():
            names = ", ".join(repr(name) for name in self.state())
            raise ValueError(f"The state must hold {names}. Received: {state!r}")
        for network, schedule in self.schedules.items():
            schedule.restore(state[network])

    def _set_rates(self):
        for network, schedule in self.schedules.items():
            optimizers(self.model)[network].learning_rate = schedule.learning_rate

    def _monitored(self, network):
        return self.monitor.replace("{network}", network)

    def _loss(self, network, epoch, logs):
        name = self._monitored(network)
        if name not in logs:
            logged = ", ".join(logs) or "nothing"
            raise ValueError(
                f"The learning rate follows `{name}`, but epoch {epoch + 1} logged {logged}. Give "
                "`fit` validation data for every epoch, or follow another log by `monitor`"
            )
        return logs[name]


def optimizers(model: keras.Model) -> dict[str, keras.optimizers.Optimizer]:
    """Return a model's optimizers by their network's name, `{"": optimizer}` if it has one."""
    if isinstance(model.optimizer, keras.optimizers.MultiOptimizer):
        return {optimizer.name: optimizer for optimizer in model.optimizer.optimizers}
    return {"": model.optimizer}


def learning_rates(model: keras.Model) -> dict[str, float]:
    """Return the rates now: `learning_rate_<network>` of each, or the one `learning_rate`."""
    return {
        _rate_name(network): float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        for network, optimizer in optimizers(model).items()
    }


def _rate_name(network):
    return f"learning_rate_{network}" if network else "learning_rate"
