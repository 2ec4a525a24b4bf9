"""Where the results of a run lie."""

import itertools
import shutil
from pathlib import Path

RESULTS = (
    "config.yaml",
    "data.txt",
    "history.csv",
    "metrics.json",
    "vocabulary.txt",
    "model.keras",
    "saved_model",
    "model.tflite",
    "model_int8.tflite",
    "model.onnx",
    "failed",
    "figures",
    "README.md",
)


class RunFolderError(Exception):
    """The results have no place to go; the message is one sentence."""


def check_run_folder(directory, overwrite=False):
    """Refuses a folder that holds results already, before anything is computed.

    Args:
        directory: Folder that the user chose, or None.
        overwrite: Whether results in it may be removed.

    Raises:
        RunFolderError: If there are results that may not be removed.
    """
    if directory is None:
        return
    _check_is_folder(directory)
    if _results(directory) and not overwrite:
        raise RunFolderError(
            f"{directory} holds the results of another run. Choose another folder, or pass "
            "--overwrite to replace them."
        )


def create_run_folder(name, directory=None, overwrite=False):
    """Makes the folder of a run; no two runs share one, unless the user says so.

    Args:
        name: Name of the run. Without a `directory` the folder is `runs/<name>`, or, where that
            exists and may not be overwritten, `runs/<name>-2` and so on.
        directory: Folder to use.
        overwrite: Whether results in the folder are removed.

    Returns:
        `Path` of the folder, which exists now.

    Raises:
        RunFolderError: If the folder holds results, or cannot be written to.
    """
    check_run_folder(directory, overwrite)
    folder = Path(directory or Path("runs") / name)
    try:
        if directory is None and not overwrite:
            return _create_first_free(folder)
        for result in _results(folder):
            shutil.rmtree(result) if result.is_dir() else result.unlink()
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"{folder} cannot be written to: {error.strerror}.") from error
    return folder


def check_folder(directory):
    """Refuses a folder that is not empty, before anything is computed.

    Args:
        directory: Folder that the user chose, or None.

    Raises:
        RunFolderError: If it is not empty.
    """
    if directory is None:
        return
    _check_is_folder(directory)
    if Path(directory).exists() and any(Path(directory).iterdir()):
        raise RunFolderError(f"{directory} is not empty. Choose another folder.")


def create_folder(directory, default):
    """Makes the folder of results that are none of a run: a file in it is never replaced.

    Args:
        directory: Folder that the user chose, or None.
        default: `Path` of the folder otherwise; where it exists, `<default>-2` and so on.

    Returns:
        `Path` of the folder, which is empty.

    Raises:
        RunFolderError: If the user's folder is not empty, or no folder can be made.
    """
    check_folder(directory)
    folder = Path(directory or default)
    try:
        if directory is None:
            return _create_first_free(folder)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"{folder} cannot be written to: {error.strerror}.") from error
    return folder


def _check_is_folder(path):
    if Path(path).exists() and not Path(path).is_dir():
        raise RunFolderError(f"{path} is a file, not a folder.")


def _results(folder):
    return [Path(folder) / name for name in RESULTS if (Path(folder) / name).exists()]


def _create_first_free(folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        candidate = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        try:
            candidate.mkdir()
        except FileExistsError:
            continue
        return candidate
