"""How predicted numbers lie beside the true ones."""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from kzoo.fonts import families
from kzoo.messages import short

NAME = 30  # characters of a target
SHOWN = 4  # targets
POINTS = 5_000  # examples of a target
COLOR = "#4477aa"


def draw_predicted(predictions, labels, names, path):
    """Draws predicted against true numbers, and the errors over the predicted ones.

    Args:
        predictions: Array `(examples, targets)`.
        labels: The same of what is true.
        names: List of strings, of which four targets are drawn.
        path: PNG file to write.
    """
    names = names[:SHOWN]
    step = max(1, len(labels) // POINTS)
    with rc_context({"text.parse_math": False, "font.family": families("sans-serif")}):
        figure = Figure(figsize=(9, 0.5 + 3.8 * len(names)), layout="constrained")
        pairs = figure.subplots(len(names), 2, squeeze=False)
        for i, (name, axes) in enumerate(zip(names, pairs, strict=True)):
            _draw(axes, predictions[::step, i], labels[::step, i], short(name, NAME))
        figure.suptitle("examples of the test split", fontsize=10)
        figure.savefig(path, dpi=150)


def _draw(axes, predicted, true, name):
    points = {"s": 14, "alpha": 0.5, "color": COLOR, "linewidths": 0}
    ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
    axes[0].plot(ends, ends, "--", color="#888888", linewidth=1, label="predicted = true")
    axes[0].scatter(true, predicted, **points)
    axes[0].set(xlabel=f"true {name}", ylabel=f"predicted {name}")
    axes[0].legend(frameon=False, loc="upper left")
    errors = predicted - true
    root_mean_square = np.sqrt(np.mean(errors**2))
    axes[1].axhspan(-root_mean_square, root_mean_square, color="#dddddd", label="± RMSE")
    axes[1].axhline(0, linestyle="--", color="#888888", linewidth=1)
    axes[1].scatter(predicted, errors, **points)
    axes[1].set(xlabel=f"predicted {name}", ylabel="predicted - true")
    axes[1].legend(frameon=False, loc="upper left")
    for each in axes:
        each.grid(alpha=0.3)
        each.spines[["top", "right"]].set_visible(False)
