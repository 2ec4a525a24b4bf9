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
import importlib
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from rows import read_rows, write_rows

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "layers.csv"
TIMES = (128, 512, 2048, 4096, 16384)
FEW = (128, 2048, 16384)
SECONDS = 0.2  # of calls after the first; two calls at least
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


def kzoo_layer(name, *arguments, **options):
    return lambda: getattr(importlib.import_module("kzoo.layers"), name)(*arguments, **options)


def keras_layer(name, *arguments, call=lambda layer, x: layer(x, x)):
    def make():
        layer = getattr(importlib.import_module("keras").layers, name)(*arguments)
        return lambda x: call(layer, x)

    return make


def attention_package(score, segment_length=None):
    def make():
        layer = importlib.import_module("attention").Attention(128, score=score)
        if segment_length is None:
            return layer
        import tensorflow as tf

        return lambda x: layer(tf.reshape(x, (-1, segment_length, x.shape[-1])))

    return make


def from_scores(name):
    """Scores, softmax and sum from the functions in scores.py."""

    def make():
        import tensorflow as tf

        from kzoo.layers.scores import SCORES, masked_softmax

        weights = [tf.Variable(tf.random.normal((128,)))] if name == "additive" else []
        return lambda x: tf.matmul(masked_softmax(SCORES[name](x, x, *weights)), x)

    return make


def additive_pooling(num_queries):
    """AdditiveAttention of learned queries to a dense layer of the input."""

    def make():
        import keras
        import tensorflow as tf

        queries = tf.Variable(tf.random.normal((1, num_queries, 128)))
        dense, attend = keras.layers.Dense(128), keras.layers.AdditiveAttention()
        return lambda x: attend([tf.repeat(queries, tf.shape(x)[0], axis=0), dense(x)])

    return make


LAYERS = {
    "Attention": kzoo_layer("Attention", num_heads=4),
    "Attention, blocks of 256": kzoo_layer("Attention", num_heads=4, block_size=256),
    "Attention, blocks of 1,024": kzoo_layer("Attention", num_heads=4, block_size=1024),
    "dot scores": from_scores("dot"),
    "additive scores": from_scores("additive"),
    "SequentialAttention": kzoo_layer("SequentialAttention", 128, 128),
    "SequentialAttention, 190 units": kzoo_layer("SequentialAttention", 190, 128),
    "SequentialAttention, no output": kzoo_layer("SequentialAttention", 128),
    "ParallelAttention, 1 glimpse": kzoo_layer("ParallelAttention", 1, 128, 128),
    "ParallelAttention, 4 glimpses": kzoo_layer("ParallelAttention", 4, 128),
    "SegmentAttention, pool": kzoo_layer("SegmentAttention", 8, pool=True),
    "SimilarityAttention": kzoo_layer("SimilarityAttention", "dot"),
    "MultiHeadAttention": keras_layer("MultiHeadAttention", 4, 32),
    "GroupQueryAttention": keras_layer("GroupQueryAttention", 32, 4, 4),
    "keras Attention": keras_layer("Attention", call=lambda layer, x: layer([x, x])),
    "AdditiveAttention": keras_layer("AdditiveAttention", call=lambda layer, x: layer([x, x])),
    "AdditiveAttention, 1 query": additive_pooling(1),
    "AdditiveAttention, 4 queries": additive_pooling(4),
    "attention (luong)": attention_package("luong"),
    "attention (luong), segments": attention_package("luong", segment_length=8),
    "attention (bahdanau)": attention_package("bahdanau"),
}


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


class Server:
    """A process of `python` that has imported TensorFlow and `module`, and forks for each cell."""

    def __init__(self, python, module):
        self._process = subprocess.Popen(
            [python, __file__, "--serve", module],
            env={"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        hello = self._read()
        self.problem, self.versions = hello.get("problem", ""), hello.get("versions", "")

    def measure(self, **cell):
        """Returns ms, bytes and parameters, or the problem."""
        print(json.dumps(cell), file=self._process.stdin, flush=True)
        return self._read()

    def _read(self):
        return json.loads(self._process.stdout.readline() or '{"problem": "the process ended"}')


def serve(module):
    """Measures the cells that come on standard input, each in a fork of this process."""
    tensorflow, keras = importlib.import_module("tensorflow"), importlib.import_module("keras")
    try:
        importlib.import_module(module)
    except ImportError as error:
        print(json.dumps({"problem": f"{error} in the given Python"}), flush=True)
        return
    versions = f"{module} on TensorFlow {tensorflow.__version__}, Keras {keras.__version__}"
    print(json.dumps({"versions": versions}), flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                answer = measure(**json.loads(line))
            except Exception as error:
                answer = {"problem": repr(error)}
            print(json.dumps(answer), flush=True)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            print(json.dumps({"problem": "the process was killed; out of memory?"}), flush=True)


def measure(name, time, batch_size, step):
    """Returns the median ms of a call after the first, the peak memory in bytes, and parameters."""
    import tensorflow as tf

    small = tf.random.normal((1, 8, 128))
    compiled(name, small, step)(small)  # starts TensorFlow
    x = tf.random.normal((batch_size, time, 128))
    call = compiled(name, x, step)
    before = peak_memory()
    call(x)
    seconds = []
    while len(seconds) < 2 or sum(seconds) < SECONDS:
        start = perf_counter()
        call(x)
        seconds.append(perf_counter() - start)
    parameters = sum(variable.shape.num_elements() for variable in call.trainable_variables)
    return {
        "ms": 1000 * statistics.median(seconds),
        "bytes": peak_memory() - before,
        "parameters": parameters,
    }


def compiled(name, x, step):
    """Returns the traced function of `x`: the output of a new layer, or the gradients."""
    import tensorflow as tf

    layer = LAYERS[name]()

    def run(x):
        if not step:
            return layer(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x))
        return tape.gradient(loss, [x, *tape.watched_variables()])

    call = tf.function(run, autograph=False).get_concrete_function(x)
    call.layer = layer  # a traced function keeps no variable alive
    return call


def peak_memory():
    """Bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else 1024 * peak


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
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
    elif options.table:
        print(table())
    else:
        times = [int(time) for time in options.times.split(",")]
        main(options.pairs, times, options.only, options.resume, options.attention_python)
