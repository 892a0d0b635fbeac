"""The step on PyTorch: one forward pass, whose graph is walked back once for each network."""

from collections.abc import Callable
from typing import Any

import keras
import torch

from vaegan_edu.layers import Tensor
from vaegan_edu.models.steps import first_output


def train_step(model: keras.Model, data: Any) -> dict:
    """Update every network once and return the logs."""
    images = model.examples_of(data)
    model.refuse_single(images)
    outcome = model.outcome(images, training=True)
    gradients = {
        name: _gradient(outcome.losses[name], network.trainable_variables)
        for name, network in model.networks.items()
    }
    with torch.no_grad():
        model.update(gradients, outcome.updates)
        return model.log(images, outcome)


def test_step(model: keras.Model, data: Any) -> dict:
    """Evaluate the losses and return the logs."""
    images = model.examples_of(data)
    return model.log(images, model.outcome(images, training=False))


def input_gradient(network: keras.Model, inputs: Tensor, training: bool) -> Tensor:
    """As `steps.input_gradient` says; also where PyTorch keeps no graph, as in evaluation."""
    with torch.enable_grad():
        inputs = torch.as_tensor(inputs)
        if not inputs.requires_grad:
            inputs = inputs.detach().requires_grad_()
        outputs = first_output(network(inputs, training=training))
        return torch.autograd.grad(outputs.sum(), inputs, create_graph=True)[0]


def names_of(function: Callable[[Tensor], dict], model: keras.Model) -> list[str]:
    """Return the keys of the dict that a function makes of examples: here it is called on some.

    Keras would try the device "meta" first, which not every layer and not every tensor of a user's
    can go to. What is assigned on the way is forgotten.
    """
    examples = keras.ops.zeros((2, *model.image_shape))
    now = [(variable, variable.value) for variable in model.variables]
    with keras.StatelessScope(state_mapping=now, collect_losses=True), torch.no_grad():
        return list(function(examples))


def replicas() -> int:
    """Return 1: Keras runs PyTorch on one device."""
    return 1


def _gradient(loss, variables):
    """Return the gradient of a loss in each variable, `None` where it does not depend on it."""
    if not variables or not loss.requires_grad:
        return [None] * len(variables)
    values = [variable.value for variable in variables]
    return torch.autograd.grad(loss, values, retain_graph=True, allow_unused=True)
