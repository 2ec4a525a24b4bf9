"""What other runtimes make of every kind of model, in files of minutes."""

import importlib.util

import numpy as np
import pytest

from kzoo.export import ExportError, export
from kzoo.export.packages import PACKAGES
from kzoo.preprocessing import SequencePreprocessing
from kzoo.tasks.multi_label import MultiLabel
from kzoo.tasks.regression import Regression
from tests.export.trained import (
    image_classifier,
    sequence_classifier,
    table_classifier,
    text_classifier,
    with_decided_weights,
)

RANDOM = np.random.default_rng(0)
COUNT = 37
BRIGHTNESS = RANDOM.uniform(size=(COUNT, 1, 1, 1))
IMAGES = (RANDOM.uniform(0, 256, (COUNT, 7, 5, 1)) * BRIGHTNESS).astype("uint8")
LARGE_IMAGES = (RANDOM.uniform(0, 256, (COUNT, 11, 13, 1)) * BRIGHTNESS).astype("uint8")
TEXTS = [" ".join(RANDOM.choice(["good", "bad", "film", "?"], n % 9)) for n in range(COUNT)]
TABLE = {
    "Age (years)": RANDOM.normal(40, 10, COUNT),
    "city": RANDOM.choice(["Ulm", "Aix", ""], COUNT),
}
SEQUENCES = RANDOM.normal(size=(COUNT, 11, 3)).astype("float32")
DIFFERENT_LENGTHS = SEQUENCES.copy()
for i, sequence in enumerate(DIFFERENT_LENGTHS):
    sequence[3 + i % 8 :] = np.nan
DIFFERENT_LENGTHS[::3, 1, 0] = np.nan
VARYING = SequencePreprocessing((None, 3), 0.5, 2.0, missing=[0], sequence_length=11)


# a classifier, examples for it, and what the notes of its LiteRT files say
MODELS = {
    "cnn": (
        lambda: image_classifier("cnn", filters=[2, 3], padding="same"),
        LARGE_IMAGES,
        "takes images of 7x5 pixels only",
    ),
    "cnn_attention": (image_classifier, IMAGES, "takes images of 7x5 pixels only"),
    "rows": (
        lambda: image_classifier("lstm_attention", bidirectional=True, units=5),
        IMAGES,
        "takes images of 7x5 pixels only",
    ),
    "bigrams": (lambda: text_classifier(bigram_buckets=13), TEXTS, "takes token_ids, what the"),
    "gru": (
        lambda: text_classifier("lstm", cell="gru", bidirectional=True),
        TEXTS,
        "takes token_ids, what the model's `preprocessing` makes of texts",
    ),
    "segments": (
        lambda: text_classifier("segment_attention_lstm", segment_length=3, skip=True),
        TEXTS,
        "takes token_ids",
    ),
    "fusion": (table_classifier, TABLE, "takes numbers, what the model's `preprocessing` makes of"),
    "encoder": (
        lambda: sequence_classifier("attention_encoder", embedding_dim=8, hidden_units=5),
        SEQUENCES,
        "",
    ),
    "blocks": (
        lambda: sequence_classifier("attention_encoder", time=11, embedding_dim=8, block_size=3),
        SEQUENCES,
        "",
    ),
    "sequences": (lambda: sequence_classifier("lstm_attention", units=5), SEQUENCES, ""),
    "lengths": (
        lambda: sequence_classifier("lstm_attention", None, VARYING, units=5),
        DIFFERENT_LENGTHS,
        "takes vectors, what the model's `preprocessing` makes of sequences",
    ),
}
TASKS = [Regression(["a", "b"], mean=[3.0, -1.0], scale=[2.0, 50.0]), MultiLabel(["a", "b"])]


def needs(name):
    missing = [m for m in PACKAGES[name] if importlib.util.find_spec(m) is None]
    return pytest.param(
        name, marks=pytest.mark.skipif(missing, reason=f"not installed: {', '.join(missing)}")
    )


def clear_ones(classifier, examples):
    """Those examples whose class int8 has to give too."""
    probabilities = classifier.predict(examples, verbose=0)["probabilities"]
    assert (np.ptp(probabilities, axis=0) > 0.1).all()
    second, first = np.sort(probabilities)[:, -2:].T
    places = np.flatnonzero(first - second > 0.2)
    if isinstance(examples, dict):
        return {column: values[places] for column, values in examples.items()}
    return [examples[i] for i in places] if isinstance(examples, list) else examples[places]


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", [needs("litert"), needs("onnx")])
def test_files_give_what_the_model_gives(name, model, tmp_path):
    make, examples, note = MODELS[model]
    classifier = with_decided_weights(make(), examples)
    examples = clear_ones(classifier, examples)
    first, *quantized = export(classifier, tmp_path, examples, formats=[name])
    assert first.difference < 1e-5 and first.agreement == 1 and note in first.note
    assert ("all attention scores at once" in first.note) == (name == "onnx" and model == "blocks")
    assert first.path.name == {"litert": "model.tflite", "onnx": "model.onnx"}[name]
    for file in quantized:
        assert file.path.name == "model_int8.tflite" and note in file.note
        assert file.note.startswith("int8")
        assert file.difference < 0.1
    assert len(quantized) == (name == "litert")


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("name", [needs("litert"), needs("onnx")])
def test_files_of_other_tasks(name, task, tmp_path):
    model = with_decided_weights(table_classifier(task), TABLE)
    try:
        first, *_ = export(model, tmp_path, TABLE, formats=[name])
    except ExportError as error:  # int8 may decide otherwise where nothing is clear
        [first] = error.written
    assert first.difference < 1e-5 and first.agreement == 1
