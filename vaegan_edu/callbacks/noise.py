"""Noise that decays by epoch."""

import keras

from vaegan_edu.layers import DecayingNoise


class NoiseDecay(keras.callbacks.Callback):
    """Tell every `layers.DecayingNoise` of a model which epoch begins, so that its noise decays.

    Epochs count as `fit` counts them: a second `fit` starts with full noise again unless it is
    given `initial_epoch`. For a model without such a layer there is nothing to do.
    """

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._layers = [
            layer for layer in self.model._flatten_layers() if isinstance(layer, DecayingNoise)
        ]

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        for layer in self._layers:
            layer.epoch.assign(epoch)
