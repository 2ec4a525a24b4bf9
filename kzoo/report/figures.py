"""The figures of a run, as PNG files."""

import csv

from matplotlib.figure import Figure

COLORS = {"training": "#4477aa", "validation": "#cc6677"}


def draw_curves(history_file, path):
    """Draws the loss and the metric of the task over the epochs.

    Args:
        history_file: CSV file with the columns that `keras.callbacks.CSVLogger` writes.
        path: PNG file to write.
    """
    with open(history_file, newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = [int(row["epoch"]) + 1 for row in rows]
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    names = sorted((name for name in rows[0] if f"val_{name}" in rows[0]), key="loss".__ne__)
    for axes, name in zip(figure.subplots(1, len(names)), names, strict=True):
        for kind, prefix in [("training", ""), ("validation", "val_")]:
            values = [float(row[prefix + name]) for row in rows]
            axes.plot(epochs, values, "o-", markersize=3, color=COLORS[kind], label=kind)
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)
