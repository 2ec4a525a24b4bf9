"""Where one word of a text ends and the next begins, as TensorFlow computes it in a graph too."""

from typing import Literal

from kzoo.messages import BackendError

Standardize = Literal["words", "lower_and_strip_punctuation", "lower", "strip_punctuation"]
Split = Literal["auto", "words", "characters"]

# written without spaces between words; the last two are the iteration mark and the long vowel of
# Japanese, which belong to no script
SCRIPTS = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Yi}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    r"\p{New_Tai_Lue}\p{Tai_Le}\p{Tai_Tham}\p{Tai_Viet}\x{3005}\x{30FC}"
)
ALONE = {  # what is a word of its own
    "auto": rf"([\x{{1F1E6}}-\x{{1F1FF}}]{{2}}|[{SCRIPTS}\pS]\pM*)",  # a flag is two letters
    "characters": r"(\PM\pM*)",
    "words": None,
}
BREAKS = r"[\p{Cc}\p{Zl}\p{Zp}\x{200B}]"  # control characters, lines, the space without a width
# what has no look of its own, soft hyphens and joiners among it, and the shades of an emoji
INVISIBLE = r"[\p{Cf}\x{FE0E}\x{FE0F}\x{1F3FB}-\x{1F3FF}]"


SHORTEST = 3  # of the character n-grams


def vectorization(
    standardize, split, ngrams=1, character_ngrams=0, vocabulary=None, max_tokens=None
):
    """Returns the `keras.layers.TextVectorization` that turns texts into the ids of their words.

    Args:
        standardize: What is done before a text is split; see `TextPreprocessing`, like the next
            two.
        split: What is a word.
        ngrams: Up to how many neighbouring words also count as one.
        character_ngrams: Up to how many neighbouring characters of a word also count as one.
        vocabulary: List of words; None is to be learned.
        max_tokens: Number of ids at most, or None.

    Raises:
        BackendError: On another backend than TensorFlow.
    """
    import keras  # here, as a module that is registered with Keras needs this one

    if keras.backend.backend() != "tensorflow":
        raise BackendError(
            "Texts are read on the TensorFlow backend only: set KERAS_BACKEND=tensorflow. "
            f"Received: {keras.backend.backend()}"
        )
    kept = "" if split == "words" else r"\pS"
    return keras.layers.TextVectorization(
        max_tokens,
        standardize=(lambda texts: _words(texts, kept)) if standardize == "words" else standardize,
        split=lambda texts: _with_ngrams(_split(texts, split), ngrams, character_ngrams),
        vocabulary=vocabulary,
        name="vectorization",
    )


def _words(texts, kept):
    """Lower-case words of letters, digits, `'` and what else is kept, single spaces between."""
    import tensorflow as tf

    texts = tf.strings.regex_replace(texts, BREAKS, " ")  # behind a NUL, `lower` reads nothing
    texts = tf.strings.lower(texts, encoding="utf-8")
    texts = tf.strings.regex_replace(texts, r"</?\pL[^<>]*>", " ")
    if kept:
        texts = tf.strings.regex_replace(texts, INVISIBLE, "")
    return tf.strings.regex_replace(texts, rf"[^\pL\pM\pN{kept}']+", " ")


def _split(texts, split):
    """Splits texts at spaces, and around what is a word of its own."""
    import tensorflow as tf

    texts = tf.strings.regex_replace(texts, BREAKS, " ")
    if ALONE[split]:
        texts = tf.strings.regex_replace(texts, INVISIBLE, "")
        texts = tf.strings.regex_replace(texts, ALONE[split], r" \1 ")
    return tf.strings.split(texts)


def _with_ngrams(words, ngrams, character_ngrams):
    """Returns words, then neighbouring words, then neighbouring characters of each word.

    The latter begin with `#`; `<` and `>` stand for the beginning and the end of a word.
    """
    import tensorflow as tf

    tokens = tf.strings.ngrams(words, list(range(1, ngrams + 1))) if ngrams > 1 else words
    if character_ngrams < SHORTEST:
        return tokens
    widths = list(range(SHORTEST, character_ngrams + 1))
    bounded = words.with_values(tf.strings.join(["<", words.values, ">"]))
    characters = tf.strings.unicode_split(bounded, "UTF-8")
    grams = tf.strings.ngrams(characters, widths, separator="")
    grams = grams.with_flat_values(tf.strings.join(["#", grams.flat_values]))
    return tf.concat([tokens, grams.merge_dims(1, 2)], axis=1)
