"""Folders of arrays and facts that are there as a whole or not at all, and checked when read."""

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np

from kzoo.messages import UserError

FOLDER = "checkpoints"
FACTS, ARRAYS, SUMS = "facts.json", "arrays.npz", "SHA256SUMS"
STEP = "step-"
RUN = "run"  # the entry that tells what a run is
COMPLETE = "complete"  # the entry of a run that has ended and keeps its states
KEPT = 2  # states of a training: the one before, should the last be damaged


class CheckpointError(UserError):
    """What a run has kept cannot be gone on from; the message is one sentence."""


class Checkpoints:
    """What a run keeps of itself while it lasts, in the folder `checkpoints` of its folder.

    Each entry is a folder with `facts.json`, `arrays.npz` and their `SHA256SUMS`, as `sha256sum`
    checks them. It is written beside its place, flushed to the disk and renamed.

    Args:
        folder: `Path` of the run's folder.
    """

    def __init__(self, folder):
        self.folder = Path(folder) / FOLDER

    @property
    def unfinished(self):
        """Whether the run has begun and has not ended."""
        return self.has(RUN) and not self.has(COMPLETE)

    def has(self, name):
        """Whether there is an entry of this name."""
        return (self.folder / name).is_dir()

    def save(self, name, facts, arrays=None):
        """Writes an entry, in place of one of the same name.

        Args:
            name: Of the entry.
            facts: Dict that JSON can hold.
            arrays: Dict of NumPy arrays, or None.

        Raises:
            OSError: If it cannot be written; an entry of the same name is as it was.
        """
        draft = self.folder / f"{name}.unfinished"
        _remove(draft)
        try:
            draft.mkdir(parents=True)
            _write(draft / FACTS, lambda file: file.write(json.dumps(facts).encode()))
            _write(draft / ARRAYS, lambda file: np.savez(file, **(arrays or {})))
            sums = "".join(f"{_sum(draft / file)}  {file}\n" for file in (FACTS, ARRAYS))
            _write(draft / SUMS, lambda file: file.write(sums.encode()))
            _flush(draft)
            _remove(self.folder / name)
            draft.rename(self.folder / name)
            _flush(self.folder)
        except OSError:
            _remove(draft)
            raise

    def save_step(self, step, facts, arrays):
        """Writes the state of a training after a step; of those before it, one is kept."""
        self.save(f"{STEP}{step:09}", facts, arrays)
        for name in self._steps()[:-KEPT]:
            _remove(self.folder / name)

    def load(self, name):
        """Returns the facts and the arrays of an entry.

        Raises:
            CheckpointError: If it is not there, or is not as it was written.
        """
        folder = self.folder / name
        try:
            sums = (folder / SUMS).read_text().split()
            found = dict(zip(sums[1::2], sums[::2], strict=True))
            damaged = [file for file in (FACTS, ARRAYS) if found.get(file) != _sum(folder / file)]
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{folder} cannot be read: {error}.") from None
        if damaged:
            raise CheckpointError(f"{folder} is damaged: {damaged[0]} is not as it was written.")
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            return json.loads((folder / FACTS).read_text()), dict(arrays)

    def keep(self, name, of, found, arrays=None):
        """Keeps what a stage of the run has found, as well as it can.

        Args:
            name: Name of the stage.
            of: What it depends on; JSON can hold it, like the next.
            found: What is kept.
            arrays: Dict of NumPy arrays, or None.
        """
        with contextlib.suppress(OSError):  # no loss: a run that goes on finds it again
            self.save(name, {"of": of, "found": found}, arrays)

    def load_if(self, name, of):
        """Returns what `keep` has kept and the arrays, or None where it depends on something else.

        Args:
            name: Name of the stage.
            of: As of `keep`.
        """
        with contextlib.suppress(CheckpointError):
            facts, arrays = self.load(name)
            if facts["of"] == of:
                return facts["found"], arrays
        return None

    def load_last_step(self):
        """Returns the facts and the arrays of the last state that is not damaged.

        Returns:
            Two values and a list of sentences on those that are damaged; the values are None where
            no state was written.

        Raises:
            CheckpointError: If all of them are damaged.
        """
        problems = []
        for name in reversed(self._steps()):
            try:
                return *self.load(name), problems
            except CheckpointError as error:
                problems.append(str(error))
        if problems:
            raise CheckpointError(f"{' '.join(problems)} No other state is left.")
        return None, None, problems

    def close(self, keep=False):
        """Ends them: the run is complete.

        Args:
            keep: Whether they stay. Otherwise they are removed, so that a run which is killed
                meanwhile counts as complete.
        """
        if keep:
            return self.save(COMPLETE, {})
        gone = self.folder.with_name(f"{FOLDER}.removed")
        _remove(gone)
        self.folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _steps(self):
        names = (path.name for path in self.folder.glob(f"{STEP}*"))
        return sorted(name for name in names if "." not in name)


def _write(path, write):
    with open(path, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder):
    """Makes names in a folder last, where the system can flush a folder."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(folder):
    if folder.exists():
        shutil.rmtree(folder)
