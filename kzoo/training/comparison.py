"""Runs side by side: means over seeds, and differences from the first, paired by seed."""

import csv
import dataclasses
import html
import io
import json
import statistics
from pathlib import Path

from kzoo.config import flat, read
from kzoo.messages import UserError, listed

# what does not make two runs different ones
APART = ("seed", "name", "export", "card", "baseline")
STYLE = (
    "<style>table{border-collapse:collapse;font-family:sans-serif}"
    "td,th{padding:.3em .8em;border-bottom:1px solid #ccc;text-align:left}</style>"
)


class ComparisonError(UserError):
    """Runs that cannot be compared; the message is one sentence."""


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A table of runs.

    Attributes:
        columns: List of names.
        rows: List of lists of strings and numbers, a value for each column.
    """

    columns: list
    rows: list

    def as_csv(self):
        """Returns the table as CSV."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.columns, *self.rows])
        return text.getvalue()

    def as_html(self):
        """Returns the table as a page."""
        rows = [("th", self.columns), *(("td", row) for row in self.rows)]
        lines = (
            "<tr>" + "".join(f"<{tag}>{html.escape(str(v))}</{tag}>" for v in row) + "</tr>"
            for tag, row in rows
        )
        title = "<!doctype html><meta charset='utf-8'><title>Runs</title>"
        return f"{title}{STYLE}<table>{''.join(lines)}</table>\n"


def compare(folders):
    """Compares runs that exist.

    Runs that differ in their seeds alone are one row, with means and standard deviations. The
    difference from the first row is the mean over the seeds that both have. It is that of the
    test; of the validation, where a run was not tested.

    Args:
        folders: List of folders of runs.

    Returns:
        `Comparison`.

    Raises:
        ComparisonError: If a folder holds no complete run, or they have different tasks.
    """
    runs = [_read(Path(folder)) for folder in folders]
    metrics = {run["metric"] for run in runs}
    if len(metrics) > 1:
        raise ComparisonError(
            f"Runs of one task can be compared. Received: {listed(sorted(metrics))}"
        )
    metric = metrics.pop()
    tested = all(f"test_{metric}" in run["numbers"] for run in runs)
    judged = f"{'test' if tested else 'validation'}_{metric}"
    groups = _groups(runs)
    first = next(iter(groups.values()))
    rows = [
        [
            label,
            len(group),
            _spread(_of(group, f"validation_{metric}")),
            *([_spread(_of(group, judged))] if tested else []),
            "" if group is first else _spread(_differences(group, first, judged), "+"),
            group[0]["numbers"]["parameters"],
            round(statistics.mean(_of(group, "train_seconds")), 1),
        ]
        for label, group in groups.items()
    ]
    columns = ["run", "seeds", f"validation {metric}", *([f"test {metric}"] if tested else [])]
    return Comparison([*columns, "difference", "parameters", "seconds"], rows)


def _read(folder):
    """Returns what is compared of a run."""
    try:
        numbers = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        config = read(folder / "config.yaml")
    except (OSError, ValueError) as error:
        raise ComparisonError(f"{folder} holds no complete run: {error}.") from None
    names = [key.removeprefix("validation_") for key in numbers if key.startswith("validation_")]
    [metric] = [name for name in names if name != "loss"]
    return {"name": folder.name, "config": flat(config), "numbers": numbers, "metric": metric}


def _groups(runs):
    """Returns a dict from what tells runs apart to those that differ in their seeds alone."""
    keys = dict.fromkeys(key for run in runs for key in run["config"])
    keys = [key for key in keys if key.partition(".")[0] not in APART]
    differ = [key for key in keys if len({repr(run["config"].get(key)) for run in runs}) > 1]
    groups = {}
    for run in runs:
        values = (f"{key}={run['config'].get(key)}" for key in differ)
        groups.setdefault(", ".join(values) or run["config"]["name"], []).append(run)
    return groups


def _of(group, name):
    return [run["numbers"][name] for run in group]


def _differences(group, first, name):
    """Returns the differences of the runs with the same seeds."""
    others = {run["numbers"]["seed"]: run["numbers"][name] for run in first}
    pairs = [(run["numbers"][name], others.get(run["numbers"]["seed"])) for run in group]
    return [ours - theirs for ours, theirs in pairs if theirs is not None]


def _spread(values, sign=""):
    if not values:
        return ""
    mean = f"{statistics.mean(values):{sign}.4f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.4f}"
