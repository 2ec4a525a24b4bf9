import matplotlib.figure
import numpy as np
import pytest

from kzoo.models import attention_model, create_model
from kzoo.visualization import draw_attention, draw_confusion_matrix, draw_curves


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were written, as matplotlib objects."""
    figures, savefig = [], matplotlib.figure.Figure.savefig

    def keep(figure, *args, **kwargs):
        figures.append(figure)
        savefig(figure, *args, **kwargs)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", keep)
    return figures


def is_png(path):
    return path.read_bytes().startswith(b"\x89PNG")


def test_curves(drawn, tmp_path):
    history = tmp_path / "history.csv"
    history.write_text(
        "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.25,2.0,0.3,1.5\n1,0.5,1.0,0.4,0.75\n"
    )
    draw_curves(history, tmp_path / "curves.png")
    assert is_png(tmp_path / "curves.png")
    [figure] = drawn
    curves = {
        (axes.get_title(), line.get_label()): (list(line.get_xdata()), list(line.get_ydata()))
        for axes in figure.axes
        for line in axes.lines
    }
    assert curves == {
        ("loss", "training"): ([1, 2], [2.0, 1.0]),
        ("loss", "validation"): ([1, 2], [1.5, 0.75]),
        ("accuracy", "training"): ([1, 2], [0.25, 0.5]),
        ("accuracy", "validation"): ([1, 2], [0.3, 0.4]),
    }


def test_confusion_matrix(drawn, tmp_path):
    matrix = [[3, 1, 0], [0, 5, 0], [0, 0, 0]]  # a class without examples divides nothing by 0
    draw_confusion_matrix(matrix, ["cat", "dog", "owl"], tmp_path / "matrix.png")
    assert is_png(tmp_path / "matrix.png")
    [figure] = drawn
    [axes] = figure.axes
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.75, 0.25, 0], [0, 1, 0], [0, 0, 0]])
    numbers = {text.get_position(): text.get_text() for text in axes.texts}
    assert numbers == {(0, 0): "3", (1, 0): "1", (1, 1): "5"}  # (predicted, true)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "owl"]


def test_confusion_matrix_of_many_classes_has_no_numbers(drawn, tmp_path):
    draw_confusion_matrix(np.eye(29, dtype=int), [str(i) for i in range(29)], tmp_path / "m.png")
    assert not drawn[0].axes[0].texts


@pytest.mark.parametrize("channels", [1, 3])
def test_image_attention(drawn, tmp_path, channels):
    """13x7 pixels are pooled to 6x3 positions; 5 heads and 2 glimpses make 8 columns."""
    core = create_model(
        "cnn_attention", (13, 7, channels), 3, filters=[2, 5], num_heads=5, num_glimpses=2, units=3
    )
    images = np.random.default_rng(0).random((2, 13, 7, channels), "float32")
    draw_attention(core, images, ["first", "second"], tmp_path / "attention.png")
    assert is_png(tmp_path / "attention.png")
    [figure] = drawn
    assert len(figure.axes) == 2 * 8
    titles = ["image", *(f"attention {i}" for i in range(1, 6)), "glimpses 1", "glimpses 2"]
    assert [axes.get_title() for axes in figure.axes[:8]] == titles
    assert [axes.get_ylabel() for axes in (figure.axes[0], figure.axes[8])] == ["first", "second"]

    scores = attention_model(core).predict(images, verbose=0)
    received = scores["attention"].mean(axis=2).reshape(2, 5, 6, 3)  # the mean over all queries
    np.testing.assert_allclose(figure.axes[8 + 2].images[1].get_array(), received[1, 1])
    np.testing.assert_allclose(figure.axes[7].images[1].get_array(), scores["glimpses"][0, 1])


def test_attention_to_a_sequence_is_bars(drawn, tmp_path):
    core = create_model("lstm_attention", (5, 3), 2, units=3, attention_units=2)
    vectors = np.random.default_rng(0).random((2, 5, 3), "float32")
    draw_attention(core, vectors, ["first", "second"], tmp_path / "attention.png")
    scores = attention_model(core).predict(vectors, verbose=0)["attention"]
    [figure] = drawn
    for axes, expected in zip(figure.axes, scores, strict=True):
        np.testing.assert_allclose([bar.get_height() for bar in axes.patches], expected)
