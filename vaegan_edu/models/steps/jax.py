"""The step on JAX: each network's loss as a pure function of its own weights.

Keras' variables are replaced by values within a `StatelessScope`, which also gathers what is
assigned to them. As many forward passes are written down as there are networks; XLA merges them.
"""

from typing import Any

import jax
import keras

from vaegan_edu.layers import Tensor
from vaegan_edu.models.steps import first_output, symbolic_names

names_of = symbolic_names
State = tuple[list, ...]  # values of the variables, a list a kind


def train_step(model: keras.Model, state: State, data: Any) -> tuple[dict, State]:
    """Return the logs and the state after every network was updated once.

    Args:
        model: an `AdversarialModel`.
        state: the values of `_variables(model)`, as Keras' trainer keeps them.
        data: a batch.
    """
    images = model.examples_of(data)
    model.refuse_single(images)
    kinds = _variables(model)
    before = _pairs(kinds, state)

    def loss_of(own_values, name):
        own = zip(model.networks[name].trainable_variables, own_values, strict=True)
        with _scope([*before, *own]) as scope:  # the last value given to a variable counts
            outcome = model.outcome(images, training=True)
            logs = model.log(images, outcome)
        _, others, _, metrics = ([scope.get_current_value(v) for v in kind] for kind in kinds)
        return outcome.losses[name], (others, metrics, outcome.updates, logs)

    values = {id(v): value for v, value in before}
    gradients = {}
    for name, network in model.networks.items():
        own_values = [values[id(v)] for v in network.trainable_variables]
        gradients[name], aside = jax.grad(loss_of, has_aux=True)(own_values, name)
    others, metrics, updates, logs = aside
    with _scope(before) as scope:
        model.update(gradients, updates)
    weights, _, slots, _ = ([scope.get_current_value(v) for v in kind] for kind in kinds)
    return logs, (weights, others, slots, metrics)


def test_step(model: keras.Model, state: State, data: Any) -> tuple[dict, State]:
    """Return the logs of the losses, and the state."""
    images = model.examples_of(data)
    weights, others, _, metrics = _variables(model)
    kinds = [weights, others, metrics]
    with _scope(_pairs(kinds, state)) as scope:
        logs = model.log(images, model.outcome(images, training=False))
    return logs, tuple([scope.get_current_value(v) for v in kind] for kind in kinds)


def input_gradient(network: keras.Model, inputs: Tensor, training: bool) -> Tensor:
    """As `steps.input_gradient` says; what the pass assigns (BatchNorm, seeds) is assigned here."""
    weights = [v.value for v in network.trainable_variables]
    others = [v.value for v in network.non_trainable_variables]

    def total(inputs):
        outputs, changed = network.stateless_call(weights, others, inputs, training=training)
        return first_output(outputs).sum(), changed

    gradient, changed = jax.grad(total, has_aux=True)(inputs)
    for variable, value in zip(network.non_trainable_variables, changed, strict=True):
        variable.assign(value)
    return gradient


def replicas() -> int:
    """Return 1: JAX divides a batch without any scaling."""
    return 1


def _variables(model):
    """Return the weights, other variables, optimizers' and metrics' variables, in four lists."""
    return [
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    ]


def _pairs(kinds, state):
    return [
        pair
        for variables, values in zip(kinds, state, strict=True)
        for pair in zip(variables, values, strict=True)
    ]


def _scope(pairs):
    return keras.StatelessScope(state_mapping=pairs, collect_losses=True)
