import pytest

from kzoo.export.process import ExportError, run_alone


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.setattr("kzoo.export.process.HERE", tmp_path)

    def write(code):
        (tmp_path / "script.py").write_text(code)
        return "script.py"

    return write


def test_runs_with_its_arguments(script, tmp_path):
    code = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"
    run_alone(script(code), tmp_path / "out", 3)
    assert (tmp_path / "out").read_text() == "3"


def test_its_folder_hides_no_package(script, tmp_path):
    (tmp_path / "json.py").write_text("raise OSError")
    run_alone(script("import json"))


def test_the_message_is_that_of_the_error(script):
    code = "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('first\\n second')"
    with pytest.raises(ExportError, match=r"^ValueError: first$"):
        run_alone(script(code))


def test_a_crash_is_named(script):
    with pytest.raises(ExportError, match="script.py litert crashed with SIGABRT"):
        run_alone(script("import os; os.abort()"), "litert", "x")
