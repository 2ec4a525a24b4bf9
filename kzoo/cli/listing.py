"""What `kzoo list` shows."""

import inspect

from kzoo.cli.tables import print_table
from kzoo.config import read
from kzoo.data import DATASETS
from kzoo.messages import reason
from kzoo.models import MODELS
from kzoo.saved.shipped import (
    LoadError,
    find_recipe,
    list_recipes,
    list_saved_models,
    read_json,
    shipped_folder,
)
from kzoo.tasks import LEARN
from kzoo.training.loggers import CALLBACKS


def print_lists():
    """Prints what is shipped and what a recipe can name."""
    print_table(
        "Trained models",
        ["name", "model", "data", "parameters", "test"],
        [_trained_model(name) for name in list_saved_models()],
    )
    recipes = [(name, *_recipe(name)) for name in list_recipes()]
    print_table("Recipes", ["name", "model", "data"], recipes)
    functions_of = {
        "Models": MODELS,
        "Data sets": DATASETS,
        "Tasks": LEARN,
        "Callbacks": CALLBACKS,
    }
    for title, functions in functions_of.items():
        summaries = [(name, first_line(function)) for name, function in functions.items()]
        print_table(title, ["name", "what it is"], summaries)


def _recipe(name):
    """Returns what a recipe trains, and on which data."""
    config = read(find_recipe(name))
    finetuned = config.get("finetune", {}).get("from")
    model = f"{finetuned}, trained further" if finetuned else config["model"]["name"]
    return model, _data(config["data"])


def _data(section):
    return " ".join(section[key] for key in ("name", "dataset") if key in section)


def first_line(function):
    """Returns the first line of a docstring."""
    return inspect.getdoc(function).splitlines()[0]


def _trained_model(name):
    folder = shipped_folder() / name
    config = read(folder / "config.yaml")
    metrics = read_json(folder / "metrics.json")
    try:
        return (
            name,
            config["model"]["name"],
            _data(config["data"]),
            metrics["parameters"],
            _result(metrics),
        )
    except (LookupError, TypeError) as error:
        raise LoadError(f"{folder} is damaged: {reason(error)}.") from None


def _result(metrics):
    """Returns the first number of the test, with its name."""
    key = next(key for key in ("test_accuracy", "test_f1_micro", "test_r2") if key in metrics)
    return f"{key.removeprefix('test_')} {metrics[key]:.4f}"
