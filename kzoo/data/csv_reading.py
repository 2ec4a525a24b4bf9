"""CSV files as columns of strings."""

import csv
from collections import Counter

from kzoo.data.dataset import DataConfigError, DataError, not_there

MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}  # in lower case


def read_csv(path, delimiter):
    """Reads a CSV file in UTF-8, the first line of which names the columns.

    Args:
        path: The file.
        delimiter: What stands between the fields.

    Returns:
        Dict from column to its fields, strings, `""` where missing; and from None to the numbers
        of the lines.

    Raises:
        DataError: If the file cannot be read; the message names the line.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            return parse_csv(file, path, delimiter)
    except FileNotFoundError:
        raise not_there("file", path) from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not text in UTF-8; save it as CSV UTF-8.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None


def parse_csv(lines, path, delimiter):
    """Does the same with lines of text; `path` is what a message calls them."""
    try:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
    except (TypeError, ValueError) as error:
        raise DataConfigError(f"data.delimiter cannot be {delimiter!r}: {error}.") from None
    rows, numbers, header = [], [], None
    try:
        line = 1
        for row in reader:
            if not row:  # a blank line
                pass
            elif header is None:
                header = _header(row, path, line)
            else:
                _check_length(row, header, path, line)
                rows.append([_field(field) for field in row])
                numbers.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: this is not CSV: {error}.") from None
    if not rows:
        raise DataError(f"{path} holds no rows; it needs a line of column names, then the rows.")
    return {**dict(zip(header, zip(*rows, strict=True), strict=True)), None: numbers}


def _header(row, path, line):
    """Returns the names of the columns; one without a name is called after its place."""
    header = [name.strip() or f"column {i + 1}" for i, name in enumerate(row)]
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise DataError(f"{path}, line {line}: the column {twice[0]!r} stands there twice.")
    return header


def _check_length(row, header, path, line):
    if len(row) != len(header):
        raise DataError(
            f"{path}, line {line}: the number of fields is {len(row)}, the first line names "
            f"{len(header)} columns. A field with the delimiter in it needs quotes."
        )


def _field(text):
    text = text.strip()
    return "" if text.lower() in MISSING else text
