"""Imports without what libraries in C++ say of the machine meanwhile."""

import contextlib
import importlib
import logging
import os
import sys
import warnings


def import_quietly(module="keras"):
    """Imports and returns a module, which takes seconds; nothing is heard on stderr."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _silent():
        imported = importlib.import_module(module)
    for name in ("tensorflow", "absl"):  # how often a model is traced, what TFDS finds
        logging.getLogger(name).setLevel(logging.ERROR)
    # what Keras says of a table with one column, or of a text with one word
    warnings.filterwarnings("ignore", "You are using a softmax over axis")
    return imported


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
