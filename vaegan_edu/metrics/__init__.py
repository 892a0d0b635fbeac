"""How good and how diverse: numbers for generated images, each to be read beside its floor.

The floor of a metric is its value for real images that were held out: what perfect samples would
reach. A number without its floor says little.

All but what belongs to a classifier or to a regressor takes arrays alone, so any features will do.
"""

from vaegan_edu.intervals import difference_interval, mean_interval
from vaegan_edu.metrics.attributes import (
    asked_and_leaked,
    attribute_response,
    attribute_similarity,
)
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
from vaegan_edu.metrics.judging import judge, judge_faces
from vaegan_edu.metrics.latent_use import ACTIVE_VARIANCE, active_units
from vaegan_edu.metrics.manifold import expected_coverage, manifold_overlap
from vaegan_edu.metrics.modes import HIGH_QUALITY, high_quality_share, modes_covered
from vaegan_edu.metrics.regressor import (
    load_regressor,
    r_squared,
    read_attributes,
    regressor_digest,
)
from vaegan_edu.metrics.sharpness import sharpness

__all__ = [
    "ACTIVE_VARIANCE",
    "CLASSIFIERS",
    "CONFIDENT",
    "HIGH_QUALITY",
    "active_units",
    "asked_and_leaked",
    "attribute_response",
    "attribute_similarity",
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
    "judge_faces",
    "load_classifier",
    "load_regressor",
    "low_confidence_share",
    "manifold_overlap",
    "mean_interval",
    "modes_covered",
    "nearest_distance",
    "r_squared",
    "read_attributes",
    "regressor_digest",
    "sharpness",
    "within_class_distance",
]
