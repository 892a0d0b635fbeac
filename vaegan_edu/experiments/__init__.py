"""Named, seeded runs and what they leave behind."""

from vaegan_edu.experiments.evaluation import judge_decoder
from vaegan_edu.experiments.profile import Profile, current_profile
from vaegan_edu.experiments.registry import EXPERIMENTS, Experiment
from vaegan_edu.experiments.training import Run, load_run, train

__all__ = [
    "EXPERIMENTS",
    "Experiment",
    "Profile",
    "Run",
    "current_profile",
    "judge_decoder",
    "load_run",
    "train",
]
