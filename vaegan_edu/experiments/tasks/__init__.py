"""What a model is asked to do: each task loads its data, names its judge, watches and evaluates."""

from vaegan_edu.experiments.tasks.digits import DigitCodes, DigitSamples
from vaegan_edu.experiments.tasks.faces import Faces
from vaegan_edu.experiments.tasks.judges import ClassifierTraining, RegressorTraining
from vaegan_edu.experiments.tasks.ring import Ring
from vaegan_edu.experiments.tasks.task import Task

__all__ = [
    "ClassifierTraining",
    "DigitCodes",
    "DigitSamples",
    "Faces",
    "RegressorTraining",
    "Ring",
    "Task",
]
