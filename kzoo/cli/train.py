"""What `kzoo train`, `kzoo finetune` and train.py do."""

from kzoo.cli.quiet import import_quietly
from kzoo.config import dump
from kzoo.training.recipe import load_config


def train(config, overrides, run_dir=None, overwrite=False, dry_run=False, print_config=False):
    """Trains and tells the result; or prints the config, or what would be trained."""
    checked = load_config(config, overrides)
    if print_config:
        print(dump(checked), end="")
        return
    experiment = import_quietly("kzoo.training.run")
    if dry_run:
        dataset, core = experiment.load_data_and_core(checked)
        print(experiment.describe_data(dataset, checked))
        core.summary()
    else:
        _print_result(experiment.run_experiment(checked, run_dir, overwrite))


def _print_result(run):
    metrics = run.metrics
    print(
        f"test accuracy {metrics['test_accuracy']:.4f}, loss {metrics['test_loss']:.4f} "
        f"(epoch {metrics['best_epoch']}, the best of {metrics['epochs']} on validation: "
        f"{metrics['validation_accuracy']:.4f})"
    )
    print(f"{run.folder}: {', '.join(sorted(path.name for path in run.folder.iterdir()))}")
