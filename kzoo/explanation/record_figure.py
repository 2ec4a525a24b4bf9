"""The figure of where a model looked in records, whose parts are of different kinds."""

import numpy as np
from matplotlib.figure import Figure

from kzoo.explanation.figures import (
    COLOR,
    caption_color,
    draw_overlay,
    draw_words,
    layer_means,
    percent,
)

FEATURES = 8  # of the numbers and categories
WORDS = 40  # of a text
LINE = 46  # characters of a text


def record_figure(examples):
    """Draws a row for each record: the share of each part, then where in each part.

    Args:
        examples: List of `Example` of kind `"record"`.

    Returns:
        Matplotlib `Figure`.
    """
    panels = list(layer_means(examples))
    parts = examples[0].parts
    widths = [1.6, *(WIDTHS[part.kind] for part in parts)]
    figure = Figure(figsize=(1.3 * sum(widths), 2.1 * len(panels) + 0.3), layout="constrained")
    ratios = {"width_ratios": widths}
    grid = figure.subplots(len(panels), len(widths), squeeze=False, gridspec_kw=ratios)
    for row, (example, layer, shares) in zip(grid, panels, strict=True):
        _bars(row[0], example.positions, shares)
        row[0].set_xlim(0, 1)
        row[0].set_title(
            f"{example.caption}\n{layer}", fontsize=8, color=caption_color(example), loc="left"
        )
        for axes, part, share in zip(row[1:], example.parts, shares, strict=True):
            DRAW[part.kind](axes, part, part.scores[layer].mean(axis=0))
            axes.set_title(f"{part.name}: {share:.0%}", fontsize=8, loc="left")
    return figure


def _bars(axes, names, weights):
    axes.barh(range(len(names)), weights, color=COLOR)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0)
    axes.tick_params(axis="x", labelsize=6)
    axes.xaxis.set_major_formatter(percent)
    axes.spines[["top", "right"]].set_visible(False)


def _features(axes, part, weights):
    shown = np.argsort(-weights, kind="stable")[:FEATURES]
    _bars(axes, [part.positions[i] for i in shown], weights[shown])


def _image(axes, part, weights):
    if weights.sum() > 0:
        draw_overlay(axes, part.raw, weights)
    else:
        axes.text(0.5, 0.5, "missing", color="grey", ha="center", va="center", fontsize=8)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _words(axes, part, weights):
    """Draws the words around the one that gets the most attention, where a text is long."""
    start = max(0, min(int(weights.argmax()) - WORDS // 2, len(weights) - WORDS))
    words = part.positions[start : start + WORDS]
    axes.axis("off")
    if weights.sum() > 0:
        draw_words(axes, words, weights[start : start + WORDS], LINE)
    else:
        axes.text(0.5, 0.5, "missing", color="grey", ha="center", va="center", fontsize=8)


DRAW = {"table": _features, "image": _image, "text": _words}
WIDTHS = {"table": 2.2, "image": 1.3, "text": 3.0}
