"""Arrays in a file that NumPy has written."""

import numpy as np

from kzoo.data.dataset import Examples, not_there
from kzoo.data.files.arrays import read_arrays
from kzoo.data.sources.base import Source
from kzoo.data.split import SPLITS, split_of
from kzoo.messages import DataError
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.preprocessing.sequence import finite
from kzoo.tasks.targets import Targets

CLASS_NAMES = "class_names"
COARSE = 0.01  # of a standard deviation: a step of float32 that loses what a feature tells
SHOWN = 5  # features that the report names


def arrays(*, path: str):
    """Arrays of an `.npz` file: `x` and `y`, or `x_train` and `y_train`, and `class_names`.

    There may be `x_validation`, `y_validation`, `x_test` and `y_test` too. What `x` is, its shape
    and dtype say:

        images      uint8 or bool (examples, height, width), or any numbers from 0 to 255
                    (examples, height, width, 1 or 3); bool is black and white
        vectors     numbers (examples, features)
        sequences   numbers (examples, time, features)

    Vectors and sequences are standardised, feature by feature, by what the training split holds.
    Labels are integers, strings or one-hot rows; numbers where those are to be predicted,
    `(examples,)` or `(examples, targets)`.

    Args:
        path: The file.

    Raises:
        DataError: If the file cannot be read, lacks an array, or holds one that cannot be used.
    """
    try:
        held = read_arrays(path)
    except FileNotFoundError:
        raise not_there("file", path) from None
    names = _names_of_splits(held, path)
    splits, notes = {}, []
    for split, (x, y) in names.items():
        inputs, lines = _inputs(held[x], x, held[y], path)
        splits[split] = Examples(inputs, held[y])
        notes += lines
    _check_shapes(splits, path)
    return Source(
        **_kind_and_options(splits["train"].inputs),
        **splits,
        targets=Targets(
            class_names=next((held[name] for name in held if name.lower() == CLASS_NAMES), None),
            path=path,
            names={split: y for split, (_, y) in names.items()},
        ),
        notes=tuple(notes),
    )


def _names_of_splits(held, path):
    """Returns a dict from each split, training first, to the names of its inputs and labels."""
    found, unused = {}, []
    for name in held:
        letter, _, suffix = name.lower().partition("_")
        split = split_of(suffix) if suffix else "train"
        if letter in ("x", "y") and split:
            found.setdefault((split, letter), []).append(name)
        elif name.lower() != CLASS_NAMES:
            unused.append(name)
    for (split, _), names in found.items():
        if len(names) > 1:
            raise DataError(f"{path}: {' and '.join(names)} are both of the {split} split.")
    if unused or ("train", "x") not in found:
        raise DataError(
            f"{path} must hold x and y, or x_train, y_train, x_test and y_test; "
            "x_validation, y_validation and class_names may be there, and nothing else. "
            f"It holds: {', '.join(held) or 'nothing'}." + _hint(unused)
        )
    for split, letter in list(found):
        other = "y" if letter == "x" else "x"
        if (split, other) not in found:
            lacking = other + found[split, letter][0][1:]
            raise DataError(f"{path} lacks {lacking}. It holds: {', '.join(held)}.")
    return {
        split: (found[split, "x"][0], found[split, "y"][0])
        for split in SPLITS
        if (split, "x") in found
    }


def _hint(unused):
    if any(name.startswith("arr_") for name in unused):  # np.savez(path, x, y)
        return " Name them: np.savez('arrays.npz', x=x, y=y)."
    return ""


def _inputs(x, name, y, path):
    """Returns inputs as uint8 images or float32 numbers, and lines for the report."""
    is_image = (x.ndim == 3 and x.dtype in ("uint8", "bool")) or (
        x.ndim == 4 and x.shape[3] in (1, 3)
    )
    if x.dtype.kind not in "iufb" or 0 in x.shape or not (is_image or x.ndim in (2, 3)):
        hint = " Channels must be the last axis." if x.ndim == 4 and x.shape[1] in (1, 3) else ""
        raise DataError(
            f"{path}: {name} must be images, uint8 (examples, height, width[, 1 or 3]), or numbers "
            f"(examples, features) or (examples, time, features).{hint} "
            f"Received: {x.dtype} of the shape {x.shape}"
        )
    if y.ndim and len(x) != len(y):
        raise DataError(f"{path}: {name} has {len(x)} examples, their labels are {len(y)}.")
    try:
        if not is_image:
            return finite(x, name), _coarse(x, name)
        layer = ImagePreprocessing(*x.shape[1:3], x.shape[3] if x.ndim == 4 else 1)
        images = layer.from_user(x)
    except ValueError as error:
        raise DataError(f"{path}, {name}: {error}") from None
    note = f"{name} is bool: images in black and white. Save sequences as float32"
    return images, [note] if x.dtype == bool and x.ndim == 3 else []


def _coarse(x, name):
    """Warns of features of which float32, which a model computes in, keeps too little."""
    axes = tuple(range(x.ndim - 1))
    largest = np.abs([x.min(axis=axes), x.max(axis=axes)]).max(axis=0)
    step = np.spacing(largest.astype("float32"))
    coarse = np.flatnonzero(step > COARSE * x.std(axis=axes, dtype="float64"))
    varying = [i for i in coarse if np.ptp(x[..., i].astype("float64"))]
    return [
        f"warning: {name}, feature {i}: float32 keeps it in steps of {step[i]:.2g}. Subtract an "
        "offset before you save it"
        for i in varying[:SHOWN]
    ]


def _check_shapes(splits, path):
    shapes = {split: examples.inputs.shape[1:] for split, examples in splits.items()}
    if len(set(shapes.values())) > 1:
        raise DataError(f"{path}: the splits differ in the shape of an example: {shapes}")


def _kind_and_options(inputs):
    if inputs.dtype == np.uint8:
        return {"kind": "image", "options": {"channels": inputs.shape[3]}}
    return {"kind": "vector" if inputs.ndim == 2 else "sequence"}
