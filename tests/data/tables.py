"""Tables for tests, of numbers and categories with gaps; what is in them tells the class."""

import csv

import numpy as np

CITIES = ["Ulm", "Köln", 'Aix, "en" P', ""]


def columns(rows, seed=0):
    """A dict of columns, as a data set holds them, and labels 0 and 1."""
    random = np.random.default_rng(seed)
    labels = np.arange(rows) % 2
    age = random.normal(40 + 20 * labels, 5).astype("float32")
    age[random.random(rows) < 0.1] = np.nan
    city = random.choice(CITIES, rows).astype(object)
    return {"Age (years)": age, "city": city}, labels.astype("int32")


def write_csv(path, rows=60, delimiter=",", extra=None):
    """Writes such a table with the target `answer`, `yes` or `no`; `extra` has more columns."""
    table, labels = columns(rows)
    table["Age (years)"] = ["" if np.isnan(v) else f"{v:.1f}" for v in table["Age (years)"]]
    table = {**table, **(extra or {}), "answer": np.array(["no", "yes"])[labels]}
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    return str(path)
