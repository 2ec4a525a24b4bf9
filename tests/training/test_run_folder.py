import os
import shutil
import sys
from pathlib import Path

import pytest

from kzoo.training.run_folder import RESULTS, RunFolderError, check_run_folder, run_folder, write


@pytest.fixture(autouse=True)
def working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def made(*arguments, **options):
    """The folder that a run gets, after its end."""
    with run_folder(*arguments, **options) as folder:
        return folder.path


def results(folder, text="old", names=("model.keras", "saved_model")):
    """Writes results; those without a suffix are folders with a file in them."""
    for name in names:
        path = Path(folder) / name
        (path if "." in name else path / "variables").parent.mkdir(parents=True, exist_ok=True)
        (path if "." in name else path / "variables").write_text(text)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


OLD = {"model.keras": "old", "saved_model/variables": "old"}
NEW = {"model.keras": "new", "saved_model/variables": "new"}


def test_next_free_folder():
    names = [str(made("a")) for _ in range(3)]
    assert names == ["runs/a", "runs/a-2", "runs/a-3"]
    assert all(os.path.isdir(name) for name in names)
    os.rmdir("runs/a-2")
    assert str(made("a")) == "runs/a-2"


def test_an_empty_folder_is_taken_too():
    """Another run may have made it a moment ago."""
    os.makedirs("runs/a")
    assert str(made("a")) == "runs/a-2"


def test_a_folder_of_the_users(tmp_path):
    assert made("a", tmp_path / "deep" / "er") == tmp_path / "deep" / "er"
    assert (tmp_path / "deep" / "er").is_dir()
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("result", RESULTS)
def test_results_are_refused_or_replaced(result):
    results("out", names=[result])
    (Path("out") / "notes.txt").write_text("mine")
    with pytest.raises(RunFolderError, match="out holds the results of another run.*--overwrite"):
        made("a", "out")
    with run_folder("a", "out", overwrite=True) as folder:
        assert len(contents("out")) == 2  # both stay until the new ones are complete
        results(folder.path, "new", ["metrics.json"])
        folder.complete()
    assert contents("out") == {"notes.txt": "mine", "metrics.json": "new"}
    assert os.listdir() == ["out"]


@pytest.mark.parametrize("directory", ["out", None])
def test_a_run_that_does_not_complete_leaves_the_old_results(directory):
    target = directory or "runs/a"
    results(target)
    for number in ("", "-2"):
        with pytest.raises(ZeroDivisionError), run_folder("a", directory, True) as folder:
            results(folder.path, "half", ["model.keras"])
            raise ZeroDivisionError
        assert contents(target) == OLD
        assert contents(f"{target}-unfinished{number}") == {"model.keras": "half"}


def test_without_results_there_is_nothing_to_wait_for():
    os.mkdir("out")
    with run_folder("a", "out", overwrite=True) as folder:
        assert folder.path == folder.target == Path("out")
        folder.complete()


def complete(directory):
    with run_folder("a", directory, overwrite=True) as folder:
        results(folder.path, "new")
        folder.complete()
        return folder


def test_links_are_replaced_and_what_they_lead_to_stays():
    results("elsewhere")
    os.makedirs("out")
    os.symlink("../elsewhere/saved_model", "out/saved_model")
    os.symlink("nowhere", "out/metrics.json")
    complete("out")
    assert not os.path.islink("out/saved_model") and not os.path.lexists("out/metrics.json")
    assert contents("elsewhere") == OLD and contents("out") == NEW


@pytest.mark.parametrize("directory", ["link", ".", "../{}/out"])
def test_a_folder_by_another_name(directory, monkeypatch, tmp_path):
    results("out")
    os.symlink("out", "link")
    if directory == ".":
        monkeypatch.chdir("out")
    complete(directory.format(tmp_path.name))
    assert contents(tmp_path / "out") == NEW
    assert os.path.islink(tmp_path / "link")
    assert sorted(os.listdir(tmp_path)) == ["link", "out"]


def test_a_mount_cannot_be_renamed(monkeypatch):
    """What is written to it is written inside it, then."""
    results("out")
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path).name == "out")
    with run_folder("a", "out", overwrite=True) as folder:
        assert folder.path == Path("out/unfinished")
        results(folder.path, "new")
        folder.complete()
    assert contents("out") == NEW and not os.path.exists("out/unfinished")


def test_a_failure_in_the_exchange_brings_all_of_the_old_ones_back(monkeypatch):
    results("out", names=["config.yaml", "model.keras", "saved_model"])
    before = contents("out")
    moves = []

    def move(source, destination):
        moves.append(source)
        if len(moves) == 5:  # the second new one
            Path(destination).write_text("half")
            raise OSError(28, "No space left on device")
        os.rename(source, destination)

    monkeypatch.setattr(shutil, "move", move)
    with pytest.raises(OSError, match="No space"), run_folder("a", "out", True) as folder:
        results(folder.path, "new", ["config.yaml", "model.keras"])
        folder.complete()
    assert contents("out") == before
    assert contents(folder.path) == {"config.yaml": "new", "model.keras": "new"}


class Killed(BaseException):
    """As kill -9: nothing is put right afterwards."""


@pytest.mark.parametrize("moment", range(6))
def test_after_a_kill_in_the_exchange_the_old_or_the_new_ones_are_whole(monkeypatch, moment):
    """Whatever the moment, one folder holds all of one run."""
    names = ["config.yaml", "metrics.json", "model.keras"]
    results("out", names=names)
    moves = []

    def move(source, destination):
        if len(moves) == moment:
            raise Killed
        moves.append(os.rename(source, destination))

    monkeypatch.setattr(shutil, "move", move)
    with pytest.raises(Killed), run_folder("a", "out", overwrite=True) as folder:
        results(folder.path, "new", names)
        folder.complete()
    old, new = dict.fromkeys(names, "old"), dict.fromkeys(names, "new")
    assert contents("out-unfinished").items() >= new.items() or (
        contents("out-unfinished/replaced") == old
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a folder cannot be locked there")
@pytest.mark.parametrize("overwrite", [False, True])
def test_two_runs_do_not_share_a_folder(overwrite):
    if overwrite:
        results("out")
    with run_folder("a", "out", overwrite) as folder:
        for place in {folder.path, folder.target}:
            with pytest.raises(RunFolderError, match=f"Another run is writing to {place}. Wait"):
                check_run_folder(place, overwrite=True)  # before the data is read
    made("a", "out", overwrite)


def test_other_files_are_no_results(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert made("a", tmp_path) == tmp_path
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="file is a file, not a folder."):
        check_run_folder(tmp_path / "file")
    with pytest.raises(RunFolderError, match="below cannot be written to: Not a directory."):
        made("a", tmp_path / "file" / "below")


def test_runs_is_a_file(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(RunFolderError, match="runs/a cannot be written to: "):
        made("a")


def test_a_read_only_folder_is_refused_before_the_training(monkeypatch):
    results("out")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(RunFolderError, match="out cannot be written to: it is read-only."):
        made("a", "out", overwrite=True)


def test_check_writes_nothing(tmp_path):
    check_run_folder(None)
    check_run_folder(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_text_is_written_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    write(tmp_path / "a.txt", "old")

    def full_disk(path, text, encoding):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(OSError):
        write(tmp_path / "a.txt", "new")
    assert contents(tmp_path) == {"a.txt": "old"}
