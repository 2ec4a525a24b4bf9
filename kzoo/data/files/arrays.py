"""Files of arrays that NumPy has written."""

import contextlib
from pathlib import Path

import numpy as np

from kzoo.data.files.listing import check_file
from kzoo.messages import DataError


def read_arrays(path):
    """Returns a dict from name to array of an `.npz` file.

    Args:
        path: The file.

    Raises:
        DataError: If it cannot be read, does not fit into memory or holds something else.
        FileNotFoundError: If there is no such file.
    """
    with _open(path) as held:
        if isinstance(held, np.ndarray):
            raise DataError(
                f"{path} holds one array; inputs x and labels y must be in one .npz file: "
                "np.savez('arrays.npz', x=x, y=y)."
            )
        return {name: _array(held, name, path) for name in held.files}


def read_array(path):
    """Returns the array of an `.npy` file; of an `.npz` file, its only one or the one called x.

    Raises:
        DataError: If it cannot be read, does not fit into memory or holds something else.
        FileNotFoundError: If there is no such file.
    """
    with _open(path) as held:
        if isinstance(held, np.ndarray):
            return held
        name = held.files[0] if len(held.files) == 1 else "x"
        if name not in held.files:
            raise DataError(
                f"{path} must hold one array, or one called x. It holds: {', '.join(held.files)}."
            )
        return _array(held, name, path)


@contextlib.contextmanager
def _open(path):
    """Opens what `np.load` returns; whatever it ends in becomes a sentence."""
    try:
        check_file(Path(path))
        held = np.load(path, allow_pickle=False)
        with contextlib.nullcontext() if isinstance(held, np.ndarray) else held:
            yield held
    except (DataError, FileNotFoundError):
        raise
    except MemoryError as error:  # NumPy's tells the size
        reason = f": {str(error)[0].lower()}{str(error)[1:]}" if str(error) else ""
        raise DataError(f"{path} does not fit into memory{reason}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    except Exception as error:  # of NumPy, zipfile, zlib or tokenize, from a damaged file
        if "Object arrays" in str(error):
            raise DataError(_objects(path, "it")) from None
        raise DataError(
            f"{path} is no file of arrays that NumPy has written, or it is damaged."
        ) from None


def _array(held, name, path):
    try:
        array = held[name]
    except ValueError as error:
        if "Object arrays" in str(error):
            raise DataError(_objects(path, name)) from None
        raise
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: {name} is no array that NumPy has written.")
    return array


def _objects(path, name):
    return (
        f"{path}: {name} holds Python objects, which are not read. Save it as numbers of one type, "
        "or as strings: .astype(str)."
    )
