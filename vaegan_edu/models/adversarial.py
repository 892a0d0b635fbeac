"""What every model trained by several optimizers needs; `GAN` and `VAEGAN` state their losses.

A step is always this: one forward pass; each network's gradient of *its own* loss, all from the
same weights; then all updates. A loss thus never reaches a network that is not its own, whatever
tensors it went through, and no `stop_gradient` is needed anywhere.
"""

from types import SimpleNamespace

import keras
from keras import ops

from vaegan_edu import losses
from vaegan_edu.models.kernels import faster_kernels
from vaegan_edu.models.latent_model import GenerativeModel, check_network
from vaegan_edu.validation import check_number


class AdversarialModel(GenerativeModel):
    """A model whose networks each have a loss and an optimizer of their own.

    A subclass names its networks in `network_names`, the one that makes the fakes in `maker`, and
    in `observed` what it passes to `observe`. It defines `compute_terms` and `compute_losses`, and
    `compile` in terms of `compile_networks`. Training is Keras' own `fit`, on TensorFlow and JAX.

    The logs are `<network>_loss` for each network, averaged over the epoch, and what is observed.

    Args:
        discriminator: examples to `logits` (batch, 1), or to `(logits, features)`.
        adversarial_loss: what the maker minimises, "non-saturating" or "minimax" (Goodfellow et al.
            2014, section 3 and equation 1).
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

    Raises:
        ValueError: networks that do not meet or share weights, or a setting out of its range.
    """

    maker = "decoder"
    noise_names = ("prior",)
    observed = ()

    def __init__(
        self,
        discriminator,
        adversarial_loss="non-saturating",
        real_target=1.0,
        flip_probability=0.0,
        equilibrium=None,
        margin=0.35,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if adversarial_loss not in losses.ADVERSARIAL_LOSSES:
            raise ValueError(
                f"`adversarial_loss` must be one of {', '.join(losses.ADVERSARIAL_LOSSES)}. "
                f"Received: {adversarial_loss!r}"
            )
        check_network(discriminator, "discriminator")
        if discriminator.input_shape[1:] != self.image_shape:
            raise ValueError(
                f"The discriminator must take examples of the {self.maker}'s output shape "
                f"{self.image_shape}. Received: {discriminator.input_shape[1:]}"
            )
        logits_shape = tuple(discriminator.outputs[0].shape)
        if len(discriminator.outputs) > 2 or logits_shape[1:] != (1,):
            raise ValueError(
                "A discriminator returns `logits` (batch, 1), or (logits, features). "
                f"Received: {len(discriminator.outputs)} output(s), first of shape {logits_shape}"
            )
        self.discriminator = discriminator
        weights = [id(w) for network in self.networks.values() for w in network.weights]
        if len(set(weights)) < len(weights):
            raise ValueError("The networks must not share weights: each has its own optimizer.")
        self.adversarial_loss = adversarial_loss
        self.real_target = check_number(real_target, "real_target", maximum=1.0)
        self.flip_probability = check_number(flip_probability, "flip_probability", maximum=1.0)
        self.equilibrium = None if equilibrium is None else check_number(equilibrium, "equilibrium")
        self.margin = check_number(margin, "margin")
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.optimizers = {}
        names = [f"{name}_loss" for name in self.network_names] + list(self.observed)
        if self.equilibrium is not None:
            names += [f"{self.maker}_updates", "discriminator_updates"]
        self._trackers = {name: keras.metrics.Mean(name) for name in names}
        self._step = SimpleNamespace(observed=None, updates=None)  # filled while a step is traced

    # What a subclass states, and what it states it with.

    def compute_terms(self, images, training, noise=None):
        """Return the terms that the losses are made of: a dict of scalars."""
        raise NotImplementedError

    def compute_losses(self, images, training, noise=None):
        """Return the loss of each network: a dict of scalars, keyed as `network_names`."""
        raise NotImplementedError

    def discriminate(self, images, training):
        """Return `(logits, features)` of a batch; features are `None` where there are none."""
        outputs = self.discriminator(images, training=training)
        return outputs if isinstance(outputs, (tuple, list)) else (outputs, None)

    def fool(self, logits):
        """Return the maker's loss (batch,) on the logits of its fakes."""
        return losses.ADVERSARIAL_LOSSES[self.adversarial_loss](logits)

    def judge(self, logits, real, training):
        """Return the discriminator's loss (batch,) on the logits of real or of fake examples."""
        target = self.real_target if real else 0.0
        if training and self.flip_probability:
            count = ops.shape(logits)[0]
            target = losses.flip_labels(target, count, self.flip_probability, self.seed_generator)
        return losses.discriminator_loss(logits, target)

    def complete_noise(self, images, noise):
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
        return noise

    def observe(self, **scalars):
        """Log scalars named in `observed`; outside a step this does nothing."""
        if self._step.observed is not None:
            self._step.observed.update(scalars)

    def observe_game(self, logits, fakes):
        """Log the mean D of each kind of example, and apply the rule of equilibrium and margin.

        Args:
            logits: a dict from "real" and the kinds of generated examples to logits.
            fakes: names of the kinds that the discriminator learns to call fake.
        """
        if self._step.observed is None:
            return
        self.observe(**{f"d_{k}": ops.mean(ops.sigmoid(v)) for k, v in logits.items()})
        if self.equilibrium is None:
            return
        costs = [
            ops.mean(losses.discriminator_loss(logits["real"], 1.0)),
            sum(ops.mean(losses.discriminator_loss(logits[k], 0.0)) for k in fakes) / len(fakes),
        ]
        low, high = self.equilibrium - self.margin, self.equilibrium + self.margin
        too_sure = ops.any(ops.stack([cost < low for cost in costs]))
        too_unsure = ops.any(ops.stack([cost > high for cost in costs]))
        updates = {
            self.maker: ops.logical_or(ops.logical_not(too_unsure), too_sure),
            "discriminator": ops.logical_or(ops.logical_not(too_sure), too_unsure),
        }
        self._step.updates.update(updates)
        self.observe(**{f"{name}_updates": ops.cast(v, "float32") for name, v in updates.items()})

    # Compiling and saving.

    def compile_networks(
        self, optimizers, run_eagerly=False, steps_per_execution=1, jit_compile="auto"
    ):
        """Compile with one optimizer for each network.

        The optimizers get their networks' names, and stand in the attribute `optimizers`, a dict.

        Args:
            optimizers: a dict from every name in `network_names` to an optimizer or its name.
            run_eagerly, steps_per_execution, jit_compile: as for `keras.Model.compile`.

        Raises:
            ValueError: an optimizer is missing, given twice or used by another model, or a network
                computes in float16.
        """
        for name, optimizer in optimizers.items():
            if optimizer is None:
                raise ValueError(f"`compile` needs `{name}_optimizer`. Received: None")
        optimizers = {
            name: keras.optimizers.get(optimizer) for name, optimizer in optimizers.items()
        }
        if len({id(optimizer) for optimizer in optimizers.values()}) < len(optimizers):
            raise ValueError(
                "Each network needs an optimizer of its own, which holds the state of its weights. "
                f"Received: {', '.join(f'{k}_optimizer={v.name!r}' for k, v in optimizers.items())}"
            )
        for name, optimizer in optimizers.items():
            if optimizer.built and optimizer is not self.optimizers.get(name):
                raise ValueError(
                    f"`{name}_optimizer` has state from other weights; give a fresh one. "
                    f"Received: {optimizer.name!r}"
                )
        for layer in [self, *_layers_within(self.networks.values())]:
            if layer.compute_dtype == "float16":
                raise ValueError(
                    "float16 needs a scaled loss, which several losses do not have; use "
                    f"'mixed_bfloat16' or 'float32'. Received: {layer.dtype_policy.name!r} in "
                    f"{layer.name!r}"
                )
        owner = {}
        for name, network in self.networks.items():
            optimizers[name].name = name
            owner.update({id(v): optimizers[name] for v in network.trainable_variables})
        optimizer = keras.optimizers.MultiOptimizer(lambda variable: owner[id(variable)])
        settings = {
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        super().compile(optimizer=optimizer, auto_scale_loss=False, **settings)
        self.optimizer.build(self.trainable_variables)
        self.optimizers = optimizers
        self._compile_settings = settings
        self._compiled_weights = set(owner)

    def get_compile_config(self):
        if not self.compiled:
            return {}
        optimizers = {
            f"{name}_optimizer": keras.saving.serialize_keras_object(optimizer)
            for name, optimizer in self.optimizers.items()
        }
        return {**optimizers, **self._compile_settings}

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def get_config(self):
        return {
            **super().get_config(),
            "adversarial_loss": self.adversarial_loss,
            "real_target": self.real_target,
            "flip_probability": self.flip_probability,
            "equilibrium": self.equilibrium,
            "margin": self.margin,
            "seed": self.seed,
        }

    def save_own_variables(self, store):
        """Save the state of every seed generator, which Keras leaves out."""
        super().save_own_variables(store)
        for i, state in enumerate(self._seed_states()):
            store[f"seed_{i}"] = ops.convert_to_numpy(state)

    def load_own_variables(self, store):
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

    # Training and evaluation.

    @property
    def metrics(self):
        """The losses and what is observed; there is no total loss."""
        return list(self._trackers.values())

    def train_step(self, *args):
        """Update every network once; `fit` calls it with its backend's arguments."""
        return _backend_step(self, "train")(*args)

    def test_step(self, *args):
        """Evaluate the losses; `evaluate` calls it with its backend's arguments."""
        return _backend_step(self, "test")(*args)

    def _tensorflow_train_step(self, data):
        import tensorflow as tf

        images = self._examples(data)
        self._refuse_single(images)
        layers, optimizers = self._with_faster_kernels()
        with tf.GradientTape(persistent=True) as tape, faster_kernels(layers):
            losses, observed, updates = self._play(images, training=True)
            # Several devices' gradients are summed.
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            targets = {k: v / replicas if replicas > 1 else v for k, v in losses.items()}
        gradients = {}
        for name, network in self.networks.items():
            variables = network.trainable_variables
            found = tape.gradient(targets[name], variables)
            gradients.update({id(v): g for v, g in zip(variables, found, strict=True)})
        with faster_kernels(optimizers):
            self._update(gradients, updates)
        return self._log(images, losses, observed)

    def _with_faster_kernels(self):
        """Return the layers and the optimizers whose kernels a step on TensorFlow swaps."""
        import tensorflow as tf

        if self.jit_compile or tf.config.list_physical_devices("GPU"):
            return [], []
        return list(_layers_within(self.networks.values())), list(self.optimizers.values())

    def _tensorflow_test_step(self, data):
        images = self._examples(data)
        losses, observed, _ = self._play(images, training=False)
        return self._log(images, losses, observed)

    def _jax_train_step(self, state, data):
        import jax

        images = self._examples(data)
        self._refuse_single(images)
        variables = [
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        ]
        trainable, *rest = (
            list(zip(*pair, strict=True)) for pair in zip(variables, state, strict=True)
        )
        others = [pair for pairs in rest for pair in pairs]

        def play(own_values, name):
            """One network's loss as a function of its own weights; XLA merges the equal passes."""
            own = {
                id(v): value
                for v, value in zip(
                    self.networks[name].trainable_variables, own_values, strict=True
                )
            }
            mapping = [(v, own.get(id(v), value)) for v, value in trainable] + others
            with keras.StatelessScope(state_mapping=mapping) as scope:
                losses, observed, updates = self._play(images, training=True)
                logs = self._log(images, losses, observed)
            changed = [
                [scope.get_current_value(v) for v in kind] for kind in (variables[1], variables[3])
            ]
            return losses[name], (changed, updates, logs)

        values = {id(v): value for v, value in trainable}
        gradients = {}
        for name, network in self.networks.items():
            own = network.trainable_variables
            differentiate = jax.grad(play, has_aux=True)
            found, aux = differentiate([values[id(v)] for v in own], name)
            gradients.update({id(v): g for v, g in zip(own, found, strict=True)})
        (non_trainable, metrics), updates, logs = aux
        with keras.StatelessScope(state_mapping=trainable + others) as scope:
            self._update(gradients, updates)
        updated, slots = ([scope.get_current_value(v) for v in kind] for kind in variables[::2])
        return logs, (updated, non_trainable, slots, metrics)

    def _jax_test_step(self, state, data):
        images = self._examples(data)
        variables = [
            self.trainable_variables, self.non_trainable_variables, self.metrics_variables
        ]  # fmt: skip
        pairs = [
            pair
            for kind, values in zip(variables, state, strict=True)
            for pair in zip(kind, values, strict=True)
        ]
        with keras.StatelessScope(state_mapping=pairs) as scope:
            losses, observed, _ = self._play(images, training=False)
            logs = self._log(images, losses, observed)
        return logs, tuple([scope.get_current_value(v) for v in kind] for kind in variables)

    def _play(self, images, training):
        """Return the losses, what was observed on the way, and which networks to update."""
        self._step.observed, self._step.updates = {}, {}
        try:
            losses = self.compute_losses(images, training=training)
            for name, network in self.networks.items():
                for variable in network.trainable_variables:
                    if variable.regularizer is not None:
                        losses[name] += variable.regularizer(variable)
            return losses, self._step.observed, self._step.updates
        finally:
            self._step.observed = self._step.updates = None

    def _update(self, gradients, updates):
        """Apply all gradients, and take back what the updates (name -> boolean) leave out."""
        kept = [
            (update, variable, ops.copy(variable.value))
            for name, update in updates.items()
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
        self.optimizer.apply([gradients[id(v)] for v in variables], variables)
        for update, variable, before in kept:
            variable.assign(ops.where(update, variable.value, before))

    def _log(self, images, losses, observed):
        values = {f"{name}_loss": loss for name, loss in losses.items()} | observed
        for name, value in values.items():
            self._trackers[name].update_state(value, sample_weight=ops.shape(images)[0])
        return self.get_metrics_result()

    def _examples(self, data):
        """Return the examples of a batch; labels may come with them and are not used."""
        images, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if sample_weight is not None:
            raise ValueError("Adversarial models take no `sample_weight`; leave it out.")
        if tuple(images.shape[1:]) != self.image_shape:
            raise ValueError(
                f"Examples must have shape (batch, {', '.join(map(str, self.image_shape))}). "
                f"Received: {tuple(images.shape)}"
            )
        return images

    def _refuse_single(self, images):
        """Refuse a batch of one where BatchNorm would turn its only vector into a constant."""
        if not any(
            isinstance(layer, keras.layers.BatchNormalization) and len(layer.input.shape) == 2
            for layer in _layers_within(self.networks.values())
        ):
            return
        message = (
            "BatchNormalization after a dense layer cannot train on a batch of one example; choose "
            "a batch size that leaves no single one over"
        )
        if images.shape[0] == 1:
            raise ValueError(f"{message}. Received: {tuple(images.shape)}")
        if images.shape[0] is None:
            import tensorflow as tf

            tf.debugging.assert_greater(tf.shape(images)[0], 1, message)


def _backend_step(model, kind):
    backend = keras.backend.backend()
    if backend not in ("tensorflow", "jax"):
        raise RuntimeError(
            f"Adversarial models train on TensorFlow or JAX; set KERAS_BACKEND. Received: {backend}"
        )
    return getattr(model, f"_{backend}_{kind}_step")


def _layers_within(networks):
    for network in networks:
        yield network
        yield from _layers_within(getattr(network, "layers", ()))
