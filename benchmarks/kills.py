"""What is left of a training that is killed, wherever it was: 30 kills, each gone on from.

    python benchmarks/kills.py                            # --kills 0 prints what was found last

One run of a small recipe with dropout, augmentation, averages of the weights, one cycle and early
stopping is not interrupted. Others of the same recipe are killed (SIGKILL) at moments that a seed
draws over the time of the first, from the import to the report, and gone on with by --resume. Their
weights, history and numbers must be those of the first, to the bit.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rows import read_rows, write_rows

import kzoo
from kzoo.config import dump

RESULTS = Path(__file__).parent / "results" / "kills.csv"
RECIPE = {
    "name": "killed",
    "data": {
        "name": "digits",
        "augmentation": {"translate": 0.1, "rotate": 10, "erasing": 0.2, "mixup": 0.2},
    },
    "model": {"name": "cnn_attention", "filters": [16, 16], "dropout": 0.3},
    "training": {
        "epochs": 16,
        "early_stopping": 12,
        "optimizer": {"name": "adamw", "learning_rate": 0.003, "use_ema": True},
        "schedule": {"name": "one_cycle"},
        "checkpoint_every": 0.3,
    },
}
OTHERS = ("seconds", "bytes", "memory", "commit")  # what differs from run to run


def main(kills, seed):
    """Kills and resumes, writes the CSV, prints a line for each kill and how many came through."""
    if kills:
        with tempfile.TemporaryDirectory() as folder:
            write_rows(RESULTS, list(measure(Path(folder), kills, seed)))
    rows = read_rows(RESULTS)
    for row in rows:
        print(f"{row['moment']:>6} s of {row['whole']}  {row['found']:<28} {row['outcome']}")
    same = sum(row["outcome"] == "the same" for row in rows)
    print(f"{same} of {len(rows)} kills: the same to the bit")


def measure(folder, kills, seed):
    """Yields a row of the CSV for each kill."""
    recipe = folder / "recipe.yaml"
    recipe.write_text(dump(RECIPE))
    start = time.monotonic()
    run(recipe, folder / "whole").wait()
    whole = time.monotonic() - start
    expected = results(folder / "whole")
    draw = random.Random(seed)
    for moment in sorted(draw.uniform(0, whole) for _ in range(kills)):
        process = run(recipe, folder / "killed")
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        found = progress(folder / "killed")
        if not (folder / "killed" / "metrics.json").exists() or "unfinished" in found:
            run(recipe, folder / "killed").wait()
        differs = [k for k, v in results(folder / "killed").items() if v != expected[k]]
        yield {
            "moment": f"{moment:.2f}",
            "whole": f"{whole:.2f}",
            "found": found,
            "outcome": f"others: {' '.join(differs)}" if differs else "the same",
        }
        shutil.rmtree(folder / "killed")


def run(recipe, folder):
    """Starts a run in a folder, or goes on with it."""
    command = [sys.executable, "-m", "kzoo", "train", "--config", str(recipe), "--resume"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*command, "--run-dir", str(folder)], **quiet)


def progress(folder):
    """Says how far a run came."""
    checkpoints = folder / "checkpoints"
    if not checkpoints.exists():
        return "complete" if (folder / "metrics.json").exists() else "nothing yet"
    stages = [name for name in ("export", "test", "baseline") if (checkpoints / name).exists()]
    steps = sorted(path.name for path in checkpoints.glob("step-*") if "." not in path.name)
    last = stages[-1] if stages else steps[-1] if steps else "no step"
    return f"unfinished, {last}"


def results(folder):
    """Returns what must be the same: weights, history and numbers."""
    if not (folder / "metrics.json").exists():
        return {"metrics": None, "weights": None, "history": None}
    metrics = json.loads((folder / "metrics.json").read_text())
    kept = {k: v for k, v in metrics.items() if not any(other in k for other in OTHERS)}
    kept["baseline"] = {k: v for k, v in kept["baseline"].items() if k != "seconds"}
    del kept["files"]
    weights = [w.tobytes() for w in kzoo.load(folder).get_weights()]
    return {
        "metrics": kept,
        "weights": b"".join(weights),
        "history": (folder / "history.csv").read_text(),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    main(arguments.kills, arguments.seed)
