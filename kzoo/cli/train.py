"""What `kzoo train`, `kzoo finetune` and train.py print."""

from kzoo.cli.tables import print_table
from kzoo.config import ConfigError
from kzoo.training.resume import find_unfinished

RECIPE = "config.yaml"  # in the folder of a run


def check_options(config, run_dir, unfinished, resume, overwrite, folds):
    """Refuses options that exclude each other.

    Args:
        config: `Path` of a recipe, or None.
        run_dir: `Path` of the folder for the results, or None.
        unfinished: `Path` of the folder of a run to go on with, or None.
        resume: Whether to go on with a run.
        overwrite: Whether results are replaced.
        folds: Number of folds, or None.

    Returns:
        The recipe, and the folder for the results.

    Raises:
        ConfigError: With what is wrong.
    """
    if folds and (overwrite or resume):
        raise ConfigError("--folds writes to a new folder: leave --overwrite and --resume out.")
    if resume and overwrite:
        raise ConfigError("--resume goes on with a run, --overwrite begins one: leave one out.")
    if unfinished and not resume:
        raise ConfigError(f"A recipe is given with --config. Received: {unfinished}")
    if unfinished and run_dir:
        raise ConfigError(
            f"--resume {unfinished} writes to that folder: leave --run-dir {run_dir} out."
        )
    if resume and not (config or unfinished or run_dir):
        unfinished = find_unfinished()
        if unfinished is None:
            raise ConfigError("There is no unfinished run in the folder runs.")
        print(f"Going on with {unfinished}.")
    unfinished = unfinished or (run_dir if resume and not config else None)
    if not (config or unfinished):
        raise ConfigError("--config is missing: a YAML file, or the name of a recipe.")
    if unfinished and not (config or (unfinished / RECIPE).is_file()):
        raise ConfigError(f"There is no run to go on with in {unfinished}: no {RECIPE} is there.")
    return config or unfinished / RECIPE, unfinished or run_dir


def print_result(run):
    """Prints what a run came to, and the names of its files; nothing of a dry run."""
    if run is None:
        return
    metrics, task = run.metrics, run.model.task
    print(
        f"{task.result(metrics)} (epoch {metrics['best_epoch']}, the best of "
        f"{metrics['epochs']} on validation: {metrics[f'validation_{task.metric}']:.4f})"
    )
    if alternative := metrics.get("baseline"):
        print(f"{alternative['name']}: {task.result(alternative)}")
    print(f"{run.folder}: {', '.join(sorted(path.name for path in run.folder.iterdir()))}")


def print_folds(folds):
    """Prints a table of what the runs on all folds came to."""
    rows = [
        (
            name.replace("_", " "),
            *(of[key] for key in ("mean", "std", "baseline", "baseline_std")),
        )
        for name, of in folds.numbers.items()
    ]
    count = len(next(iter(folds.numbers.values()))["values"])
    columns = ["", "mean", "spread", "baseline", "its spread"]
    print_table(f"Test on each of {count} folds", columns, rows)
    print(f"{folds.folder}: {', '.join(sorted(path.name for path in folds.folder.iterdir()))}")
