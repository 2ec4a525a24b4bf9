import json
import subprocess
import sys

import keras
import numpy as np
import pandas
import polars
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from kzoo.preprocessing.text import TextPreprocessing

LETTERS = list("abcdefghijk")  # ids 2 to 12


def ids_of(text, **options):
    """Returns the ids of one text, a list."""
    return (
        TextPreprocessing(LETTERS, **{"sequence_length": 7, **options})([text])[0].numpy().tolist()
    )


def test_ids_padding_and_unknown_words_by_hand():
    layer = TextPreprocessing(["good", "film"], sequence_length=5)
    ids = layer(["a good film", "good", "film film good"])
    assert ids.dtype == "int32"
    assert ids.numpy().tolist() == [[1, 2, 3], [2, 0, 0], [3, 3, 2]]
    assert layer.vocabulary_size == 4
    assert layer.example_shape == (None,)


@pytest.mark.parametrize(
    ("keep", "kept"), [("first", "abcdefg"), ("last", "efghijk"), ("ends", "abghijk")]
)
def test_what_is_kept_of_a_longer_text(keep, kept):
    assert ids_of(" ".join(LETTERS), keep=keep) == [LETTERS.index(c) + 2 for c in kept]


@pytest.mark.parametrize("keep", ["first", "last", "ends"])
@pytest.mark.parametrize("words", [1, 5, 7])
def test_a_text_that_is_short_enough_is_kept_whole(keep, words):
    assert ids_of(" ".join(LETTERS[:words]), keep=keep) == list(range(2, 2 + words))


def test_texts_of_different_lengths_are_shortened_each_by_itself():
    layer = TextPreprocessing(LETTERS, sequence_length=3, keep="ends")
    assert layer(["a b c d e", "f g"]).numpy().tolist() == [[2, 5, 6], [7, 8, 0]]


def test_a_text_without_words_becomes_an_unknown_word():
    layer = TextPreprocessing(["good"], sequence_length=3)
    assert layer(["", "good good", " \n"]).numpy().tolist() == [[1, 0], [2, 2], [1, 0]]
    assert layer(["", "..."]).numpy().tolist() == [[1], [1]]


def test_words_of_any_script_without_tags_and_marks():
    vocabulary = ["école", "привет", "i'm", "go", "नमस्ते", "x"]
    layer = TextPreprocessing(vocabulary, sequence_length=11)
    text = "ÉCOLE! Привет,<br />I'm go.नमस्ते 3 < x > 2"
    assert layer([text])[0].numpy().tolist() == [2, 3, 4, 5, 6, 1, 7, 1]


WORDS = {
    "这部电影很好。": "这 部 电 影 很 好",
    "私はカメラーが好き、々": "私 は カ メ ラ ー が 好 き 々",
    "สวัสดี": "ส วั ส ดี",
    "ភាសាខ្មែរ": "ភា សា ខ្ មែ រ",
    "မြန်မာ": "မြ န် မာ",
    "ລາວ": "ລ າ ວ",
    "我的iPhone15手机": "我 的 iphone15 手 机",
    "한국어 텍스트": "한국어 텍스트",
    "نص عربي": "نص عربي",
    "नमस्ते": "नमस्ते",
    "good👍👍🏽 ❤️": "good 👍 👍 ❤",
    "👩\u200d🚀🇩🇪🇫🇷": "👩 🚀 🇩🇪 🇫🇷",
    "C++ for $5 = 5€": "c + + for $ 5 = 5 €",
    "soft\xadhyphen, e\u0301": "softhyphen e\u0301",
    "a\0b\x01c\x7fd\u2028e\u200bf\tg": "a b c d e f g",
    "\ufeffmark": "mark",
}


@pytest.mark.parametrize("text", WORDS)
def test_what_is_a_word(text):
    layer = TextPreprocessing(["a"], sequence_length=30, split="auto")
    assert [word.strip("[]") for word in layer.positions([text])[0]] == WORDS[text].split()


@pytest.mark.parametrize(
    "split, standardize, expected",
    [
        ("words", "words", "a b 电影"),
        ("words", None, "A$b, 电影👍"),
        ("characters", "words", "a $ b 电 影 👍"),
        ("characters", None, "A $ b , 电 影 👍"),
        ("auto", None, "A $ b, 电 影 👍"),
        ("auto", "lower_and_strip_punctuation", "ab 电 影 👍"),
    ],
)
def test_other_words(split, standardize, expected):
    layer = TextPreprocessing(["x"], 30, split=split, standardize=standardize)
    assert [w.strip("[]") for w in layer.positions(["A$b, 电影👍"])[0]] == expected.split()


@pytest.mark.parametrize("standardize", ["words", "lower_and_strip_punctuation", "lower", None])
def test_nul_characters_are_harmless(standardize):
    texts = np.array(["good\0\0 x", "\0", "a \0 b"], dtype=object)
    layer = TextPreprocessing.learn(texts, standardize=standardize)
    assert layer.vocabulary == ["x", "good", "b", "a"]
    assert layer(texts).numpy().tolist() == [[3, 2], [1, 0], [5, 4]]


def test_a_layer_of_an_older_version_splits_as_it_did():
    config = TextPreprocessing(["a"], 30).get_config()
    assert config.pop("split") == "words"
    layer = TextPreprocessing.from_config(config)
    assert layer.positions(["a $5 👍 电影"]) == [["a", "[5]", "[电影]"]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1), st.sampled_from(["auto", "words", "characters"]))
def test_any_text_has_ids_of_its_words(texts, split):
    texts = np.array([*texts, "a"], dtype=object)
    layer = TextPreprocessing.learn(texts, sequence_length=50, split=split)
    ids = np.asarray(layer(texts))
    names = {i: word for i, word in enumerate(layer.vocabulary, start=2)}
    for row, words in zip(ids, layer.positions(texts), strict=True):
        assert [names.get(i, "[]") for i in row if i] == words


@pytest.mark.parametrize(
    ("standardize", "expected"),
    [
        ("lower_and_strip_punctuation", [2, 2]),
        ("lower", [1, 2]),
        ("strip_punctuation", [1, 2]),
        (None, [1, 2]),
    ],
)
def test_the_other_standardisations_are_those_of_keras(standardize, expected):
    assert ids_of("A. a", standardize=standardize) == expected


def test_ngrams_follow_after_the_words():
    layer = TextPreprocessing(["not", "good", "not good"], sequence_length=5, ngrams=2)
    assert layer(["not good"]).numpy().tolist() == [[2, 3, 4]]


@pytest.mark.parametrize("keep", ["first", "last", "ends"])
def test_words_stand_where_their_ids_do(keep):
    layer = TextPreprocessing(["a", "b", "a b", "c"], sequence_length=5, keep=keep, ngrams=2)
    texts = ["a b, zzz <i>C</i> a b", "", "c"]
    words, ids = layer.positions(texts), layer(texts).numpy()
    names = {2: "a", 3: "b", 4: "a b", 5: "c"}
    for row, found in zip(ids, words, strict=True):
        real = row[row > 0]
        assert [names.get(i, "unknown") for i in real] == [
            "unknown" if word.startswith("[") else word for word in found
        ]
    assert words[1:] == [["[]"], ["c"]]


def test_words_by_hand():
    layer = TextPreprocessing(["a"], sequence_length=3, keep="ends")
    assert layer.positions(["A b! a c D"]) == [["a", "[c]", "[d]"]]
    assert layer.positions([""]) == [["[]"]]


def test_the_most_frequent_words_are_learned():
    texts = np.array(["b a a", "A, c b. a"], dtype=object)
    layer = TextPreprocessing.learn(texts, vocabulary_size=4, sequence_length=5)
    assert layer.vocabulary == ["a", "b"]
    assert TextPreprocessing.learn(texts, ngrams=2).vocabulary[:3] == ["a", "b a", "b"]


@pytest.mark.parametrize(
    "texts",
    [
        ["one text", "ü"],
        ("one text", "ü"),
        np.array(["one text", "ü"]),
        np.array(["one text", "ü"], dtype=object),
        tf.constant(["one text", "ü"]),
    ],
    ids=["list", "tuple", "array", "object array", "tensor"],
)
def test_what_a_user_may_pass(texts):
    raw = TextPreprocessing(["one"], sequence_length=3).as_raw(texts)
    assert raw.dtype == tf.string
    assert [text.decode() for text in raw.numpy()] == ["one text", "ü"]


@pytest.mark.parametrize(
    "texts",
    ["one text", [1, 2], ["a", None], ["a", ["b"]], np.ones(3), np.array([["a"]]), None, 5],
)
def test_what_is_no_list_of_strings_is_refused(texts):
    with pytest.raises(ValueError, match=r"^Texts must be a list of strings\. Received: .+"):
        TextPreprocessing(["one"], sequence_length=3).as_raw(texts)


def test_the_same_in_a_graph():
    layer = TextPreprocessing(LETTERS, sequence_length=5, keep="ends")
    texts = [" ".join(LETTERS), "b c", ""]
    batches = tf.data.Dataset.from_tensor_slices(texts).batch(3).map(layer)
    np.testing.assert_array_equal(next(iter(batches)), layer(texts))


def test_a_saved_layer_gives_the_same(tmp_path):
    layer = TextPreprocessing(["ü", "b"], 3, keep="last", standardize="lower", ngrams=2)
    inputs = layer.raw_input()
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    texts = tf.constant(["b ü b b ü", "c B"])
    np.testing.assert_array_equal(loaded(texts), layer(texts))
    assert json.dumps(layer.get_config()) == json.dumps(loaded.layers[-1].get_config())


def test_the_vocabulary_as_a_file(tmp_path):
    TextPreprocessing(["ü", "b"], sequence_length=3).write_assets(tmp_path)
    assert (tmp_path / "vocabulary.txt").read_text(encoding="utf-8") == "ü\nb\n"


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="set KERAS_BACKEND=tensorflow. Received: jax"):
        TextPreprocessing(["a"], sequence_length=3)


def test_importing_it_does_not_import_tensorflow():
    pytest.importorskip("jax", reason="needs a Keras backend that is not TensorFlow")
    code = "import os, sys; os.environ['KERAS_BACKEND'] = 'jax'; import kzoo; "
    code += "sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_column_of_a_data_frame():
    layer = TextPreprocessing(["good", "film"], sequence_length=3)
    texts = ["a good film", "film"]
    expected = layer(layer.from_user(texts)).numpy()
    for column in (
        pandas.Series(texts),
        pandas.Series(texts, dtype="string"),
        polars.Series(texts),
    ):
        np.testing.assert_array_equal(layer(layer.from_user(column)).numpy(), expected)
    with pytest.raises(ValueError, match="Texts must be a list of strings"):
        layer.from_user(pandas.Series([1, 2]))


def test_character_ngrams_follow_after_the_words():
    layer = TextPreprocessing(
        ["cat", "#<ca", "#ats", "#cats", "cats", "a cats"], 20, ngrams=2, character_ngrams=4
    )
    texts = ["A cats", "Ü", ""]
    rows = [" ".join(row).replace(" a cats ", "|a cats|") for row in layer.positions(texts)]
    assert rows == [
        "[a] cats|a cats|[#<a>] #<ca [#cat] #ats [#ts>] [#<cat] #cats [#ats>]",
        "[ü] [#<ü>]",
        "[]",
    ]
    assert layer(texts).numpy()[0, :8].tolist() == [1, 6, 7, 1, 3, 1, 4, 1]
    assert layer(texts).numpy()[2].tolist() == [1] + [0] * 10


def test_character_ngrams_tell_of_words_that_are_new():
    layer = TextPreprocessing.learn(["walked talked", "walking talking"], character_ngrams=4)
    assert {"walked", "#ked", "#ing>", "#<wal"} <= {*layer.vocabulary}
    names = layer.positions(["balked"])[0]
    assert names[0] == "[balked]" and "#ked>" in names and "[#<bal]" in names
