"""Figures of where a model looked: over images, in texts, on the features of rows, along steps.

They take the `Example`s of `kzoo.explain`. Orange is attention, in every figure.
"""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kzoo.fonts import families

COLOR = "#f28e2b"
RGB = (242, 142, 43)
WRONG = "#b2182b"
PIXELS = 600  # of a panel
DARKEST = 2  # times the even weight, at least: so attention to everything alike stays pale
FEATURES = 20  # shown one by one
LINE = 100  # characters of a text
CHARACTER = 0.0836  # inches, of ten points, monospaced


def attention_figure(examples):
    """Draws where a model looked.

    Args:
        examples: List of `Example`, all of one kind. Images show each head and glimpse; the
            others the mean over the heads, of all layers for one example and of the layer nearest
            to the logits for several.

    Returns:
        Matplotlib `Figure`.
    """
    # a word or a class may be $5, in any script
    with rc_context({"text.parse_math": False, "font.family": families("sans-serif")}):
        return _figure_of(examples[0].kind)(examples)


def _figure_of(kind):
    if kind == "record":  # which uses what is here
        from kzoo.explanation.record_figure import record_figure

        return record_figure
    return FIGURES[kind]


def _image_figure(examples):
    """Each row has an image and heads over it: all heads, or of one example a layer's."""
    alone = len(examples) == 1
    layers = [[(name, i) for i in range(len(s))] for name, s in examples[0].scores.items()]
    if alone:
        rows = [(examples[0], heads) for heads in layers]
    else:
        rows = [(example, sum(layers, [])) for example in examples]
    images = [_thin(example.raw) for example, _ in rows]
    ratios = [np.clip(image.shape[0] / image.shape[1], 0.4, 2.5) for image in images]
    size, title = (1.6, 0.3) if alone else (1.25, 0)  # inches
    columns = 1 + max(len(heads) for _, heads in rows)
    height = sum(size * ratio + title + 0.08 for ratio in ratios) + 0.35
    figure = Figure(figsize=(size * columns + 0.3, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02)
    heights = {"height_ratios": ratios}
    grid = figure.subplots(len(rows), columns, squeeze=False, gridspec_kw=heights)
    for (example, heads), image, cells in zip(rows, images, grid, strict=True):
        _show_image(cells[0], image)
        for cell, (name, head) in zip(cells[1:], heads, strict=False):
            draw_overlay(cell, image, example.scores[name][head])
        if alone or example is examples[0]:
            titles = ["image", *(f"{name} {head + 1}" for name, head in heads)]
            for cell, text in zip(cells, titles, strict=False):
                cell.set_title(text, fontsize=9)
        if not alone:
            cells[0].set_ylabel(_caption(example), fontsize=9, color=caption_color(example))
    if alone:
        color = caption_color(examples[0])
        figure.suptitle(examples[0].caption, x=0.01, ha="left", fontsize=10, color=color)
    for cell in grid.flat:
        cell.set(xticks=[], yticks=[])
        cell.spines[:].set_visible(False)
    return figure


def _thin(image):
    """Leaves out pixels of a large image that no panel could show."""
    step = -(-max(image.shape[:2]) // PIXELS)
    return image[::step, ::step]


def _show_image(axes, image):
    image = image[..., 0] if image.shape[2:] == (1,) else image
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)


def draw_overlay(axes, image, scores):
    """Draws an image in grey, paler, and over it orange that covers as the weight is high."""
    height, width = image.shape[:2]
    _show_image(axes, 0.6 * image.mean(axis=-1))
    color = np.empty((*scores.shape, 4))
    color[..., :3] = np.array(RGB) / 255
    color[..., 3] = 0.9 * opacity(scores)
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(color, interpolation="bilinear", extent=extent)


def opacity(weights):
    """Returns how strongly each weight is coloured, 0 to 1."""
    return weights / max(weights.max(), min(1, DARKEST / weights.size))


def layer_means(examples):
    """Yields each example, a layer and the mean of its weights over the heads.

    Of one example all layers are taken, of several the one nearest to the logits.
    """
    for example in examples:
        names = list(example.scores)
        for name in names if len(examples) == 1 else names[-1:]:
            yield example, name, example.scores[name].mean(axis=0)


def _text_figure(examples):
    panels = [(*panel, _lines(panel[0].positions, LINE)) for panel in layer_means(examples)]
    height = sum(len(lines) + 2.5 for *_, lines in panels)
    figure = Figure(figsize=(LINE * CHARACTER + 0.5, 0.24 * height))
    axes = figure.add_axes((0.02, 0, 0.96, 1))
    axes.set(xlim=(0, LINE), ylim=(height, 0))
    axes.axis("off")
    y = 1.0
    for example, name, weights, lines in panels:
        axes.text(0, y, example.caption, weight="bold", color=caption_color(example), va="center")
        note = f"{name}, darkest: {weights.max():.1%}"
        axes.text(LINE, y, note, color="grey", fontsize=9, ha="right", va="center")
        _draw_lines(axes, lines, y + 1, opacity(weights), 10)
        y += len(lines) + 2.5
    return figure


def draw_words(axes, words, weights, line, size=8):
    """Fills axes with words, coloured by weight, in lines of that many characters."""
    lines = _lines(words, line)
    axes.set(xlim=(0, line), ylim=(max(len(lines), 9), -1))
    _draw_lines(axes, lines, 0, opacity(weights), size)


def _draw_lines(axes, lines, y, alphas, size):
    font = {"family": families("monospace"), "fontsize": size}
    for row, line in enumerate(lines):
        for column, place, word in line:
            alpha = alphas[place]
            box = {"facecolor": COLOR, "alpha": alpha, "edgecolor": "none", "pad": 1.5}
            axes.text(column, y + row, word, va="center", bbox=box, **font)


def _lines(words, width):
    """Breaks words into lines; gives for each the column, the place in the text, and the word."""
    lines, column = [[]], 0
    for place, word in enumerate(words):
        word = word if len(word) <= width else word[: width - 3] + "..."
        if column + len(word) > width:
            lines.append([])
            column = 0
        lines[-1].append((column, place, word))
        column += len(word) + 1
    return lines


def _feature_figure(examples):
    panels = list(layer_means(examples))
    weights = np.stack([weights for *_, weights in panels])
    order = np.argsort(-weights.mean(axis=0), kind="stable")
    shown, others = order[:FEATURES], order[FEATURES:]
    names = [examples[0].positions[i] for i in shown]
    names += [f"the {len(others)} others"] if len(others) else []
    width = max(1.3, 4.5 / len(panels)) * len(panels) + 2.2
    figure = Figure(figsize=(width, 0.2 * len(names) + 1), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)[0]
    grid[0].set_yticks(range(len(names)), names, fontsize=8)
    grid[0].set_ylim(len(names) - 0.5, -0.5)
    for axes, (example, name, weights) in zip(grid, panels, strict=True):
        caption = _caption(example) if len(examples) > 1 else f"{example.caption}\n{name}"
        axes.set_title(caption, fontsize=9, color=caption_color(example))
        axes.barh(range(len(shown)), weights[shown], color=COLOR)
        if len(others):  # as a number: their sum would be the longest bar
            total = f" {weights[others].sum():.0%}"
            axes.text(0, len(shown), total, va="center", fontsize=8, color="grey")
        axes.tick_params(axis="x", labelsize=7)
        axes.xaxis.set_major_formatter(percent)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _sequence_figure(examples):
    panels = list(layer_means(examples))
    figure = Figure(figsize=(7, 1.3 * len(panels) + 0.7), layout="constrained")
    rows = figure.subplots(len(panels), 1, squeeze=False, sharex=True)[:, 0]
    for axes, (example, name, weights) in zip(rows, panels, strict=True):
        axes.stairs(weights, np.arange(len(weights) + 1) - 0.5, fill=True, color=COLOR)
        axes.set_ylim(0)
        axes.yaxis.set_major_formatter(percent)
        values = axes.twinx()
        values.plot(example.raw, color="#333333", linewidth=0.8, alpha=0.7)
        for one in (axes, values):
            one.tick_params(labelsize=7)
            one.spines["top"].set_visible(False)
        caption = _caption(example) if len(examples) > 1 else f"{_caption(example)}\n{name}"
        axes.set_ylabel(caption, fontsize=9, color=caption_color(example))
    rows[0].set_title(f"{panels[-1][1]} (orange) to the sequence (lines)", fontsize=9)
    rows[-1].set_xlabel("step", fontsize=8)
    rows[-1].xaxis.get_major_locator().set_params(integer=True)
    return figure


def percent(value, _):
    """Returns a share, of an axis, as text."""
    return f"{100 * value:g}%"


def _caption(example):
    return example.caption.replace(", ", "\n")


def caption_color(example):
    """Returns the colour of a caption: that of a mistake, or black."""
    return WRONG if example.is_mistake else "black"


def deletion_figure(faithfulness):
    """Draws how a prediction falls with the share of positions deleted.

    Args:
        faithfulness: `Faithfulness`, as `kzoo.faithfulness` returns it.

    Returns:
        Matplotlib `Figure`.
    """
    shares = faithfulness.shares
    by_attention = faithfulness.attention.mean(axis=0)
    orders = faithfulness.random.mean(axis=1)
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(shares, orders.min(axis=0), orders.max(axis=0), color="#bbbbbb", alpha=0.5)
    axes.plot(shares, orders.mean(axis=0), color="#666666", label="in random order")
    axes.plot(shares, by_attention, color="#f28e2b", label="most attention first")
    limits = (0, 1) if by_attention.min() >= 0 else None
    axes.set(xlabel="positions deleted", ylabel=faithfulness.followed_as, ylim=limits)
    axes.set_title(str(faithfulness), fontsize=9)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    return figure


FIGURES = {
    "image": _image_figure,
    "text": _text_figure,
    "table": _feature_figure,
    "vector": _feature_figure,
    "sequence": _sequence_figure,
}
