"""A folder of text files, the sub-folders of which are the classes."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from kzoo.data.dataset import Examples
from kzoo.data.files.class_folders import class_folders
from kzoo.data.files.texts import check_encoding, read_text
from kzoo.data.sources.base import Source
from kzoo.tasks.targets import Targets
from kzoo.types import LEARNED

REMEDY = (
    " Set data.encoding to what all files are written in, such as cp1252 or gb18030, or save this "
    "one in UTF-8."
)


def text_folder(
    *,
    path: str,
    classes: Sequence[str] | None = None,
    encoding: str = "utf-8",
    text: Annotated[Any, LEARNED] = None,
):
    """Texts in files `path/<class>/*.txt`.

    Where there is a folder `path/train`, and perhaps `path/validation` and `path/test`, the class
    folders lie in these.

    Args:
        path: The folder.
        classes: Names of the sub-folders to read; None reads all.
        encoding: What the texts are written in, as in `"cp1252"`. A byte order mark at the start of
            a file, of UTF-8, UTF-16 or UTF-32, goes before it.
        text: Keyword arguments of `TextPreprocessing.learn`, or None.

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
    return Source(
        kind="text",
        **splits,
        targets=Targets(folders.class_names),
        options=text or {},
        notes=tuple(folders.notes),
    )
