"""What `kzoo describe` prints of a trained model."""

import keras

from kzoo.cli.tables import print_table
from kzoo.messages import listed
from kzoo.saved.exported import ExportedModel
from kzoo.saved.load import load
from kzoo.saved.shipped import read_json
from kzoo.saved.signature import show_specs, signature_of

OF_TRAINING = {"validation_loss": ", as in training"}


def describe_model(path):
    """Prints the architecture, what goes in and comes out, and the numbers of the run.

    Raises:
        LoadError: If the model cannot be loaded.
    """
    model = load(path)
    if isinstance(model, ExportedModel):
        rows = [
            (name, show_specs(s.inputs), show_specs(s.outputs))
            for name, s in model.signatures.items()
        ]
        print_table("Signatures", ["signature", "inputs", "outputs"], rows)
    else:
        rows = [
            (layer.name, type(layer).__name__, _shapes(layer), layer.count_params())
            for layer in getattr(model, "core", model).layers
        ]
        print_table("Architecture", ["layer", "type", "output", "parameters"], rows)
    print_table("Facts", ["", "value"], [*_facts(path, model), *_metrics(path)])


def _shapes(layer):
    tensors = keras.tree.flatten(layer.output)
    return " and ".join(str(tuple(tensor.shape)).replace("None", "any") for tensor in tensors)


def _facts(path, model):
    signature = signature_of(model)
    yield "file", path
    yield "input", show_specs(signature.inputs)
    yield "output", show_specs(signature.outputs)
    if task := getattr(model, "task", None):
        yield str(task), listed(task.names)
    if not isinstance(model, ExportedModel):
        yield "parameters", model.count_params()


def _metrics(path):
    """Yields what is one value in the `metrics.json` of the run."""
    file = path.parent / "metrics.json"
    if path.name not in ("model.keras", "saved_model") or not file.is_file():
        return
    metrics = read_json(file)
    if isinstance(versions := metrics.get("versions"), dict):
        metrics["versions"] = ", ".join(f"{name} {version}" for name, version in versions.items())
    for key, value in metrics.items():
        if key != "parameters" and not isinstance(value, dict | list):
            yield key.replace("_", " ") + OF_TRAINING.get(key, ""), value
