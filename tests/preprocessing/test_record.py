import keras
import numpy as np
import pandas as pd
import pytest

import kzoo
from kzoo.cli.readers import READERS
from kzoo.preprocessing import (
    ImagePreprocessing,
    RecordPreprocessing,
    TablePreprocessing,
    TextPreprocessing,
)
from kzoo.saved.signature import kind_of
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification

IMAGES = np.random.default_rng(0).integers(1, 256, (3, 6, 4, 3)).astype("uint8")
ROWS = {
    "photo of it": IMAGES,
    "age": np.array([1.0, np.nan, 4.0]),
    "review": np.array(["a good film", "", "so so good"], dtype=object),
    "place": np.array(["x", "y", "x"], dtype=object),
}


def layer():
    table = TablePreprocessing.learn({"age": ROWS["age"], "place": ROWS["place"]})
    text = TextPreprocessing(["good", "film"], sequence_length=4)
    return RecordPreprocessing(
        [("photo of it", ImagePreprocessing(6, 4, 3)), ("review", text)], table
    )


def model():
    of_rows = layer()
    core = kzoo.create_model(
        "multimodal_fusion",
        of_rows.example_shape,
        2,
        vocabulary_size=of_rows.vocabulary_size,
        filters=[2, 4],
        bigram_buckets=50,
    )
    for weight in core.trainable_variables:  # what is missing must not show through any bias
        weight.assign(keras.random.normal(weight.shape, seed=3) * 0.3)
    return TrainedModel(core, of_rows, Classification(["no", "yes"]))


@pytest.fixture(scope="module")
def trained():
    return model()


def test_parts_are_those_of_each_kind():
    of_rows = layer()
    x = of_rows(of_rows.as_raw(ROWS))
    assert list(x) == list(of_rows.parts) == ["table", "photo_of_it", "review"]
    table = of_rows.table({"age": ROWS["age"], "place": ROWS["place"]})
    np.testing.assert_array_equal(x["table"], table)
    np.testing.assert_allclose(x["photo_of_it"], IMAGES / 255, rtol=1e-6)
    assert x["review"].numpy().tolist() == [[1, 2, 3], [0, 0, 0], [1, 1, 2]]
    assert of_rows.example_shape == {"table": (4,), "photo_of_it": (6, 4, 3), "review": (None,)}


def test_ready_and_trim():
    of_rows = layer()
    ready = of_rows.ready(ROWS)
    for name, expected in of_rows(of_rows.as_raw(ROWS)).items():
        np.testing.assert_array_equal(ready[name], expected)
    padded = {**ready, "review": np.pad(ready["review"], [(0, 0), (0, 5)])}
    np.testing.assert_array_equal(of_rows.trim(padded)["review"], ready["review"])


@pytest.mark.parametrize(
    "change",
    [
        pd.DataFrame,
        lambda rows: [{name: values[i] for name, values in rows.items()} for i in range(3)],
        lambda rows: {name: list(values) for name, values in rows.items()},
    ],
)
def test_rows_come_as_a_frame_or_as_lists(trained, change):
    expected = trained.predict(ROWS, verbose=0)["probabilities"]
    rows = {**ROWS, "photo of it": list(IMAGES)}
    found = trained.predict(change(rows), verbose=0)["probabilities"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_images_that_differ_in_size_get_the_size_of_the_model(trained):
    large = np.repeat(np.repeat(IMAGES[0], 2, axis=0), 2, axis=1)
    rows = {**ROWS, "photo of it": [large, *IMAGES[1:]]}
    raw = trained.preprocessing.as_raw(rows)["photo of it"]
    assert raw.shape == IMAGES.shape
    expected = keras.ops.image.resize(large.astype("float32"), (6, 4))
    np.testing.assert_allclose(raw[0], np.rint(expected), atol=0.51)


def test_what_is_missing_is_left_out(trained):
    """It gets no attention, and nothing about it changes the result."""
    rows = {**ROWS, "photo of it": [IMAGES[0], None, IMAGES[2]]}
    [_, example, _] = kzoo.explain(trained, rows).examples
    assert example.kind == "record"
    assert example.positions == ["numbers and categories", "photo of it", "review"]
    for shares in example.scores.values():
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_array_equal(shares[:, 1:], 0)
    x = trained.preprocess(rows)
    wider = {**x, "review": np.pad(x["review"], [(0, 0), (0, 4)])}
    np.testing.assert_allclose(trained.core(wider), trained.core(x), atol=1e-5)


def test_parts_of_an_explanation_add_up(trained):
    for example in kzoo.explain(trained, ROWS).examples:
        assert [part.kind for part in example.parts] == ["table", "image", "text"]
        for layer_name, shares in example.scores.items():
            for part, share in zip(example.parts, shares.T, strict=True):
                weights = part.scores[layer_name]
                total = weights.reshape(len(weights), -1).sum(axis=1)
                np.testing.assert_allclose(total, share, rtol=1e-5)
        assert example.parts[1].scores["attention"].shape == (1, 6, 4)
    assert kzoo.explain(trained, ROWS).examples[0].parts[2].positions == ["[a]", "good", "film"]


def test_an_explanation_is_drawn_and_saved(trained, tmp_path):
    explanation = kzoo.explain(trained, ROWS, labels=[0, 1, 1])
    assert len(explanation.figure().axes) == 3 * 4
    explanation.save(tmp_path)
    with np.load(tmp_path / "1.npz") as held:
        assert held["positions_review"].tolist() == ["[a]", "good", "film"]
        assert held["scores_attention_photo of it"].shape == (1, 6, 4)
    assert (tmp_path / "1.png").stat().st_size > 1000


def test_faithfulness(trained):
    found = kzoo.faithfulness(trained, ROWS, steps=4, orders=3)
    assert found.attention.shape == (3, 5) and found.random.shape == (3, 3, 5)
    # with nothing deleted, and with all, the order does not matter
    ends = [0, -1]
    np.testing.assert_allclose(
        found.random[:, :, ends], found.attention[None][:, :, ends].repeat(3, 0)
    )


def test_saved_and_loaded(trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    loaded = kzoo.load(tmp_path / "model.keras")
    assert kind_of(loaded) == loaded.preprocessing.kind == "record"
    assert "record" in READERS
    expected = trained.predict(ROWS, verbose=0)["logits"]
    np.testing.assert_allclose(loaded.predict(ROWS, verbose=0)["logits"], expected, rtol=1e-5)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"review": None}, "lacks the column 'review'"),
        ({"age": ["x", 1, 2]}, "Column 'age' takes numbers. Received: 'x'"),
        (
            {"photo of it": ["a.png", None, None]},
            r"Column 'photo of it' takes images, arrays \(height, width, 3\), or None. "
            "Received: str 'a.png'",
        ),
        ({"photo of it": IMAGES[..., :1]}, r"must have the shape \(batch, height, width, 3\)"),
        ({"photo of it": IMAGES[:2]}, "Columns must have one length"),
        ({"review": [["a", "b"]] * 3}, "Column 'review' must have one value in a row"),
    ],
)
def test_message(trained, change, message):
    rows = {name: values for name, values in {**ROWS, **change}.items() if values is not None}
    with pytest.raises(ValueError, match=message):
        trained.predict(rows, verbose=0)


def test_words_that_stand_for_a_missing_value_do_so_in_a_text_too(trained):
    rows = {**ROWS, "review": ["NA", "", None]}
    np.testing.assert_array_equal(trained.preprocess(rows)["review"], 0)


@pytest.mark.parametrize("name", ["features", "attention", "tokens", "table", "logits"])
def test_a_column_may_be_called_as_a_layer(name):
    text = TextPreprocessing(["good"], sequence_length=4)
    table = TablePreprocessing.learn({"age": ROWS["age"]})
    of_rows = RecordPreprocessing([(name, text)], table)
    core = kzoo.create_model(
        "multimodal_fusion", of_rows.example_shape, 2, vocabulary_size=of_rows.vocabulary_size
    )
    model = TrainedModel(core, of_rows, Classification(["no", "yes"]))
    outputs = model.predict({name: ["good", ""], "age": [1.0, 2.0]}, verbose=0)
    assert outputs["probabilities"].shape == (2, 2)
