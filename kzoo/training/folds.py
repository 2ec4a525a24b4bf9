"""A recipe tested on every example: trained once for each part of the data that is held out."""

import dataclasses
import json
import statistics
from pathlib import Path

from kzoo.training.recipe import load_config
from kzoo.training.run import run
from kzoo.training.run_folder import create_folder, write


@dataclasses.dataclass(frozen=True)
class Folds:
    """What the runs on all folds came to.

    Attributes:
        folder: `Path` that holds the folder of each run, `fold-1` and so on, and `folds.json`.
        numbers: Dict from the name of a number of the test to a dict: `values`, one for each fold,
            their `mean` and standard deviation, `std`; and `baseline` and `baseline_std`, the same
            of the obvious alternative, or None.
    """

    folder: Path
    numbers: dict


def run_folds(config, number, overrides=None, run_dir=None):
    """Trains and tests a recipe once for each of several folds.

    The examples are cut into `number` parts, each of which is the test split of one run, so that
    each example is tested once; classes get their share in each, and groups of `data.split` stay
    together.

    Args:
        config: YAML file, or the name of a recipe.
        number: Number of folds.
        overrides: Dict from dotted key to value.
        run_dir: Folder for all runs, empty or new; None takes the next free `runs/<name>-folds`.

    Returns:
        `Folds`.

    Raises:
        ConfigError: If the config is wrong, or the data has a test split of its own.
        DataError: If the data cannot be had.
        RunError: If a run failed or was stopped; those before it are kept.
    """
    overrides = {**(overrides or {}), "data.folds": number}
    configs = [load_config(config, {**overrides, "data.fold": fold}) for fold in range(number)]
    folder = create_folder(run_dir, Path("runs") / f"{configs[0]['name']}-folds")
    metrics = []
    for i, of_fold in enumerate(configs, start=1):
        metrics.append(run(of_fold, folder / f"fold-{i}").metrics)
    numbers = summary(metrics)
    write(folder / "folds.json", json.dumps(numbers, indent=2))
    return Folds(folder, numbers)


def summary(metrics):
    """Returns mean and standard deviation of the numbers of several tests; see `Folds`.

    Args:
        metrics: List of dicts, what `metrics.json` of each run holds.
    """
    found = {}
    for name, value in metrics[0].items():
        if not name.startswith("test_") or not isinstance(value, float):
            continue
        others = [(one.get("baseline") or {}).get(name) for one in metrics]
        found[name] = {
            **_spread([one[name] for one in metrics]),
            "baseline": None if None in others else statistics.fmean(others),
            "baseline_std": None if None in others else statistics.stdev(others),
        }
    return found


def _spread(values):
    return {"values": values, "mean": statistics.fmean(values), "std": statistics.stdev(values)}
