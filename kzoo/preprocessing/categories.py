"""The categories of a column: which there are, and that each has one spelling."""

import re
from collections import Counter

import keras

from kzoo.messages import BackendError

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
# by the form of a column: what is replaced so that each of its values has one spelling
LEADING_ZEROS = (r"^(-?)0+(\d)", r"\1\2")
CODE = [
    (r"^\+", ""),
    (r"^(-?)\.", r"\10."),
    (r"^(-?\d+)\.0*$", r"\1"),
    (r"(\.\d*[1-9])0+$", r"\1"),
]
SPELLINGS = {"text": [], "boolean": [], "code": CODE, "number": [*CODE, LEADING_ZEROS]}


def learn_category(values, missing, max_categories):
    """Learns the categories of a column.

    Args:
        values: Array of strings.
        missing: Words that stand for a missing value, in any case.
        max_categories: Categories that get a feature; the rarer ones share one.

    Returns:
        Dict of `categories`, `other` and `form`, see `TablePreprocessing`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = pc.value_counts(pa.array(values, "string"))
    words, counts = (counted.field(name).to_pylist() for name in ("values", "counts"))
    column = {"form": _form(words, missing)}
    totals, shown = Counter(), {}
    for word, same, count in zip(words, spelled(words, column, missing), counts, strict=True):
        totals[same] += count
        shown.setdefault(same, word)
    kept = sorted(sorted(totals), key=lambda same: -totals[same])[:max_categories]
    categories = [shown[same] if same else "" for same in kept]
    return {"categories": sorted(categories), "other": len(kept) < len(totals), **column}


def _form(values, missing):
    """Returns what all values of a column are; see `TablePreprocessing`."""
    text, number, code = (
        set(spelled(values, {"form": form}, missing)) - {""} for form in ("text", "number", "code")
    )
    if text and {value.lower() for value in text} <= {"true", "false"}:
        return "boolean"
    if text and all(map(NUMBER.fullmatch, text)):
        return "number" if len(number) == len(code) else "code"
    return "text"


def spelling(values, column, missing):
    """Returns the one spelling of each value of a column, `""` where it is missing.

    It is computed by TensorFlow, so that a SavedModel does so too.
    """
    import tensorflow as tf

    values = tf.convert_to_tensor(values, tf.string)
    if "form" not in column:  # of a model that was trained before there were forms
        return values
    values = tf.strings.strip(values)
    lower = tf.strings.lower(values, encoding="utf-8")
    words = "|".join(re.escape(word.lower()) for word in missing)
    values = lower if column["form"] == "boolean" else values
    values = tf.where(tf.strings.regex_full_match(lower, words), "", values)
    for pattern, replacement in SPELLINGS[column["form"]]:
        values = tf.strings.regex_replace(values, pattern, replacement)
    return values


def spelled(values, column, missing):
    """Does the same and returns a list of `str`."""
    return [word.decode() for word in spelling(values, column, missing).numpy()]


def category_lookup(column, missing):
    """Returns the layer from spelled categories to one feature each, the first for all others."""
    if keras.backend.backend() != "tensorflow":
        raise BackendError(
            "Categories are read on the TensorFlow backend only: set KERAS_BACKEND=tensorflow. "
            f"Received: {keras.backend.backend()}"
        )
    return keras.layers.StringLookup(
        vocabulary=spelled(column["categories"], column, missing),
        output_mode="one_hot",
        oov_token="\0other",
    )
