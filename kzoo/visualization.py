"""The figures of a run, as PNG files."""

import csv
import math

import numpy as np
from matplotlib.figure import Figure

from kzoo.models import received_attention

COLORS = {"training": "#4477aa", "validation": "#cc6677"}


def draw_curves(history_file, path):
    """Draws loss and accuracy over the epochs.

    Args:
        history_file: CSV file with the columns that `keras.callbacks.CSVLogger` writes.
        path: PNG file to write.
    """
    with open(history_file, newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = [int(row["epoch"]) + 1 for row in rows]
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ["loss", "accuracy"], strict=True):
        for kind, prefix in [("training", ""), ("validation", "val_")]:
            values = [float(row[prefix + name]) for row in rows]
            axes.plot(epochs, values, "o-", markersize=3, color=COLORS[kind], label=kind)
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def draw_confusion_matrix(matrix, class_names, path):
    """Draws which classes were taken for which, as shares of the true class.

    Args:
        matrix: Counts `(num_classes, num_classes)`, rows being the true classes.
        class_names: List of strings.
        path: PNG file to write.
    """
    counts = np.asarray(matrix)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    size = min(12, 2.5 + 0.45 * len(class_names))
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(class_names))
    axes.set_xticks(ticks, class_names, rotation=45 if max(map(len, class_names)) > 2 else 0)
    axes.set_yticks(ticks, class_names)
    axes.set(xlabel="predicted", ylabel="true", title="examples of the test split")
    if len(class_names) <= 25:
        for i, j in zip(*np.nonzero(counts), strict=True):
            color = "white" if shares[i, j] > 0.5 else "black"
            axes.text(j, i, counts[i, j], ha="center", va="center", color=color, fontsize=8)
    figure.savefig(path, dpi=150)


def draw_attention(core, inputs, titles, path):
    """Draws where a model looked: over the pixels of images, as bars for what else it reads.

    Args:
        core: Functional model with attention layers.
        inputs: Array `(examples, ...)`, pre-processed for the core.
        titles: List of strings, one for each example.
        path: PNG file to write.
    """
    columns = {
        f"{name} {i + 1}": attention
        for name, received in received_attention(core, inputs).items()
        for i, attention in enumerate(np.moveaxis(received, 1, 0))
    }
    images = inputs.ndim == 4
    rows, width = len(inputs), len(columns) + images
    size = (1.1 * width if images else 3.2 * width, 1.15 * rows + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, width, squeeze=False)
    for i, (row, title) in enumerate(zip(grid, titles, strict=True)):
        row[0].set_ylabel(title, fontsize=8)
        if images:
            row[0].imshow(inputs[i].squeeze(), cmap="gray")
        for axes, attention in zip(row[images:], columns.values(), strict=True):
            if images:
                _overlay(axes, inputs[i], _as_pixels(attention[i], inputs.shape[1:3]))
            else:
                axes.bar(range(attention.shape[1]), attention[i], 1, color=COLORS["training"])
    for axes, column in zip(grid[0], ["image"] * images + list(columns), strict=True):
        axes.set_title(column, fontsize=8)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=150)


def _overlay(axes, image, attention):
    height, width = image.shape[:2]
    axes.imshow(image.squeeze(), cmap="gray")
    axes.imshow(
        attention,
        cmap="inferno",
        alpha=0.6,
        interpolation="bilinear",
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
    )


def _as_pixels(attention, image_size):
    """Lays a sequence of positions out as the grid, or the rows, of the image it came from."""
    if attention.ndim == 2:
        return attention
    positions = len(attention)
    rows = round(math.sqrt(positions * image_size[0] / image_size[1]))
    is_grid = positions != image_size[0] and positions % rows == 0
    return attention.reshape(rows if is_grid else positions, -1)
