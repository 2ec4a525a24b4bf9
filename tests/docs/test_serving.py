"""docs/serving.md: its Python runs, and what it says of signatures and bodies is true."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import kzoo
from kzoo.export import export
from kzoo.export.packages import PACKAGES
from tests.export.trained import table_classifier, text_classifier, with_decided_weights

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
MISSING = [
    module
    for modules in PACKAGES.values()
    for module in modules
    if importlib.util.find_spec(module) is None
]


def blocks(language):
    found = re.findall(r"^```([^\n]*)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    return [code for of, code in found if of == language]


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Folder with the SavedModel of digits that the page writes."""
    folder = tmp_path_factory.mktemp("digits")
    export(kzoo.load("digits_cnn_attention"), folder, formats=["saved_model"])
    return folder / "saved_model"


@pytest.mark.skipif(MISSING, reason=f"not installed: {', '.join(MISSING)}")
def test_the_python_of_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    texts = ["good film", "bad bad bad film", "", "a good good film"]
    model = with_decided_weights(text_classifier(), texts)
    export(model, "runs/reviews", texts, formats=["keras", "litert", "onnx"])
    namespace = {}
    answers = []
    for block in blocks("python"):
        exec(compile(block, "serving.md", "exec"), namespace)
        answers.append(np.asarray(namespace.get("probabilities", 0)))
    exporting, served, litert, onnx, text_onnx, text_litert = answers
    assert not exporting
    expected = kzoo.load("digits_cnn_attention").predict(namespace["images"], verbose=0)
    np.testing.assert_allclose(served, expected["probabilities"], atol=1e-5)
    for found in (litert, onnx):
        np.testing.assert_allclose(found, expected["probabilities"][:5], atol=1e-5)
    np.testing.assert_allclose(text_litert, text_onnx, atol=1e-5)
    assert text_onnx.shape == (1, 2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        f"digits/{name}"
        for name in ("saved_model", "model.tflite", "model_int8.tflite", "model.onnx")
    ]


def test_saved_model_cli_prints_what_the_page_says(digits):
    [options] = re.findall(r"saved_model_cli show --dir digits/saved_model (.*)", PAGE)
    module = "tensorflow.python.tools.saved_model_cli"
    command = [sys.executable, "-m", module, "show", "--dir", digits, *options.split()]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    [expected] = blocks("")
    assert process.stdout.strip() == expected.strip()


def answer(saved_model, body):
    """What TensorFlow Serving makes of a body: instances, stacked, into the signature."""
    body = json.loads(body)
    signature = tf.saved_model.load(saved_model).signatures[body["signature_name"]]
    specs = signature.structured_input_signature[1]
    rows = body["instances"]
    if not isinstance(rows[0], dict):
        rows = [{name: row} for row in rows for name in specs]
    inputs = {n: tf.constant([row[n] for row in rows], spec.dtype) for n, spec in specs.items()}
    return signature(**inputs)


def test_the_bodies_fit_the_signatures(digits):
    outputs = {json.loads(body)["signature_name"]: answer(digits, body) for body in blocks("json")}
    names = {signature: set(found) for signature, found in outputs.items()}
    assert names == {
        "serve": {"logits", "probabilities"},
        "features": {"features"},
        "attention": {"attention", "glimpses"},
    }
    for signature in names:
        assert f"| `{signature}`" in PAGE


@pytest.mark.parametrize(
    "kind, make, count", [("texts", text_classifier, 2), ("table", table_classifier, 1)]
)
def test_the_bodies_of_texts_and_tables_fit(kind, make, count, tmp_path):
    export(make(), tmp_path, formats=["saved_model"])
    [body] = blocks(f"json {kind}")
    assert answer(tmp_path / "saved_model", body)["probabilities"].shape == (count, 2)
