"""The notebooks hold what they print, nothing of the machine they ran on, and run to their end."""

import ast
import base64
import importlib.util
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from tests.data.tables import write_csv
from tests.data.text_files import write_texts

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
IDS = [path.stem for path in NOTEBOOKS]
MACHINE = re.compile(r"(?<![\w.:/])/(tmp|work|home|root|usr|opt|var|Users|content)\b|[A-Z]:\\\\")
COLAB = "https://colab.research.google.com/github/kzoo/kzoo/blob/main/notebooks/"


@pytest.fixture(params=NOTEBOOKS, ids=IDS)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def kinds(cell):
    """Returns what a cell shows: the stream or the mime types of each output, but no stderr.

    Warnings and the notes of TensorFlow are there on one machine and not on the next.
    """
    return [
        output.get("name") or sorted(output.data)
        for output in cell.outputs
        if output.get("name") != "stderr"
    ]


def shows(cell):
    """Whether a cell prints, draws, or ends in an expression that is worth showing."""
    if cell.source.startswith("%%capture"):
        return False
    tree = ast.parse(re.sub(r"^( *)%.*$", r"\1pass", cell.source, flags=re.M))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {ast.unparse(call.func) for call in calls}
    last = tree.body[-1]
    return bool(called & {"print", "plt.show", "kzoo.train"}) or isinstance(last, ast.Expr)


def test_all_of_them_are_there():
    assert IDS == ["attention_layers", "fine_tuning", "own_data", "quickstart"]


def test_it_is_a_valid_notebook(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert not any(cell.metadata for cell in notebook.cells)


def test_every_cell_that_shows_something_has_it_stored(notebook):
    for cell in code_cells(notebook):
        assert bool(cell.outputs) == shows(cell), cell.source
        assert cell.execution_count
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_no_error_and_no_warning_is_stored(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error" and output.get("name") != "stderr", output


def test_pictures_can_be_seen(notebook):
    pictures = [
        Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= 3
    for picture in pictures:
        assert picture.width >= 400 and len(picture.getcolors(2**24)) > 10


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_nothing_of_the_machine_is_stored(path):
    text = path.read_text(encoding="utf-8")
    assert not MACHINE.search(text), MACHINE.search(text)
    assert path.stat().st_size < 600_000


def test_the_first_cell_is_the_same_in_all(notebook):
    first = code_cells(notebook)[0]
    assert first.source == code_cells(nbformat.read(NOTEBOOKS[0], as_version=4))[0].source
    assert first.source.count("github.com") == 1
    [output] = first.outputs
    assert [line.split()[0] for line in output.text.splitlines()] == ["kzoo", "keras", "tensorflow"]


IN_A_SHELL = """
import importlib.metadata, importlib.util, sys, types
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
lines = []
shell.register_magic_function(lines.append, "line", "pip")
find_spec, version = importlib.util.find_spec, importlib.metadata.version
if {missing}:
    importlib.util.find_spec = lambda name: None if name == "kzoo" else find_spec(name)
if {imported!r}:
    sys.modules["keras"] = types.SimpleNamespace(__version__={imported!r})
shell.run_cell({source!r}).raise_error()
for line in lines:
    print("pip", line)
    held = open(line.split()[3]).read().split()
    print("numpy==" + version("numpy") in held, any(name.startswith("keras==") for name in held))
"""


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("imported", [None, "3.13.2"])
def test_the_first_cell_installs_what_is_missing(missing, imported):
    """In Colab Keras alone may change, and one that is imported already needs a restart."""
    source = code_cells(nbformat.read(NOTEBOOKS[0], as_version=4))[0].source
    code = IN_A_SHELL.format(source=source, missing=missing, imported=imported)
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["kzoo", "keras", "tensorflow"]
    assert ("Keras 3.13.2 was imported before. Restart" in process.stdout) == bool(imported)
    assert len([line for line in lines if line.startswith("pip install")]) == missing
    assert ("True False" in lines) == missing


def test_the_readme_links_to_all_of_them():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(re.escape(COLAB) + r"(\w+)\.ipynb", text) == [
        "quickstart",
        "own_data",
        "fine_tuning",
        "attention_layers",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_links_lead_to_files(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\((?!http)([^)]+)\)", text):
        assert (path.parent / target).is_file(), target


@pytest.fixture(scope="session")
def execute():
    """The function of notebooks/run.py."""
    spec = importlib.util.spec_from_file_location("run_notebooks", FOLDER / "run.py")
    run_notebooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run_notebooks)
    return run_notebooks.execute


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_it_runs_and_shows_what_is_stored(path, execute):
    files = files_of_the_repository()
    executed = execute(path)
    stored = nbformat.read(path, as_version=4)
    for ours, theirs in zip(code_cells(executed), code_cells(stored), strict=True):
        assert ours.source == theirs.source
        assert kinds(ours) == kinds(theirs), ours.source
    assert files_of_the_repository() == files


def zipped_texts(folder):
    write_texts(folder / "reviews")
    return shutil.make_archive(str(folder / "reviews"), "zip", folder, "reviews")


def csv_file(folder):
    return write_csv(folder / "customers.csv", rows=200)


def arrays_file(folder):
    labels = np.arange(60) % 2
    x = np.random.default_rng(0).normal(labels[:, None, None], 1, (60, 7, 5))
    np.savez(folder / "series.npz", x=x, y=labels)
    return folder / "series.npz"


@pytest.mark.slow
@pytest.mark.parametrize("write", [zipped_texts, csv_file, arrays_file])
def test_own_data_of_each_kind(tmp_path, execute, write):
    notebook = nbformat.read(FOLDER / "own_data.ipynb", as_version=4)
    path = str(write(tmp_path))
    for cell in code_cells(notebook):
        cell.source = cell.source.replace('PATH = ""', f"PATH = {path!r}")
        cell.source = cell.source.replace('TARGET = ""', 'TARGET = "answer"')
        cell.source = cell.source.replace('"epochs": 15', '"epochs": 2')
    nbformat.write(notebook, tmp_path / "own_data.ipynb")
    texts = [
        o.get("text", "")
        for c in code_cells(execute(tmp_path / "own_data.ipynb"))
        for o in c.outputs
    ]
    assert any("test examples right" in text for text in texts)


def files_of_the_repository():
    skipped = {".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis"}
    return {path for path in ROOT.rglob("*") if not skipped & set(path.relative_to(ROOT).parts)}
