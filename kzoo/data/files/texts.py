"""Text files, read in their encoding."""

import codecs
import encodings.aliases

from kzoo.data.files.listing import read_file
from kzoo.messages import DataConfigError, DataError, nearest

MARKS = {  # UTF-32 first: its mark begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def check_encoding(encoding, key="data.encoding"):
    """Refuses the name of an encoding that Python does not know; raises `DataConfigError`.

    Args:
        encoding: What a user has written.
        key: Where.
    """
    try:
        "".encode(encoding)
    except (LookupError, UnicodeError, ValueError):
        known = {name.replace("_", "-") for name in encodings.aliases.aliases.values()}
        raise DataConfigError(
            f"{key} must be an encoding such as utf-8, cp1252 or shift-jis."
            f"{nearest(encoding, known)} Received: {encoding!r}"
        ) from None


def read_text(file, encoding="utf-8", remedy=""):
    """Returns the text in a file.

    Args:
        file: `Path`.
        encoding: What the text is written in, where no byte order mark at its start says that it
            is UTF-8, UTF-16 or UTF-32.
        remedy: What a message says that a user can do.

    Raises:
        DataError: If the file cannot be read, or is written in something else.
    """
    try:
        data = read_file(file)
        encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), encoding)
        text = data.decode(encoding).removeprefix("\ufeff")  # the mark
    except UnicodeError as error:
        where = f": byte {error.start} is wrong" if hasattr(error, "start") else ""
        raise DataError(f"{file} is not text in {encoding.upper()}{where}.{remedy}") from None
    except MemoryError:
        raise DataError(f"{file} is too large: it does not fit into memory.") from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
