"""From rows that hold a text or an image beside numbers and categories to what a model takes."""

from pathlib import Path

import keras
import numpy as np
from keras import ops

from kzoo.preprocessing.base import Preprocessing
from kzoo.preprocessing.cells import MISSING, without_missing
from kzoo.preprocessing.table import TablePreprocessing
from kzoo.preprocessing.table_input import as_columns, as_texts, tensor_names
from kzoo.preprocessing.text import TextPreprocessing

TABLE = "table"  # what the part of all numbers and categories is called
LAYERS = ("tokens", "fusion", "attention", "features", "dropout", "logits")  # of a core


@keras.saving.register_keras_serializable(package="kzoo")
class RecordPreprocessing(Preprocessing):
    """Turns a dict of columns into a dict of parts: each text and each image, and all the rest.

    A missing text, `""`, becomes padding alone, and a missing image is black, 0 everywhere; a
    model is to leave both out, as `multimodal_fusion` does.

    Args:
        columns: List of pairs of a column's name and its `TextPreprocessing` or
            `ImagePreprocessing`.
        table: `TablePreprocessing` of the numbers and categories, or None where there are none.

    Attributes:
        alone: Dict from each of these columns to its pre-processing.
        parts: Dict from what each part is called in the core to its pre-processing.

    Call arguments:
        columns: Dict from name to tensor.

    Input shape:
        `(batch,)` of a number, a category or a text; `(batch, any height, any width, channels)` of
        an image.

    Output shape:
        Dict from the name of each part to `(batch, features)`, `(batch, time)` or `(batch, height,
        width, channels)`. The part of numbers and categories is called `"table"`.

    Example:
    >>> layer = RecordPreprocessing(
    ...     [("review", TextPreprocessing(["good", "film"], sequence_length=3))],
    ...     TablePreprocessing([{"name": "stars", "median": 3.0, "mean": 3.0, "scale": 1.0,
    ...                          "missing": False}]),
    ... )
    >>> x = layer({"stars": np.array([5.0, 1.0]), "review": np.array(["A good film!", ""])})
    >>> x["table"].numpy().tolist(), x["review"].numpy().tolist()
    ([[2.0], [-2.0]], [[1, 2, 3], [0, 0, 0]])
    """

    kind = "record"

    def __init__(self, columns, table=None, **kwargs):
        super().__init__(**kwargs)
        self.table = table
        names = tensor_names((name for name, _ in columns), taken=(TABLE, *LAYERS))
        self.alone = dict(columns)
        self.parts = {TABLE: table} if table else {}
        self.parts |= dict(zip(names, self.alone.values(), strict=True))
        self.column_of = dict(zip(names, self.alone, strict=True))
        self._convert_input_args = False  # Keras would take strings for numbers
        self._allow_non_tensor_positional_args = True
        self.supports_jit = False

    @classmethod
    def learn(cls, columns, *, kinds, text=None, images=None, table):
        """Learns each part from the training rows.

        Args:
            columns: Dict from name to array `(examples, ...)`.
            kinds: Dict from the name of each column of texts or images to `"text"` or `"image"`.
            text: Dict of the keyword arguments of `TextPreprocessing.learn`, or None.
            images: `ImagePreprocessing`: the size and channels of all images; or None.
            table: Dict of the arguments of `TablePreprocessing.learn` beside the columns.
        """
        learned = []
        for name, kind in kinds.items():
            if kind == "text":
                learned.append((name, TextPreprocessing.learn(columns[name], **(text or {}))))
            else:
                learned.append((name, images))
        rest = {name: values for name, values in columns.items() if name not in kinds}
        return cls(learned, TablePreprocessing.learn(rest, **table) if rest else None)

    @property
    def columns(self):
        """List of dicts, those of the numbers, dates and categories."""
        return self.table.columns if self.table else []

    @property
    def missing(self):
        """List of words that stand for a missing value, in any case."""
        return self.table.missing if self.table else list(MISSING)

    @property
    def example_shape(self):
        """Dict from each part to the shape of one example of it."""
        return {name: part.example_shape for name, part in self.parts.items()}

    @property
    def vocabulary_size(self):
        """Dict from each part to its number of token ids, None where it has none."""
        return {name: part.vocabulary_size for name, part in self.parts.items()}

    def raw_input(self):
        """Returns the `keras.Input` of each column, in a dict."""
        inputs = self.table.raw_input() if self.table else {}
        inputs |= {name: part.raw_input() for name, part in self.alone.items()}
        return {
            column: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
            for (column, tensor), name in zip(inputs.items(), tensor_names(inputs), strict=True)
        }

    def as_raw(self, rows):
        """Returns rows as a model that begins with this layer takes them: a dict of tensors.

        Args:
            rows: Dict from column to list or array; data frame; or list of dicts. None, NaN and
                `""` are missing. Images are arrays of 0 to 255, of any sizes.

        Raises:
            ValueError: If a column is missing, too short or of the wrong kind.
        """
        images = [name for name, part in self.alone.items() if part.kind == "image"]
        numbers = [column["name"] for column in self.columns]
        given = as_columns(rows, [*numbers, *self.alone], whole=images)
        raw = self.table.as_raw({name: given[name] for name in numbers}) if self.table else {}
        for name, part in self.alone.items():
            if name in images:
                raw[name] = ops.convert_to_tensor(_images(name, given[name], part))
            else:
                texts = without_missing(as_texts(name, given[name]), self.missing)
                texts = texts.fill_null("").to_pylist()
                raw[name] = part.as_raw(np.array(texts, dtype=object))
        return raw

    def part_inputs(self, columns):
        """Returns a dict from each part to what it reads of a dict of columns."""
        found = {name: columns[column] for name, column in self.column_of.items()}
        if self.table:
            names = [column["name"] for column in self.columns]
            found = {TABLE: {name: columns[name] for name in names}, **found}
        return found

    def build(self, input_shape):
        pass

    def call(self, columns):
        given = self.part_inputs(columns)
        x = {name: part(given[name]) for name, part in self.parts.items()}
        for name, part in self.parts.items():
            if part.kind == "text":
                x[name] = ops.where(_is_empty(given[name])[:, None], 0, x[name])
        return x

    def ready(self, inputs):
        given = self.part_inputs(inputs)
        x = {name: part.ready(given[name]) for name, part in self.parts.items()}
        for name, part in self.parts.items():
            if part.kind == "text":
                empty = ops.convert_to_numpy(_is_empty(given[name]))
                x[name] = np.where(empty[:, None], 0, x[name])
        return x

    def trim(self, x):
        return {name: self.parts[name].trim(part) for name, part in x.items()}

    def positions(self, inputs, x):
        """Returns, for each row, a dict from part to what its positions are called."""
        given = self.part_inputs(self.as_raw(inputs))
        of_parts = {name: part.positions(given[name], x[name]) for name, part in self.parts.items()}
        count = len(next(iter(x.values())))
        return [{name: found[i] for name, found in of_parts.items()} for i in range(count)]

    def compute_output_spec(self, columns):
        given = self.part_inputs(columns)
        return {name: part.compute_output_spec(given[name]) for name, part in self.parts.items()}

    def write_assets(self, folder):
        """Writes the words of each text column to `vocabulary/<column>.txt`."""
        for name, part in self.parts.items():
            if part.kind == "text":
                (Path(folder) / "vocabulary").mkdir(exist_ok=True)
                part.write_assets(folder, f"vocabulary/{name}.txt")

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "columns": [[name, serialize(part)] for name, part in self.alone.items()],
            "table": serialize(self.table) if self.table else None,
        }

    @classmethod
    def from_config(cls, config):
        deserialize = keras.saving.deserialize_keras_object
        config["columns"] = [(name, deserialize(part)) for name, part in config["columns"]]
        config["table"] = deserialize(config["table"]) if config["table"] else None
        return cls(**config)


def _is_empty(texts):
    import tensorflow as tf

    return tf.strings.length(tf.strings.strip(tf.convert_to_tensor(texts, tf.string))) == 0


def _images(name, values, part):
    """Returns images as one uint8 array; those that differ in size get the size of the model."""
    if getattr(values, "ndim", 0) == 4:
        return part.as_raw(values)
    size, images = (part.height, part.width), []
    for image in values:
        if image is None:
            images.append(np.zeros((*size, part.channels), "uint8"))
            continue
        if np.ndim(image) not in (2, 3) or np.asarray(image).dtype.kind not in "iufb":
            raise ValueError(
                f"Column {name!r} takes images, arrays (height, width, {part.channels}), or None. "
                f"Received: {type(image).__name__} {np.shape(image) or repr(image)}"
            )
        images.append(resized(part.as_raw(np.asarray(image)[None])[0], size))
    return np.stack(images) if images else np.zeros((0, *size, part.channels), "uint8")


def resized(image, size):
    """Returns an image, uint8 `(height, width, channels)`, in another size (bilinear)."""
    if image.shape[:2] == tuple(size):
        return image
    found = ops.image.resize(image.astype("float32"), size, data_format="channels_last")
    return np.rint(ops.convert_to_numpy(found)).astype("uint8")
