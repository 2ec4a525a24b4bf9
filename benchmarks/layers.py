"""What the layers cost against those of others: time and peak memory, forward and in a step.

    python benchmarks/layers.py                                   # all; --resume goes on
    python benchmarks/layers.py --pairs 1 --times 128 --only Sequential
    python benchmarks/layers.py --table                           # the CSV as Markdown

Ours and theirs are measured in turn, each cell in a process of its own: a fork of one in which
TensorFlow is imported and not yet started. A ratio is that of a pair, ours / theirs; medians over
the pairs are reported, and the least and the greatest ratio. Time is the median of the calls after
the first. Memory is what the calls add to the peak memory of the process (getrusage) once the
inputs exist and the code is traced. A step is the sum of the output and its gradients to the
weights and to the input. float32, 128 features.

The `attention` package is used where --attention-python, an interpreter, can import it. It was
released for `"tensorflow==2.14.*" "numpy<2"`, and also runs beside Keras 3 (`pip install --no-deps
attention`), which compares the layers alone. Without it, its rows say that they are skipped.
"""

import argparse
import itertools
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from layer_process import Server
from rows import read_rows, write_rows

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "layers.csv"
TIMES = (128, 512, 2048, 4096, 16384)
FEW = (128, 2048, 16384)
TOO_LARGE, LARGE = 1e9, 2e8  # bytes of all scores, of which a step holds four to eight
LARGE_PAIRS = 3
NOISE = 2e6  # bytes, below which no ratio is taken
COLUMNS = [
    *("batch_size", "pairs", "ours_ms", "theirs_ms"),
    *(
        "time_ratio",
        "time_ratio_min",
        "time_ratio_max",
        "time_budget",
        "ours_bytes",
        "theirs_bytes",
    ),
    *("memory_ratio", "memory_ratio_min", "memory_ratio_max", "memory_budget"),
    *("ours_parameters", "theirs_parameters", "note"),
]


class Comparison(NamedTuple):
    """A layer of ours and one of theirs."""

    ours: str
    theirs: str
    scores: int = 0  # T x T numbers an example, in the larger of the two
    times: tuple = TIMES
    budgets: dict = {}  # {(pass, T): (ratio of times, of memory) that ours may not exceed}
    batch_size: int | None = None  # None: 8 up to T = 2,048, then 1
    largest: float = TOO_LARGE


DENSE = {("step", time): (1.05, "") for time in TIMES[:3]}
BLOCKS = {("step", 4096): (0.8, 1 / 10), ("step", 16384): (1.0, 1 / 32)}
POOLING = {(what, time): (1.0, "") for what in ("forward", "step") for time in TIMES}

COMPARISONS = [
    Comparison("Attention", "MultiHeadAttention", 4, budgets=DENSE),
    Comparison("Attention", "GroupQueryAttention", 4),
    Comparison("Attention, blocks of 256", "MultiHeadAttention", 4, TIMES[3:], BLOCKS, 1, 1e10),
    Comparison("Attention, blocks of 1,024", "MultiHeadAttention", 4, TIMES[3:], BLOCKS, 1, 1e10),
    Comparison("dot scores", "keras Attention", 1, TIMES[:4]),
    Comparison("additive scores", "AdditiveAttention", 128, TIMES[:3], batch_size=1),
    Comparison("SequentialAttention", "attention (luong)", budgets=POOLING),
    Comparison("SequentialAttention", "attention (bahdanau)", budgets=POOLING),
    Comparison("SequentialAttention, 190 units", "attention (luong)", 0, FEW),
    Comparison("SequentialAttention, no output", "AdditiveAttention, 1 query", budgets=POOLING),
    Comparison("ParallelAttention, 1 glimpse", "attention (luong)", 0, FEW, POOLING),
    Comparison("ParallelAttention, 4 glimpses", "AdditiveAttention, 4 queries", 0, FEW, POOLING),
    Comparison("SegmentAttention, pool", "attention (luong), segments", 0, FEW, POOLING),
    Comparison("SimilarityAttention", "keras Attention", 1, TIMES[:4]),
    Comparison("SimilarityAttention", "attention (luong)", 1, TIMES[:3]),
]


def main(pairs, times, only, resume, attention_python):
    """Measures all cells, with the CSV complete after each, and prints them."""
    kzoo, package = Server(sys.executable, "kzoo.layers"), Server(attention_python, "attention")
    describe = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    environment = {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "commit": subprocess.run(describe, capture_output=True, text=True).stdout.strip(),
        "versions": f"{kzoo.versions}; {package.versions}",
    }
    for one, time, what in itertools.product(COMPARISONS, times, ("forward", "step")):
        if time not in one.times or only.lower() not in f"{one.ours} {one.theirs}".lower():
            continue
        cell = {"ours": one.ours, "theirs": one.theirs, "time": time, "pass": what}
        others = [row for row in read_rows(RESULTS) if not is_of(row, cell)]
        is_measured = any(is_of(row, cell) and int(row["pairs"]) for row in read_rows(RESULTS))
        if resume and is_measured:
            continue
        theirs = package if one.theirs.startswith("attention (") else kzoo
        row = cell | compare(one, time, what, kzoo, theirs, pairs) | environment
        if row["pairs"] or not is_measured:
            write([*others, row])
        print(" | ".join([one.ours, one.theirs, f"{time:,}", what, *figures(row)]), flush=True)


def compare(one, time, what, kzoo, theirs, pairs):
    """Returns the measured columns of a row: ours and theirs in turn."""
    batch_size = one.batch_size or (8 if time <= 2048 else 1)
    row = dict.fromkeys(COLUMNS, "") | {"batch_size": batch_size, "pairs": 0}
    row["time_budget"], row["memory_budget"] = one.budgets.get((what, time), ("", ""))
    scores = 4 * one.scores * batch_size * time**2
    if scores > one.largest:
        return row | {
            "note": f"skipped: all scores are {scores / 1e9:.1f} GB, a step holds several"
        }
    if theirs.problem:
        return row | {"note": f"skipped: {theirs.problem}"}
    cell, measured = {"time": time, "batch_size": batch_size, "step": what == "step"}, []
    for _ in range(min(pairs, LARGE_PAIRS) if scores > LARGE else pairs):
        measured.append(
            (kzoo.measure(name=one.ours, **cell), theirs.measure(name=one.theirs, **cell))
        )
        if problems := [side["problem"] for side in measured[-1] if "problem" in side]:
            return row | {"note": f"failed: {problems[0][:300]}"}
    row["pairs"] = len(measured)
    for key in ("ms", "bytes", "parameters"):
        for side, name in enumerate(["ours", "theirs"]):
            row[f"{name}_{key}"] = round(statistics.median(pair[side][key] for pair in measured), 3)
    for key, name in [("ms", "time"), ("bytes", "memory")]:
        if key == "bytes" and row["theirs_bytes"] < NOISE:
            continue
        ratios = [our[key] / max(their[key], 1e-3) for our, their in measured]
        for function, end in [(statistics.median, ""), (min, "_min"), (max, "_max")]:
            row[f"{name}_ratio{end}"] = round(function(ratios), 4)
    return row


def table():
    """Returns the CSV as a Markdown table, with both passes in a line."""
    lines = [
        "| kzoo | against | T | batch | forward, ms | step, ms | budget | step, MB | budget |",
        "|---|---|--:|--:|---|---|---|---|---|",
    ]
    rows = read_rows(RESULTS)
    for step in (row for row in rows if row["pass"] == "step"):
        forward = next((row for row in rows if is_of(row, {**step, "pass": "forward"})), None)
        cells = [step["ours"], step["theirs"], f"{int(step['time']):,}", step["batch_size"]]
        cells += [figures(forward)[0] if forward else "", *figures(step)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def figures(row):
    """Returns "ours / theirs = ratio (least to greatest)" and the budget, of time and memory."""
    if row["note"]:
        return [row["note"], "", "", ""]
    texts = []
    for key, name, unit in [("ms", "time", 1), ("bytes", "memory", 1e6)]:
        values = (float(row[f"{side}_{key}"]) / unit for side in ("ours", "theirs"))
        text = " / ".join(f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in values)
        if row[f"{name}_ratio"] != "":
            ratios = [f"{float(row[f'{name}_ratio{end}']):.3g}" for end in ("", "_min", "_max")]
            text += " = **{}** ({} to {})".format(*ratios)
        budget = row[f"{name}_budget"]
        if budget != "":
            met = float(row[f"{name}_ratio"] or "inf") <= float(budget)
            budget = f"{float(budget):.3g}, {'met' if met else 'missed'}"
        texts += [text, budget]
    return texts


def is_of(row, cell):
    return all(str(row[key]) == str(cell[key]) for key in ("ours", "theirs", "time", "pass"))


def write(rows):
    """Writes the rows in the order of COMPARISONS."""
    names = [one[:2] for one in COMPARISONS]
    rows = [row for row in rows if (row["ours"], row["theirs"]) in names]
    rows.sort(key=lambda r: (names.index((r["ours"], r["theirs"])), int(r["time"]), r["pass"]))
    write_rows(RESULTS, rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--times", default=",".join(map(str, TIMES)))
    parser.add_argument("--only", default="", metavar="NAME", help="a part of a layer's name")
    parser.add_argument("--resume", action="store_true", help="keep the cells that are measured")
    parser.add_argument("--attention-python", default=sys.executable, metavar="PATH")
    parser.add_argument("--table", action="store_true", help="print the CSV as Markdown")
    options = parser.parse_args()
    if options.table:
        print(table())
    else:
        times = [int(time) for time in options.times.split(",")]
        main(options.pairs, times, options.only, options.resume, options.attention_python)
