"""What `kzoo train`, `kzoo finetune` and train.py print."""

from kzoo.cli.tables import print_table


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
