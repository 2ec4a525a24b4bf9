"""The CSV file in which a benchmark keeps its rows, and what it prints of them."""

import csv
import math
import statistics


def read_rows(path):
    """Returns the rows as dicts of strings, none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows):
    """Replaces the file; the first row names the columns."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def mean_and_spread(values, sign=""):
    """Returns mean and standard deviation of several values, as in `"99.44 ± 0.52"`."""
    values = list(values)
    spread = statistics.stdev(values) if len(values) > 1 else math.nan
    return f"{statistics.mean(values):{sign}.2f} ± {spread:.2f}"


def spread(values):
    """Returns mean and standard deviation of shares, as in `"0.994 ± 0.005"`."""
    deviation = statistics.stdev(values) if len(values) > 1 else math.nan
    return f"{statistics.mean(values):.3f} ± {deviation:.3f}"
