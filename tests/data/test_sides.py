"""Splits by group, by time and into folds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzoo.data import load_data
from kzoo.data.dataset import Examples
from kzoo.data.sides import Groups, Times, split
from kzoo.data.split import complete_splits
from kzoo.messages import DataConfigError, DataError


def splits_of(labels, sides, **options):
    """Numbers of the examples in each split, and the line of the report."""
    labels = np.asarray(labels)
    examples = Examples(np.arange(len(labels)), labels)
    *parts, notes = complete_splits(
        examples, None, None, lambda y: y, 0.2, split_seed=0, sides=sides, **options
    )
    return [part.inputs for part in parts], notes


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1)), min_size=12, max_size=60))
def test_no_group_is_on_two_sides_and_nothing_is_lost(rows):
    groups = np.array([group for group, _ in rows])
    if len(np.unique(groups)) < 3:
        with pytest.raises(DataError, match="need a group each; 'g' holds too few."):
            splits_of([label for _, label in rows], Groups("g", groups))
        return
    parts, _ = splits_of([label for _, label in rows], Groups("g", groups))
    assert sorted(np.concatenate(parts)) == list(range(len(rows)))
    sides = [set(groups[part]) for part in parts]
    assert all(sides)
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 999), min_size=5, max_size=40, unique=True))
def test_each_time_lies_before_those_of_the_next_split(times):
    times = np.array(times)
    parts, _ = splits_of(np.zeros(len(times), int), Times("t", times, times.astype(str)))
    assert sorted(np.concatenate(parts)) == list(range(len(times)))
    train, validation, test = (times[part] for part in parts)
    assert train.max() < validation.min() and validation.max() < test.min()


def test_shares_of_many_groups_and_their_classes():
    groups, labels = np.arange(1000) // 5, np.arange(1000) % 4 // 3
    parts, [note] = splits_of(labels, Groups("patient", groups))
    assert [len(part) for part in parts] == [640, 160, 200]
    np.testing.assert_allclose([labels[part].mean() for part in parts], 0.25, atol=0.02)
    assert note == ("split by patient: 128 in train, 32 in validation, 40 in test; none is in two")


def test_latest_by_hand():
    times = np.array([5, 1, 2, 9, 9, 3, 4, 6, 7, 8])
    texts = np.array([f"t{time}" for time in times])
    parts, [note] = splits_of([0] * 10, Times("t", times, texts))
    assert [part.tolist() for part in parts] == [[0, 1, 2, 5, 6, 7], [8, 9], [3, 4]]
    assert note == "split by t: train t1 to t6, validation t7 to t8, test t9 to t9"


def test_every_example_is_in_one_fold():
    labels = np.repeat([0, 1], [40, 20])
    tested = [splits_of(labels, None, folds=5, fold=fold) for fold in range(5)]
    assert sorted(np.concatenate([parts[2] for parts, _ in tested])) == list(range(60))
    for parts, _ in tested:
        assert sorted(np.concatenate(parts)) == list(range(60))
        assert np.bincount(labels[parts[2]]).tolist() == [8, 4]
    assert tested[1][1] == ["fold 2 of 5 is the test split"]


def test_folds_of_groups():
    groups = np.arange(60) // 10
    tested = [splits_of(np.zeros(60, int), Groups("g", groups), folds=3, fold=i) for i in range(3)]
    assert [len(set(groups[parts[2]])) for parts, _ in tested] == [2, 2, 2]
    assert sorted(np.concatenate([parts[2] for parts, _ in tested])) == list(range(60))


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"sides": Times("t", np.array([1, 1]), np.array(["x", "x"]))},
            "'t' must hold earlier times and later ones.",
        ),
        ({"sides": None, "folds": 3, "fold": 3}, "data.fold counts from 0 to 2, there are 3 folds"),
        ({"sides": None, "folds": 4}, "data.folds must be 3 at most, the number of examples. Rec"),
        (
            {"sides": Groups("g", np.array([1, 1, 2])), "folds": 3},
            "data.folds must be 2 at most, the number of groups. Received: 3",
        ),
        (
            {"sides": Times("t", np.array([1, 2]), np.array(["1", "2"])), "folds": 2},
            "This data has one of its own, the latest ones: remove data.folds",
        ),
    ],
)
def test_message(options, message):
    with pytest.raises(DataError, match=message):
        splits_of(
            [0] * (3 if options["sides"] is None else len(options["sides"].values)), **options
        )


def test_one_of_both():
    assert split() is None and split(by="a") == ("by", "a") and split(time="b") == ("time", "b")
    with pytest.raises(DataConfigError, match="data.split takes by or time, not both."):
        split(by="a", time="b")


def write(path, rows=120, classes="ab"):
    lines = ["patient,day,x,y"]
    for i in range(rows):
        day = f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}"
        lines.append(f"p{i // 4},{day},{i % 7}.5,{classes[i % 2]}")
    path.write_text("\n".join(lines) + "\n")
    return {"name": "csv", "path": str(path), "target": "y"}


def test_a_column_of_groups_is_no_feature(tmp_path):
    section = write(tmp_path / "t.csv")
    dataset = load_data({**section, "split": {"by": "patient"}})
    assert "patient" not in dataset.train.inputs and "day" in dataset.train.inputs
    assert dataset.notes[-1].startswith("split by patient: 2")
    told = load_data({**section, "split": {"by": "patient"}, "columns": {"patient": "category"}})
    assert "patient" in told.train.inputs


def test_a_column_of_dates(tmp_path):
    dataset = load_data({**write(tmp_path / "t.csv"), "split": {"time": "day"}})
    assert "day" not in dataset.train.inputs
    assert len(dataset.test) >= 24 and "test 2024-1" in dataset.notes[-1]


def test_files_of_ones_own(tmp_path):
    section = write(tmp_path / "t.csv")
    write(tmp_path / "v.csv", rows=10)
    write(tmp_path / "s.csv", rows=14)
    paths = {"validation_path": str(tmp_path / "v.csv"), "test_path": str(tmp_path / "s.csv")}
    dataset = load_data({**section, **paths})
    assert [len(p) for p in (dataset.train, dataset.validation, dataset.test)] == [120, 10, 14]
    with pytest.raises(DataConfigError, match="This data has one of its own: remove data.folds."):
        load_data({**section, **paths, "folds": 3})


@pytest.mark.parametrize(
    "key, column, cell, message",
    [
        ("by", "patient", "", "line 2: data.split.by needs a value in each row of 'patient'; here"),
        (
            "time",
            "day",
            "soon",
            "line 2: data.split.time needs numbers, or dates as 2024-12-31",
        ),
        ("time", "dya", None, "has no column 'dya'. Did you mean day?"),
    ],
)
def test_message_of_a_column(tmp_path, key, column, cell, message):
    section = write(tmp_path / "t.csv")
    if cell is not None:
        text = (tmp_path / "t.csv").read_text()
        first = {"patient": "p0", "day": "2024-01-01"}[column]
        (tmp_path / "t.csv").write_text(text.replace(first, cell, 1))
    with pytest.raises(DataError, match=message):
        load_data({**section, "split": {key: column}})


def test_series_of_a_group_stay_together(tmp_path):
    lines = ["id,who,v,target"]
    lines += [f"s{i},w{i // 3},{i % 5},{'ab'[i % 2]}" for i in range(30) for _ in range(2)]
    (tmp_path / "s.csv").write_text("\n".join(lines) + "\n")
    section = {"name": "sequences", "path": str(tmp_path / "s.csv")}
    dataset = load_data({**section, "split": {"by": "who"}})
    assert dataset.notes[-1].startswith("split by who: 7 in train, 1 in validation, 2 in test")
    assert dataset.preprocessing.columns["features"] == ["v"]
    np.savez(tmp_path / "s.npz", np.zeros(3), np.ones(2), y=[0, 1])
    with pytest.raises(DataConfigError, match="data.split names a column of a CSV file."):
        load_data({**section, "path": str(tmp_path / "s.npz"), "split": {"by": "who"}})


def test_two_groups_do_where_there_is_a_test_file(tmp_path):
    section = write(tmp_path / "t.csv", rows=8)  # of two patients
    write(tmp_path / "s.csv", rows=8)
    dataset = load_data(
        {**section, "test_path": str(tmp_path / "s.csv"), "split": {"by": "patient"}}
    )
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.test)] == [4, 4, 8]
