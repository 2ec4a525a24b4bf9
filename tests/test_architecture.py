"""Imports point one way, as the rooms of the house lie; and importing kzoo costs little."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kzoo

ROOT = Path(__file__).parents[1]
# what each part of kzoo may import of the others, beside itself
ALLOWED = {
    "types": set(),
    "messages": set(),
    "lazy": set(),
    "paths": set(),
    "fonts": set(),
    "yaml": {"messages", "paths"},
    "config": {"messages", "types", "yaml"},
    "layers": set(),
    "models": {"layers", "lazy", "messages", "types"},
    "preprocessing": {"messages", "types"},
    "tasks": {"fonts", "lazy", "messages", "preprocessing", "types"},
    "data": {"lazy", "messages", "paths", "preprocessing", "tasks", "types"},
    "saved": {"messages", "paths", "preprocessing", "tasks"},
    "explanation": {"fonts", "messages", "preprocessing", "tasks"},
    "export": {"explanation", "lazy", "messages", "saved", "tasks", "types"},
    "report": {"explanation", "messages", "tasks", "types"},
    "training": {
        *("config", "data", "explanation", "export", "lazy", "messages", "models"),
        *("paths", "preprocessing", "report", "saved", "tasks", "types", "yaml"),
    },
}
HEAVY = ["matplotlib", "sklearn", "tensorflow_datasets", "typer", "pydantic", "ruamel"]


def part_of(path):
    """`kzoo/data/sources/tfds.py` belongs to data, `kzoo/saved/trained_model.py` to saving."""
    return path.relative_to(ROOT / "kzoo").parts[0].removesuffix(".py")


def imports(path):
    """Returns the dotted names that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


FILES = sorted((ROOT / "kzoo").rglob("*.py"))
IDS = [path.relative_to(ROOT).as_posix() for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_imports_point_one_way(path):
    part = part_of(path)
    if part in {"__init__", "__main__", "cli"}:
        return  # the top of the house
    used = {name.split(".")[1] for name in imports(path) if name.startswith("kzoo.")}
    assert used - {part} <= ALLOWED[part]


def at_the_top(path):
    """Returns the modules that a file imports when it is imported."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    names = [alias.name for part in body if isinstance(part, ast.Import) for alias in part.names]
    return {*names, *(part.module for part in body if isinstance(part, ast.ImportFrom))}


def test_what_a_registered_module_needs_does_not_import_keras():
    """Imported first, it would be needed by that module while it is imported itself."""
    needed, found = [*kzoo.REGISTERED], {}
    while needed:
        module = needed.pop()
        path = ROOT.joinpath(*module.split("."))
        found[module] = at_the_top(path / "__init__.py" if path.is_dir() else Path(f"{path}.py"))
        needed += [name for name in found[module] if name.startswith("kzoo.") and name not in found]
    others = {module for module in found if not module.startswith(kzoo.REGISTERED)}
    assert others and not [module for module in others if "keras" in found[module]]


@pytest.mark.parametrize("part", ["layers", "models"])
def test_no_backend_in_layers_and_models(part):
    for path in (ROOT / "kzoo" / part).rglob("*.py"):
        roots = {name.split(".")[0] for name in imports(path)}
        assert not roots & {"tensorflow", "torch", "jax"}, path


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_importing_kzoo_costs_nothing_without_keras():
    process = python("""
import sys, kzoo
print(sorted({name.split(".")[0] for name in sys.modules} & {"keras", "tensorflow", "numpy"}))
""")
    assert process.stdout == "[]\n", process.stdout + process.stderr


def test_importing_kzoo_costs_little_with_keras():
    """Nothing beyond Keras itself is loaded, until it is used."""
    code = f"""
import sys, keras
before = set(sys.modules)
import kzoo
new = {{name.split(".")[0] for name in set(sys.modules) - before}}
print(sorted(new & set({HEAVY})))
"""
    process = python(code)
    assert process.stdout == "[]\n", process.stdout + process.stderr


@pytest.mark.slow
def test_the_layers_are_registered_whatever_is_imported_first():
    for first in ("kzoo.layers", "kzoo.saved.trained_model", "keras, kzoo", "kzoo.models.cnn"):
        code = f"import {first}, keras; print(keras.saving.get_registered_object('kzoo>Attention'))"
        process = python(code)
        assert "kzoo.layers.attention.Attention" in process.stdout, process.stderr


ON_JAX = """
import sys
import keras, numpy as np
import kzoo
from tests.models.test_models import ROWS
assert keras.backend.backend() == "jax"
for name, (shape, options, parameters, _) in ROWS.items():
    core = kzoo.create_model(name, shape, 11, **options)
    assert core.count_params() == parameters
    x = {t.name: np.ones((2, *t.shape[1:]), "float32") for t in core.inputs}
    x = x if isinstance(core.input, dict) else next(iter(x.values()))
    logits = core.predict(x, verbose=0)
    assert logits.shape == (2, 11) and np.isfinite(logits).all()
assert sorted(ROWS) == sorted(kzoo.list_models())
images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1)).astype("uint8")
model = kzoo.load("digits_cnn_attention")
assert model.predict(images, verbose=0)["probabilities"].shape == (2, 10)
assert set(kzoo.explain(model, images).examples[0].scores) == {"attention", "glimpses"}
assert len(kzoo.faithfulness(model, images, steps=2, orders=2).areas) == 2
assert "tensorflow" not in sys.modules
"""


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="jax is not installed")
def test_layers_and_models_on_jax_never_import_tensorflow():
    process = python(ON_JAX, KERAS_BACKEND="jax")
    assert process.returncode == 0, process.stderr


OLDER_KERAS = """
import sys, types
sys.modules["keras"] = keras = types.ModuleType("keras")
keras.__version__ = "3.13.2"
import kzoo
"""


def test_an_older_keras_is_one_clear_sentence():
    process = python(OLDER_KERAS)
    assert process.stderr.splitlines()[-1] == (
        "ImportError: kzoo needs Keras 3.15.1 or newer; Keras 3.13.2 is imported. Run pip install "
        "--upgrade 'keras>=3.15.1', then restart Python (in Colab: Runtime, Restart session)."
    )


def test_train_py_fits_on_a_screen():
    assert len((ROOT / "train.py").read_text().splitlines()) <= 40
