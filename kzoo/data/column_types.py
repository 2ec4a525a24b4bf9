"""What the columns of a table hold, read off their values."""

import re

import numpy as np

from kzoo.data.dataset import DataError

MOSTLY = 0.9  # share of the values that makes a column what they are
FEW = 20  # different texts that are categories in any table
DATE = re.compile(r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2}([T ].*)?)?$|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
CODE = re.compile(r"0\d+$")  # such as a postcode: the zero would be lost
IDENTIFIER = re.compile(r"(.*[_ -])?id$", re.IGNORECASE)


def numbers(values):
    """Returns strings as floats, and what is no number.

    Args:
        values: Strings; `""` becomes NaN.

    Returns:
        Array of float32, and a list of `(place, string)` of the others.
    """
    floats, wrong = np.full(len(values), np.nan, "float32"), []
    for place, text in enumerate(values):
        if not text:
            continue
        try:
            number = float(text)
        except ValueError:
            number = np.nan
        if "_" in text or not abs(number) < 3e38:  # NaN and what float32 cannot hold
            wrong.append((place, text))
        else:
            floats[place] = number
    return floats, wrong


def choose_kinds(table, path, target, declared):
    """Says what each column holds.

    Args:
        table: Dict from column to strings, `""` where missing, and from None to line numbers.
        path: The file it is from, for messages.
        target: The column to leave out.
        declared: Dict from column to `"number"`, `"category"` or `"ignore"`; goes first.

    Returns:
        Dict from column to `"number"` or `"category"`, and a tuple of lines that tell it.

    Raises:
        DataError: If a column is neither numbers nor text, or no column is of use.
    """
    kinds, left_out = {}, {}
    for name, values in table.items():
        if name in (None, target):
            continue
        kind, reason = declared.get(name), "as told"
        if kind is None:
            kind, reason = _infer(name, values)
        if kind == "mixed":
            raise DataError(_mixed(table, path, name))
        if kind == "ignore":
            left_out[name] = reason
        else:
            kinds[name] = kind
    told = _describe(table, kinds, left_out)
    if not kinds:
        raise DataError(f"{path} has no column to learn from. {' '.join(told)}")
    return kinds, told


def _infer(name, values):
    """Returns `"number"`, `"category"`, `"mixed"`, or `"ignore"` and the reason."""
    present = [text for text in values if text]
    different = len(set(present))
    if not present:
        return "ignore", "empty"
    if different == 1 and len(present) == len(values):
        return "ignore", "the same in all rows"
    floats, wrong = numbers(present)
    is_code = any(CODE.match(text) for text in present)
    if not wrong and not is_code:
        return ("ignore", "numbers the rows") if _is_identifier(name, floats) else ("number", "")
    if 0 < len(wrong) <= (1 - MOSTLY) * len(present):
        return "mixed", ""
    if sum(bool(DATE.match(text)) for text in present) >= MOSTLY * len(present):
        return "ignore", "dates"
    if different > max(FEW, len(present) / 2):
        return "ignore", "text that differs from row to row"
    return "category", ""


def _is_identifier(name, floats):
    """Whether integers count the rows up or down, or are called an id and all different."""
    if np.any(floats % 1):
        return False
    steps = np.diff(floats)
    counts = len(floats) > 2 and (np.all(steps == 1) or np.all(steps == -1))
    return counts or (IDENTIFIER.match(name) and len(np.unique(floats)) == len(floats))


def _mixed(table, path, name):
    _, wrong = numbers(table[name])
    place, text = wrong[0]
    return (
        f"{path}, line {table[None][place]}: the column {name!r} holds {text!r} among numbers "
        f"({len(wrong)} such). Correct it, leave it empty, or say what the column is in "
        f"data.columns: {{{name}: category}} or {{{name}: ignore}}."
    )


def _describe(table, kinds, left_out):
    lines = []
    for kind, heading in [("number", "numbers"), ("category", "categories")]:
        names = [_with_gaps(name, table[name]) for name in kinds if kinds[name] == kind]
        if names:
            lines.append(f"{heading}: {', '.join(names)}")
    if left_out:
        lines.append("left out: " + ", ".join(f"{n} ({why})" for n, why in left_out.items()))
    return tuple(lines)


def _with_gaps(name, values):
    missing = sum(not text for text in values)
    return f"{name} ({missing / len(values):.1%} missing)" if missing else name
