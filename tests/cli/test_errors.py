import json
import os
import signal
import sys
import warnings
import zipfile
import zlib

import numpy as np
import pytest
import typer

from kzoo.cli.errors import clear_errors, tell
from kzoo.cli.tables import print_table
from kzoo.messages import Note, UserError


def ended(capsys, function):
    """The exit code of a program, and what it says."""
    with pytest.raises(typer.Exit) as end, clear_errors():
        function()
    return end.value.exit_code, capsys.readouterr().err


def raising(error):
    def function():
        raise error

    return function


def deep():
    return deep()


ERRORS = {
    "plain": (MemoryError(), "There is not enough memory."),
    "numpy": (
        lambda: np.empty((10**7, 10**7, 10**3)),
        "There is not enough memory: Unable to allocate 711. PiB ",
    ),
    "deep": (deep, "Something is nested too deeply to be read."),
    "zlib": (lambda: zlib.decompress(b"x"), "A file is damaged: Error -5 while decompressing "),
    "zip": (zipfile.BadZipFile("File is not a zip file"), "A file is damaged: File is not a zip "),
    "json": (lambda: json.loads("{"), "A file is damaged: Expecting property name enclosed in "),
    "utf": (lambda: b"\xff".decode(), "A file is damaged: 'utf-8' codec can't decode byte 0xff "),
    "file": (lambda: open("no/such"), "no/such could not be read or written: No such file or dir"),
    "disk": (OSError(28, "No space left on device"), "A file could not be read or written: No sp"),
    "ours": (UserError("Words."), "Words."),
}


def test_tensorflow_has_one_error_for_a_full_disk_and_for_memory(capsys):
    from tensorflow.errors import ResourceExhaustedError

    for text, message in [
        ("out/x.tmp; No space left on device", "A file could not be written: out/x.tmp; No space "),
        ("OOM when allocating tensor", "There is not enough memory: OOM when allocating tensor."),
    ]:
        code, err = ended(capsys, raising(ResourceExhaustedError(None, None, text)))
        assert code == 1 and err.startswith(f"error: {message}") and len(err.splitlines()) == 1


@pytest.mark.parametrize("name", ERRORS)
def test_one_sentence(capsys, name):
    error, message = ERRORS[name]
    code, err = ended(capsys, error if callable(error) else raising(error))
    assert code == 1 and err.startswith(f"error: {message}") and len(err.splitlines()) == 1


def test_its_exit_code(capsys):
    """2 where the user's words are wrong."""
    from kzoo.config import ConfigError
    from kzoo.messages import DataConfigError, DataError
    from kzoo.saved.shipped import LoadError, NoModelError

    for error in (ConfigError, DataConfigError, NoModelError):
        assert ended(capsys, raising(error("Words."))) == (2, "error: Words.\n")
    for error in (DataError, LoadError):
        assert ended(capsys, raising(error("Words."))) == (1, "error: Words.\n")


@pytest.mark.parametrize("name, code", [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal(capsys, default_signals, name, code):
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip(f"no {name} here")
    name = "Ctrl-C" if name == "SIGINT" else name
    found = ended(capsys, lambda: os.kill(os.getpid(), number))
    assert found == (code, f"error: Stopped by {name}.\n")


def test_a_mistake_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), clear_errors():
        raise ZeroDivisionError


def test_names_do_no_harm(capsys):
    tell("cat\x1b[2J.png: \u202e\x9b1m\x07 is broken\r\nor not")
    err = capsys.readouterr().err
    assert err == "error: cat\\x1b[2J.png: \\u202e\\x9b1m\\x07 is broken\\r\n       or not\n"


@pytest.mark.parametrize("is_terminal", [False, True])
def test_cells_do_no_harm(capsys, monkeypatch, is_terminal):
    from rich.console import Console

    monkeypatch.setattr(Console, "is_terminal", is_terminal)
    print_table("Classes", ["class", "recall"], [("a\x1b]0;x\x07\nb", 0.5), ("[red]c[/red]", 1)])
    out = capsys.readouterr().out
    assert r"a\x1b]0;x\x07 b" in out and "[red]c[/red]" in out and "\x1b]" not in out


def test_a_terminal_that_is_gone_costs_nothing(monkeypatch):
    class Gone:
        def write(self, text):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stderr", Gone())
    tell("nobody hears it")


def test_a_note_is_told_without_its_place(capsys):
    with clear_errors():
        warnings.warn("One thing.", Note, stacklevel=1)
        warnings.warn("One thing.", Note, stacklevel=1)
    assert capsys.readouterr().err == "note: One thing.\n" * 2
    with pytest.warns(DeprecationWarning), clear_errors():
        warnings.warn("Another thing.", DeprecationWarning, stacklevel=1)


def test_characters_without_a_font_are_told_once(capsys):
    """Matplotlib warns of each, twice."""
    with clear_errors():
        for character in "好好差":
            warnings.warn(f"Glyph {ord(character)} (X) missing from font(s) Y.", stacklevel=1)
    said = capsys.readouterr().err
    assert said.startswith("note: No installed font has some of") and said.count("\n") == 1
