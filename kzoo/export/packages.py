"""The packages that formats need, beside TensorFlow."""

import importlib.util

from kzoo.export.process import ExportError

# by format: modules, and how PyPI calls them
PACKAGES = {
    "litert": {"ai_edge_litert": "ai-edge-litert"},
    "onnx": {"onnx": "onnx", "tf2onnx": "tf2onnx", "onnxruntime": "onnxruntime"},
}


def check_packages(formats):
    """Refuses formats that need a package that is not installed.

    Args:
        formats: Names of formats.

    Raises:
        ExportError: With the command that installs what is missing.
    """
    for name in formats:
        missing = [
            package
            for module, package in PACKAGES.get(name, {}).items()
            if importlib.util.find_spec(module) is None
        ]
        if missing:
            raise ExportError(
                f"The format {name} needs what is not installed: pip install {' '.join(missing)}"
            )
