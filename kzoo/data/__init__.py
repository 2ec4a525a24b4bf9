"""Data sets by name: sources -> split -> pre-processing -> batches."""

import inspect

from kzoo.lazy import Lazy
from kzoo.paths import expand

DATASETS = {
    "digits": Lazy("kzoo.data.sources.digits"),
    "tfds": Lazy("kzoo.data.sources.tfds"),
    "text_folder": Lazy("kzoo.data.sources.text_folder"),
    "csv": Lazy("kzoo.data.sources.csv"),
    "builtin_table": Lazy("kzoo.data.sources.builtin_table"),
    "image_folder": Lazy("kzoo.data.sources.image_folder"),
    "arrays": Lazy("kzoo.data.sources.arrays"),
    "synthetic": Lazy("kzoo.data.sources.synthetic"),
}
PATHS = ("path", "test_path", "validation_path", "data_dir")


def load_data(section, preprocessing=None):
    """Calls the function that a section `data` names.

    Args:
        section: Dict with the `name` of one of `DATASETS` and its arguments.
        preprocessing: That of a trained model, which decides the size of the images, whether they
            are grey, and their background, and the columns of a table; or None.

    Returns:
        `Dataset`.

    Raises:
        DataError: If the data cannot be had.
    """
    function = DATASETS[section["name"]]
    options = {key: value for key, value in section.items() if key != "name"}
    options |= {key: expand(options[key]) for key in PATHS if options.get(key)}
    accepted = inspect.signature(function).parameters
    if getattr(preprocessing, "kind", None) == "images":
        decided = {
            "image_shape": preprocessing.example_shape,
            "background": preprocessing.background,
        }
        options |= {key: value for key, value in decided.items() if key in accepted}
    if getattr(preprocessing, "kind", None) == "tables" and "preprocessing" in accepted:
        options["preprocessing"] = preprocessing
    return function(**options)
