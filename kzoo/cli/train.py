"""What `kzoo train`, `kzoo finetune` and train.py print."""


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
