"""How a backend takes a step: a file each, with the same functions in all of them.

- `train_step(model, ...)` and `test_step(model, ...)` of an `AdversarialModel`, with the arguments
  that Keras' trainer of that backend passes;
- `input_gradient(network, inputs, training)`;
- `names_of(function, model)`, the keys of the dict that a function makes of a model's examples,
  while nothing changes;
- `replicas()`, the number of devices that share a batch and add their gradients up.
"""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import keras

from vaegan_edu.layers import Tensor

BACKENDS = ("tensorflow", "jax", "torch")


def step_module() -> ModuleType:
    """Return the file of the backend in use.

    Raises:
        RuntimeError: Keras has this backend, but does not train on it.
    """
    backend = keras.backend.backend()
    if backend not in BACKENDS:
        raise RuntimeError(
            f"Models train on TensorFlow, JAX or PyTorch; set KERAS_BACKEND. Received: {backend}"
        )
    return import_module(f"{__name__}.{backend}")


def input_gradient(network: keras.Model, inputs: Tensor, training: bool) -> Tensor:
    """Return the gradient of a network's output in its inputs, which is differentiable itself.

    Of what a penalty on gradients is made: of WGAN-GP (Gulrajani et al. 2017, equation 3), of R1
    (Mescheder et al. 2018, equation 9). Where examples of a batch do not see each other, row i is
    the gradient of output i in input i.

    Args:
        network: a Keras model; of one that returns several outputs, the first counts.
        inputs: (batch, ...), a batch of its input.
        training: passed on to the network. This is a call of its own: with `training=True` dropout
            is drawn anew, and BatchNorm's averages move once more.

    Returns:
        The gradient of the sum of the outputs, of the inputs' shape.
    """
    return step_module().input_gradient(network, inputs, training)


def symbolic_names(function: Callable[[Tensor], dict], model: keras.Model) -> list[str]:
    """Return the keys of the dict that a function makes of a model's examples, by shapes alone."""
    examples = keras.KerasTensor((2, *model.image_shape), dtype=keras.backend.floatx())
    return list(_Symbolic(function)(examples))


class _Symbolic(keras.Operation):
    def __init__(self, function):
        super().__init__(name="step")
        self.function = function

    def call(self, examples):
        return self.function(examples)


def first_output(outputs: Any) -> Tensor:
    """Return the first of a network's outputs, or its only one."""
    return outputs[0] if isinstance(outputs, (tuple, list)) else outputs
