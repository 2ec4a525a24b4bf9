"""What `kzoo evaluate` prints."""

import json

from kzoo.cli.run_data import load_run_data, predict_test_split
from kzoo.cli.tables import print_table
from kzoo.saved.load import load
from kzoo.tasks.classification import classification_metrics


def evaluate(source, config=None, overrides=None):
    """Tests a trained model on the test split of a config, with its own pre-processing.

    Args:
        source: As `kzoo.load` takes it.
        config: YAML file, of which the section `data` is read; None takes the one in the run
            folder of the model.
        overrides: Dict from dotted key to value, as in `{"data.path": "new.csv"}`.

    Returns:
        Dict with the keys `test_...` that `metrics.json` has too.

    Raises:
        ConfigError: If the config is wrong, or names data that the model is not for.
        DataError: If the data cannot be had.
        LoadError: If the model cannot be loaded.
    """
    model = load(source)
    dataset = load_run_data(source, model, config, overrides)
    logits = predict_test_split(source, model, dataset)
    metrics = classification_metrics(logits, dataset.test.labels, dataset.class_names)
    return {f"test_{key}": value for key, value in metrics.items()}


def print_evaluation(metrics, as_json):
    """Prints what `evaluate` returns."""
    if as_json:
        print(json.dumps(metrics, indent=2))
        return
    numbers = {key: value for key, value in metrics.items() if isinstance(value, float)}
    classes = metrics["test_classes"]
    examples = sum(row["examples"] for row in classes.values())
    rows = [(key.replace("_", " "), value) for key, value in numbers.items()]
    print_table(f"Test split, {examples:,} examples", ["", "value"], rows)
    columns = ["class", "precision", "recall", "f1", "examples"]
    rows = [(name, *(row[column] for column in columns[1:])) for name, row in classes.items()]
    print_table("Classes", columns, rows)
