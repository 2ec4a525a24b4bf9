"""Further formats of a model that was trained before."""

from pathlib import Path

from kzoo.config import ConfigError
from kzoo.export import check_packages, export
from kzoo.saving import folder_of, load
from kzoo.training.examples import validation_inputs
from kzoo.training.experiment import load_config, load_data_and_core


def export_again(source, directory=None, examples=None, **options):
    """Writes a trained model in further formats, each file compared with the model.

    Args:
        source: What `kzoo.load` takes.
        directory: Folder to write to; None is `exports/<name of the model>`.
        examples: Raw inputs to compare on, as `model.predict` takes them; None takes those of the
            validation split that the run read, as the `config.yaml` beside the model says.
        **options: Those of `kzoo.export.export`, as in `formats=["onnx"]`.

    Returns:
        List of `kzoo.export.ExportedFile`.

    Raises:
        ConfigError: If there are no examples and there is no such config.
        DataError: If the data of the config cannot be had.
        ExportError: If a file could not be written or is wrong, or a package is missing.
        ValueError: If there is no such model.
    """
    check_packages(options.get("formats", ()))
    model = load(source)
    config_file = folder_of(source) / "config.yaml"
    if examples is None:
        if not config_file.is_file():
            raise ConfigError(
                f"There is no {config_file} that says on what data {source} was trained: give "
                "examples to compare on."
            )
        dataset, _ = load_data_and_core(load_config(config_file))
        examples = validation_inputs(dataset)
    return export(model, directory or Path("exports") / model.name, examples, **options)
