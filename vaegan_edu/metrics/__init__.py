"""How good and how diverse: numbers for generated images, each to be read beside its floor.

The floor of a metric is its value for real images that were held out: what perfect samples would
reach. A number without its floor says little.

All but `judge` and what belongs to a classifier take arrays alone, so any features will do.
"""

from vaegan_edu.intervals import difference_interval, mean_interval
from vaegan_edu.metrics.classes import (
    CONFIDENT,
    class_histogram,
    classes_covered,
    histogram_divergence,
    low_confidence_share,
)
from vaegan_edu.metrics.classifier import (
    CLASSIFIERS,
    classifier_digest,
    classify,
    load_classifier,
)
from vaegan_edu.metrics.diversity import nearest_distance, within_class_distance
from vaegan_edu.metrics.frechet import frechet_distance
from vaegan_edu.metrics.judging import judge
from vaegan_edu.metrics.latent_use import ACTIVE_VARIANCE, active_units
from vaegan_edu.metrics.manifold import expected_coverage, manifold_overlap
from vaegan_edu.metrics.modes import HIGH_QUALITY, high_quality_share, modes_covered

__all__ = [
    "ACTIVE_VARIANCE",
    "CLASSIFIERS",
    "CONFIDENT",
    "HIGH_QUALITY",
    "active_units",
    "class_histogram",
    "classes_covered",
    "classifier_digest",
    "classify",
    "difference_interval",
    "expected_coverage",
    "frechet_distance",
    "high_quality_share",
    "histogram_divergence",
    "judge",
    "load_classifier",
    "low_confidence_share",
    "manifold_overlap",
    "mean_interval",
    "modes_covered",
    "nearest_distance",
    "within_class_distance",
]
