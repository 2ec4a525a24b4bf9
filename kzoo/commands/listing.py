"""What `kzoo list` shows."""

import inspect

from kzoo.commands.tables import print_table
from kzoo.config import read
from kzoo.data import DATASETS
from kzoo.exported import LoadError, read_json
from kzoo.messages import reason
from kzoo.models import MODELS
from kzoo.saving import list_saved_models, shipped_folder


def print_lists():
    """Prints what is shipped and what a recipe can name."""
    print_table(
        "Trained models",
        ["name", "model", "data", "parameters", "test accuracy"],
        [_trained_model(name) for name in list_saved_models()],
    )
    for title, functions in [("Models", MODELS), ("Data sets", DATASETS)]:
        summaries = [(name, first_line(function)) for name, function in functions.items()]
        print_table(title, ["name", "what it is"], summaries)


def first_line(function):
    """Returns the first line of a docstring."""
    return inspect.getdoc(function).splitlines()[0]


def _trained_model(name):
    folder = shipped_folder() / name
    config = read(folder / "config.yaml")
    metrics = read_json(folder / "metrics.json")
    try:
        data = config["data"]
        return (
            name,
            config["model"]["name"],
            " ".join(data[key] for key in ("name", "dataset") if key in data),
            metrics["parameters"],
            metrics["test_accuracy"],
        )
    except (LookupError, TypeError) as error:
        raise LoadError(f"{folder} is damaged: {reason(error)}.") from None
