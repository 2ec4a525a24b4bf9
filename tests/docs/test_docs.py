"""The Python in the pages runs, and the layer that one of them builds is a good one."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.layer_checks import check_layer, gradients, to_numpy

ROOT = Path(__file__).parents[2]
# those that need data or further packages have tests of their own: test_data.py, test_serving.py
OTHERS = {ROOT / "docs" / "data.md", ROOT / "docs" / "serving.md"}
PAGES = [ROOT / "README.md", *sorted(set(ROOT.glob("docs/*.md")) - OTHERS)]
BLOCK = re.compile(r"^(?P<mark><!-- not run -->\n)?```python\n(?P<code>.*?)^```$", re.M | re.S)


def run_blocks(page):
    """Runs the Python blocks of a page one after the other; returns their namespace."""
    namespace = {"__name__": page.stem}
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        if not block["mark"]:
            lines_before = text[: block.start("code")].count("\n")  # so that errors name the line
            code = compile("\n" * lines_before + block["code"], page, "exec")
            exec(code, namespace)
    return namespace


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_blocks(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pictures_of_a_page_exist(page):
    for name in re.findall(r"!\[[^]]*\]\((?!http)([^)]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / name).is_file(), name


@pytest.fixture(scope="module")
def weighted_mean():
    return run_blocks(ROOT / "docs" / "layers.md")["WeightedMean"]


def test_the_layer_of_your_own_passes_the_checks_of_ours(weighted_mean):
    x = np.random.default_rng(3).normal(size=(2, 7, 5))
    check_layer(weighted_mean(3), x, (2, 7, 5))


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_the_layer_of_your_own_honours_the_mask_contract(weighted_mean, policy):
    x = np.random.default_rng(3).normal(size=(3, 7, 5)).astype("float32")
    mask = np.array([[1, 1, 0, 1, 1, 0, 0], [1] * 7, [0] * 7], bool)
    layer = weighted_mean(3, dtype=policy)
    expected = to_numpy(keras.ops.cast(layer(x, mask=mask), "float32"))
    x[~mask] = np.nan
    y, weights = layer(x, mask=mask, return_attention_scores=True)
    np.testing.assert_array_equal(to_numpy(keras.ops.cast(y, "float32")), expected)
    assert (expected[2] == 0).all()
    assert not to_numpy(keras.ops.cast(weights, "float32"))[0][:, ~mask[0]].any()
    d_x, *d_weights = gradients(layer, x, mask=mask)
    assert all(np.isfinite(np.asarray(d, "float32")).all() for d in [d_x, *d_weights])


def test_the_layer_of_your_own_is_what_its_formula_says(weighted_mean):
    x = np.random.default_rng(3).normal(size=(2, 7, 5)).astype("float32")
    layer = weighted_mean(3)
    y = to_numpy(layer(x))
    query, key, bias = (x @ weight for weight in layer.get_weights())
    scores = query @ key.swapaxes(1, 2) + bias.swapaxes(1, 2)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(y, weights @ x, rtol=1e-4, atol=1e-5)
