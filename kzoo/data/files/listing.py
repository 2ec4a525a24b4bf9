"""Files on disk: which ones of a folder are data, and what is in one."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# what systems and tools leave in folders, beside hidden files; in lower case
LEFTOVERS = {
    *("@eadir", "@tmp", "@recycle", "#recycle", "#snapshot", "$recycle.bin", "lost+found"),
    *("__macosx", "icon\r", "thumbs.db", "ehthumbs.db", "desktop.ini"),
    *("system volume information", "__pycache__"),
}
REMEDY = dict.fromkeys([".heic", ".heif", ".avif"], " (convert them to JPEG or PNG)")
SHOWN = 10  # endings that a line names


@dataclass(frozen=True)
class Listing:
    """The files below a folder.

    Attributes:
        files: Sorted list of `Path`: those with one of the endings.
        others: `Counter` of the other files, by their ending.
        leftovers: `Counter` of what tools have left, by the name that says so.
    """

    files: list[Path]
    others: Counter
    leftovers: Counter

    def passed_over(self):
        """Returns what is not read, as in `"2 .txt, 30 hidden or left by tools (@eaDir)"`."""
        shown = [
            f"{count:,} {ending}{REMEDY.get(ending, '')}"
            for ending, count in self.others.most_common(SHOWN)
        ]
        if len(self.others) > SHOWN:
            shown.append(f"{len(self.others) - SHOWN} other endings")
        if self.leftovers:
            names = ", ".join(name for name, _ in self.leftovers.most_common(3))
            more = ", ..." if len(self.leftovers) > 3 else ""
            count = sum(self.leftovers.values())
            shown.append(f"{count:,} hidden or left by tools ({names}{more})")
        return ", ".join(shown)


def list_files(folder, suffixes):
    """Lists the files in a folder and in all folders below it.

    Hidden files and folders, and those that file managers, editors and other tools leave behind,
    are no data. Links are followed, but not back to a folder that they are in.

    Args:
        folder: The folder; its own name does not matter.
        suffixes: Endings of the files that are wanted, in lower case, as `".png"`.

    Returns:
        `Listing`.

    Raises:
        OSError: If a folder cannot be read.
    """
    files, others, leftovers = [], Counter(), Counter()
    for entry, leftover in _walk(folder):
        suffix = os.path.splitext(entry.name)[1].lower()
        if leftover:
            leftovers["._*" if leftover.startswith("._") else leftover] += 1
        elif suffix not in suffixes:
            others[suffix or "without an ending"] += 1
        elif not _is_file(entry) and os.path.exists(entry):
            others["devices or pipes"] += 1
        else:  # links to nothing too: whoever reads them says so
            files.append(Path(entry))
    return Listing(sorted(files), others, leftovers)


def sub_folders(folder):
    """Returns the sorted names of the folders in a folder that may hold data."""
    return sorted(
        sub.name for sub in folder.iterdir() if sub.is_dir() and not is_leftover(sub.name)
    )


def is_leftover(name):
    """Whether a file or folder of that name is hidden, or left by a tool."""
    name = name.lower()
    return name.startswith((".", "~$")) or name.endswith("~") or name in LEFTOVERS


def check_file(path):
    """Raises `OSError` if a `Path` is a device or a pipe, reading of which might never end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(0, "It is a device or a pipe, not a file")


def read_file(path):
    """Returns the bytes of a file; raises `OSError`."""
    check_file(path)
    return path.read_bytes()


def _walk(folder):
    """Yields an `os.DirEntry` for each file, and the first part of its path that is a leftover."""
    waiting = [(folder, None, ())]
    while waiting:
        folder, leftover, above = waiting.pop()
        status = os.stat(folder)
        place = (status.st_dev, status.st_ino)
        if place in above:
            continue
        for entry in os.scandir(folder):
            of_entry = leftover or (entry.name if is_leftover(entry.name) else None)
            if entry.is_dir(follow_symlinks=False) or entry.is_symlink() and os.path.isdir(entry):
                waiting.append((entry, of_entry, (*above, place)))
            else:
                yield entry, of_entry


def _is_file(entry):
    return entry.is_file(follow_symlinks=False) or entry.is_symlink() and os.path.isfile(entry)
