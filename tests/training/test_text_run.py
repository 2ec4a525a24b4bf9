import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import kzoo
from kzoo.config import ConfigError, dump
from kzoo.training import train
from kzoo.training.recipe import load_config
from tests.data.text_files import TELLING, write_texts

TEXTS = ["un film précieux", "une histoire pobre pobre", "", "inconnu " * 29]
SERVE = """
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
served = model.serve(tf.constant(json.loads(sys.argv[2])))
assert "kzoo" not in sys.modules
print(json.dumps(served["probabilities"].numpy().tolist()))
"""


@pytest.fixture(scope="module")
def config_file(tmp_path_factory):
    """A recipe of a few seconds on a folder of French texts."""
    folder = tmp_path_factory.mktemp("texts")
    text = {"vocabulary_size": 23, "sequence_length": 11, "keep": "last"}
    model = {"name": "lstm_attention", "embedding_dim": 5, "units": 7, "attention_units": 3}
    config = {
        "name": "french",
        "data": {
            "name": "text_folder",
            "path": str(write_texts(folder)),
            "text": text,
            "batch_size": 32,
        },
        "model": {**model, "bigram_buckets": 13, "token_dropout": 0.1},
        "training": {
            "epochs": 13,
            "optimizer": {"name": "adam", "learning_rate": 0.05},
            "schedule": "constant",
        },
    }
    path = tmp_path_factory.mktemp("recipe") / "french.yaml"
    path.write_text(dump(config), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(config_file, tmp_path_factory):
    return train(config_file, run_dir=tmp_path_factory.mktemp("runs") / "french")


def test_it_learns_which_word_tells_the_class(run):
    probabilities = run.model.predict(list(TELLING.values()), verbose=0)["probabilities"]
    assert [run.model.class_names[i] for i in probabilities.argmax(axis=1)] == list(TELLING)


def test_predict_takes_what_people_have(run):
    expected = run.model.predict(TEXTS, verbose=0)["probabilities"]
    for texts in (np.array(TEXTS), np.array(TEXTS, dtype=object), tf.constant(TEXTS)):
        np.testing.assert_array_equal(
            run.model.predict(texts, verbose=0)["probabilities"], expected
        )
    with pytest.raises(ValueError, match="Texts must be a list of strings. Received: str"):
        run.model.predict("un film")


def test_the_loaded_model_gives_the_same(run):
    loaded = kzoo.load(run.folder)
    expected = run.model.predict(TEXTS, verbose=0)["probabilities"]
    np.testing.assert_array_equal(loaded.predict(TEXTS, verbose=0)["probabilities"], expected)
    assert loaded.preprocessing.vocabulary == run.model.preprocessing.vocabulary


@pytest.mark.slow
def test_strings_go_into_the_saved_model_without_kzoo(run):
    command = [sys.executable, "-c", SERVE, str(run.folder / "saved_model"), json.dumps(TEXTS)]
    served = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    expected = run.model.predict(TEXTS, verbose=0)["probabilities"]
    np.testing.assert_allclose(json.loads(served.stdout), expected, atol=1e-6)


def test_the_vocabulary_is_a_file_of_the_run(run):
    words = (run.folder / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
    assert words == run.model.preprocessing.vocabulary
    assert set(TELLING.values()) < set(words)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("data.text.vocabulary", 7, "Did you mean data.text.vocabulary_size?"),
        ("data.text.vocabulary_size", 2, "data.text.vocabulary_size must be greater than or"),
        ("data.text.keep", "middle", "data.text.keep must be 'first', 'last' or 'ends'"),
        ("data.text.texts", 1, "data.text.texts is decided by the data"),
    ],
)
def test_the_keys_of_texts_are_checked(config_file, key, value, message):
    with pytest.raises(ConfigError, match=message.replace(".", r"\.").replace("?", r"\?")):
        load_config(config_file, {key: value})
