"""Runs side by side."""

import csv
import io
import json
import statistics

import pytest

from kzoo.config import dump
from kzoo.training.comparison import ComparisonError, compare

TEST = {0: [(1, 0.9), (2, 0.8)], 1: [(1, 0.7), (2, 0.75)]}  # by units: seed and accuracy


def write(folder, units, seed, accuracy, metric="accuracy", tested=True):
    folder.mkdir(parents=True)
    config = {"name": folder.name, "seed": seed, "model": {"name": "cnn", "units": units}}
    (folder / "config.yaml").write_text(dump(config))
    numbers = {f"validation_{metric}": accuracy / 2, "validation_loss": 1.0, "seed": seed}
    numbers |= {f"test_{metric}": accuracy} if tested else {}
    numbers |= {"parameters": 100 * (units + 1), "train_seconds": 2.0 + seed}
    (folder / "metrics.json").write_text(json.dumps(numbers))
    return folder


@pytest.fixture
def folders(tmp_path):
    return [
        write(tmp_path / f"{units}-{seed}", units, seed, accuracy)
        for units, runs in TEST.items()
        for seed, accuracy in runs
    ]


def test_means_and_paired_differences(folders):
    found = compare(folders)
    assert found.columns[:3] == ["run", "seeds", "validation accuracy"]
    assert found.columns[3:] == ["test accuracy", "difference", "parameters", "seconds"]
    difference = f"-0.1250 ± {statistics.stdev([-0.2, -0.05]):.4f}"
    assert found.rows == [
        ["model.units=0", 2, "0.4250 ± 0.0354", "0.8500 ± 0.0707", "", 100, 3.5],
        ["model.units=1", 2, "0.3625 ± 0.0177", "0.7250 ± 0.0354", difference, 200, 3.5],
    ]


def test_pairs_have_the_same_seed(folders, tmp_path):
    other = write(tmp_path / "other", 2, 2, 0.95)
    rows = compare([*folders[:2], other]).rows
    assert rows[1][:2] == ["model.units=2", 1] and rows[1][4] == "+0.1500"
    unpaired = write(tmp_path / "unpaired", 3, 7, 0.95)
    assert compare([folders[0], unpaired]).rows[1][4] == ""


def test_without_a_test_validation_is_compared(folders, tmp_path):
    untested = write(tmp_path / "untested", 5, 1, 0.5, tested=False)
    found = compare([folders[0], untested])
    assert "test accuracy" not in found.columns
    assert found.rows[1][2:4] == ["0.2500", "-0.2000"]


def test_as_csv_and_as_a_page(folders):
    found = compare(folders[:1])
    assert list(csv.reader(io.StringIO(found.as_csv())))[1][0] == "0-1"
    assert "<td>0-1</td>" in found.as_html() and "<th>test accuracy</th>" in found.as_html()


def test_what_is_refused(folders, tmp_path):
    with pytest.raises(ComparisonError, match="Runs of one task .* Received: accuracy, r2"):
        compare([folders[0], write(tmp_path / "r", 1, 1, 0.5, "r2")])
    with pytest.raises(ComparisonError, match="nowhere holds no complete run"):
        compare([tmp_path / "nowhere"])


def test_the_command(folders, kzoo_command, tmp_path):
    outcome = kzoo_command("compare", *map(str, folders), "--out", "table.csv")
    assert outcome.code == 0 and "model.units=1" in outcome.out
    assert (tmp_path / "table.csv").read_text().startswith("run,seeds,")
    again = kzoo_command("compare", str(folders[0]), "--out", "table.csv")
    assert again.code == 2 and "table.csv exists. Choose another name." in again.err
    wrong = kzoo_command("compare", str(folders[0]), "--out", "table.txt")
    assert wrong.code == 2 and "--out takes a .csv or .html file" in wrong.err
    none = kzoo_command("compare", "nowhere")
    assert none.code == 1 and "nowhere holds no complete run" in none.err
