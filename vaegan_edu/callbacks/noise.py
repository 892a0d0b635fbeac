"""Noise that decays by epoch."""

import keras

from vaegan_edu.layers import DecayingNoise


class NoiseDecay(keras.callbacks.Callback):
    """Tell every `layers.DecayingNoise` of a model which epoch begins, so that its noise decays.

    Epochs count as `fit` counts them: a second `fit` starts with full noise again unless it is
    given `initial_epoch`.

    Raises:
        ValueError: when training begins, the model has no such layer.
    """

    def on_train_begin(self, logs=None):
        self._layers = [
            layer for layer in self.model._flatten_layers() if isinstance(layer, DecayingNoise)
        ]
        if not self._layers:
            raise ValueError(
                "`NoiseDecay` needs a model with a `DecayingNoise` layer. "
                f"Received: {self.model.name!r}, which has none"
            )

    def on_epoch_begin(self, epoch, logs=None):
        for layer in self._layers:
            layer.epoch.assign(epoch)
