"""Named, seeded, resumable runs and what they leave behind."""

from vaegan_edu.experiments.evaluation import judge_decoder
from vaegan_edu.experiments.profile import Profile, current_profile
from vaegan_edu.experiments.registry import EXPERIMENTS, Experiment
from vaegan_edu.experiments.runs import (
    Run,
    evaluate_run,
    generate_pictures,
    load_run,
    reconstruct_pictures,
)
from vaegan_edu.experiments.training import train

__all__ = [
    "EXPERIMENTS",
    "Experiment",
    "Profile",
    "Run",
    "current_profile",
    "evaluate_run",
    "generate_pictures",
    "judge_decoder",
    "load_run",
    "reconstruct_pictures",
    "train",
]
