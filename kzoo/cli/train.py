"""What `kzoo train`, `kzoo finetune` and train.py print."""


def print_result(run):
    """Prints what a run came to, and the names of its files; nothing of a dry run."""
    if run is None:
        return
    metrics = run.metrics
    print(
        f"{run.model.task.result(metrics)} (epoch {metrics['best_epoch']}, the best of "
        f"{metrics['epochs']} on validation: {metrics['validation_accuracy']:.4f})"
    )
    print(f"{run.folder}: {', '.join(sorted(path.name for path in run.folder.iterdir()))}")
