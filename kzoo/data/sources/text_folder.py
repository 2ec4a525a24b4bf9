"""A folder of text files, the sub-folders of which are the classes."""

from collections.abc import Sequence

import numpy as np

from kzoo.data.dataset import Dataset, Examples
from kzoo.data.files.class_folders import class_folders
from kzoo.data.files.texts import check_encoding, read_text
from kzoo.data.split import complete_splits, sort_by_length
from kzoo.preprocessing.text import learn_text_preprocessing
from kzoo.types import PositiveFraction, PositiveInt, Seed

REMEDY = " Set data.encoding to what it is written in, such as cp1252."


def text_folder(
    *,
    path: str,
    classes: Sequence[str] | None = None,
    encoding: str = "utf-8",
    batch_size: PositiveInt = 32,
    validation: PositiveFraction = 0.1,
    split_seed: Seed = 0,
    text=None,
):
    """Texts in files `path/<class>/*.txt`.

    Where there is a folder `path/train`, and perhaps `path/validation` and `path/test`, the class
    folders lie in these.

    Args:
        path: The folder.
        classes: Names of the sub-folders to read; None reads all.
        encoding: What the texts are written in, as in `"cp1252"`. A byte order mark at the start of
            a file, of UTF-8, UTF-16 or UTF-32, goes before it.
        batch_size: Examples in a training step.
        validation: Fraction of the training examples that choices are made on, where there is no
            folder for them.
        split_seed: Draws the splits; independent of the seed of a run.
        text: Keyword arguments of `learn_text_preprocessing`, or None.

    Returns:
        `Dataset`; 20 % of each class are the test split where there is none.

    Raises:
        DataError: If a folder is missing, a class has no text, or a file is written in something
            else.
    """
    check_encoding(encoding)
    folders = class_folders(path, (".txt",), classes)
    splits = {}
    for split, files in folders.files.items():
        texts = [read_text(file, encoding, REMEDY) for file in files]
        splits[split] = Examples(np.array(texts, dtype=object), folders.labels[split])
    train, held_out, test = complete_splits(
        splits["train"], splits.get("validation"), splits.get("test"), validation, split_seed
    )
    return Dataset(
        train=train,
        validation=sort_by_length(held_out),
        test=sort_by_length(test),
        class_names=folders.class_names,
        preprocessing=learn_text_preprocessing(train.inputs, **(text or {})),
        batch_size=batch_size,
        notes=tuple(folders.notes),
    )
