"""Callbacks by name, which a recipe adds to a training: loggers, and any of Keras or one's own."""

import importlib
import importlib.util
import inspect
import re

from kzoo.config import ConfigError
from kzoo.lazy import Lazy
from kzoo.types import NonNegativeInt

IMPORT_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


class _Callbacks(dict):
    """Functions by name, and callbacks by import path."""

    def __contains__(self, name):
        return super().__contains__(name) or IMPORT_PATH.fullmatch(name) is not None

    def __missing__(self, name):
        return _imported(name)


def csv(folder, *, file: str = "log.csv", separator: str = ","):
    """Appends a line for each epoch to a CSV file.

    Args:
        folder: `Path` of the run.
        file: Its name in that folder.
        separator: What stands between the fields.
    """
    from keras.callbacks import CSVLogger

    return CSVLogger(folder / file, separator, append=True)


def tensorboard(
    folder,
    *,
    log_dir: str | None = None,
    histogram_freq: NonNegativeInt = 0,
    write_graph: bool = False,
    profile_batch: NonNegativeInt = 0,
):
    """Writes what TensorBoard shows.

    Args:
        folder: `Path` of the run.
        log_dir: Folder to write to; None takes `tensorboard` in that of the run.
        histogram_freq: Epochs between two histograms of the weights; 0 writes none.
        write_graph: Whether the graph is written.
        profile_batch: Step that is profiled; 0 profiles none.
    """
    from keras.callbacks import TensorBoard

    return TensorBoard(
        log_dir or str(folder / "tensorboard"),
        histogram_freq=histogram_freq,
        write_graph=write_graph,
        profile_batch=profile_batch,
    )


def mlflow(
    folder,
    *,
    tracking_uri: str | None = None,
    experiment: str = "kzoo",
    run_name: str | None = None,
):
    """Logs the config and the numbers of each epoch to MLflow.

    Args:
        folder: `Path` of the run.
        tracking_uri: Where MLflow keeps its runs; None takes the variable MLFLOW_TRACKING_URI or
            `mlflow.db` in the folder of the run.
        experiment: Name of the experiment.
        run_name: Name of MLflow's run; None takes that of the folder.
    """
    from kzoo.training.mlflow_logger import MLflowLogger

    return MLflowLogger(folder, tracking_uri, experiment, run_name)


def wandb(
    folder,
    *,
    project: str = "kzoo",
    run_name: str | None = None,
    mode: str | None = None,
):
    """Logs the config and the numbers of each epoch to Weights & Biases.

    Args:
        folder: `Path` of the run.
        project: Name of the project.
        run_name: Name of the run there; None takes that of the folder.
        mode: `"online"`, `"offline"` or `"disabled"`; None takes the variable WANDB_MODE.
    """
    import wandb as package
    from wandb.integration.keras import WandbMetricsLogger

    package.init(project=project, name=run_name or folder.name, dir=str(folder), mode=mode)
    return WandbMetricsLogger()


NAMES = ("csv", "tensorboard", "mlflow", "wandb")
CALLBACKS = _Callbacks({name: Lazy("kzoo.training.loggers", name) for name in NAMES})
PACKAGES = {"tensorboard": "tensorboard", "mlflow": "mlflow", "wandb": "wandb"}


def create_callback(section, folder):
    """Returns the Keras callback of a section.

    Args:
        section: Dict with the `name` of one of `CALLBACKS`, or the import path of a
            `keras.callbacks.Callback`, and its arguments; or a callback, which is returned.
        folder: `Path` of the run.
    """
    if not isinstance(section, dict):
        return section
    arguments = {key: value for key, value in section.items() if key != "name"}
    name = section["name"]
    if name in dict.keys(CALLBACKS):
        return CALLBACKS[name](folder, **arguments)
    return CALLBACKS[name](**arguments)


def check_callbacks(sections):
    """Refuses callbacks whose package is not installed.

    Raises:
        ConfigError: With the command that installs it.
    """
    for section in sections:
        package = PACKAGES.get(section["name"])
        if package and importlib.util.find_spec(package) is None:
            raise ConfigError(
                f"training.callbacks: {section['name']} needs the package {package}: "
                f"pip install {package}"
            )


def _imported(path):
    """Returns the class of a callback that stands in a module."""
    from keras.callbacks import Callback

    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"training.callbacks: {path} cannot be imported: {error}.") from None
    if not (inspect.isclass(found) and issubclass(found, Callback)):
        raise ConfigError(f"training.callbacks: {path} is no keras.callbacks.Callback.")
    return found
