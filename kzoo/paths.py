"""Paths as people write them."""

import os


def expand(path):
    """Returns a path with `~` and environment variables such as `$HOME` replaced, as a string.

    What exists under the name as it stands is left alone.
    """
    path = os.fspath(path)
    return path if os.path.exists(path) else os.path.expanduser(os.path.expandvars(path))
