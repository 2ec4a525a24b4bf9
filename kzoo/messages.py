"""How a message says things: names in a list, values, the reason of an error."""

import difflib
import json
import re
import zipfile
import zlib

SHOWN = 20  # names in a list
LONGEST = 60  # characters of a name or a value
LONGEST_LINE = 300  # of a reason
NO_MEMORY = "There is not enough memory"
# lines of Keras and TensorFlow before the one with the reason
PREAMBLE = (
    "A total of",
    "Detected at node",
    "Exception encountered",
    "Graph execution error",
    "<stack traces",
)
# errors that say less than the one that a library raises while it handles them
LOOKED_UP = (LookupError, AttributeError, StopIteration)
OURS = re.compile(r"\bDataError: (.+)")  # in what TensorFlow says of a function it has called
# Control characters can move the cursor of a terminal, colour text or reverse its direction. U+200C
# and U+200D are left out: emojis and some scripts need them.
CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
DAMAGED = (zlib.error, zipfile.BadZipFile, json.JSONDecodeError, UnicodeDecodeError, EOFError)


class UserError(Exception):
    """An error whose message says all that a user needs.

    Attributes:
        exit_code: That of a program which ends so: 2 where the config or the command line is
            wrong, 1 where something failed.
    """

    exit_code = 1


class BackendError(UserError, RuntimeError):
    """What is asked for needs another backend of Keras."""

    exit_code = 2


class DataError(UserError):
    """The data cannot be had or used; the message is one sentence."""


class DataConfigError(DataError):
    """What a config asks of the data is not there, or not for such data."""

    exit_code = 2


class Note(UserWarning):
    """What a user should know; the command line tells it as a note."""


def sentence(error):
    """Returns what to tell a user of an error, or None if it needs a traceback.

    Args:
        error: An exception: one of ours, or one that files, memory and their formats end in.
    """
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'} could not be read or written: {_why(error)}."
    if ours := OURS.search(str(error)):
        return ours[1]
    exhausted = type(error).__name__ == "ResourceExhaustedError"  # TensorFlow's
    if exhausted and "space left" in str(error):
        return f"A file could not be written: {reason(error)}."
    if exhausted or isinstance(error, MemoryError):
        detail = f": {reason(error).rstrip('.')}" if str(error).strip() else ""
        return f"{NO_MEMORY}{detail}."
    if isinstance(error, RecursionError):
        return "Something is nested too deeply to be read."
    if isinstance(error, DAMAGED):
        return f"A file is damaged: {reason(error)}."
    return None


def nearest(name, known, prefix="", suffix=""):
    """Returns `" Did you mean ...?"`, or `""` if none of the known names is similar.

    Args:
        name: What was given.
        known: The names that exist.
        prefix: Shown before the similar name.
        suffix: Shown after it.
    """
    matches = difflib.get_close_matches(str(name)[:LONGEST], list(known), n=1)
    return f" Did you mean {prefix}{harmless(matches[0])}{suffix}?" if matches else ""


def show(value):
    """Returns a value as a message shows it: its `repr`, short and on one line."""
    return short(repr(value))


def short(text, longest=LONGEST):
    """Returns text on one line, of 60 characters at most, without control characters."""
    text = str(text)
    return harmless(text if len(text) <= longest else text[: longest - 3] + "...", keep="")


def listed(names):
    """Returns names as a list of at most 20 short ones: `"a, b, c and 7 more"`."""
    names = list(names)
    shown = ", ".join(map(short, names[:SHOWN]))
    return f"{shown} and {len(names) - SHOWN:,} more" if len(names) > SHOWN else shown


def first_lines(lines):
    """Returns text of the first 20 lines, and of one that counts the others."""
    lines = list(lines)
    more = [f"and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else []
    return "\n".join([*lines[:SHOWN], *more])


def reason(error):
    """Returns the line that says what is wrong: that of the innermost error behind `error`.

    Args:
        error: An exception, or the text of one.
    """
    while isinstance(error, BaseException) and (inner := _inner(error)):
        error = inner
    text = _text(error)
    text = "\n".join(re.findall("^Exception encountered: (.+)", text, re.MULTILINE)) or text
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(PREAMBLE)]
    if not lines:
        return type(error).__name__
    return short(re.sub(r"^\{\{function_node .*?\}\} ", "", lines[0]), LONGEST_LINE)


def harmless(text, keep="\n"):
    r"""Returns text with its control characters written out, as in `\x1b`.

    Args:
        text: A string, perhaps from a stranger's file.
        keep: Control characters that stay as they are.
    """
    return CONTROL.sub(lambda found: _written_out(found[0], keep), text)


def as_json(value):
    """Returns a value as JSON on one line: readable, and control characters are escaped."""
    return CONTROL.sub(_json_escape, json.dumps(value, ensure_ascii=False))


def _json_escape(found):
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _text(error):
    """Returns the text of an error, without the numbers and quotes that some put around it."""
    if isinstance(error, OSError):
        return _why(error)
    if isinstance(error, KeyError):
        key = error.args[0] if error.args else ""
        return key if isinstance(key, str) and " " in key else f"KeyError: {key!r}"
    return str(error)


def _why(error):
    """Returns what an `OSError` came from; HDF5 buries it in its own words."""
    buried = re.search("error message = '([^']+)'", str(error))
    return buried[1] if buried else error.strerror or str(error)


def _written_out(character, keep):
    return character if character in keep else character.encode("unicode_escape").decode()


def _inner(error):
    """Returns the error that led to this one, unless it only says that something was not found."""
    if error.__cause__ or error.__suppress_context__:
        return error.__cause__
    return None if isinstance(error.__context__, LOOKED_UP) else error.__context__
