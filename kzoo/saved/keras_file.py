"""What a `.keras` file says of itself, before Keras opens it."""

import json
import zipfile

from kzoo.messages import short

LARGEST_TEXT = 2**26  # bytes of config.json or metadata.json: 64 MB
MOST_EXPANSION = 100  # Keras does not compress, and float32 weights hardly can be
HARMLESS = 2**28  # bytes that may be unpacked in any case: 256 MB


def check_declared_sizes(path):
    """Refuses a file that unpacks to far more than it holds.

    Args:
        path: A `.keras` file, which is a zip archive.

    Raises:
        ValueError: If it is no such file, or declares sizes that no model has.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise ValueError("it is not a .keras file, or it is cut off") from None
    for entry in entries:
        if entry.filename.endswith(".json") and entry.file_size > LARGEST_TEXT:
            raise ValueError(f"{short(entry.filename)} would take {_megabytes(entry.file_size)}")
    packed, unpacked = path.stat().st_size, sum(entry.file_size for entry in entries)
    if unpacked > max(HARMLESS, MOST_EXPANSION * packed):
        raise ValueError(f"its {_megabytes(packed)} would unpack to {_megabytes(unpacked)}")


def keras_version(path):
    """Returns the version of Keras that wrote a file, or None where that cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("metadata.json") as file:
            return short(json.loads(file.read(LARGEST_TEXT))["keras_version"])
    except Exception:  # this is asked where the file is damaged already
        return None


def _megabytes(size):
    return f"{size / 1e6:,.2f} MB"
