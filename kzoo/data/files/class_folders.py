"""Which files of a folder belong to which split and class."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kzoo.data.dataset import not_there
from kzoo.data.files.listing import list_files, sub_folders
from kzoo.data.split import SPLITS, split_of
from kzoo.messages import DataConfigError, DataError, nearest


@dataclass(frozen=True)
class ClassFolders:
    """The files of a data set that is stored as folders, one for each class.

    Attributes:
        class_names: List of strings.
        files: Dict from each split there is a folder for, `"train"` being one, to its files, a list
            of `Path` in the order of the classes.
        labels: Dict from split to integer array, the class of each file.
        notes: List of lines for the report: what is not read.
    """

    class_names: list[str]
    files: dict[str, list[Path]]
    labels: dict[str, np.ndarray]
    notes: list[str]


def class_folders(path, suffixes, classes=None):
    """Lists the files in `path/<class>`, or in `path/train/<class>` and those of other splits.

    Args:
        path: The folder.
        suffixes: Endings of the files that are wanted, in lower case.
        classes: Names of the class folders to read; None reads all.

    Returns:
        `ClassFolders`.

    Raises:
        DataError: If there is no such folder, it cannot be read, a class has no file to train on,
            or it is not clear what the folders are.
    """
    root = Path(path)
    if not root.is_dir():
        raise not_there("folder", root)
    try:
        listing = list_files(root, suffixes)
        places = {file.relative_to(root).parts: file for file in listing.files}
        splits = _split_folders(root, places)
        chosen = _class_names(root / splits["train"], classes)
        for folder in splits.values():
            _check_classes(root / folder, chosen, classes)
    except OSError as error:
        raise DataError(f"{error.filename} cannot be read: {error.strerror}.") from None
    groups, stray = _group(places, splits)
    files, labels = {}, {}
    for split in splits:
        of_class = [groups[split, name] for name in chosen]
        files[split] = [file for group in of_class for file in group]
        labels[split] = np.repeat(np.arange(len(chosen), dtype="int32"), list(map(len, of_class)))
    for label, name in enumerate(chosen):
        if label not in labels["train"]:
            raise DataError(_no_file(root / splits["train"] / name, suffixes))
    return ClassFolders(chosen, files, labels, _notes(listing, groups, stray, chosen))


def _split_folders(root, places):
    """Returns a dict from split to the name of its folder; `{"train": ""}` where there is none.

    A folder that is called like a split, and holds files but no folder of them, may be a class:
    trains beside cars.
    """
    names = sub_folders(root)
    named = [name for name in names if split_of(name)]
    with_folders = {parts[0] for parts in places if len(parts) > 2}
    with_files = {parts[0] for parts in places if len(parts) == 2}
    with_classes = [
        name
        for name in named
        if name in with_folders or (name not in with_files and sub_folders(root / name))
    ]
    if not with_classes:
        if len(named) > 1 or named and named == names:
            raise DataError(
                f"{root}: {' and '.join(named)} must hold a folder for each class. "
                "Found: files, or nothing."
            )
        return {"train": ""}
    found = {}
    for name in named:
        if split_of(name) in found:
            raise DataError(
                f"{root} has two folders for the {split_of(name)} split: {found[split_of(name)]} "
                f"and {name}. Remove or rename one."
            )
        found[split_of(name)] = name
    if "train" not in found:
        raise DataError(
            f"{root} has {' and '.join(named)}, but no folder train. Put the class folders to "
            f"train on into {root / 'train'}."
        )
    return {split: found[split] for split in SPLITS if split in found}


def _class_names(folder, classes):
    names = sub_folders(folder)
    for name in classes or ():
        if name not in names:
            raise DataConfigError(f"{folder} has no class folder {name}.{nearest(name, names)}")
    names = list(classes or names)
    if len(names) < 2:
        raise DataError(
            f"{folder} must hold a folder for each of two classes or more. "
            f"Found: {', '.join(names) or 'none'}."
        )
    return names


def _check_classes(folder, names, classes):
    """Refuses a split without class folders, or with classes that the training split lacks."""
    found = sub_folders(folder)
    if not found:
        raise DataError(f"{folder} must hold a folder for each class. Found: none.")
    other = set(found) - set(names)
    if other and classes is None:
        raise DataError(
            f"{folder} has classes that there is nothing to train on for: "
            f"{', '.join(sorted(other))}."
        )


def _group(places, splits):
    """Returns the files by `(split, class)`, and a count by folder of those that are in neither."""
    depth = 1 if splits["train"] else 0
    of_folder = {folder: split for split, folder in splits.items()}
    groups, stray = defaultdict(list), Counter()
    for parts, file in places.items():
        split = of_folder.get(parts[0] if depth else "")
        if split and len(parts) > depth + 1:
            groups[split, parts[depth]].append(file)
        else:
            stray[parts[0] if len(parts) > 1 else "the folder itself"] += 1
    return groups, stray


def _no_file(folder, suffixes):
    message = f"The class folder {folder} holds no file of {', '.join(suffixes)}."
    found = list_files(folder, suffixes).passed_over()
    return f"{message} It holds {found}." if found else message


def _notes(listing, groups, stray, chosen):
    notes = []
    if listing.passed_over():
        notes.append(f"passed over: {listing.passed_over()}")
    left_out = sorted({name for _, name in groups} - set(chosen))
    if left_out:
        notes.append(f"left out, not among data.classes: {', '.join(left_out)}")
    if stray:
        shown = ", ".join(f"{count:,} in {folder}" for folder, count in stray.items())
        notes.append(f"warning: files in no class folder are not read: {shown}")
    return notes
