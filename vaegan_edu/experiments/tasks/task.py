"""What every task can be asked for."""

from collections.abc import Callable, Mapping

import keras

from vaegan_edu import datasets


class Task:
    """What a model is trained for, and how it is measured.

    A subclass says which data it takes and what it measures; a task has no state, and all that can
    be chosen stands in the settings. Data is `(x_train, y_train), (x_test, y_test)`, as
    `datasets.load` returns it.

    Attributes:
        has_samples: whether the models generate images, so that sample sheets make sense.
        reads: names of the settings that it reads, beside `data` and `seed`.
    """

    has_samples = True
    reads: tuple[str, ...] = ()

    def load(self, settings: Mapping) -> tuple:
        """Return the data.

        Raises:
            ValueError: a model cannot be measured on such data, or not trained.
            FileNotFoundError: the data is not there.
        """
        return datasets.load(settings["data"])

    def image_shape(self, settings: Mapping) -> tuple:
        """Return the shape of one example, without loading any."""
        raise NotImplementedError

    def identify_judge(self, settings: Mapping) -> dict:
        """Return what the record says of the judge; empty where there is none.

        Raises:
            ValueError: there is no judge for such settings.
        """
        return {}

    def watch(self, data: tuple, settings: Mapping) -> Callable | None:
        """Return a function that measures a model after each epoch, a dict; `None` for nothing."""
        return None

    def evaluate(self, model: keras.Model, data: tuple, settings: Mapping) -> dict:
        """Return the numbers of `metrics.json`, measured when training has ended."""
        raise NotImplementedError
