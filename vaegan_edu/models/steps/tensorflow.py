"""The step on TensorFlow: one forward pass under a tape that is asked once for each network."""

from typing import Any

import keras
import tensorflow as tf

from vaegan_edu.layers import Tensor
from vaegan_edu.models.latent_model import layers_within
from vaegan_edu.models.steps import first_output, symbolic_names
from vaegan_edu.models.steps.kernels import faster_kernels

names_of = symbolic_names


def train_step(model: keras.Model, data: Any) -> dict:
    """Update every network once and return the logs."""
    images = model.examples_of(data)
    if message := model.refuse_single(images):
        tf.debugging.assert_greater(tf.shape(images)[0], 1, message)
    with tf.GradientTape(persistent=True) as tape, faster_kernels(_plain_layers(model)):
        outcome = model.outcome(images, training=True)
        shares = outcome.losses
        if replicas() > 1:  # their gradients are added up
            shares = {name: loss / replicas() for name, loss in shares.items()}
    gradients = {
        name: tape.gradient(shares[name], network.trainable_variables)
        for name, network in model.networks.items()
    }
    with faster_kernels(_plain_optimizers(model)):
        model.update(gradients, outcome.updates)
    return model.log(images, outcome)


def test_step(model: keras.Model, data: Any) -> dict:
    """Evaluate the losses and return the logs."""
    images = model.examples_of(data)
    return model.log(images, model.outcome(images, training=False))


def input_gradient(network: keras.Model, inputs: Tensor, training: bool) -> Tensor:
    """As `steps.input_gradient` says; the tape outside sees the one in here."""
    inputs = tf.convert_to_tensor(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = first_output(network(inputs, training=training))
    return tape.gradient(outputs, inputs)


def replicas() -> int:
    """Return how many devices share a batch, under `tf.distribute` more than one."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def _plain_layers(model):
    """Return the layers whose kernels are worth swapping: none on a GPU or under XLA."""
    if model.jit_compile or tf.config.list_physical_devices("GPU"):
        return []
    return list(layers_within(model.networks.values()))


def _plain_optimizers(model):
    return list(model.optimizers.values()) if _plain_layers(model) else []
