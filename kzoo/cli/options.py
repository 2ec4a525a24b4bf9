"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from kzoo.paths import expand


def path(text):
    """Returns the `Path` that somebody has written."""
    return Path(expand(text))


Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A shipped model (see kzoo list), a run folder, a .keras file or a SavedModel folder.",
        show_default=False,
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT",
        help="Files, folders, or - for text or CSV that is piped in.",
        show_default=False,
    ),
]
Text = Annotated[bool, typer.Option("--text", help="The inputs are texts, not names of files.")]
Delimiter = Annotated[
    str | None,
    typer.Option(help="The character between the fields of CSV.", show_default="recognised"),
]
Encoding = Annotated[str, typer.Option(help="Encoding of text and CSV files, such as cp1252.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as in model.num_heads=8."),
]
Choices = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUES",
        help="Values to try, as in model.num_heads=1,2,4; with --trials also a range, as in "
        "training.optimizer.learning_rate=1e-4..1e-2.",
    ),
]
RunDir = Annotated[
    Path | None,
    typer.Option(
        help="Folder for the results.",
        show_default="the next free runs/<name>",
        parser=path,
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace the results there, once the new ones are complete."),
]
Unfinished = Annotated[
    Path | None,
    typer.Argument(
        metavar="[RUN]",
        help="With --resume: the folder of the unfinished run.",
        show_default=False,
        parser=path,
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with the unfinished run RUN, or with the newest of the recipe's name. Where "
        "there is none, a new one begins.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Build the model, print its summary, train nothing.")
]
Folds = Annotated[
    int | None,
    typer.Option(
        min=2,
        metavar="K",
        help="Cut the data into K parts and test on each in turn, for small sets: K runs.",
        show_default=False,
    ),
]
PrintConfig = Annotated[
    bool, typer.Option("--print-config", help="Print the config with every default, and stop.")
]
Recipe = Annotated[
    Path, typer.Option(help="A YAML file, or the name of a recipe that comes with kzoo.")
]
RecipeOrRun = Annotated[
    Path | None,
    typer.Option(
        help="A YAML file, or the name of a recipe that comes with kzoo. Not needed with RUN.",
        show_default=False,
    ),
]
DataConfig = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="A recipe whose section data is read.",
        show_default="config.yaml in the run folder",
    ),
]
