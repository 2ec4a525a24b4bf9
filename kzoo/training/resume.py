"""Which run is gone on from, and whether its recipe and its data are still the same."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np

from kzoo.config import ConfigError, flat, parse
from kzoo.data.dataset import Stream
from kzoo.messages import show
from kzoo.training.checkpoints import RUN, CheckpointError, Checkpoints
from kzoo.training.run_folder import RESULTS

# what does not change what is trained
FREE = ("export", "card", "baseline", "training.checkpoint_every", "training.keep_checkpoints")
SHOWN = 5  # differences


def find_unfinished(name=None, directory=None):
    """Returns the folder of a run to go on from.

    Args:
        name: Name of the run. Without a `directory`, its newest unfinished folder in `runs` is
            taken; without a name that of any run.
        directory: Folder that the user chose, or None.

    Returns:
        `Path`; None where no such run has begun.

    Raises:
        CheckpointError: If the folder holds a run that is complete, or was not one of kzoo.
    """
    if directory is None:
        folders = [path for path in Path("runs").glob("*") if _is_of(path.name, name)]
        begun = [path for path in folders if Checkpoints(path).unfinished]
        return max(begun, key=lambda path: Checkpoints(path).folder.stat().st_mtime, default=None)
    folder = Path(directory)
    if Checkpoints(folder).unfinished:
        return folder
    if (folder / "metrics.json").exists():
        raise CheckpointError(f"There is nothing to go on with: the run in {folder} is complete.")
    if any((folder / result).exists() for result in RESULTS):
        raise CheckpointError(f"There is no run to go on with in {folder}: it has no checkpoints.")
    return None


def save_run(folder, config, dataset):
    """Notes what a run is, before it trains.

    Args:
        folder: `RunFolder`.
        config: Text of its `config.yaml`.
        dataset: `Dataset`.
    """
    target = None if folder.target == folder.path else str(folder.target)
    facts = {"target": target, "config": config, "data": digest(dataset)}
    Checkpoints(folder.path).save(RUN, facts)


def target_of(folder):
    """Returns the `Path` where the results of an unfinished run belong."""
    facts, _ = Checkpoints(folder).load(RUN)
    return Path(facts["target"] or folder)


def check_same(checkpoints, config, dataset):
    """Refuses to go on with another recipe or other data.

    Args:
        checkpoints: `Checkpoints` of the run.
        config: Text of the `config.yaml` that a new run would have.
        dataset: `Dataset`.

    Raises:
        ConfigError: If what is trained would be something else; the message names the keys.
        CheckpointError: If the data has changed.
    """
    facts, _ = checkpoints.load(RUN)
    old, new = (flat(parse(text, "config.yaml")) for text in (facts["config"], config))
    keys = [k for k in {**old, **new} if old.get(k) != new.get(k) and not _is_free(k, old, new)]
    if keys:
        lines = [f"{k} was {show(old.get(k))}, now {show(new.get(k))}" for k in keys[:SHOWN]]
        more = [f"and {len(keys) - SHOWN} more"] if len(keys) > SHOWN else []
        raise ConfigError(
            f"{checkpoints.folder.parent} cannot go on with another recipe: "
            f"{'; '.join([*lines, *more])}. Take the old values, or start a new run without "
            "--resume."
        )
    if facts["data"] != digest(dataset):
        raise CheckpointError(
            f"{checkpoints.folder.parent} cannot go on: its data has changed since it began. "
            "Start a new run without --resume."
        )


def digest(dataset):
    """Returns a SHA-256 of the examples with their labels and of what was learned from them."""
    learned = _without_names(dataset.preprocessing.get_config())
    total = hashlib.sha256(json.dumps(learned, default=str).encode())
    for split in (dataset.train, dataset.validation, dataset.test):
        _add(total, split.labels)
        if isinstance(split, Stream):
            _add(total, split.digests if split.digests is not None else len(split))
        else:
            columns = split.inputs if isinstance(split.inputs, dict) else {"": split.inputs}
            for name, values in columns.items():
                _add(total, name)
                _add(total, values)
    return total.hexdigest()


def _without_names(config):
    """Returns a config without the names of layers, which count the layers of a process."""
    if isinstance(config, dict):
        is_layer = "dtype" in config
        return {k: _without_names(v) for k, v in config.items() if not (is_layer and k == "name")}
    return [_without_names(v) for v in config] if isinstance(config, list | tuple) else config


def _add(total, values):
    values = np.asarray(values)
    total.update(f"{values.dtype} {values.shape}".encode())
    if values.dtype != object:
        total.update(np.ascontiguousarray(values).data if values.size else b"")
        return
    for value in values.ravel():
        if isinstance(value, np.ndarray):
            _add(total, value)
        else:
            total.update(repr(value).encode())


def _is_of(folder, name):
    """Whether a folder is called as that of a run of this name, or of any."""
    return (
        name is None
        or re.fullmatch(rf"{re.escape(name)}(-\d+)?(-unfinished(-\d+)?)?", folder) is not None
    )


def _is_free(key, old, new):
    """Whether a key may differ: it changes nothing of what is trained so far."""
    if any(key == free or key.startswith(f"{free}.") for free in FREE):
        return True
    constant = new.get("training.schedule.name") == "constant"
    more = key == "training.epochs" and new[key] > old[key]
    return more and constant and not new.get("training.schedule.warmup")
