"""What `kzoo evaluate` prints."""

import json

from kzoo.cli.tables import print_table

TABLES = {"test_classes": "Classes", "test_labels": "Labels", "test_targets": "Targets"}


def print_evaluation(metrics, as_json):
    """Prints what `evaluate` returns."""
    if as_json:
        print(json.dumps(metrics, indent=2))
        return
    numbers = {key: value for key, value in metrics.items() if isinstance(value, float)}
    rows = [(key.replace("_", " "), value) for key, value in numbers.items()]
    examples = metrics.get("test_examples") or sum(
        row["examples"] for row in metrics["test_classes"].values()
    )
    print_table(f"Test split, {examples:,} examples", ["", "value"], rows)
    for key, title in TABLES.items():
        if key in metrics:
            table = metrics[key]
            columns = list(next(iter(table.values())))
            rows = [(name, *(row[column] for column in columns)) for name, row in table.items()]
            print_table(title, ["", *(column.replace("_", " ") for column in columns)], rows)
