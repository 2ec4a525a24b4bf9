"""How a CSV file is written: its encoding and its delimiter."""

import csv

from kzoo.data.files.texts import MARKS
from kzoo.messages import DataConfigError

DELIMITERS = ",;\t|"  # that are recognised
HEAD = 2**16  # characters in which the delimiter is looked for


def encoding_of(path):
    """Returns that of the mark which a file begins with, or None."""
    with open(path, "rb") as file:
        start = file.read(4)
    found = next((name for mark, name in MARKS.items() if start.startswith(mark)), None)
    return "utf-8-sig" if found == "utf-8" else found


def check_delimiter(delimiter):
    if len(delimiter) != 1 or delimiter in '\r\n"':
        raise DataConfigError(
            "data.delimiter must be one character, no quote and no line break. "
            f"Received: {delimiter!r}"
        )


def recognise_delimiter(head):
    """Returns the one that cuts the first lines into the most fields, as many in each."""
    lines = head.splitlines(keepends=True)
    lines = lines[:-1] if len(lines) > 1 and len(head) == HEAD else lines  # the last is cut off

    def share_and_width(delimiter):
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        width = widths[0] if widths else 0
        return (widths.count(width) / len(widths), width) if width > 1 else (0, 0)

    return max(DELIMITERS, key=share_and_width)
