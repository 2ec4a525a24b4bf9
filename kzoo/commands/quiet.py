"""Keras, imported without what its backend says of the machine."""

import contextlib
import logging
import os
import sys


def import_keras():
    """Imports Keras, which takes seconds; TensorFlow's libraries are not heard on stderr."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _silent():
        import keras  # noqa: F401
    for name in ("tensorflow", "absl"):  # how often a model is traced, what TFDS finds
        logging.getLogger(name).setLevel(logging.ERROR)


@contextlib.contextmanager
def _silent():
    """Lets what is written to stderr, by libraries in C++ too, disappear."""
    sys.stderr.flush()
    try:
        stderr = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
