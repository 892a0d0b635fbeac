"""Train the judges: the classifiers of digits and the regressors of faces."""

from collections.abc import Mapping

import keras

from vaegan_edu import datasets, metrics, networks
from vaegan_edu.experiments.tasks.digits import Digits
from vaegan_edu.experiments.tasks.task import Task

REGRESSOR_SEED = 1
REGRESSOR_TEST_COUNT = 2000


class ClassifierTraining(Digits):
    """Learn the classes of digits."""

    has_samples = False

    def identify_judge(self, settings: Mapping) -> dict:
        """Return nothing: this is where a judge comes from."""
        return {}

    def evaluate(self, model: keras.Model, data: tuple, settings: Mapping) -> dict:
        """Return `accuracy`, the share of test images that the classifier names right."""
        _, (x_test, y_test) = data
        found = networks.apply(model, x_test).argmax(axis=1)
        return {"accuracy": float((found == y_test).mean())}


class RegressorTraining(Task):
    """Learn the attributes of rendered faces, of a seed that no other model is trained on."""

    has_samples = False
    reads = ("image_size", "train_count")

    def load(self, settings: Mapping) -> tuple:
        """Render faces; none of them is in any other model's training or test set."""
        if settings["data"] != "rendered-faces":
            raise ValueError(
                "regressor-faces needs faces of known attributes, which only rendered-faces have. "
                f"Received: {settings['data']!r}"
            )
        return datasets.load_rendered_faces(
            settings["train_count"],
            REGRESSOR_TEST_COUNT,
            settings["image_size"],
            REGRESSOR_SEED,
            "uint8",
        )

    def image_shape(self, settings: Mapping) -> tuple:
        return settings["image_size"], settings["image_size"], 3

    def evaluate(self, model: keras.Model, data: tuple, settings: Mapping) -> dict:
        """Return `r2_<attribute>` on test faces, `r2_mean`, and `train_r2_mean` on training faces.

        Were training faces read much better than test faces, more of them would help.
        """
        (x_train, y_train), (x_test, y_test) = data
        r2 = _r_squared(model, x_test, y_test)
        of_training = _r_squared(model, x_train[: len(x_test)], y_train[: len(x_test)])
        return {
            **{f"r2_{k}": float(v) for k, v in zip(datasets.FACE_ATTRIBUTES, r2, strict=True)},
            "r2_mean": float(r2.mean()),
            "train_r2_mean": float(of_training.mean()),
        }


def _r_squared(model, images, truth):
    found = networks.apply(model, datasets.scale_pixels(images))
    return metrics.r_squared((truth - model.mean) / model.deviation, found)
