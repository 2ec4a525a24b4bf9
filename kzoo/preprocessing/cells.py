"""What the cells of a column say, whether they come from a file or from a data frame."""

import datetime
from typing import Any, NamedTuple

import numpy as np

# as pandas has them, and the question mark of older collections; compared in any case
MISSING = (
    *("NA", "N/A", "NaN", "NaT", "NULL", "None", "?", "#N/A", "#N/A N/A", "#NA", "<NA>", "-NaN"),
    *("1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
LARGEST = 3e38  # what float32 holds
GAPS = r" \x{a0}\x{2009}\x{202f}'’"  # between thousands, whatever the decimal sign
THOUSANDS = {".": ",", ",": "."}  # by the decimal sign


def without_missing(texts, missing=MISSING):
    """Returns text in which missing values are null.

    Args:
        texts: Arrow array of text without spaces around it.
        missing: Words that stand for a missing value, in any case; `""` always does.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    words = pc.ascii_lower(pa.array(["", *missing]))
    return pc.if_else(pc.is_in(pc.ascii_lower(texts), value_set=words), None, texts)


class Numbers(NamedTuple):
    """What text stands for.

    Attributes:
        values: Array of float64, NaN where a value is missing or no number.
        wrong: Boolean array, True where it is no number that float32 can hold.
        encoded: The text, dictionary-encoded; None where all are written without separators and
            signs.
    """

    values: np.ndarray
    wrong: np.ndarray
    encoded: Any


def numbers(texts, decimal="."):
    """Returns the numbers that text stands for.

    Thousands may be separated, and a currency sign or `%` may stand before or behind a number.

    Args:
        texts: Arrow array of text without spaces around it, null where a value is missing.
        decimal: `"."` or `","`.

    Returns:
        `Numbers`.
    """
    import pyarrow.compute as pc

    values, encoded = _plain(texts) if decimal == "." else None, None
    if values is None:
        encoded = pc.dictionary_encode(texts)
        values = _parse(encoded.dictionary, decimal).take(encoded.indices)
    values = np.asarray(values.fill_null(np.nan)).astype("float64")
    present = np.asarray(pc.is_valid(texts))
    wrong = present & ~(np.abs(values) < LARGEST)
    values[wrong] = np.nan
    return Numbers(values, wrong, encoded)


def _plain(texts):
    """Returns numbers written without separators and signs, or None where there are others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.cast(texts[:100], pa.float64())  # each value that fails takes its time
        return pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        return None


def _parse(words, decimal):
    """Returns the numbers that different words stand for, null where one is no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    comma = THOUSANDS[decimal]
    plain, grouped = r"\d+", rf"[1-9]\d{{0,2}}(?:[{comma}{GAPS}]\d{{3}})+"
    digits = rf"(?:(?:{plain}|{grouped})(?:[{decimal}]\d*)?|[{decimal}]\d+)(?:[eE][+-]?\d+)?"
    matches = pc.match_substring_regex(
        words, rf"^(?:\p{{Sc}}\s?)?[+\-−]?(?:\p{{Sc}}\s?)?{digits}(?:\s?[%\p{{Sc}}])?$"
    )
    words = pc.replace_substring_regex(words, rf"[{comma}{GAPS}\s%\p{{Sc}}]", "")
    words = pc.replace_substring(pc.replace_substring(words, "−", "-"), decimal, ".")
    return pc.cast(pc.if_else(matches, pc.utf8_ltrim(words, "+"), None), pa.float64())


def units(words):
    """Returns the set of the currency signs and percent signs, `""` where there is none."""
    import pyarrow.compute as pc

    found = pc.extract_regex(words, r"^[^\p{Sc}%]*(?P<unit>[\p{Sc}%]?)")
    return set(found.field("unit").to_pylist())


def strings(encoded, missing):
    """Returns an array of strings, each different one made once.

    Args:
        encoded: Dictionary-encoded Arrow array of text.
        missing: What stands where a value is missing.
    """
    words = np.append(encoded.dictionary.to_numpy(zero_copy_only=False), [missing])
    return words[np.asarray(encoded.indices.fill_null(len(words) - 1))]


def as_text(values):
    """Returns any values as Arrow text, null where a value is missing.

    `3.0` becomes `"3"`, as a reader of files that holds gaps to be NaN makes numbers of `3`.

    Args:
        values: Array of one axis; of dtype object it may hold anything.

    Raises:
        ValueError: If a value is more than one.
    """
    import pyarrow as pa

    if values.dtype.kind in "iufbM":
        different, places = np.unique(values, return_inverse=True)
        return pa.array(map(_text, different), "string").take(pa.array(places))
    return pa.array(map(_text, values), "string")


def _text(value):
    """One value as text; None where it is missing."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    if _is_missing(value):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, datetime.date):  # a datetime is one too
        return str(value).removesuffix(" 00:00:00")
    if isinstance(value, list | tuple | dict | np.ndarray):
        raise ValueError(f"Received: {value!r}")
    return str(value).strip()


def _is_missing(value):
    """Whether it is None, NaN, or the NA of pandas, which has no truth value."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):  # the latter from an array
        return not hasattr(value, "__len__")
