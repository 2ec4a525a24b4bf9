"""The command line."""

import contextlib
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from kzoo.config import ConfigError, dump, parse_value
from kzoo.data.dataset import DataError
from kzoo.data.report import report
from kzoo.export import ExportError
from kzoo.training.experiment import RunError, load_config, load_data_and_core, run_experiment
from kzoo.training.run_folder import RunFolderError


def train_main():
    """Runs the command line of train.py."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(train)
    app()


def train(
    config: Annotated[Path, typer.Option(help="The YAML file that describes the run.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as in model.num_heads=8."),
    ] = None,
    run_dir: Annotated[
        Path | None,
        typer.Option(help="Folder for the results.", show_default="the next free runs/<name>"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results in that folder.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Build the model, print its summary, train nothing.")
    ] = False,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print the config with every default, and stop.")
    ] = False,
):
    """Train the model that a YAML file describes, test it once and save it.

    Example: python train.py --config configs/digits_cnn_attention.yaml --set training.epochs=5
    """
    with _clear_errors():
        checked = load_config(config, dict(_parse_override(text) for text in set_ or []))
        if print_config:
            print(dump(checked), end="")
        elif dry_run:
            dataset, core = load_data_and_core(checked)
            print(report(dataset))
            core.summary()
        else:
            _report(run_experiment(checked, run_dir, overwrite))


def _parse_override(text):
    """From `"model.num_heads=8"` to `("model.num_heads", 8)`; the value is YAML."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set takes KEY=VALUE, as in model.num_heads=8. Received: {text!r}")
    return key, parse_value(value, f"--set {text}")


@contextlib.contextmanager
def _clear_errors():
    """Ends the program with a message and the exit code that its kind of error has."""
    try:
        yield
    except ConfigError as error:
        _fail(error, code=2)
    except (DataError, ExportError, RunFolderError) as error:
        _fail(error, code=1)
    except RunError as error:
        if error.__cause__:  # not foreseen: whoever mends it needs to see where
            traceback.print_exception(error.__cause__)
        _fail(error, code=1)
    except KeyboardInterrupt:
        _fail("Stopped by Ctrl-C outside the training; what was finished is kept.", code=1)
    except OSError as error:
        reason = error.strerror or error
        _fail(f"{error.filename or 'A file'} could not be read or written: {reason}.", code=1)


def _fail(error, code):
    print("error: " + str(error).replace("\n", "\n       "), file=sys.stderr)
    raise typer.Exit(code)


def _report(run):
    metrics = run.metrics
    print(
        f"test accuracy {metrics['test_accuracy']:.4f}, loss {metrics['test_loss']:.4f} "
        f"(epoch {metrics['best_epoch']}, the best of {metrics['epochs']} on validation: "
        f"{metrics['validation_accuracy']:.4f})"
    )
    print(f"{run.folder}: {', '.join(sorted(path.name for path in run.folder.iterdir()))}")
