"""Arrays in a file that NumPy has written."""

import zipfile

import numpy as np

from kzoo.data.array_preprocessing import ArrayPreprocessing
from kzoo.data.dataset import DataConfigError, DataError, Dataset, Examples, not_there
from kzoo.data.image_preprocessing import ImagePreprocessing
from kzoo.data.split import complete_splits
from kzoo.types import PositiveFraction, PositiveInt, Seed

SPLITS = ("train", "validation", "test")


def arrays(
    *,
    path: str,
    batch_size: PositiveInt = 64,
    validation: PositiveFraction = 0.1,
    split_seed: Seed = 0,
    augmentation=None,
):
    """Arrays of an `.npz` file: `x` and `y`; or `x_train`, `y_train`, `x_test` and `y_test`.

    There may be `x_validation` and `y_validation` too, and `class_names`. What `x` is, its shape
    and dtype say:

        images      uint8 (examples, height, width) or (examples, height, width, 1 or 3)
        vectors     numbers (examples, features)
        sequences   numbers (examples, time, features)

    Vectors and sequences are standardised, feature by feature, by what the training split holds.

    Args:
        path: The file.
        batch_size: Examples in a training step.
        validation: Fraction of the training examples that choices are made on.
        split_seed: Draws the splits; independent of the seed of a run.
        augmentation: Keyword arguments of `augment`, for images, or None.

    Returns:
        `Dataset`; 20 % of each class are the test split where there is none.

    Raises:
        DataError: If the file cannot be read, lacks an array, or holds one that cannot be used.
    """
    held = _read(path)
    suffixes = {"train": ""} if "x" in held else {s: f"_{s}" for s in SPLITS if f"x_{s}" in held}
    if "train" not in suffixes:
        raise DataError(
            f"{path} must hold x and y, or x_train, y_train, x_test and y_test. "
            f"It holds: {', '.join(held) or 'nothing'}."
        )
    labels = {split: _labels(held, f"y{suffix}", path) for split, suffix in suffixes.items()}
    classes, indices = _classes(held.get("class_names"), labels, path)
    splits = {
        split: Examples(_inputs(held, f"x{suffix}", len(indices[split]), path), indices[split])
        for split, suffix in suffixes.items()
    }
    _check_shapes(splits, path)
    train, held_out, test = complete_splits(
        splits["train"], splits.get("validation"), splits.get("test"), validation, split_seed
    )
    is_image = train.inputs.dtype == np.uint8
    if not is_image and any((augmentation or {}).values()):
        raise DataConfigError(f"data.augmentation is for images; {path} holds other arrays.")
    return Dataset(
        train=train,
        validation=held_out,
        test=test,
        class_names=classes,
        preprocessing=_preprocessing(train.inputs),
        batch_size=batch_size,
        augmentation=augmentation if is_image else None,
    )


def _read(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise not_there("file", path) from None
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        reason = str(error).splitlines()[0] if "Object arrays" in str(error) else "is it damaged?"
        raise DataError(f"{path} is not an .npz file of plain arrays: {reason}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def _labels(held, name, path):
    if name not in held:
        raise DataError(f"{path} lacks {name}. It holds: {', '.join(held)}.")
    labels = held[name]
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iubU":
        raise DataError(
            f"{path}: {name} must hold one integer or string for each example. "
            f"Received: {labels.dtype} of the shape {labels.shape}"
        )
    return labels


def _classes(names, labels, path):
    """Returns the class names and, for each split, the indices into them."""
    values = np.unique(labels["train"])
    if names is None:
        names = [str(value) for value in values]
    elif values.dtype.kind == "U":
        names, values = [str(name) for name in names], np.array(names, "U")
    else:
        names, values = [str(name) for name in names], np.arange(len(names))
    if len(names) < 2 or len(set(names)) < len(names):
        raise DataError(f"{path} must have two classes or more, all different. Found: {names}")
    order = np.argsort(values)
    indices = {}
    for split, given in labels.items():
        places = np.minimum(np.searchsorted(values, given, sorter=order), len(values) - 1)
        indices[split] = order[places].astype("int32")
        wrong = given[values[indices[split]] != given]
        if len(wrong):
            raise DataError(
                f"{path}: a label of the {split} split is {wrong[0]}. "
                f"The classes are: {', '.join(map(str, values))}."
            )
    return names, indices


def _inputs(held, name, count, path):
    x = held[name]
    is_image = x.dtype == np.uint8 and (x.ndim == 3 or x.ndim == 4 and x.shape[3] in (1, 3))
    is_numbers = x.dtype.kind in "iufb" and x.ndim in (2, 3)
    if not (is_image or is_numbers) or 0 in x.shape:
        raise DataError(
            f"{path}: {name} must be uint8 (examples, height, width[, 1 or 3]), or numbers "
            f"(examples, features) or (examples, time, features). "
            f"Received: {x.dtype} of the shape {x.shape}"
        )
    if len(x) != count:
        raise DataError(f"{path}: {name} has {len(x)} examples, their labels are {count}.")
    if is_image:
        return x if x.ndim == 4 else x[..., None]
    x = x.astype("float32")
    broken = np.unique(np.nonzero(~np.isfinite(x))[0])
    if len(broken):
        raise DataError(
            f"{path}: {name} has NaN or infinity in {len(broken)} examples, the first one being "
            f"number {broken[0]}, counted from 0."
        )
    return x


def _check_shapes(splits, path):
    shapes = {split: examples.inputs.shape[1:] for split, examples in splits.items()}
    if len(set(shapes.values())) > 1:
        raise DataError(f"{path}: the splits differ in the shape of an example: {shapes}")


def _preprocessing(inputs):
    if inputs.dtype == np.uint8:
        return ImagePreprocessing(*inputs.shape[1:])
    axes = tuple(range(inputs.ndim - 1))
    mean, scale = (f(inputs, axis=axes, dtype="float64") for f in (np.mean, np.std))
    scale[scale < np.finfo("float32").tiny] = 1.0  # nothing float32 can be divided by
    return ArrayPreprocessing(inputs.shape[1:], mean.tolist(), scale.tolist())
