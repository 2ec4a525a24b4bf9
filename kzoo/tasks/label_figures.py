"""How well each label is told."""

from matplotlib import rc_context
from matplotlib.figure import Figure

from kzoo.fonts import families
from kzoo.messages import short

NAME = 30  # characters of a label
SHOWN = 30  # labels, those with the most examples
COLORS = {"precision": "#4477aa", "recall": "#cc6677", "f1": "#222222"}


def draw_labels(found, path):
    """Draws precision, recall and F1 of each label, the most frequent ones first.

    Args:
        found: Dict from label to its numbers, as `label_metrics` returns it.
        path: PNG file to write.
    """
    names = sorted(found, key=lambda name: -found[name]["examples"])[:SHOWN]
    with rc_context({"text.parse_math": False, "font.family": families("sans-serif")}):
        figure = Figure(figsize=(7, 1.2 + 0.32 * len(names)), layout="constrained")
        axes = figure.subplots()
        places = range(len(names))
        axes.hlines(places, 0, 1, color="#eeeeee", zorder=0)
        for key, color in COLORS.items():
            values = [found[name][key] for name in names]
            axes.scatter(values, places, color=color, label=key, s=60 if key == "f1" else 30)
        axes.set_yticks(places, [f"{short(n, NAME)} ({found[n]['examples']})" for n in names])
        axes.invert_yaxis()
        axes.set(xlim=(-0.02, 1.02), title="labels (examples of the test split)")
        axes.spines[["top", "right", "left"]].set_visible(False)
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
        figure.savefig(path, dpi=150)
