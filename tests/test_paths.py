import numpy as np
import pytest

from kzoo.config import read
from kzoo.data import load_data
from kzoo.paths import expand
from tests.data.image_files import write_classes


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("SETS", "sets")
    return tmp_path


def test_home_and_variables(home):
    assert expand("~/a.csv") == f"{home}/a.csv"
    assert expand("$HOME/${SETS}/a.csv") == f"{home}/sets/a.csv"
    assert expand("a~b/$NO_SUCH_THING.csv") == "a~b/$NO_SUCH_THING.csv"


def test_what_is_called_like_that_stays(home, monkeypatch):
    monkeypatch.chdir(home)
    (home / "$SETS").write_text("")
    assert expand("$SETS") == "$SETS"


def test_in_data(home):
    write_classes(home / "sets")
    assert len(load_data({"name": "image_folder", "path": "~/sets"}).test) == 3
    np.savez(home / "sets" / "a.npz", x=np.eye(20), y=np.arange(20) % 2)
    assert len(load_data({"name": "arrays", "path": "$HOME/$SETS/a.npz"}).test) == 4
    (home / "a.csv").write_text("a,b\n" + "1,yes\n2,no\n3,yes\n4,no\n" * 5)
    table = {"name": "csv", "path": "~/a.csv", "test_path": "$HOME/a.csv", "target": "b"}
    assert len(load_data(table).test) == 20


def test_on_the_command_line(home, kzoo_command):
    """A shell expands neither in `--out=~/a` nor in quotes."""
    (home / "a.yaml").write_text("name: a")
    assert read("~/a.yaml") == {"name": "a"}
    np.save(home / "a.npy", np.zeros((8, 8), "uint8"))
    outcome = kzoo_command("predict", "digits_cnn_attention", "~/a.npy")
    assert outcome.code == 0 and outcome.out.startswith(f'{{"input": "{home}/a.npy"')
    outcome = kzoo_command("explain", "digits_cnn_attention", "$HOME/a.npy", "--out=~/$SETS")
    assert outcome.code == 0 and (home / "sets").is_dir()
    assert "There is no model ~/none." in kzoo_command("predict", "~/none", "x").err
