"""The figures of a run, as PNG files."""

import csv
import math

import numpy as np
from matplotlib.figure import Figure

from kzoo.layers import Attention
from kzoo.models import attention_model

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


def draw_image_attention(core, inputs, titles, path):
    """Draws where a model looked, a row for each image and a column for each head or glimpse.

    An `Attention` is shown as the mean attention that each position gets from all.

    Args:
        core: Functional model with attention layers.
        inputs: Array `(images, height, width, channels)`, pre-processed for the core.
        titles: List of strings, one for each image.
        path: PNG file to write.
    """
    scores = attention_model(core).predict(inputs, verbose=0)
    maps = {
        name: _on_grid(s, inputs.shape[1:3]) if _is_self_attention(core, name) else s
        for name, s in scores.items()
    }
    columns = [f"{name} {i + 1}" for name, m in maps.items() for i in range(m.shape[1])]
    maps = np.concatenate(list(maps.values()), axis=1)
    rows = len(inputs)
    figure = Figure(figsize=(1.1 * (len(columns) + 1), 1.15 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, len(columns) + 1, squeeze=False)
    for row, image, image_maps, title in zip(grid, inputs, maps, titles, strict=True):
        row[0].set_ylabel(title, fontsize=8)
        row[0].imshow(image.squeeze(), cmap="gray")
        for axes, attention in zip(row[1:], image_maps, strict=True):
            _overlay(axes, image, attention)
    for axes, column in zip(grid[0], ["image", *columns], strict=True):
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


def _is_self_attention(core, name):
    return isinstance(core.get_layer(name), Attention)


def _on_grid(scores, image_size):
    """From `(images, heads, queries, keys)` to the mean over queries, keys laid out as pixels."""
    keys = scores.shape[3]
    rows = round(math.sqrt(keys * image_size[0] / image_size[1]))
    return scores.mean(axis=2).reshape(*scores.shape[:2], rows, keys // rows)
