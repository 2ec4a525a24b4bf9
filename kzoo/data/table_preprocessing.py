"""From the columns of a table to the numbers that a model takes."""

import keras
import numpy as np
from keras import ops

from kzoo.data.table_input import as_columns, as_raw_column, tensor_names
from kzoo.types import PositiveInt

SMALLEST = float(np.finfo("float32").tiny)  # that a float32 can be divided by
HIGHEST = 10.0  # standard deviations; a number further away counts as that far


@keras.saving.register_keras_serializable(package="kzoo")
class TablePreprocessing(keras.layers.Layer):
    """Turns a dict of columns into features: one number each, all of similar size.

        number     (x - mean) / scale, x being the median where it is missing; cut at +-10
                   and, where training data had gaps, 1 if it is missing, else 0
        category   1 for the one that it is, 0 for the others; a category that was rare or unseen
                   in training is 1 in "other", or 0 everywhere if there was no rare one

    A number is missing where it is not finite, a category where it is `""`. Runs on the
    TensorFlow backend only, which alone has strings.

    Args:
        columns: List of dicts, as `learn_table_preprocessing` makes it. Of a number: `name`,
            `median`, `mean`, `scale` and `missing`, whether it has a feature for that. Of a
            category: `name`, `categories` and `other`, whether it has a feature for that.

    Call arguments:
        columns: Dict from name to tensor: of floats for numbers, of strings for categories.

    Input shape:
        `(batch,)` or `(batch, 1)` for each column.

    Output shape:
        `(batch, features)`, float.

    Raises:
        RuntimeError: If there are categories and the backend is not TensorFlow.

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

    kind = "tables"

    def __init__(self, columns, **kwargs):
        super().__init__(**kwargs)
        self.columns = [dict(column) for column in columns]
        self._numbers = [column for column in self.columns if "median" in column]
        self._categories = [column for column in self.columns if "categories" in column]
        self._lookups = [_lookup(column["categories"]) for column in self._categories]
        self._convert_input_args = False  # Keras would take strings for numbers
        self._allow_non_tensor_positional_args = True
        self.supports_jit = False

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
        return names

    @property
    def example_shape(self):
        """Shape of one pre-processed row."""
        return (len(self.feature_names),)

    def raw_input(self):
        """Returns the `keras.Input` of each column, in a dict, of a model that begins with this."""
        names = tensor_names(column["name"] for column in self.columns)
        return {
            column["name"]: keras.Input(
                (), dtype="float32" if "median" in column else "string", name=name
            )
            for column, name in zip(self.columns, names, strict=True)
        }

    def as_raw(self, table):
        """Returns a table as a model that begins with this layer takes it: a dict of tensors.

        Args:
            table: Dict from column to list or array, data frame of pandas, or list of dicts;
                NaN, None and, for categories, `""` are missing.

        Raises:
            ValueError: If a column is missing, unknown, too short or of the wrong kind.
        """
        columns = as_columns(table, [column["name"] for column in self.columns])
        return {
            column["name"]: ops.convert_to_tensor(
                as_raw_column(column["name"], columns[column["name"]], "median" in column)
            )
            for column in self.columns
        }

    def build(self, input_shape):
        pass

    def call(self, columns):
        features = []
        if self._numbers:
            features += self._number_features(columns)
        for column, lookup in zip(self._categories, self._lookups, strict=True):
            one_hot = lookup(columns[column["name"]])
            features.append(one_hot if column["other"] else one_hot[:, 1:])
        features = [ops.cast(feature, self.compute_dtype) for feature in features]
        return ops.concatenate(features, axis=-1)

    def _number_features(self, columns):
        names = [column["name"] for column in self._numbers]
        x = ops.stack([ops.cast(ops.reshape(columns[n], (-1,)), "float32") for n in names], axis=1)
        median, mean, scale = (
            ops.convert_to_tensor([column[key] for column in self._numbers], "float32")
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
        return {**super().get_config(), "columns": self.columns}


def learn_table_preprocessing(columns, *, max_categories: PositiveInt = 50):
    """Learns medians, scales and categories from the training rows.

    Args:
        columns: Dict from name to array `(examples,)`: floats, NaN being missing, or strings,
            `""` being missing.
        max_categories: Categories of a column that get a feature; the rarer ones share one.

    Returns:
        `TablePreprocessing`.
    """
    return TablePreprocessing(
        [
            {"name": name, **_learn_number(values)}
            if values.dtype.kind == "f"
            else {"name": name, **_learn_category(values, max_categories)}
            for name, values in columns.items()
        ]
    )


def _learn_number(values):
    real = np.isfinite(values)
    median = np.median(values[real].astype("float64")) if real.any() else 0.0
    filled = np.where(real, values, median).astype("float64")
    scale = float(filled.std())
    return {
        "median": float(median),
        "mean": float(filled.mean()),
        "scale": scale if scale > SMALLEST else 1.0,
        "missing": not real.all(),
    }


def _learn_category(values, max_categories):
    categories, counts = np.unique(values.astype(str), return_counts=True)
    kept = np.argsort(-counts, kind="stable")[:max_categories]
    return {
        "categories": sorted(str(value) for value in categories[kept]),
        "other": len(kept) < len(categories),
    }


def _lookup(categories):
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "Categories are read on the TensorFlow backend only: set KERAS_BACKEND=tensorflow. "
            f"Received: {keras.backend.backend()}"
        )
    return keras.layers.StringLookup(
        vocabulary=categories, output_mode="one_hot", oov_token="\0other"
    )
