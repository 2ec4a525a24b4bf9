import matplotlib.figure
import numpy as np
import pytest

import kzoo
from kzoo.explanation.attention import received_attention
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.preprocessing.sequence import SequencePreprocessing
from kzoo.preprocessing.table import TablePreprocessing
from kzoo.preprocessing.text import TextPreprocessing
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification

TEXTS = ["A good <i>film</i>, zzz!", "Good film", ""]
TABLE = {"age": [65.0, None], "pet": ["dog", "cow"]}


@pytest.fixture(scope="module")
def images_model():
    options = {"filters": [2, 6], "num_heads": 3, "num_glimpses": 2, "units": 5}
    core = kzoo.create_model("cnn_attention", (8, 6, 3), 2, **options)
    return TrainedModel(core, ImagePreprocessing(8, 6, 3), Classification(["cat", "dog"]))


@pytest.fixture(scope="module")
def texts_model():
    preprocessing = TextPreprocessing(["good", "film"], sequence_length=4)
    options = {"vocabulary_size": 4, "embedding_dim": 6, "num_blocks": 1, "num_heads": 3}
    core = kzoo.create_model("attention_encoder", (None,), 2, **options)
    return TrainedModel(core, preprocessing, Classification(["bad", "good"]))


@pytest.fixture(scope="module")
def table_model():
    preprocessing = TablePreprocessing(
        [
            {"name": "age", "median": 40.0, "mean": 45.0, "scale": 10.0, "missing": True},
            {"name": "pet", "categories": ["cat", "dog"], "other": False},
        ]
    )
    core = kzoo.create_model("dense_attention_fusion", (4,), 2, units=3)
    return TrainedModel(core, preprocessing, Classification(["stays", "leaves"]))


@pytest.fixture(scope="module")
def steps_model():
    core = kzoo.create_model("lstm_attention", (7, 2), 2, units=3)
    return TrainedModel(core, SequencePreprocessing((7, 2)), Classification(["up", "down"]))


def random_images(count, height, width):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), "uint8")


def between(count):
    """Matrix from `count` values to twice as many between their centres, constant at the ends."""
    places = (np.arange(2 * count) + 0.5) / 2 - 0.5
    return np.stack([np.interp(places, np.arange(count), one) for one in np.eye(count)], axis=1)


def test_images(images_model):
    """Images of 80x50 pixels are read as 8x6, which are 4x3 positions for the attention."""
    images = random_images(2, 80, 50)
    examples = kzoo.explain(images_model, images, labels=[1, 0]).examples
    grids = received_attention(images_model.core, images_model.preprocess(images))
    probabilities = images_model.predict(images, verbose=0)["probabilities"]
    for i, example in enumerate(examples):
        np.testing.assert_array_equal(example.raw, images[i])
        assert example.positions is None and example.kind == "image"
        assert {name: s.shape for name, s in example.scores.items()} == {
            "attention": (3, 8, 6),
            "glimpses": (2, 8, 6),
        }
        for name, scores in example.scores.items():
            rows, columns = between(4), between(3)
            smooth = rows @ grids[name][i] @ columns.T
            expected = smooth / smooth.sum(axis=(1, 2), keepdims=True)
            np.testing.assert_allclose(scores, expected, rtol=1e-4)
        np.testing.assert_allclose(list(example.outputs.values()), probabilities[i], 1e-5)
        assert example.label == ["dog", "cat"][i]


def test_rows_of_images_are_seen_as_rows():
    core = kzoo.create_model("lstm_attention", (7, 5, 1), 2, units=3)
    model = TrainedModel(core, ImagePreprocessing(7, 5, 1), Classification(["a", "b"]))
    images = random_images(2, 7, 5)[..., 0]
    [received] = received_attention(core, model.preprocess(images)).values()
    [scores] = kzoo.explain(model, images).examples[1].scores.values()
    np.testing.assert_allclose(scores[0], np.tile(received[1, 0] / 5, 5), rtol=1e-5)


def test_images_of_different_sizes(images_model):
    images = [random_images(1, 80, 50)[0], random_images(1, 30, 70)[0]]
    examples = kzoo.explain(images_model, images).examples
    assert [example.raw.shape for example in examples] == [(80, 50, 3), (30, 70, 3)]
    alone = kzoo.explain(images_model, images[1][None]).examples[0]
    np.testing.assert_allclose(
        examples[1].scores["attention"], alone.scores["attention"], rtol=1e-5
    )


def test_texts(texts_model):
    examples = kzoo.explain(texts_model, TEXTS).examples
    words = [["[a]", "good", "film", "[zzz]"], ["good", "film"], ["[]"]]
    assert [example.positions for example in examples] == words
    for example in examples:
        for name, heads in [("self_attention_1", 3), ("attention", 1)]:
            assert example.scores[name].shape == (heads, len(example.positions))
            np.testing.assert_allclose(example.scores[name].sum(axis=1), 1, rtol=1e-5)


def test_tables_and_vectors(table_model):
    examples = kzoo.explain(table_model, TABLE).examples
    names = ["age", "age is missing", "pet = cat", "pet = dog"]
    assert [example.positions for example in examples] == [names, names]
    assert examples[0].scores["attention"].shape == (1, 4)
    vectors = TrainedModel(
        table_model.core, SequencePreprocessing((4,)), Classification(["a", "b"])
    )
    [example] = kzoo.explain(vectors, np.ones((1, 4))).examples
    assert example.positions == ["feature 1", "feature 2", "feature 3", "feature 4"]


def test_sequences(steps_model):
    steps = np.random.default_rng(0).random((2, 7, 2))
    example = kzoo.explain(steps_model, steps).examples[1]
    assert example.positions == ["0", "1", "2", "3", "4", "5", "6"]
    np.testing.assert_allclose(example.raw, steps[1], rtol=1e-6)
    [received] = received_attention(steps_model.core, steps).values()
    np.testing.assert_allclose(example.scores["attention"], received[1], rtol=1e-5)


def test_caption(images_model):
    images = random_images(1, 8, 6)
    [example] = kzoo.explain(images_model, images).examples
    right = example.prediction
    wrong = {"cat": "dog", "dog": "cat"}[right]
    captions = [
        kzoo.explain(images_model, images, [images_model.class_names.index(name)])
        .examples[0]
        .caption
        for name in (right, wrong)
    ]
    share = f"{example.outputs[right]:.0%}"
    assert captions == [f"{right} ({share})", f"{right} ({share}), is {wrong}"]
    assert example.caption == captions[0]


def test_what_cannot_be_explained_is_refused(images_model):
    core = kzoo.create_model("cnn", (8, 8, 1), 2, padding="same")
    model = TrainedModel(
        core, ImagePreprocessing(8, 8, 1), Classification(["a", "b"]), name="plain"
    )
    with pytest.raises(ValueError, match="^plain has no attention layers to show .*; digits"):
        kzoo.explain(model, np.zeros((1, 8, 8), "uint8"))
    with pytest.raises(ValueError, match="^cnn has no attention layers"):
        kzoo.explain(core, np.zeros((1, 8, 8), "uint8"))
    with pytest.raises(ValueError, match="one input or more. Received: none"):
        kzoo.explain(images_model, np.zeros((0, 8, 6, 3), "uint8"))
    with pytest.raises(ValueError, match="`labels` must be 2, as inputs. Received: 1"):
        kzoo.explain(images_model, random_images(2, 8, 6), labels=[0])


def test_saved_files(texts_model, tmp_path):
    explanation = kzoo.explain(texts_model, TEXTS, names=["a/b.txt", "", "a b"])
    written = explanation.save(tmp_path / "new" / "folder")
    stems = ["1_a_b.txt", "2", "3_a_b"]
    assert sorted(path.name for path in written) == sorted(
        [f"{stem}{suffix}" for stem in stems for suffix in (".npz", ".png")] + ["texts.html"]
    )
    assert sorted(written) == sorted((tmp_path / "new" / "folder").iterdir())
    example = explanation.examples[0]
    with np.load(written[1]) as arrays:
        assert arrays["positions"].tolist() == example.positions
        assert arrays["names"].tolist() == ["bad", "good"]
        assert arrays["outputs"].tolist() == list(example.outputs.values())
        for name, scores in example.scores.items():
            np.testing.assert_array_equal(arrays[f"scores_{name}"], scores)
    page = written[-1].read_text(encoding="utf-8")
    assert page.count(">film</span>") == 2 * (1 + 1 + 3)  # two texts; two layers, three heads


@pytest.mark.parametrize(
    "name, inputs",
    [
        ("images_model", random_images(2, 80, 50)),
        ("table_model", TABLE),
        ("steps_model", np.random.default_rng(0).random((2, 7, 2))),
    ],
)
def test_a_notebook_shows_a_picture(request, tmp_path, name, inputs):
    explanation = kzoo.explain(request.getfixturevalue(name), inputs)
    assert explanation._repr_html_() is None
    assert explanation._repr_png_().startswith(b"\x89PNG")
    assert isinstance(explanation.figure(), matplotlib.figure.Figure)
    assert len(repr(explanation)) < 1000  # which the file of the notebook holds too
    assert [path.name for path in explanation.save(tmp_path)] == [
        "1.png",
        "1.npz",
        "2.png",
        "2.npz",
    ]


def test_a_notebook_shows_texts_as_coloured_words(texts_model):
    explanation = kzoo.explain(texts_model, TEXTS)
    assert explanation._repr_png_() is None and ">[zzz]</span>" in explanation._repr_html_()


def test_worst_mistakes(texts_model):
    texts = ["good", "film", "good film", "film film film", "zzz"]
    probabilities = texts_model.predict(texts, verbose=0)["probabilities"]
    labels = 1 - probabilities.argmax(axis=1)  # all are wrong
    labels[2] = 1 - labels[2]
    confidence = probabilities.max(axis=1)
    expected = sorted([0, 1, 3, 4], key=lambda i: -confidence[i])[:3]
    assert kzoo.worst_mistakes(texts_model, texts, labels, k=3).tolist() == expected
