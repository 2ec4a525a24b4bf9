"""A folder of text files, the sub-folders of which are the classes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kzoo.data.dataset import DataError, Dataset, Examples, not_there
from kzoo.data.split import TEST_FRACTION, split_examples
from kzoo.data.text_preprocessing import learn_text_preprocessing, sort_by_length
from kzoo.types import PositiveFraction, PositiveInt, Seed


def text_folder(
    *,
    path: str,
    classes: Sequence[str] | None = None,
    batch_size: PositiveInt = 32,
    validation: PositiveFraction = 0.1,
    split_seed: Seed = 0,
    text=None,
):
    """Texts in UTF-8, `path/<class>/*.txt`, or `path/train/<class>/*.txt` and `path/test/...`.

    Args:
        path: The folder.
        classes: Names of the sub-folders to read; None reads all.
        batch_size: Examples in a training step.
        validation: Fraction of the training examples that choices are made on.
        split_seed: Draws the splits; independent of the seed of a run.
        text: Keyword arguments of `learn_text_preprocessing`, or None.

    Returns:
        `Dataset`; without a folder `test`, 20 % of each class are the test split.

    Raises:
        DataError: If a folder is missing, a class has no text in a split, or a file is not text in
            UTF-8.
    """
    root = Path(path)
    folder = root / "train" if (root / "train").is_dir() else root
    classes = list(classes or _class_names(folder))
    if len(classes) < 2:
        raise DataError(
            f"{folder} must hold a folder of .txt files for each of two classes or more. "
            f"Found: {', '.join(classes) or 'none'}."
        )
    train = _read(folder, classes)
    if folder != root and (root / "test").is_dir():
        test = _read(root / "test", classes)
    else:
        train, test = split_examples(train, TEST_FRACTION, split_seed)
    train, held_out = split_examples(train, validation, split_seed)
    return Dataset(
        train=train,
        validation=sort_by_length(held_out),
        test=sort_by_length(test),
        class_names=classes,
        preprocessing=learn_text_preprocessing(train.inputs, **(text or {})),
        batch_size=batch_size,
    )


def _class_names(folder):
    if not folder.is_dir():
        raise not_there("folder", folder)
    return sorted(sub.name for sub in folder.iterdir() if sub.is_dir() and sub.name[0] != ".")


def _read(folder, classes):
    """Reads the texts of all classes, in the order of classes and of file names."""
    texts, labels = [], []
    for label, name in enumerate(classes):
        files = sorted((folder / name).rglob("*.txt"))
        if not files:
            raise DataError(f"The class folder {folder / name} holds no .txt file.")
        texts.extend(read_text(file) for file in files)
        labels.extend([label] * len(files))
    return Examples(np.array(texts, dtype=object), np.array(labels, "int32"))


def read_text(file):
    """Returns the text of a `Path`, in UTF-8; raises `DataError`."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not text in UTF-8: byte {error.start} is wrong.") from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}.") from None
