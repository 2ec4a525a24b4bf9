"""What `kzoo export` writes and prints."""

from pathlib import Path
from typing import get_args, get_type_hints

from kzoo.commands.run_data import load_run_data
from kzoo.config import ConfigError
from kzoo.export import check_packages, export
from kzoo.saving import load
from kzoo.training.examples import validation_inputs


def export_formats(source, formats, directory=None, config=None, overrides=None):
    """Writes a trained model in further formats, each file compared with the model.

    They are compared on the validation split of the data that the model is for.

    Args:
        source: What `kzoo.load` takes.
        formats: Strings.
        directory: Folder to write to; None is `exports/<name of the model>`.
        config: YAML file that names the data; None takes the one in the run folder.
        overrides: Dict from dotted key to value.

    Returns:
        List of `kzoo.export.ExportedFile`.

    Raises:
        ConfigError: If there is no such format, the config is wrong or is for other data.
        DataError: If the data cannot be had.
        ExportError: If a file could not be written or is wrong, or a package is missing.
    """
    accepted = get_args(get_args(get_type_hints(export)["formats"])[0])
    if unknown := [name for name in formats if name not in accepted]:
        raise ConfigError(f"--format takes {', '.join(accepted)}. Received: {unknown[0]!r}")
    check_packages(formats)
    model = load(source)
    if not hasattr(model, "core"):
        raise ConfigError(f"Only a .keras file of kzoo can be exported. Received: {source}")
    examples = validation_inputs(load_run_data(source, model, config, overrides))
    return export(model, directory or Path("exports") / model.name, examples, formats=formats)


def print_files(files):
    """Prints a line for each `ExportedFile`."""
    for file in files:
        note = f" ({file.note})" if file.note else ""
        print(
            f"{file.path}: {file.size / 1e6:.2f} MB, "
            f"probabilities differ by {file.difference:.1e}{note}"
        )
