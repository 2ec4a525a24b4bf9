import re

import numpy as np
import pytest

from kzoo.explanation.explain import Example
from kzoo.explanation.figures import FEATURES, attention_figure
from kzoo.explanation.html import attention_html
from kzoo.tasks.base import Told


def example(kind, scores, label=None, **attributes):
    parts = {"raw": None, "positions": None, **attributes}
    told = Told(
        "b", "b (70%)" if label in (None, "b") else f"b (70%), is {label}", label, label == "a"
    )
    return Example("1", kind, scores=scores, outputs={"a": 0.3, "b": 0.7}, told=told, **parts)


@pytest.mark.parametrize("channels", [1, 3])
def test_images(channels):
    """Each head a column: orange over the image, as opaque as the weight is high."""
    random = np.random.default_rng(0)
    examples = [
        example(
            "image",
            {"attention": np.full((3, 5, 7), 1 / 35), "glimpses": random.random((2, 5, 7))},
            label=label,
            raw=random.integers(0, 256, (11, 13, channels), "uint8"),
        )
        for label in ("b", "a")
    ]
    axes = attention_figure(examples).axes
    titles = ["image", "attention 1", "attention 2", "attention 3", "glimpses 1", "glimpses 2"]
    assert [one.get_title() for one in axes] == titles + [""] * 6
    assert [axes[0].get_ylabel(), axes[6].get_ylabel()] == ["b (70%)", "b (70%)\nis a"]
    np.testing.assert_array_equal(axes[6].images[0].get_array(), examples[1].raw.squeeze())
    weights = examples[1].scores["glimpses"][0]
    overlay = axes[10].images[1]
    np.testing.assert_allclose(overlay.get_array()[..., 3], 0.9 * weights / weights.max())
    even = axes[7].images[1].get_array()[..., 3]
    np.testing.assert_allclose(even, 0.45)  # looks at nothing in particular: pale
    assert overlay.get_extent() == axes[10].images[0].get_extent()


def test_one_image_has_a_row_for_each_layer():
    scores = {"attention": np.ones((3, 5, 7)) / 35, "glimpses": np.ones((2, 5, 7)) / 35}
    one = example("image", scores, label="a", raw=np.zeros((22, 13, 1), "uint8"))
    figure = attention_figure([one])
    assert [axes.get_title() for axes in figure.axes] == [
        *("image", "attention 1", "attention 2", "attention 3"),
        *("image", "glimpses 1", "glimpses 2", ""),
    ]
    assert figure.get_suptitle() == "b (70%), is a"


def test_a_row_is_as_high_as_its_image():
    sizes = [(10, 20), (20, 10), (1, 50)]
    raw = [np.zeros((*size, 1), "uint8") for size in sizes]
    scores = {"a": np.ones((1, 5, 7)) / 35}
    axes = attention_figure([example("image", scores, raw=one) for one in raw]).axes
    grid = axes[0].get_subplotspec().get_gridspec()
    assert grid.get_height_ratios() == [0.5, 2, 0.4]  # a strip gets room for its caption


def test_texts():
    """Words stand in the order of the text, in lines, on orange of their weight."""
    words = [f"word{i}" for i in range(40)]
    weights = np.arange(1, 41) ** 2 / 22140
    scores = {"first": np.tile(weights[::-1], (2, 1)), "last": weights[None]}
    one = example("text", scores, positions=words)
    [axes] = attention_figure([one, one]).axes
    shown = [text for text in axes.texts if text.get_text() in words]
    assert [text.get_text() for text in shown] == words * 2  # the last layer of either text
    places = [text.get_position()[::-1] for text in shown]
    assert places == sorted(places) and len(set(places)) == 80
    assert len({y for y, _ in places}) == 2 * 3  # 40 words of 6 or 7 letters, 100 in a line
    alphas = [text.get_bbox_patch().get_alpha() for text in shown[:40]]
    np.testing.assert_allclose(alphas, weights / weights.max())
    [axes] = attention_figure([one]).axes
    assert len([text for text in axes.texts if text.get_text() in words]) == 80  # either layer


def test_a_word_that_no_line_holds_and_a_dollar():
    words = ["a" * 300, "$x$", "$"]
    [axes] = attention_figure([example("text", {"a": np.ones((1, 3)) / 3}, positions=words)]).axes
    shown = [text for text in axes.texts if text.get_bbox_patch()]
    assert [text.get_text() for text in shown] == ["a" * 97 + "...", "$x$", "$"]
    assert not any(text.get_parse_math() for text in shown)


def test_large_images_are_thinned():
    one = example("image", {"a": np.ones((1, 5, 7)) / 35}, raw=np.zeros((1201, 700, 3), "uint8"))
    axes = attention_figure([one]).axes
    assert axes[0].images[0].get_array().shape == (401, 234, 3)


def test_text_as_html():
    words = ["<b>", "good", "&"]
    scores = {
        "heads": np.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]),
        "last": np.array([[0, 0.2, 0.8]]),
    }
    page = attention_html([example("text", scores, positions=words)])
    first, others = page.split("<details>")
    spans = re.findall(r"title='(.*?)' style='background:rgba\(.*?,([\d.]+)\);.*?'>(.*?)<", first)
    assert spans == [
        ("0.0%", "0.00", "&lt;b&gt;"),
        ("20.0%", "0.25", "good"),
        ("80.0%", "1.00", "&amp;"),
    ]
    assert re.findall("<small>(.*?)</small>", others) == [
        "heads, darkest: 75.0%",
        "heads 1, darkest: 50.0%",
        "heads 2, darkest: 100.0%",
    ]


def test_features_by_their_weight():
    count = FEATURES + 3
    weights = np.random.default_rng(0).permutation(count) / (count * (count - 1) / 2)
    names = [f"feature {i}" for i in range(count)]
    one = example("table", {"attention": weights[None]}, positions=names)
    [axes] = attention_figure([one]).axes
    order = np.argsort(-weights)[:FEATURES]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == [*(names[i] for i in order), "the 3 others"]
    np.testing.assert_allclose([bar.get_width() for bar in axes.patches], weights[order])
    assert axes.texts[0].get_text() == " 1%"  # 0, 1 and 2 of 253


def test_sequences():
    weights, steps = (
        np.array([[0.25, 0.75, 0], [0.75, 0.25, 0]]),
        np.array([[1, 7], [2, 5], [3, 11]]),
    )
    one = example(
        "sequence", {"self": weights, "pool": weights[:1]}, positions=list("012"), raw=steps
    )
    rows = attention_figure([one]).axes[:2]  # then the axes of the lines
    np.testing.assert_allclose(rows[0].patches[0].get_data().values, [0.5, 0.5, 0])  # of two heads
    np.testing.assert_allclose(rows[1].patches[0].get_data().values, [0.25, 0.75, 0])
    lines = attention_figure([one]).axes[2].lines
    np.testing.assert_array_equal([line.get_ydata() for line in lines], steps.T)
