"""Where the results of a run lie."""

import contextlib
import dataclasses
import itertools
import os
import shutil
from pathlib import Path

from kzoo.messages import UserError
from kzoo.training.checkpoints import Checkpoints
from kzoo.training.signals import signals_wait

RESULTS = (
    "config.yaml",
    "data.txt",
    "history.csv",
    "metrics.json",
    "vocabulary.txt",
    "vocabulary",
    "model.keras",
    "saved_model",
    "model.tflite",
    "model_int8.tflite",
    "model.onnx",
    "failed",
    "figures",
    "README.md",
    "checkpoints",
)


class RunFolderError(UserError):
    """The results have no place to go; the message is one sentence."""


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """The folder of a run.

    Attributes:
        path: `Path` that the run writes to.
        target: `Path` where its results belong: the same, unless results lie there that must stay
            until the new ones are complete.
    """

    path: Path
    target: Path

    def complete(self):
        """Lets the new results take the place of the old ones; the user's own files stay.

        At every moment either all of the old results or all of the new ones lie in one folder:
        `target`, `path`, or `replaced` in `path`.

        Raises:
            OSError: If they cannot be moved; all are back in their place then.
        """
        if self.path == self.target:
            return
        old = self.path / "replaced"
        moves = [(result, old / result.name) for result in _results(self.target)]
        moves += [(new, self.target / new.name) for new in sorted(self.path.iterdir())]
        with signals_wait():
            old.mkdir()
            try:
                _move_all(moves)
            except OSError:
                old.rmdir()
                raise
            shutil.rmtree(self.path, ignore_errors=True)


@contextlib.contextmanager
def run_folder(name, directory=None, overwrite=False):
    """Makes the folder of a run and keeps other runs out of it.

    Args:
        name: Name of the run. Without a `directory` the folder is `runs/<name>`, or, where that
            exists and may not be overwritten, `runs/<name>-2` and so on.
        directory: Folder to use.
        overwrite: Whether results in the folder are replaced, by `RunFolder.complete`. Until then
            the run writes to a new folder beside it, `<folder>-unfinished`.

    Yields:
        `RunFolder`.

    Raises:
        RunFolderError: If the folder holds results, belongs to a run that has not ended, or cannot
            be written to.
    """
    check_run_folder(directory, overwrite)
    target = Path(directory or Path("runs") / name)
    with contextlib.ExitStack() as locks:
        try:
            if directory is None and not overwrite:
                target = _create_first_free(target)
            target.mkdir(parents=True, exist_ok=True)
            _lock(target, locks)
            _check_results(directory, overwrite)  # again: another run may have just ended
            if not os.access(target, os.W_OK):
                raise RunFolderError(f"{target} cannot be written to: it is read-only.")
            path = target
            if _results(target):
                path = _beside(target)
                _lock(path, locks)
        except OSError as error:
            raise RunFolderError(f"{target} cannot be written to: {error.strerror}.") from error
        yield RunFolder(path, target)


@contextlib.contextmanager
def resumed_folder(path, target):
    """Keeps other runs out of the folder of an unfinished run.

    Args:
        path: `Path` of the folder.
        target: `Path` where its results belong.

    Yields:
        `RunFolder`.

    Raises:
        RunFolderError: If a run is writing to it, or it cannot be written to.
    """
    with contextlib.ExitStack() as locks:
        _lock(path, locks)
        if target != path:
            target.mkdir(parents=True, exist_ok=True)
            _lock(target, locks)
        if not os.access(path, os.W_OK):
            raise RunFolderError(f"{path} cannot be written to: it is read-only.")
        yield RunFolder(path, target)


def check_run_folder(directory, overwrite=False):
    """Refuses a folder that holds results already, before anything is computed.

    Args:
        directory: Folder that the user chose, or None.
        overwrite: Whether results in it may be replaced.

    Raises:
        RunFolderError: If there are results that may not be replaced, or another run writes to it.
    """
    if directory is None:
        return
    _check_is_folder(directory)
    _check_results(directory, overwrite)
    if Path(directory).is_dir():
        with contextlib.ExitStack() as locks:
            _lock(directory, locks)


def _check_results(directory, overwrite):
    if directory and _results(directory) and not overwrite:
        goes_on = Checkpoints(Path(directory)).unfinished
        raise RunFolderError(
            f"{directory} holds the results of another run. Choose another folder, or pass "
            f"{'--resume to go on with it, or ' * goes_on}--overwrite to replace them."
        )


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


def write(path, text):
    """Writes a text file that is there as a whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    draft = path.with_name(f"{path.name}.unfinished")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _check_is_folder(path):
    if Path(path).exists() and not Path(path).is_dir():
        raise RunFolderError(f"{path} is a file, not a folder.")


def _results(folder):
    """Returns the paths of the results in a folder, links that lead nowhere among them."""
    return [Path(folder) / name for name in RESULTS if os.path.lexists(Path(folder) / name)]


def _create_first_free(folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        candidate = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        try:
            candidate.mkdir()
        except FileExistsError:
            continue
        return candidate


def _beside(target):
    """Makes a folder beside another, or in it: a mount, or a parent that must not be written to."""
    is_plain = target.name not in ("", "..") and not target.is_symlink()
    place = target if is_plain else target.resolve()
    if not os.path.ismount(place):
        with contextlib.suppress(PermissionError):
            return _create_first_free(place.with_name(f"{place.name}-unfinished"))
    return _create_first_free(place / "unfinished")


def _lock(folder, locks):
    """Keeps a folder for this run while `locks` are open, where the system can lock a folder."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    descriptor = os.open(folder, os.O_RDONLY)
    locks.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunFolderError(
            f"Another run is writing to {folder}. Wait for its end, or choose another folder."
        ) from None
    except OSError:  # some network file systems
        return


def _move_all(moves):
    """Moves files and folders, a list of pairs of paths; if one fails, all go back."""
    done = []
    try:
        for source, destination in moves:
            shutil.move(source, destination)
            done.append((source, destination))
    except OSError:
        if os.path.lexists(source):  # half of it may have been copied to another file system
            _remove(destination)
        for source, destination in reversed(done):
            shutil.move(destination, source)
        raise


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
