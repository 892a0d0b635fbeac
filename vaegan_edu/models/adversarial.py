"""What a game is: several networks, each with a loss and an optimizer of its own.

A step is always this: one forward pass; each network's gradient of *its own* loss, all from the
same weights; then all updates. A loss thus never reaches a network that is not its own, whatever
tensors it went through, and no `stop_gradient` is needed anywhere. `steps` has a file for each
backend that takes it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

from vaegan_edu import losses
from vaegan_edu.models.latent_model import (
    GenerativeModel,
    Tensor,
    layers_within,
    refuse_weights,
)
from vaegan_edu.models.steps import step_module
from vaegan_edu.validation import check_number


class GamePass(NamedTuple):
    """What one forward pass makes of a batch, by kind of example: "real" and the model's `fakes`.

    Attributes:
        examples: (batch, ...), the real ones and those that were made.
        logits: (batch, 1), the discriminator's.
        features: (batch, ...), the discriminator's; `None` where it returns none.
        z_mean, z_log_var, z: (batch, latent_dim), of the real examples, where there is an encoder.
    """

    examples: dict[str, Tensor]
    logits: dict[str, Tensor]
    features: dict[str, Tensor | None]
    z_mean: Tensor = None
    z_log_var: Tensor = None
    z: Tensor = None


class Outcome(NamedTuple):
    """What a step acts on.

    Attributes:
        losses: of each network, scalars, by its name.
        observed: what is logged beside them, scalars.
        updates: which networks move, booleans; those that are not named do.
    """

    losses: dict[str, Tensor]
    observed: dict[str, Tensor]
    updates: dict[str, Tensor]


class AdversarialModel(GenerativeModel):
    """A model whose networks each have a loss and an optimizer of their own.

    A subclass names its networks in `network_names`, the one that makes the fakes in `maker`, and
    the kinds of them in `fakes`. It defines `play` (which returns a `GamePass` or another named
    tuple that has `logits`), `terms_of` and `losses_of`, whose losses are keyed as `network_names`.
    Training is Keras' own `fit`, on TensorFlow, JAX and PyTorch.

    The logs are `<network>_loss` for each network, averaged over the epoch, the terms (`log_names`)
    and the means of D, `d_<kind>`. There is no total loss.

    Regularisers of a network's layers, of weights and of activities, and what its layers pass to
    `add_loss`, count in that network's loss; those of activities once for each of its calls in
    `play`.

    Args:
        adversarial_loss: what maker and discriminator minimise. By name: "non-saturating" or
            "minimax" (Goodfellow et al. 2014, section 3 and equation 1), with cross-entropy for the
            discriminator. Or two functions: the maker's loss of logits (batch,), and the
            discriminator's of logits and target, each to (batch,). A target is a number or
            (batch,), 0 on fakes and `real_target` on real examples, and in training the other way
            round where labels are flipped. Then the mean logits are logged, `logits_<kind>`, in
            place of D.
        real_target: the discriminator's target on real examples; 0.9 is one-sided label smoothing
            (soft labels; Salimans et al. 2016, section 3.4).
        flip_probability: share of the discriminator's targets that are the wrong way round in
            training, drawn anew at every step (noisy labels); evaluation has none.
        equilibrium, margin: the balance rule of the code released with Larsen et al. 2016, not in
            the paper (there 0.68 and 0.35); `equilibrium=None` turns it off. Where the
            discriminator's mean cross-entropy on real or on fake examples is below `equilibrium -
            margin` nats, its update is skipped; where either is above `equilibrium + margin`, the
            maker's is; where both rules hold, neither is. A skipped update changes neither
            weights nor the optimizer's state. (A gradient of zero would not do: Adam still moves.)
        seed: of the noise and the flipped labels; `None` takes a fresh one.
        **kwargs: the networks by name. The discriminator takes examples to `logits` (batch, 1), or
            to `(logits, features)`.

    Raises:
        ValueError: networks that do not meet or share weights, or a setting out of its range.
    """

    maker = "decoder"
    fakes: tuple[str, ...] = ("generated",)
    noise_names: tuple[str, ...] = ("prior",)

    def __init__(
        self,
        adversarial_loss: str | tuple[Callable, Callable] = "non-saturating",
        real_target: float = 1.0,
        flip_probability: float = 0.0,
        equilibrium: float | None = None,
        margin: float = 0.35,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if self.discriminator.input_shape[1:] != self.image_shape:
            raise ValueError(
                f"The discriminator must take examples of the {self.maker}'s output shape "
                f"{self.image_shape}. Received: {self.discriminator.input_shape[1:]}"
            )
        outputs = self.discriminator.outputs
        logits_shape = tuple(outputs[0].shape)
        if len(outputs) > 2 or logits_shape[1:] != (1,):
            raise ValueError(
                "A discriminator returns `logits` (batch, 1), or (logits, features). "
                f"Received: {len(outputs)} output(s), first of shape {logits_shape}"
            )
        weights = [id(w) for network in self.networks.values() for w in network.weights]
        if len(set(weights)) < len(weights):
            raise ValueError("The networks must not share weights: each has its own optimizer.")
        self.adversarial_loss = adversarial_loss
        self.players = _players(adversarial_loss)
        self.real_target = check_number(real_target, "real_target", maximum=1.0)
        self.flip_probability = check_number(flip_probability, "flip_probability", maximum=1.0)
        self.equilibrium = None if equilibrium is None else check_number(equilibrium, "equilibrium")
        if equilibrium is not None and not isinstance(adversarial_loss, str):
            raise ValueError(
                "`equilibrium` is a rule about cross-entropy, which a loss of your own need not "
                f"be; override `updates_of` instead. Received: {equilibrium!r}"
            )
        self.margin = check_number(margin, "margin")
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.optimizers: dict[str, keras.Optimizer] = {}

    # What a subclass states itself with.

    def complete_noise(self, images: Tensor, noise: dict[str, Tensor] | None) -> dict[str, Tensor]:
        """Return `noise` if it is given, else draw it: one standard normal array for each name.

        The names stand in `noise_names`, the arrays have the shape (batch, latent_dim).
        """
        if noise is None:
            shape = (ops.shape(images)[0], self.latent_dim)
            return {
                name: keras.random.normal(shape, dtype=self.compute_dtype, seed=self.seed_generator)
                for name in self.noise_names
            }
        if set(noise) != set(self.noise_names):
            raise ValueError(
                f"`noise` must be a dict with exactly the keys {', '.join(self.noise_names)}. "
                f"Received: {', '.join(noise)}"
            )
        return {name: ops.convert_to_tensor(values) for name, values in noise.items()}

    def discriminate(self, images: Tensor, training: bool) -> tuple[Tensor, Tensor | None]:
        """Return `(logits, features)` of a batch; features are `None` where there are none."""
        outputs = self.discriminator(images, training=training)
        return tuple(outputs) if isinstance(outputs, (tuple, list)) else (outputs, None)

    def discriminate_each(
        self, examples: dict[str, Tensor], training: bool
    ) -> tuple[dict[str, Tensor], dict[str, Tensor | None]]:
        """Return logits and features of batches by name, each batch in a call of its own.

        In one batch, BatchNorm and minibatch discrimination would mix real and fake.
        """
        found = {kind: self.discriminate(batch, training) for kind, batch in examples.items()}
        return {k: logits for k, (logits, _) in found.items()}, {
            k: features for k, (_, features) in found.items()
        }

    def fool(self, logits: Tensor) -> Tensor:
        """Return the maker's loss (batch,) on the logits of its fakes."""
        fool, _ = self.players
        return _each(fool(losses.flat_logits(logits)))

    def judge(self, logits: Tensor, real: bool, training: bool) -> Tensor:
        """Return the discriminator's loss (batch,) on the logits of real or of fake examples."""
        _, judge = self.players
        target = self.real_target if real else 0.0
        if training and self.flip_probability:
            count = ops.shape(logits)[0]
            target = losses.flip_labels(target, count, self.flip_probability, self.seed_generator)
        return _each(judge(losses.flat_logits(logits), target))

    # What follows, and may be changed.

    def observed_of(self, played: Any, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return what is logged beside the losses: terms, and the mean D of each kind of example.

        With functions of your own as losses `sigmoid(logits)` need be no probability: the mean
        logits are logged instead.
        """
        named = isinstance(self.adversarial_loss, str)
        means = {
            f"d_{kind}" if named else f"logits_{kind}": ops.mean(
                ops.sigmoid(logits) if named else logits
            )
            for kind, logits in played.logits.items()
        }
        return {**super().observed_of(played, terms), **means}

    def updates_of(self, played: Any) -> dict[str, Tensor]:
        """Return which networks move, booleans by name, by the rule of equilibrium and margin."""
        if self.equilibrium is None:
            return {}
        logits = played.logits
        costs = [
            ops.mean(losses.discriminator_loss(logits["real"], 1.0)),
            sum(ops.mean(losses.discriminator_loss(logits[kind], 0.0)) for kind in self.fakes)
            / len(self.fakes),
        ]
        low, high = self.equilibrium - self.margin, self.equilibrium + self.margin
        too_sure = ops.any(ops.stack([cost < low for cost in costs]))
        too_unsure = ops.any(ops.stack([cost > high for cost in costs]))
        return {
            self.maker: ops.logical_or(ops.logical_not(too_unsure), too_sure),
            "discriminator": ops.logical_or(ops.logical_not(too_sure), too_unsure),
        }

    def outcome(self, images: Tensor, training: bool) -> Outcome:
        """Return what a step acts on, a function of the weights, the images and the noise drawn."""
        played = _ForwardPass(self)(images, training=training)
        added = {name: network.losses for name, network in self.networks.items()}
        terms = self.terms_of(played, training)
        found = {name: sum(added[name], start=loss) for name, loss in self.losses_of(terms).items()}
        updates = self.updates_of(played)
        marks = {f"{name}_updates": ops.cast(moves, "float32") for name, moves in updates.items()}
        return Outcome(found, {**self.observed_of(played, terms), **marks}, updates)

    # Compiling and saving.

    def compile(
        self,
        *optimizers: str | keras.optimizers.Optimizer,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        **by_name: str | keras.optimizers.Optimizer,
    ) -> None:
        """Compile with one optimizer for each network.

        The optimizers get their networks' names, and stand in the attribute `optimizers`, a dict.

        Args:
            *optimizers: in the order of `network_names`, each an optimizer or its name.
            run_eagerly, steps_per_execution, jit_compile: as for `keras.Model.compile`.
            **by_name: or as `<network>_optimizer`.

        Raises:
            ValueError: an optimizer is missing, given twice or used by another model, or a network
                computes in float16.
            TypeError: an argument that is none of these.
        """
        named = self._optimizers_by_name(optimizers, by_name)
        for layer in [self, *layers_within(self.networks.values())]:
            if layer.compute_dtype == "float16":
                raise ValueError(
                    "float16 needs a scaled loss, which several losses do not have; use "
                    f"'mixed_bfloat16' or 'float32'. Received: {layer.dtype_policy.name!r} in "
                    f"{layer.name!r}"
                )
        owner = {}
        for name, network in self.networks.items():
            named[name].name = name
            owner.update({id(v): named[name] for v in network.trainable_variables})
        settings = {
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        keras.Model.compile(
            self,
            optimizer=keras.optimizers.MultiOptimizer(lambda variable: owner[id(variable)]),
            auto_scale_loss=False,
            **settings,
        )
        self.optimizer.build(self.trainable_variables)
        self.optimizers = named
        self._compile_settings = settings
        self._compiled_weights = set(owner)
        self._make_trackers(lambda images: self._logs_of(self.outcome(images, training=True)))

    def _optimizers_by_name(self, in_order, by_name):
        """Return an optimizer for each network, each of its own; `ValueError` otherwise."""
        keys = [f"{name}_optimizer" for name in self.network_names]
        given = {**dict(zip(keys, in_order, strict=False)), **by_name}
        if not set(given) <= set(keys) or len(given) < len(in_order) + len(by_name):
            raise TypeError(
                f"`compile` takes {', '.join(keys)}, each once, run_eagerly, steps_per_execution "
                "and jit_compile; losses and metrics are the model's own. "
                f"Received: {len(in_order)} optimizers in order and {', '.join(by_name) or 'none'} "
                "by name"
            )
        for key in keys:
            if given.get(key) is None:
                raise ValueError(f"`compile` needs `{key}`. Received: None")
        found = {
            name: keras.optimizers.get(given[key])
            for name, key in zip(self.network_names, keys, strict=True)
        }
        if len({id(optimizer) for optimizer in found.values()}) < len(found):
            raise ValueError(
                "Each network needs an optimizer of its own, which holds the state of its weights. "
                f"Received: {', '.join(f'{k}_optimizer={v.name!r}' for k, v in found.items())}"
            )
        for name, optimizer in found.items():
            if optimizer.built and optimizer is not self.optimizers.get(name):
                raise ValueError(
                    f"`{name}_optimizer` has state from other weights; give a fresh one. "
                    f"Received: {optimizer.name!r}"
                )
        return found

    def get_compile_config(self) -> dict[str, Any]:
        if not self.compiled:
            return {}
        optimizers = {
            f"{name}_optimizer": keras.saving.serialize_keras_object(optimizer)
            for name, optimizer in self.optimizers.items()
        }
        return {**optimizers, **self._compile_settings}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))

    def get_config(self) -> dict[str, Any]:
        named = isinstance(self.adversarial_loss, str)
        return {
            **super().get_config(),
            "adversarial_loss": self.adversarial_loss
            if named
            else [keras.saving.serialize_keras_object(loss) for loss in self.adversarial_loss],
            "real_target": self.real_target,
            "flip_probability": self.flip_probability,
            "equilibrium": self.equilibrium,
            "margin": self.margin,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        loss = config.get("adversarial_loss")
        if isinstance(loss, (list, tuple)):
            found = [keras.saving.deserialize_keras_object(f, custom_objects) for f in loss]
            config = {**config, "adversarial_loss": tuple(found)}
        return super().from_config(config, custom_objects)

    def save_own_variables(self, store: Any) -> None:
        """Save the state of every seed generator, which Keras leaves out."""
        super().save_own_variables(store)
        for i, state in enumerate(self._seed_states()):
            store[f"seed_{i}"] = ops.convert_to_numpy(state)

    def load_own_variables(self, store: Any) -> None:
        states = self._seed_states()
        if len(store.keys()) != len(states):
            raise ValueError(
                f"The file must hold the state of {len(states)} seed generators, one for each "
                f"random layer and the model's own. Received: {len(store.keys())}"
            )
        for i, state in enumerate(states):
            state.assign(store[f"seed_{i}"])

    def _seed_states(self):
        return [v for v in self.variables if v.name == "seed_generator_state"]

    # The step, as `steps` takes it.

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The losses and what is observed; there is no total loss."""
        return list(self._trackers.values())

    def train_step(self, *args: Any) -> Any:
        """Update every network once; `fit` calls it with its backend's arguments."""
        return step_module().train_step(self, *args)

    def test_step(self, *args: Any) -> Any:
        """Evaluate the losses; `evaluate` calls it with its backend's arguments."""
        return step_module().test_step(self, *args)

    def examples_of(self, data: Any) -> Tensor:
        """Return the examples of a batch; labels may come with them and are not used."""
        images, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        refuse_weights(sample_weight)
        return self.check_examples(images)

    def update(self, gradients: dict[str, list[Tensor]], updates: dict[str, Tensor]) -> None:
        """Apply all gradients, and take back what the updates (name -> boolean) leave out."""
        kept = [
            (moves, variable, ops.copy(variable.value))
            for name, moves in updates.items()
            for variable in [
                *self.networks[name].trainable_variables,
                *self.optimizers[name].variables,
            ]
        ]
        variables = self.trainable_variables
        if {id(v) for v in variables} != self._compiled_weights:
            raise ValueError(
                "Which weights are trainable has changed since `compile`; compile again. "
                f"Received: {len(variables)} trainable weights, then {len(self._compiled_weights)}"
            )
        found = {
            id(variable): gradient
            for name, network in self.networks.items()
            for variable, gradient in zip(network.trainable_variables, gradients[name], strict=True)
        }
        self.optimizer.apply([found[id(v)] for v in variables], variables)
        for moves, variable, before in kept:
            variable.assign(ops.where(moves, variable.value, before))

    def log(self, images: Tensor, outcome: Outcome) -> dict[str, Tensor]:
        """Add a batch to the logs, and return them."""
        self.track(images, self._logs_of(outcome))
        return self.get_metrics_result()

    def _logs_of(self, outcome):
        return {f"{name}_loss": loss for name, loss in outcome.losses.items()} | outcome.observed

    def refuse_single(self, images: Tensor) -> str | None:
        """Refuse a batch of one where BatchNorm would turn its only vector into a constant.

        Returns:
            Why, where the size of the batch is not known yet; else `None`.
        """
        if images.shape[0] not in (1, None) or not any(
            isinstance(layer, keras.layers.BatchNormalization) and len(layer.input.shape) == 2
            for layer in layers_within(self.networks.values())
        ):
            return None
        message = (
            "BatchNormalization after a dense layer cannot train on a batch of one example; choose "
            "a batch size that leaves no single one over"
        )
        if images.shape[0] == 1:
            raise ValueError(f"{message}. Received: {tuple(images.shape)}")
        return message


class _ForwardPass(keras.Layer):
    """A model's `play` as one call of Keras', in which its networks' losses add up.

    A network that is called by itself forgets what its layers lost in the call before. Within the
    call of a layer that holds them, the networks forget at its beginning only.
    """

    def __init__(self, model: AdversarialModel):
        super().__init__(dtype="float32", autocast=False, name="step")
        self.networks = list(model.networks.values())
        self.play = model.play

    def call(self, images, training):
        return self.play(images, training)


def _each(loss):
    """Return a loss; `ValueError` unless it has one number for each example."""
    if len(loss.shape) != 1:
        raise ValueError(
            "A loss of your own must return one number for each example, of shape (batch,); the "
            f"mean is taken later. Received: shape {tuple(loss.shape)}"
        )
    return loss


def _players(adversarial_loss):
    """Return the losses of maker and discriminator, two functions."""
    if isinstance(adversarial_loss, str) and adversarial_loss in losses.ADVERSARIAL_LOSSES:
        return losses.ADVERSARIAL_LOSSES[adversarial_loss], losses.discriminator_loss
    pair = isinstance(adversarial_loss, (tuple, list)) and len(adversarial_loss) == 2
    if pair and all(map(callable, adversarial_loss)):
        return tuple(adversarial_loss)
    raise ValueError(
        f"`adversarial_loss` must be one of {', '.join(losses.ADVERSARIAL_LOSSES)}, or two "
        f"functions, of maker and discriminator. Received: {adversarial_loss!r}"
    )
