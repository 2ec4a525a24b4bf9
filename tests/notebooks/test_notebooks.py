"""The notebooks hold what they print, nothing of the machine they ran on, and run to their end."""

import ast
import base64
import importlib.util
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from PIL import Image

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
    tree = ast.parse(re.sub(r"^%.*$", "", cell.source, flags=re.M))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {ast.unparse(call.func) for call in calls}
    last = tree.body[-1]
    return bool(called & {"print", "plt.show", "kzoo.train"}) or isinstance(last, ast.Expr)


def test_the_three_are_there():
    assert IDS == ["attention_layers", "fine_tuning", "quickstart"]


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
    assert first.source.count("github.com") == 1 and not first.outputs


IN_COLAB = """
import os, subprocess, sys, types
if {colab}:
    sys.modules["google.colab"] = types.ModuleType("google.colab")
run, commands = subprocess.run, []
def record(command, check):
    assert check
    commands.append(command[1:])
    if command[0] == "git":
        run(command, check=True)
subprocess.run = record
source = {source!r}
exec(source)
exec(source)  # a second time, as when the session is started again
print([command[:3] for command in commands])
print(os.path.isdir("configs"), os.path.isfile("kzoo/__init__.py"))
"""


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no clone of a repository")
@pytest.mark.parametrize("colab", [True, False])
def test_the_first_cell_clones_and_installs_in_colab_alone(tmp_path, colab):
    source = code_cells(nbformat.read(NOTEBOOKS[0], as_version=4))[0].source
    source = source.replace("https://github.com/kzoo/kzoo", ROOT.as_uri())
    process = subprocess.run(
        [sys.executable, "-c", IN_COLAB.format(source=source, colab=colab)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    install = ["-m", "pip", "install"]
    expected = [["clone", "--depth", "1"], install, install] if colab else []
    assert process.stdout == f"{expected}\n{colab} {colab}\n"
    assert bool(os.listdir(tmp_path)) == colab


def test_the_readme_links_to_all_of_them():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(re.escape(COLAB) + r"(\w+)\.ipynb", text) == [
        "quickstart",
        "fine_tuning",
        "attention_layers",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_links_lead_to_files(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\((?!http)([^)]+)\)", text):
        assert (path.parent / target).is_file(), target


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_it_runs_and_shows_what_is_stored(path):
    spec = importlib.util.spec_from_file_location("run_notebooks", FOLDER / "run.py")
    run_notebooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run_notebooks)
    files = files_of_the_repository()
    executed = run_notebooks.execute(path)
    stored = nbformat.read(path, as_version=4)
    for ours, theirs in zip(code_cells(executed), code_cells(stored), strict=True):
        assert ours.source == theirs.source
        assert kinds(ours) == kinds(theirs), ours.source
    assert files_of_the_repository() == files


def files_of_the_repository():
    skipped = {".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis"}
    return {path for path in ROOT.rglob("*") if not skipped & set(path.relative_to(ROOT).parts)}
