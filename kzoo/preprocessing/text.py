"""From strings to the token ids that a text model takes."""

from pathlib import Path
from typing import Annotated, Literal

import keras
import numpy as np
from annotated_types import Ge

from kzoo.preprocessing.base import Preprocessing
from kzoo.preprocessing.words import Split, Standardize, vectorization
from kzoo.types import PositiveInt

UNKNOWN = 1  # the id of every word that is not in the vocabulary
CHUNK = 1024  # texts that are split into words at a time
HEAD = {"first": (1, 1), "last": (0, 1), "ends": (1, 3)}  # share of a long text kept from its start

Keep = Literal["first", "last", "ends"]


@keras.saving.register_keras_serializable(package="kzoo")
class TextPreprocessing(Preprocessing):
    """Turns strings into the ids of their words, padded with 0 at the end.

    Id 0 is padding and id 1 a word that is not in the vocabulary; a text without any word becomes
    one such. Words are looked up by `keras.layers.TextVectorization`, so this layer runs on the
    TensorFlow backend only.

    Args:
        vocabulary: List of words; the first one gets the id 2.
        sequence_length: Words of a text that are kept at most.
        keep: Which ones of a longer text: the first, the last, or of both ends, the first third
            and the last two thirds of `sequence_length`.
        standardize: What is done before a text is split. `"words"` lowers letters of any script,
            drops HTML tags and replaces punctuation with spaces; the others are those of
            `TextVectorization`; None does nothing.
        split: What is a word. `"auto"` splits at spaces, and makes a word of each emoji, each
            symbol and each character of a script without spaces (Chinese, Japanese, Thai, Lao,
            Khmer, Burmese, ...). `"words"` splits at spaces alone; with `standardize="words"`,
            emojis and symbols are dropped. `"characters"` makes a word of every character.
        ngrams: Up to how many neighbouring words also count as one; these follow after the words.
        character_ngrams: Up to how many neighbouring characters of a word also count as one, from 3
            on, with the word's beginning `<` and end `>`; these follow after all others, and begin
            with `#`. 0 leaves them out.
        column: Name of the column of a CSV file that holds such texts, or None.

    Input shape:
        `(batch,)`, strings.

    Output shape:
        `(batch, time)`, int32, where time is the largest number of words in the batch, at most
        `sequence_length`.

    Raises:
        BackendError: On another backend than TensorFlow.

    Example:
    >>> ids = TextPreprocessing(["good", "film"], sequence_length=3)(["A good film!", "Good"])
    >>> ids.numpy().tolist()
    [[1, 2, 3], [2, 0, 0]]
    """

    kind = "text"
    padding = 0

    def __init__(
        self,
        vocabulary,
        sequence_length,
        keep="first",
        standardize="words",
        split="words",
        ngrams=1,
        character_ngrams=0,
        column=None,
        dtype="int32",
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        self.vocabulary = list(vocabulary)
        self.sequence_length = sequence_length
        self.keep = keep
        self.standardize = standardize
        self.split = split
        self.ngrams = ngrams
        self.character_ngrams = character_ngrams
        self.column = column
        self._vectorization = self._vectorize(self.vocabulary)
        self._convert_input_args = False  # Keras would take strings for numbers
        self._allow_non_tensor_positional_args = True
        self.supports_jit = False

    @classmethod
    def learn(
        cls,
        texts,
        column=None,
        *,
        vocabulary_size: Annotated[int, Ge(3)] = 20_000,
        sequence_length: PositiveInt = 400,
        keep: Keep = "ends",
        standardize: Standardize | None = "words",
        split: Split = "auto",
        ngrams: PositiveInt = 1,
        character_ngrams: Annotated[int, Ge(0)] = 0,
    ):
        """Learns the most frequent words of the training texts.

        Args:
            texts: Array of strings `(examples,)`.
            column: Name of the column of a CSV file that they are from, or None.
            vocabulary_size: Number of token ids at most, padding and the unknown word among them.
            sequence_length: Words of a text that are kept at most.
            keep: Which ones of a longer text; see `TextPreprocessing`, like the next three.
            standardize: What is done before a text is split.
            split: What is a word.
            ngrams: Up to how many neighbouring words also count as one.
            character_ngrams: Up to how many neighbouring characters of a word do, which tells of
                words that did not occur in training; 5 is usual.
        """
        tokens = (standardize, split, ngrams, character_ngrams)
        every_word = vectorization(*tokens, max_tokens=vocabulary_size)
        chunks = (texts[i : i + CHUNK] for i in range(0, len(texts), CHUNK))
        every_word.adapt(list(chunk) for chunk in chunks)
        vocabulary = every_word.get_vocabulary(include_special_tokens=False)
        words = list(map(str, vocabulary))
        return cls(words, sequence_length, keep, *tokens, column)

    @property
    def example_shape(self):
        """Shape of one text as token ids, of any length."""
        return (None,)

    @property
    def vocabulary_size(self):
        """Number of token ids, padding and the unknown word among them."""
        return len(self.vocabulary) + 2

    def is_real(self, x):
        return x != 0

    def raw_input(self):
        """Returns the `keras.Input` of a model that begins with this layer."""
        return keras.Input((), dtype="string", name="texts")

    def as_raw(self, texts):
        """Returns texts as a model that begins with this layer takes them, as a string tensor.

        Args:
            texts: List, array, tensor or column of strings, `(batch,)`.

        Raises:
            ValueError: If they are something else; one string is not a list of them.
        """
        import tensorflow as tf

        if hasattr(texts, "to_numpy"):  # a column of a data frame
            texts = texts.to_numpy()
        if tf.is_tensor(texts):
            is_texts = texts.dtype == tf.string and texts.shape.rank == 1
        else:
            is_texts = _is_list_of_strings(texts)
        if not is_texts:
            raise ValueError(f"Texts must be a list of strings. Received: {_describe(texts)}")
        return tf.convert_to_tensor(texts, tf.string)

    def build(self, input_shape):
        pass

    def call(self, texts):
        import tensorflow as tf

        with tf.device("CPU:0"):  # there are no strings on a GPU
            ids = tf.cast(self._vectorization(tf.convert_to_tensor(texts, tf.string)), "int32")
            ids = self._shorten(ids)
            first = tf.range(tf.shape(ids)[1]) == 0
            # a text of padding alone: cuDNN's LSTM does not take it
            return tf.where(first & (ids == 0), UNKNOWN, ids)

    def positions(self, texts, x=None):
        """Returns the words that the ids of each text stand for, those without one in brackets.

        Args:
            texts: As `as_raw` takes them.
            x: Not needed.

        Example:
        >>> TextPreprocessing(["good", "film"], 3).positions(["A good film!", "Good"])
        [['[a]', 'good', 'film'], ['good']]
        """
        import tensorflow as tf

        texts = self.as_raw(texts)
        every_word = self._vectorize()
        every_word.adapt(tf.concat([texts, ["a"]], axis=0))  # at least one word, and none unknown
        known = set(self.vocabulary)
        vocabulary = map(str, every_word.get_vocabulary())
        names = [word if word in known else f"[{word}]" for word in vocabulary]
        rows = self._shorten(every_word(texts)).numpy().tolist()
        return [[names[i] for i in row if i] or ["[]"] for row in rows]

    def delete(self, x, places, grid):
        """Returns token ids without those at these places; the others close up."""
        kept = np.delete(x[: np.count_nonzero(x)], places)
        kept = kept if len(kept) else [UNKNOWN]  # as `call` does with an empty text
        return np.pad(kept, (0, len(x) - len(kept)))

    def _vectorize(self, vocabulary=None):
        tokens = (self.standardize, self.split, self.ngrams, self.character_ngrams)
        return vectorization(*tokens, vocabulary)

    def _shorten(self, ids):
        """Keeps `sequence_length` of the ids of a longer text."""
        import tensorflow as tf

        lengths = tf.math.count_nonzero(ids, axis=1, keepdims=True, dtype="int32")
        numerator, denominator = HEAD[self.keep]
        head = self.sequence_length * numerator // denominator
        size = tf.clip_by_value(tf.reduce_max(lengths), 1, self.sequence_length)
        positions = tf.range(size)[None]
        left_out = tf.maximum(0, lengths - self.sequence_length)
        positions = positions + tf.where(positions < head, 0, left_out)
        ids = tf.pad(ids, [(0, 0), (0, 1)])  # where no text has a word
        return tf.gather(ids, positions, batch_dims=1)

    def compute_output_spec(self, texts):
        return keras.KerasTensor((*texts.shape, None), dtype="int32")

    def write_assets(self, folder, name="vocabulary.txt"):
        """Writes the words to a file; line n, counted from 0, has the id n + 2."""
        path = Path(folder) / name
        path.write_text("".join(f"{word}\n" for word in self.vocabulary), encoding="utf-8")

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary": self.vocabulary,
            "sequence_length": self.sequence_length,
            "keep": self.keep,
            "standardize": self.standardize,
            "split": self.split,
            "ngrams": self.ngrams,
            "character_ngrams": self.character_ngrams,
            "column": self.column,
        }


def _is_list_of_strings(texts):
    if isinstance(texts, np.ndarray):
        if texts.ndim != 1:
            return False
        return texts.dtype.kind in "US" or all(isinstance(text, str | bytes) for text in texts)
    if not isinstance(texts, list | tuple):
        return False
    return all(isinstance(text, str | bytes) for text in texts)


def _describe(texts):
    if isinstance(texts, np.ndarray):
        return f"an array of {texts.dtype}, {texts.shape}"
    text = f"{type(texts).__name__} {texts!r}"
    return text if len(text) <= 60 else text[:57] + "..."
