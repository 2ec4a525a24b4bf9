"""From an error to a sentence on stderr and the exit code of its kind."""

import contextlib
import sys
import traceback
import warnings

import typer

from kzoo.messages import Note, harmless, sentence
from kzoo.training.signals import signals_interrupt, stopped_by

NO_FONT = (
    "No installed font has some of these characters, so figures show boxes in their place. A font "
    "such as Noto Sans CJK mends it; texts.html of kzoo explain needs none."
)


@contextlib.contextmanager
def clear_errors():
    """Ends the program with a message and an exit code: 2 where the user's words are wrong."""
    try:
        with signals_interrupt(), _notes():
            yield
    except KeyboardInterrupt as error:
        name, code = stopped_by(error)
        _fail(f"Stopped by {name}.", code)
    except BrokenPipeError:  # as in `| head`: typer ends quietly
        raise
    except Exception as error:
        message = sentence(error)
        if message is None:  # not foreseen: whoever mends it needs to see where
            raise
        if unforeseen := getattr(error, "unforeseen", None):
            traceback.print_exception(unforeseen)
        _fail(message, getattr(error, "exit_code", 1))


def tell(message, what="error"):
    """Writes an error, or what else a user should know, to stderr."""
    indent = " " * len(f"{what}: ")
    text = harmless(f"{what}: {message}").replace("\n", f"\n{indent}")
    with contextlib.suppress(OSError):  # the terminal is gone
        print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _notes():
    """Tells each `Note` as one, without the line of code that it came from."""
    told = []

    def show(message, category, *place, **options):
        if issubclass(category, Note):
            tell(message, "note")
        elif str(message).startswith("Glyph "):  # of Matplotlib, for every character
            told or tell(NO_FONT, "note")
            told.append(message)
        else:
            show_other(message, category, *place, **options)

    with warnings.catch_warnings():
        warnings.simplefilter("always", Note)
        show_other, warnings.showwarning = warnings.showwarning, show
        yield


def _fail(message, code):
    tell(message)
    raise typer.Exit(code)
