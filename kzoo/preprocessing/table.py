"""From the columns of a table to the numbers that a model takes."""

import warnings

import keras
import numpy as np
from keras import ops

from kzoo.preprocessing.base import Preprocessing
from kzoo.preprocessing.categories import category_lookup, learn_category, spelled, spelling
from kzoo.preprocessing.cells import MISSING
from kzoo.preprocessing.dates import date_features, days_of, learn_date, names_of_date
from kzoo.preprocessing.table_input import as_columns, as_numbers, as_texts, tensor_names
from kzoo.types import PositiveInt

SMALLEST = float(np.finfo("float32").tiny)  # that a float32 can be divided by
HIGHEST = 10.0  # standard deviations; a number further away counts as that far
ROUNDING = 1e-6  # standard deviations that may be lost where a number becomes a float32


@keras.saving.register_keras_serializable(package="kzoo")
class TablePreprocessing(Preprocessing):
    """Turns a dict of columns into features: one number each, all of similar size.

        number     (x - mean) / scale, x being the median where it is missing; cut at +-10
                   and, where training data had gaps, 1 if it is missing, else 0
        date       its day as a number, 0 where it is missing; where they differ in training, sine
                   and cosine of the time of the year and of the day, and 1 for the weekday
        category   1 for the one that it is, 0 for the others; a category that was rare or unseen
                   in training is 1 in "other", or 0 everywhere if there was no rare one

    A number is missing where it is not finite, a category where it is `""` or one of `missing`.
    A category is the same however it is written: `1.0` and `1`, `TRUE` and `True`, and, where all
    categories are numbers and it leads to no confusion, `01067` and `1067`. Runs on the TensorFlow
    backend only, which alone has strings.

    Args:
        columns: List of dicts, as `learn` makes it. Of a number: `name`,
            `median`, `mean`, `scale`, `missing`, whether it has a feature for that, `decimal`,
            its decimal sign in text, and `dtype`. Of a date: `name` and what `learn_date` returns.
            Of a category: `name`, `categories`, `other`,
            whether it has a feature for that, and `form`, what all of them are: `"text"`,
            `"boolean"`, `"number"` or, where leading zeros tell them apart, `"code"`.
        missing: Words that stand for a missing value, in any case.

    Call arguments:
        columns: Dict from name to tensor: of floats for numbers, of strings for categories.

    Input shape:
        `(batch,)` or `(batch, 1)` for each column.

    Output shape:
        `(batch, features)`, float.

    Raises:
        BackendError: If there are categories and the backend is not TensorFlow.

    Example:
    >>> layer = TablePreprocessing([
    ...     {"name": "age", "median": 40.0, "mean": 45.0, "scale": 10.0, "missing": True},
    ...     {"name": "pet", "categories": ["cat", "dog"], "other": False},
    ... ])
    >>> layer.feature_names
    ['age', 'age is missing', 'pet = cat', 'pet = dog']
    >>> layer({"age": np.array([65.0, np.nan]), "pet": np.array(["dog", "cow"])}).numpy().tolist()
    [[2.0, 0.0, 0.0, 1.0], [-0.5, 1.0, 0.0, 0.0]]
    """

    kind = "table"
    alone = {}  # no column is a part of its own, as in a record

    def __init__(self, columns, missing=MISSING, **kwargs):
        super().__init__(**kwargs)
        self.columns = [dict(column) for column in columns]
        self.missing = list(missing)
        self._numbers = [column for column in self.columns if "median" in column]
        self._categories = [column for column in self.columns if "categories" in column]
        self._dates = [column for column in self.columns if "order" in column]
        self._lookups = [category_lookup(column, self.missing) for column in self._categories]
        self._convert_input_args = False  # Keras would take strings for numbers
        self._allow_non_tensor_positional_args = True
        self.supports_jit = False

    @classmethod
    def learn(
        cls,
        columns,
        decimals=None,
        missing=MISSING,
        dates=None,
        *,
        max_categories: PositiveInt = 50,
    ):
        """Learns medians, scales and categories from the training rows.

        Args:
            columns: Dict from name to array `(examples,)`: floats, NaN being missing, or strings,
                `""` being missing.
            decimals: Dict from the name of a column of numbers to its decimal sign, where that is
                not `"."`.
            missing: Words that stand for a missing value, in any case.
            dates: Dict from the name of a column of dates to the order of year, month and day.
            max_categories: Categories of a column that get a feature; the rarer ones share one.
        """
        learned = []
        for name, values in columns.items():
            if values.dtype.kind == "f":
                decimal = (decimals or {}).get(name, ".")
                learned.append({"name": name, **_learn_number(values), "decimal": decimal})
            elif name in (dates or {}):
                learned.append({"name": name, **learn_date(values, dates[name])})
            else:
                learned.append({"name": name, **learn_category(values, missing, max_categories)})
        return cls(learned, missing)

    @property
    def feature_names(self):
        """List of what each feature is, as in `"age"` or `"pet = cat"`."""
        names = [column["name"] for column in self._numbers]
        names += [f"{column['name']} is missing" for column in self._numbers if column["missing"]]
        for column in self._categories:
            others = ["other"] if column["other"] else []
            names += [
                f"{column['name']} = {value}" if value else f"{column['name']} is missing"
                for value in [*others, *column["categories"]]
            ]
        return [*names, *(name for column in self._dates for name in names_of_date(column))]

    @property
    def example_shape(self):
        """Shape of one pre-processed row."""
        return (len(self.feature_names),)

    def raw_input(self):
        """Returns the `keras.Input` of each column, in a dict, of a model that begins with this."""
        names = tensor_names(column["name"] for column in self.columns)
        return {
            column["name"]: keras.Input((), dtype=_dtype(column), name=name)
            for column, name in zip(self.columns, names, strict=True)
        }

    def as_raw(self, table):
        """Returns a table as a model that begins with this layer takes it: a dict of tensors.

        Args:
            table: Dict from column to list or array; data frame of pandas, Polars or Arrow; or
                list of dicts. NaN and None are missing. Other columns than those of the model are
                left out.

        Raises:
            ValueError: If a column is missing, too short or of the wrong kind.
        """
        given = as_columns(table, [column["name"] for column in self.columns])
        raw = {}
        for column in self.columns:
            name, values = column["name"], given[column["name"]]
            if "median" in column:
                decimal = column.get("decimal", ".")
                raw[name] = as_numbers(name, values, decimal, self.missing).astype(_dtype(column))
            else:
                texts = as_texts(name, values).fill_null("")
                raw[name] = np.array(texts.to_pylist(), dtype=object)
                if "order" in column:
                    _check_dates(column, raw[name], self.missing)
                else:
                    self._warn_of_unknown_values(column, set(raw[name]))
        return {name: ops.convert_to_tensor(values) for name, values in raw.items()}

    def _warn_of_unknown_values(self, column, values):
        """Points out a column in which the model knows nothing: was it read in another way?"""
        given, known = (
            set(spelled(list(texts), column, self.missing)) - {""}
            for texts in (values, column["categories"])
        )
        if len(given) > 1 and known and not given & known:
            warnings.warn(
                f"The model knows no value of the column {column['name']!r}. "
                f"It knows: {', '.join(column['categories'][:5])}. "
                f"Received: {', '.join(sorted(values)[:5])}",
                stacklevel=4,
            )

    def positions(self, inputs, x):
        """Returns the names of the features for each row."""
        return [self.feature_names] * len(x)

    def build(self, input_shape):
        pass

    def call(self, columns):
        features = []
        if self._numbers:
            features += self._number_features(columns)
        for column, one_hot_of in zip(self._categories, self._lookups, strict=True):
            one_hot = one_hot_of(spelling(columns[column["name"]], column, self.missing))
            features.append(one_hot if column["other"] else one_hot[:, 1:])
        for column in self._dates:
            features.append(date_features(columns[column["name"]], column))
        features = [ops.cast(feature, self.compute_dtype) for feature in features]
        return ops.concatenate(features, axis=-1)

    def _number_features(self, columns):
        names = [column["name"] for column in self._numbers]
        precise = any(_dtype(column) == "float64" for column in self._numbers)
        dtype = "float64" if precise else "float32"
        x = ops.stack([ops.cast(ops.reshape(columns[n], (-1,)), dtype) for n in names], axis=1)
        median, mean, scale = (
            ops.convert_to_tensor([column[key] for column in self._numbers], dtype)
            for key in ("median", "mean", "scale")
        )
        real = ops.isfinite(x)
        standardized = (ops.where(real, x, median) - mean) / scale
        gaps = [i for i, column in enumerate(self._numbers) if column["missing"]]
        missing = ops.take(ops.logical_not(real), np.array(gaps, "int32"), axis=1)
        return [ops.clip(standardized, -HIGHEST, HIGHEST), missing]

    def compute_output_spec(self, columns):
        batch = next(iter(columns.values())).shape[0]
        return keras.KerasTensor((batch, *self.example_shape), dtype=self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "columns": self.columns, "missing": self.missing}


def _learn_number(values):
    values = values.astype("float64")
    real = np.isfinite(values)
    median = np.median(values[real]) if real.any() else 0.0
    filled = np.where(real, values, median)
    scale = float(filled.std())
    scale = scale if scale > SMALLEST else 1.0
    lost = np.abs(filled.astype("float32") - filled).max() / scale
    return {
        "median": float(median),
        "mean": float(filled.mean()),
        "scale": scale,
        "missing": not real.all(),
        "dtype": "float64" if lost > ROUNDING else "float32",
    }


def _check_dates(column, texts, missing):
    """Refuses text that is no date."""
    words = {"", *(word.lower() for word in missing)}
    given = [text for text in dict.fromkeys(texts) if text.strip().lower() not in words]
    fits = days_of(np.array(given, dtype=object), column["order"])[1].numpy() if given else []
    if not all(fits):
        text = given[int(np.argmin(fits))]
        raise ValueError(
            f"Column {column['name']!r} takes dates, as 2024-12-31. Received: {text!r}"
        )


def _dtype(column):
    """Returns the type of the values of a column that go into the model."""
    return column.get("dtype", "float32") if "median" in column else "string"
