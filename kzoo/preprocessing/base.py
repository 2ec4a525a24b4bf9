"""What every pre-processing is: one Keras layer for each kind of input."""

import keras
import numpy as np

CHUNK = 1024  # examples pre-processed at a time


class Preprocessing(keras.layers.Layer):
    """A layer from raw inputs to what a core takes; it is learned once and saved in the model.

    A sub-class is registered with Keras and says, beside `call` and `get_config`:

    Attributes:
        kind: What it reads: `"image"`, `"text"`, `"table"`, `"sequence"` or, of arrays without an
            axis of time, `"vector"`; one word in messages, figures, files and on the command line.
        example_shape: Shape of one pre-processed example; None is any size.
        vocabulary_size: Number of token ids, of texts; else None.
        sequence_length: Number of positions at most, where they differ in number; else None.
        padding: What stands behind the last position of a shorter example; None where all have the
            same number.
    """

    kind = None
    vocabulary_size = None
    sequence_length = None
    padding = None

    @classmethod
    def learn(cls, inputs, **options):
        """Learns from the raw inputs of the training split.

        Args:
            inputs: As `Examples` or `Stream` hold them.
            **options: Keyword-only arguments of a sub-class, which a config may set.

        Returns:
            The layer.
        """
        raise NotImplementedError

    def raw_input(self):
        """Returns the `keras.Input` of a model that begins with this layer, or a dict of them."""
        raise NotImplementedError

    def as_raw(self, x):
        """Brings what is given into the form of `raw_input`, or refuses it with a `ValueError`."""
        raise NotImplementedError

    def check_user_input(self, raw):
        """Refuses raw inputs that a file may hold, but what a user passes hardly."""

    def from_user(self, x, decoded=False):
        """Returns what a user passes to `predict` in the form of `raw_input`, or refuses it.

        Args:
            x: What `as_raw` takes.
            decoded: Whether it was decoded from files. A photo may be nearly black; an array of
                nothing but 0 and 1 has another scale.

        Raises:
            ValueError: If it is something else.
        """
        if hasattr(x, "element_spec"):
            raise ValueError(
                "predict takes arrays. Pass it one batch of a dataset after the other: "
                f"for x, y in dataset: model.predict(x). Received: {type(x).__name__}"
            )
        raw = self.as_raw(x)
        if not decoded:
            self.check_user_input(raw)
        return raw

    def positions(self, inputs, x):
        """Returns what the positions of the core's input are called.

        Args:
            inputs: Raw inputs, as `as_raw` takes them.
            x: Array, what this layer makes of them.

        Returns:
            A list of strings for each input; None for the pixels of images.
        """
        raise NotImplementedError

    def ready(self, inputs):
        """Returns any number of raw inputs as the core takes them.

        Args:
            inputs: As `Examples` hold them; images may differ in size.

        Returns:
            Array `(examples, ...)`; of records a dict of them.
        """
        first = keras.tree.flatten(inputs)[0]
        one_by_one = getattr(first, "dtype", None) == np.dtype(object) and len(first) > 0
        if one_by_one and isinstance(first[0], np.ndarray):
            chunks = (image[None] for image in inputs)
        else:
            chunks = (
                keras.tree.map_structure(lambda array, i=i: array[i : i + CHUNK], inputs)
                for i in range(0, max(1, len(first)), CHUNK)
            )
        parts = [keras.ops.convert_to_numpy(self(chunk)) for chunk in chunks]
        if self.vocabulary_size:  # chunks of texts differ in length
            time = max(ids.shape[1] for ids in parts)
            parts = [np.pad(ids, [(0, 0), (0, time - ids.shape[1])]) for ids in parts]
        return np.concatenate(parts)

    def trim(self, x):
        """Returns a batch of pre-processed examples without what is padding in all of them.

        It is computed by TensorFlow, in which batches are made whatever the backend.
        """
        if self.padding is None:
            return x
        import tensorflow as tf

        lengths = tf.reduce_sum(tf.cast(self.is_real(x), "int32"), axis=1)
        return x[:, : tf.maximum(1, tf.reduce_max(lengths))]

    def is_real(self, x):
        """Returns True where a position is no padding, boolean `(batch, time)`, of any tensor."""
        raise NotImplementedError

    def lengths(self, x):
        """Returns the number of positions of each pre-processed example, without padding.

        Args:
            x: Array or tensor `(batch, time, ...)`.

        Returns:
            Tensor of int32 `(batch,)`; None where there is no padding.
        """
        if self.padding is None:
            return None
        return keras.ops.sum(keras.ops.cast(self.is_real(x), "int32"), axis=1)

    def delete(self, x, places, grid):
        """Returns a pre-processed example without some positions: as the mean of training has them.

        Args:
            x: Array of the `example_shape`; it is left as it is.
            places: Integers, the positions, counted along the rows of `grid`.
            grid: Shape of what the positions lie in.
        """
        x = x.copy()
        x[places] = 0  # the mean, of features and steps that are standardised
        return x

    def write_assets(self, folder):
        """Writes what is worth reading for a person into the folder of a run."""
