"""Which classes a model takes for which."""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from kzoo.fonts import families
from kzoo.messages import short

NAME = 30  # characters of a class


def draw_confusion_matrix(matrix, class_names, path):
    """Draws which classes were taken for which, as shares of the true class.

    Args:
        matrix: Counts `(num_classes, num_classes)`, rows being the true classes.
        class_names: List of strings.
        path: PNG file to write.
    """
    # a class may be called $5, in any script
    with rc_context({"text.parse_math": False, "font.family": families("sans-serif")}):
        _draw(np.asarray(matrix), [short(name, NAME) for name in class_names], path)


def _draw(counts, class_names, path):
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
