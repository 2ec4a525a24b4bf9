"""Data sets by name: a source reads, `prepare` splits and learns."""

import functools
import inspect

from kzoo.lazy import Lazy
from kzoo.paths import expand
from kzoo.tasks import DEFAULT, LEARN

PREPARE = Lazy("kzoo.data.prepare")
PATHS = ("path", "validation_path", "test_path", "data_dir")


class DataSet:
    """What a section `data` names: a source and how it is prepared, as one function.

    Its signature is that of the source with the keyword-only arguments of `prepare`.

    Args:
        name: Of the source, and of its module in `kzoo.data.sources`.
        largest_batch: What suits much of such data, where a config does not say.
        augmented: Whether it may be images, so that `augmentation` is an argument.
        as_trained: Whether a trained model decides how the source reads.
        several: Whether it may read several inputs of an example, for a model that takes them.
    """

    def __init__(self, name, largest_batch, augmented=False, as_trained=False, several=False):
        self.source = Lazy(f"kzoo.data.sources.{name}")
        self._left_out = () if augmented else ("augmentation",)
        self._largest_batch = largest_batch
        self._as_trained = as_trained
        self._several = several

    def __call__(self, preprocessing=None, task=None, several=False, /, **options):
        """Reads the data and prepares it.

        Args:
            preprocessing: That of a trained model, which decides how it is read; or None.
            task: Dict with the `name` of a task and its arguments; None is classification.
            several: Whether the model takes several inputs, such as a text and an image.
            **options: Arguments of the source and of `prepare`.

        Returns:
            `Dataset`.

        Raises:
            DataError: If the data cannot be had or used.
        """
        options |= {key: expand(options[key]) for key in PATHS if options.get(key)}
        own = {key: options[key] for key in self._of_prepare if key in options}
        of_source = inspect.signature(self.source).parameters
        options = {key: value for key, value in options.items() if key in of_source}
        several = several or getattr(preprocessing, "kind", None) == "record"
        decided = [preprocessing] * self._as_trained + [several] * self._several
        source = self.source(*decided, **options)
        task = {"name": DEFAULT, **(task or {})}
        learn = functools.partial(LEARN[task.pop("name")].load(), **task)
        return PREPARE(source, learn, preprocessing, self._largest_batch, **own)

    @property
    def __signature__(self):
        parameters = {**inspect.signature(self.source).parameters, **self._of_prepare}
        return inspect.Signature(parameters.values())

    @property
    def _of_prepare(self):
        found = inspect.signature(PREPARE).parameters.items()
        return {k: p for k, p in found if p.kind is p.KEYWORD_ONLY and k not in self._left_out}

    @property
    def __doc__(self):
        return self.source.__doc__

    @property
    def functions(self):
        """The functions whose docstrings tell what the arguments mean."""
        return [self.source, PREPARE]


DATASETS = {
    "digits": DataSet("digits", largest_batch=64, augmented=True),
    "tfds": DataSet("tfds", largest_batch=256, augmented=True, as_trained=True),
    "text_folder": DataSet("text_folder", largest_batch=32),
    "csv": DataSet("csv", largest_batch=64, augmented=True, as_trained=True, several=True),
    "builtin_table": DataSet("builtin_table", largest_batch=32),
    "image_folder": DataSet("image_folder", largest_batch=32, augmented=True, as_trained=True),
    "digit_sums": DataSet("digit_sums", largest_batch=64),
    "arrays": DataSet("arrays", largest_batch=64, augmented=True),
    "sequences": DataSet("sequences", largest_batch=64),
    "synthetic": DataSet("synthetic", largest_batch=128),
}


def load_data(section, preprocessing=None, task=None, several=False):
    """Reads and prepares the data that a section `data` names.

    Args:
        section: Dict with the `name` of one of `DATASETS` and its arguments.
        preprocessing: That of a trained model, which decides how the data is read; or None.
        task: Dict with the `name` of a task and its arguments; None is classification.
        several: Whether the model takes several inputs, such as a text and an image.

    Returns:
        `Dataset`.

    Raises:
        DataError: If the data cannot be had or used.
    """
    options = {key: value for key, value in section.items() if key != "name"}
    several = [several] if several else []  # most data sets know nothing of it
    return DATASETS[section["name"]](preprocessing, task, *several, **options)
