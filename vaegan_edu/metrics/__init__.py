"""How good and how diverse: numbers for generated images, each to be read beside its floor.

The floor of a metric is its value for real images that were held out: what perfect samples would
reach. A number without its floor says little.

A judge is a network that was trained once and measures others' images (`judges`). All other metrics
take arrays alone, so any features will do.
"""

from vaegan_edu.intervals import difference_interval, mean_interval
from vaegan_edu.metrics.attributes import (
    asked_and_leaked,
    attribute_response,
    attribute_similarity,
    r_squared,
)
from vaegan_edu.metrics.classes import (
    CONFIDENT,
    class_histogram,
    classes_covered,
    histogram_divergence,
    low_confidence_share,
)
from vaegan_edu.metrics.diversity import (
    class_distances,
    nearest_distance,
    within_class_distance,
)
from vaegan_edu.metrics.frechet import frechet_distance
from vaegan_edu.metrics.judges import (
    JUDGES,
    build_classifier,
    build_regressor,
    classifier_digest,
    classify,
    load_classifier,
    load_regressor,
    read_attributes,
    regressor_digest,
)
from vaegan_edu.metrics.latent_use import ACTIVE_VARIANCE, active_units
from vaegan_edu.metrics.manifold import Manifold, expected_coverage, manifold_overlap
from vaegan_edu.metrics.modes import HIGH_QUALITY, high_quality_share, modes_covered
from vaegan_edu.metrics.reference import (
    Reference,
    compare_digits,
    compare_faces,
    compare_features,
    measure_digits,
    measure_faces,
    read_digits,
    read_faces,
)
from vaegan_edu.metrics.sharpness import sharpness

__all__ = [
    "ACTIVE_VARIANCE",
    "CONFIDENT",
    "HIGH_QUALITY",
    "JUDGES",
    "Manifold",
    "Reference",
    "active_units",
    "asked_and_leaked",
    "attribute_response",
    "attribute_similarity",
    "build_classifier",
    "build_regressor",
    "class_distances",
    "class_histogram",
    "classes_covered",
    "classifier_digest",
    "classify",
    "compare_digits",
    "compare_faces",
    "compare_features",
    "difference_interval",
    "expected_coverage",
    "frechet_distance",
    "high_quality_share",
    "histogram_divergence",
    "load_classifier",
    "load_regressor",
    "low_confidence_share",
    "manifold_overlap",
    "mean_interval",
    "measure_digits",
    "measure_faces",
    "modes_covered",
    "nearest_distance",
    "r_squared",
    "read_attributes",
    "read_digits",
    "read_faces",
    "regressor_digest",
    "sharpness",
    "within_class_distance",
]
