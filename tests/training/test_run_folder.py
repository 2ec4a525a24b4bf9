import os

import pytest

from kzoo.training.run_folder import (
    RESULTS,
    RunFolderError,
    check_run_folder,
    create_run_folder,
)


@pytest.fixture(autouse=True)
def working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def test_next_free_folder():
    names = [str(create_run_folder("a")) for _ in range(3)]
    assert names == ["runs/a", "runs/a-2", "runs/a-3"]
    assert all(os.path.isdir(name) for name in names)
    os.rmdir("runs/a-2")
    assert str(create_run_folder("a")) == "runs/a-2"


def test_an_empty_folder_is_taken_too():
    """Another run may have made it a moment ago."""
    os.makedirs("runs/a")
    assert str(create_run_folder("a")) == "runs/a-2"


def test_overwrite_without_a_folder_replaces_the_first(tmp_path):
    folder = create_run_folder("a")
    (folder / "metrics.json").write_text("{}")
    assert create_run_folder("a", overwrite=True) == folder
    assert list(folder.iterdir()) == []


def test_a_folder_of_the_users(tmp_path):
    assert create_run_folder("a", tmp_path / "deep" / "er") == tmp_path / "deep" / "er"
    assert (tmp_path / "deep" / "er").is_dir()
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("result", RESULTS)
def test_results_are_refused_or_replaced(tmp_path, result):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    if "." in result:
        (folder / result).write_text("old")
    else:
        (folder / result / "variables").mkdir(parents=True)
    with pytest.raises(RunFolderError, match="out holds the results of another run.*--overwrite"):
        create_run_folder("a", folder)
    assert (folder / result).exists()
    create_run_folder("a", folder, overwrite=True)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]  # only results are removed


def test_other_files_are_no_results(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert create_run_folder("a", tmp_path) == tmp_path
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="file is a file, not a folder."):
        check_run_folder(tmp_path / "file")
    with pytest.raises(RunFolderError, match="below cannot be written to: Not a directory."):
        create_run_folder("a", tmp_path / "file" / "below")


def test_runs_is_a_file(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(RunFolderError, match="runs/a cannot be written to: "):
        create_run_folder("a")


def test_check_writes_nothing(tmp_path):
    check_run_folder(None)
    check_run_folder(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []
