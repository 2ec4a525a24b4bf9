"""What `kzoo evaluate` prints."""

import json

from kzoo.cli.tables import print_table


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
