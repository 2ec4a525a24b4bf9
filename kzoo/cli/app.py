"""The command line: `kzoo`, one function for each of its commands, and train.py."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kzoo.cli.errors import clear_errors
from kzoo.cli.options import (
    Choices,
    DataConfig,
    Delimiter,
    DryRun,
    Encoding,
    Folds,
    Inputs,
    Model,
    Overrides,
    Overwrite,
    PrintConfig,
    Recipe,
    RecipeOrRun,
    Resume,
    RunDir,
    Text,
    Unfinished,
    path,
)
from kzoo.cli.quiet import import_quietly

app = typer.Typer(
    name="kzoo",
    help="A model zoo of attention for Keras 3.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main():
    """Runs the command line of `kzoo`."""
    app()


def train_main():
    """Runs the command line of train.py."""
    train_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    train_app.command()(clear_errors()(train))
    train_app()


def command(name):
    """Makes a function a command of `kzoo`, the errors of which end in a sentence and a code."""

    def register(function):
        app.command(name)(clear_errors()(function))
        return function

    return register


@command("list")
def list_():
    """List the trained models and recipes that come with kzoo, and the parts of a recipe.

    Example: kzoo list
    """
    from kzoo.cli.listing import print_lists

    print_lists()


@command("describe")
def describe(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A model function, a data set function, a task, or a trained model.",
        ),
    ],
):
    """Describe a function or a task with its arguments, or a trained model with its figures.

    Example: kzoo describe cnn_attention
    """
    from kzoo.cli.describe import describe

    describe(name)


@command("evaluate")
def evaluate(
    model: Model,
    config: DataConfig = None,
    set_: Overrides = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
):
    """Test a trained model on the test split of its data, or of other data with its classes.

    Example: kzoo evaluate digits_cnn_attention --json
    """
    import_quietly()
    from kzoo.cli.evaluate import print_evaluation
    from kzoo.config import parse_overrides
    from kzoo.training.evaluate import evaluate

    print_evaluation(evaluate(model, config, parse_overrides(set_)), json)


@command("predict")
def predict(
    model: Model,
    inputs: Inputs = None,
    text: Text = False,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    out: Annotated[
        Path | None,
        typer.Option(
            help="A .csv or .jsonl file to write.",
            show_default="lines of JSON on stdout",
            parser=path,
        ),
    ] = None,
):
    """Predict the class of images, texts, rows of a table, or arrays.

    Example: kzoo predict digits_cnn_attention seven.png scans/
    """
    if not inputs and sys.stdin.isatty():
        raise typer.BadParameter("Name inputs, or pipe text or CSV in.")
    import_quietly()
    from kzoo.cli.inputs import read_inputs
    from kzoo.cli.predict import check_out, predict
    from kzoo.saved.load import load

    check_out(out)
    loaded = load(model)
    found = read_inputs(loaded, inputs or ["-"], text and bool(inputs), delimiter, encoding)
    if not predict(loaded, found, out):
        raise typer.Exit(1)


@command("explain")
def explain(
    model: Model,
    inputs: Inputs = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for pictures, HTML and arrays.",
            show_default="the next free explanation",
            parser=path,
        ),
    ] = None,
    text: Text = False,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    mistakes: Annotated[
        int, typer.Option(min=1, help="Without inputs: so many of the worst on the test split.")
    ] = 8,
    config: DataConfig = None,
    set_: Overrides = None,
):
    """Show where a model looks: on given inputs, or on its worst mistakes.

    Example: kzoo explain digits_cnn_attention seven.png --out explanation
    """
    import_quietly()
    from kzoo.cli.explain import explain_inputs, explain_mistakes
    from kzoo.config import parse_overrides

    if not inputs:
        explain_mistakes(model, out, mistakes, config, parse_overrides(set_))
    elif not explain_inputs(model, inputs, out, text, delimiter, encoding):
        raise typer.Exit(1)


@command("export")
def export(
    model: Model,
    format: Annotated[
        list[str], typer.Option("--format", help="keras, saved_model, litert or onnx; repeats.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the files.",
            show_default="the next free exports/<run>",
            parser=path,
        ),
    ] = None,
    config: DataConfig = None,
    set_: Overrides = None,
):
    """Write a trained model in other formats, each file compared with the model.

    Example: kzoo export digits_cnn_attention --format onnx --format litert
    """
    import_quietly()
    from kzoo.cli.export import export_formats, print_files
    from kzoo.config import parse_overrides

    print_files(export_formats(model, format, out, config, parse_overrides(set_)))


@command("finetune")
def finetune(
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="A shipped model, a run folder, a .keras file, or a SavedModel folder of kzoo.",
        ),
    ],
    config: Recipe,
    set_: Overrides = None,
    run_dir: RunDir = None,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    print_config: PrintConfig = False,
):
    """Train a trained model further, on the data of a recipe; its section model is ignored.

    Example: kzoo finetune --from mnist_cnn_attention --config digits_finetune
    """
    from kzoo.cli.train import print_result
    from kzoo.config import dump, parse_overrides
    from kzoo.training.recipe import load_config

    checked = load_config(config, parse_overrides(set_), start)
    if print_config:
        print(dump(checked), end="")
    else:
        run = import_quietly("kzoo.training.run").run
        print_result(run(checked, run_dir, overwrite, dry_run))


@command("sweep")
def sweep(
    config: Recipe,
    set_: Choices = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each candidate.")] = 1,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Candidates that Optuna draws.",
            show_default="every combination",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time.")] = 1,
    run_dir: RunDir = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the sweep there.")] = False,
):
    """Train a recipe with many values of some keys; validation decides, the best is tested.

    Example: kzoo sweep --config digits_cnn_attention --set model.num_heads=1,2,4 --seeds 3
    """
    from kzoo.cli.compare import print_sweep
    from kzoo.training.sweep import parse_choices, run_sweep

    choices = parse_choices(set_ or [])
    print_sweep(run_sweep(config, choices, seeds, trials, run_dir, resume, jobs))


@command("compare")
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN", help="Folders of runs.", parser=path, show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="A .csv or .html file to write.", parser=path, show_default=False),
    ] = None,
):
    """Put runs side by side: means over seeds, differences from the first, paired by seed.

    Example: kzoo compare runs/digits_cnn_attention runs/digits_cnn
    """
    from kzoo.cli.compare import print_comparison
    from kzoo.training.comparison import compare

    print_comparison(compare(runs), out)


@command("train")
def train(
    unfinished: Unfinished = None,
    config: RecipeOrRun = None,
    set_: Overrides = None,
    run_dir: RunDir = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    dry_run: DryRun = False,
    print_config: PrintConfig = False,
    folds: Folds = None,
):
    """Train the model that a YAML file describes, test it once and save it.

    Example: python train.py --config configs/digits_cnn_attention.yaml --set training.epochs=5
    """
    from kzoo.cli.train import check_options, print_folds, print_result
    from kzoo.config import dump, parse_overrides
    from kzoo.training.recipe import load_config

    config, run_dir = check_options(config, run_dir, unfinished, resume, overwrite, folds)
    checked = load_config(config, parse_overrides(set_))
    if print_config:
        print(dump(checked), end="")
    elif folds and not dry_run:
        run_folds = import_quietly("kzoo.training.folds").run_folds
        print_folds(run_folds(config, folds, parse_overrides(set_), run_dir))
    else:
        run = import_quietly("kzoo.training.run").run
        print_result(run(checked, run_dir, overwrite, dry_run, resume=resume))
