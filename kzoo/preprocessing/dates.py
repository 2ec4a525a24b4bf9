"""The dates of a column: how far from each other, and where in a year, a week and a day."""

import math

import numpy as np

ORDERS = ("ymd", "dmy", "mdy")  # of year, month and day where the year does not come first
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PATTERN = (
    r"^(\d{1,4})[-/.](\d{1,2})(?:[-/.](\d{1,4}))?"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d*)?))?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?$"
)
HIGHEST = 10.0  # standard deviations; a date further away counts as that far
YEAR, WEEK, DAY = 365.2425, 7, 24 * 60 * 60


def learn_date(texts, order):
    """Learns what the dates of a column tell.

    Args:
        texts: Array of strings, `""` where a date is missing.
        order: One of `ORDERS`.

    Returns:
        Dict: `order`; `mean` and `scale` of the days since 1970; `missing`, whether some were; and
        `parts`, those that differ: `"year"`, `"week"` and `"day"`.
    """
    days, fits = (tensor.numpy() for tensor in days_of(texts, order))
    days = days[fits] if fits.any() else np.zeros(1)
    scale = float(days.std())
    whole = np.floor(days)
    varies = {
        "year": np.ptp(whole) > 0,
        "week": len(np.unique(whole % WEEK)) > 1,
        "day": np.any(days > whole),
    }
    return {
        "order": order,
        "mean": float(days.mean()),
        "scale": scale if scale > 0 else 1.0,
        "missing": not fits.all(),
        "parts": [part for part, does in varies.items() if does],
    }


def names_of_date(column):
    """Returns what the features of `date_features` are called."""
    name = column["name"]
    names = [f"{name} (days)"]
    for part, told in (("year", "time of the year"), ("day", "time of the day")):
        if part in column["parts"]:
            names += [f"{name} ({told}, sine)", f"{name} ({told}, cosine)"]
    names += [f"{name} is a {day}" for day in WEEKDAYS] * ("week" in column["parts"])
    return names + [f"{name} is missing"] * column["missing"]


def date_features(texts, column):
    """Returns the features of dates, `(batch, features)`; one that is missing has the last alone.

    Args:
        texts: String tensor `(batch,)`.
        column: Dict, what `learn_date` returns, with the `name`.
    """
    import tensorflow as tf

    days, fits = days_of(texts, column["order"])
    whole = tf.floor(days)
    features = [tf.clip_by_value((days - column["mean"]) / column["scale"], -HIGHEST, HIGHEST)]
    for part, turns in (("year", whole / YEAR), ("day", days - whole)):
        if part in column["parts"]:
            angle = 2 * math.pi * tf.math.floormod(turns, 1)
            features += [tf.sin(angle), tf.cos(angle)]
    if "week" in column["parts"]:
        weekday = tf.cast(tf.math.floormod(whole + 3, WEEK), "int32")  # 1970 began on a Thursday
        features += tf.unstack(tf.one_hot(weekday, WEEK, dtype="float64"), axis=1)
    features = [tf.where(fits, feature, tf.zeros_like(feature)) for feature in features]
    features += [tf.cast(~fits, "float64")] * column["missing"]
    return tf.stack(features, axis=1)


def days_of(texts, order):
    """Returns the days since 1970 of dates, with their fractions, and whether each is a date.

    A year of four digits may come first whatever the order; a day may be left out then. The time
    zone is not looked at. It is computed by TensorFlow, so that a SavedModel does so too.

    Args:
        texts: Strings `(batch,)`.
        order: One of `ORDERS`.

    Returns:
        Tensors `(batch,)` of float64 and of bool.

    References:
        Hinnant, chrono-Compatible Low-Level Date Algorithms, `days_from_civil`.
    """
    import tensorflow as tf

    texts = tf.strings.strip(tf.convert_to_tensor(texts, tf.string))
    fits = tf.strings.regex_full_match(texts, PATTERN)

    def group(i, default):
        found = tf.strings.regex_replace(texts, PATTERN, rf"\{i}")
        given = fits & (found != "")
        return tf.strings.to_number(tf.where(given, found, default), "float64")

    first, second, third = group(1, "0"), group(2, "0"), group(3, "1")
    year_first = (first > 31) | (order == "ymd")
    month = second if order == "dmy" else tf.where(year_first, second, first)
    day = tf.where(year_first, third, first if order == "dmy" else second)
    year = tf.where(year_first, first, third)
    year += 1900 * tf.cast(year < 100, "float64") + 100 * tf.cast(year < 70, "float64")
    hour, minute, second = group(4, "0"), group(5, "0"), group(6, "0")
    fits &= (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    fits &= (hour <= 24) & (minute < 60) & (second < 61)
    year -= tf.cast(month <= 2, "float64")  # begun in March, a year ends with its leap day
    era = year // 400
    of_era = year - 400 * era
    of_year = (153 * tf.math.floormod(month + 9, 12) + 2) // 5 + day - 1
    days = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return days + (hour * 3600 + minute * 60 + second) / DAY, fits
