"""Named, seeded, resumable runs and what they leave behind."""

from vaegan_edu.experiments import tasks
from vaegan_edu.experiments.evaluation import sharpen
from vaegan_edu.experiments.experiment import Experiment
from vaegan_edu.experiments.packing import load_pretrained, pack, pretrained_names
from vaegan_edu.experiments.profile import Profile, current_profile
from vaegan_edu.experiments.registry import EXPERIMENTS
from vaegan_edu.experiments.runs import (
    Run,
    evaluate_run,
    generate_pictures,
    load_run,
    reconstruct_pictures,
)
from vaegan_edu.experiments.settings import ORIGINAL_RATE, RULES
from vaegan_edu.experiments.show import describe
from vaegan_edu.experiments.tasks.digits import measure_decoder
from vaegan_edu.experiments.training import retrain, train

__all__ = [
    "EXPERIMENTS",
    "ORIGINAL_RATE",
    "RULES",
    "Experiment",
    "Profile",
    "Run",
    "current_profile",
    "describe",
    "evaluate_run",
    "generate_pictures",
    "load_pretrained",
    "load_run",
    "measure_decoder",
    "pack",
    "pretrained_names",
    "reconstruct_pictures",
    "retrain",
    "sharpen",
    "tasks",
    "train",
]
