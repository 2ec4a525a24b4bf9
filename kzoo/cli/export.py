"""What `kzoo export` writes and prints."""

import inspect
from pathlib import Path
from typing import get_args

from kzoo.cli.errors import tell
from kzoo.config import ConfigError
from kzoo.data.examples import validation_inputs
from kzoo.data.files.arrays import read_arrays
from kzoo.export import check_packages, export
from kzoo.messages import DataError, show
from kzoo.saved.load import load
from kzoo.saved.shipped import find_model
from kzoo.training.evaluate import load_run_data
from kzoo.training.run_folder import check_folder, create_folder


def export_formats(source, formats, directory=None, config=None, overrides=None):
    """Writes a trained model in further formats, each file compared with the model.

    They are compared on the validation split of the data that the model is for. Where that cannot
    be had, the few examples that lie beside a shipped model will do, but not for LiteRT, whose
    int8 learns from them.

    Args:
        source: What `kzoo.load` takes.
        formats: Strings.
        directory: Folder to write to; None is `exports/<name of the run>`, or, where that exists,
            `exports/<name of the run>-2` and so on.
        config: YAML file that names the data; None takes the one in the run folder.
        overrides: Dict from dotted key to value.

    Returns:
        List of `kzoo.export.ExportedFile`.

    Raises:
        ConfigError: If there is no such format, the config is wrong or is for other data.
        DataError: If the data cannot be had.
        ExportError: If a file could not be written or is wrong, or a package is missing.
        RunFolderError: If the folder is not empty.
    """
    accepted = get_args(get_args(inspect.signature(export).parameters["formats"].annotation)[0])
    if unknown := [name for name in formats if name not in accepted]:
        raise ConfigError(f"--format takes {', '.join(accepted)}. Received: {show(unknown[0])}")
    check_packages(formats)
    check_folder(directory)
    path = find_model(source)
    model = load(path)
    if not hasattr(model, "core"):
        raise ConfigError(f"Only a .keras file of kzoo can be exported. Received: {source}")
    try:
        examples = validation_inputs(load_run_data(source, path, model, config, overrides))
    except DataError as error:
        stored = path.parent / "example.npz"
        if config or overrides or "litert" in formats or not stored.is_file():
            raise
        examples = _read_examples(stored)
        tell(
            f"{str(error).splitlines()[0]}\nSo the files are compared on the examples in {stored}.",
            "note",
        )
    folder = create_folder(directory, Path("exports") / _name(path))
    return export(model, folder, examples, formats=formats)


def _read_examples(path):
    """Returns raw inputs that lie beside a shipped model: an array, or the columns of a table."""
    held = {name: array for name, array in read_arrays(path).items() if name.startswith("inputs_")}
    inputs = {name.removeprefix("inputs_"): array for name, array in held.items()}
    return inputs.get("", inputs)


def _name(path):
    """Returns what the file of a model is called, or the folder of its run."""
    return path.resolve().parent.name if path.name == "model.keras" else path.stem


def print_files(files):
    """Prints a line for each `ExportedFile`."""
    for file in files:
        note = f" ({file.note})" if file.note else ""
        print(
            f"{file.path}: {file.size / 2**20:.2f} MiB, "
            f"probabilities differ by {file.difference:.1e}{note}"
        )
