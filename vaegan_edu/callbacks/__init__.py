"""What happens between epochs: rates and noise, history, samples and state of a run, progress."""

from vaegan_edu.callbacks.history import HistoryWriter
from vaegan_edu.callbacks.noise import NoiseDecay
from vaegan_edu.callbacks.progress import Progress
from vaegan_edu.callbacks.rates import LearningRateSchedules, learning_rates, optimizers
from vaegan_edu.callbacks.samples import SampleSheets, animate, write_picture
from vaegan_edu.callbacks.state import RunState
from vaegan_edu.callbacks.tensorboard import TensorBoardLog

__all__ = [
    "HistoryWriter",
    "LearningRateSchedules",
    "NoiseDecay",
    "Progress",
    "RunState",
    "SampleSheets",
    "TensorBoardLog",
    "animate",
    "learning_rates",
    "optimizers",
    "write_picture",
]
