"""Data sets by name: sources -> split -> pre-processing -> batches."""

import inspect

from kzoo.data.arrays import arrays
from kzoo.data.builtin_table import builtin_table
from kzoo.data.csv import csv
from kzoo.data.digits import digits
from kzoo.data.image_folder import image_folder
from kzoo.data.synthetic import synthetic
from kzoo.data.text_folder import text_folder
from kzoo.data.tfds import tfds
from kzoo.paths import expand

DATASETS = {
    "digits": digits,
    "tfds": tfds,
    "text_folder": text_folder,
    "csv": csv,
    "builtin_table": builtin_table,
    "image_folder": image_folder,
    "arrays": arrays,
    "synthetic": synthetic,
}
PATHS = ("path", "test_path", "validation_path", "data_dir")


def load_data(section, preprocessing=None):
    """Calls the function that a section `data` names.

    Args:
        section: Dict with the `name` of one of `DATASETS` and its arguments.
        preprocessing: That of a trained model, which decides the size of the images, whether they
            are grey, and their background; or None.

    Returns:
        `Dataset`.

    Raises:
        DataError: If the data cannot be had.
    """
    function = DATASETS[section["name"]]
    options = {key: value for key, value in section.items() if key != "name"}
    options |= {key: expand(options[key]) for key in PATHS if options.get(key)}
    if getattr(preprocessing, "kind", None) == "images":
        accepted = inspect.signature(function).parameters
        if "image_shape" in accepted:
            options["image_shape"] = preprocessing.example_shape
        if "background" in accepted:
            options["background"] = preprocessing.background
    return function(**options)
