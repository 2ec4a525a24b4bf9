import json

import numpy as np
import pytest

import kzoo
from kzoo.data import load_data
from kzoo.messages import DataConfigError, DataError


def series(count=24, seed=0):
    """Series of two features; the class is whether they rise. A tenth of the second is missing."""
    random = np.random.default_rng(seed)
    found = []
    for i in range(count):
        steps = np.arange(random.integers(5, 30))
        rise = (steps - steps.mean()) * (1 if i % 2 else -1) + random.normal(size=len(steps))
        other = np.where(random.random(len(steps)) < 0.1, np.nan, random.normal(size=len(steps)))
        found.append(np.stack([rise, other], axis=1).round(3))
    return found, np.array(["falls", "rises"])[np.arange(count) % 2]


def write_npz(path, found, y):
    np.savez(path, *found, y=y)


def write_padded(path, found, y):
    x = np.full((len(found), max(map(len, found)), 2), np.nan)
    for row, one in zip(x, found, strict=True):
        row[: len(one)] = one
    np.savez(path, x=x, y=y, lengths=[len(one) for one in found])


def write_csv(path, found, y):
    """The rows of a series in any order, as `when` says which they are in."""
    lines, random = ["when,name,up,other,kind"], np.random.default_rng(0)
    for i, (one, kind) in enumerate(zip(found, y, strict=True)):
        for step in random.permutation(len(one)):
            cells = ["" if np.isnan(value) else str(value) for value in one[step]]
            lines.append(f"{step},s{i},{','.join(cells)},{kind}")
    path.write_text("\n".join(lines))


def write_ts(path, found, y):
    lines = ["# a comment", "@problemName Rise", "@classLabel true falls rises", "@data"]
    for one, kind in zip(found, y, strict=True):
        dimensions = [",".join("?" if np.isnan(v) else str(v) for v in row) for row in one.T]
        lines.append(":".join([*dimensions, kind]))
    path.write_text("\n".join(lines))


FILES = {
    "a.npz": (write_npz, {}),
    "b.npz": (write_padded, {}),
    "c.csv": (write_csv, {"id": "name", "time": "when", "target": "kind"}),
    "d.ts": (write_ts, {}),
}


@pytest.mark.parametrize("name", FILES)
def test_all_files_give_the_same(tmp_path, name):
    found, y = series()
    write, options = FILES[name]
    write(tmp_path / name, found, y)
    dataset = load_data({"name": "sequences", "path": str(tmp_path / name), **options})
    assert dataset.task.class_names == ["falls", "rises"]
    read = [(inputs, label) for split in (dataset.train, dataset.validation, dataset.test)
            for inputs, label in zip(split.inputs, split.labels, strict=True)]  # fmt: skip
    expected = {one.tobytes(): kind for one, kind in zip(as_floats(found), y, strict=True)}
    for inputs, label in read:
        length = len(inputs) - np.isnan(inputs).all(axis=1)[::-1].argmin()
        assert expected.pop(inputs[:length].tobytes()) == dataset.task.class_names[label]
    assert not expected
    preprocessing = dataset.preprocessing
    assert preprocessing.kind == "sequence" and preprocessing.missing == [1]
    assert preprocessing.example_shape == (None, 4)
    known = np.concatenate([one[~np.isnan(one).all(axis=1)] for one in dataset.train.inputs])
    np.testing.assert_allclose(preprocessing.mean, np.nanmean(known, axis=0), rtol=1e-4)
    assert any("24 series of 5 to " in note for note in dataset.notes)
    assert any("% of the values are missing" in note for note in dataset.notes)


def as_floats(found):
    return [one.astype("float32") for one in found]


def test_the_test_file_of_an_archive_is_found(tmp_path):
    found, y = series()
    write_ts(tmp_path / "Rise_TRAIN.ts", found, y)
    write_ts(tmp_path / "Rise_TEST.ts", found[:6], y[:6])
    dataset = load_data({"name": "sequences", "path": str(tmp_path / "Rise_TRAIN.ts")})
    assert len(dataset.test) == 6


BROKEN = {
    "no target.ts": ("@data\n1,2,3\n", DataError, "holds no targets"),
    "no data.ts": ("1,2,3:a\n", DataError, "line 1: a line @data must come before the series"),
    "text.ts": ("@classLabel true a b\n@data\n1,x:a\n", DataError, "line 3: could not convert"),
    "stamps.ts": ("@classLabel true a b\n@data\n(0,1):a\n", DataError, "with time stamps are not"),
    "widths.ts": (
        "@classLabel true a b\n@data\n1:2:a\n1:b\n",
        DataError,
        "line 4: a series of 1 d",
    ),
    "two.csv": ("id,v,target\n1,2,a\n1,3,b\n", DataError, "line 3: the series '1' has two targets"),
    "words.csv": ("id,v,target\n1,x,a\n", DataError, "line 2: the column 'v' must hold numbers"),
    "gap.csv": ("id,v,target\n1,2,a\n,3,a\n", DataError, "line 3: data.id needs a value in each r"),
    "no id.csv": ("v,target\n1,a\n", DataConfigError, "has no column 'id'. It has: v, target."),
    "no value.csv": ("id,target\n1,a\n", DataError, "no column of values beside id and target"),
    "a.wav": ("", DataConfigError, "data.path must end in .npz, .csv, .ts"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_message(tmp_path, name):
    text, error, message = BROKEN[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(error, match=message):
        load_data({"name": "sequences", "path": str(tmp_path / name)})


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"a": np.zeros((3, 2)), "b": np.zeros((3, 1)), "y": [0, 1]}, "differ in the number of f"),
        ({"a": np.zeros(3), "y": [0, 1]}, "holds 1 series, y has 2 targets"),
        ({"a": np.zeros((2, 3, 4)), "b": np.zeros(2), "y": [0, 1]}, "a must be a series, numbers"),
        ({"x": np.zeros((2, 3)), "y": [0, 1], "lengths": [1, 4]}, "lengths must be 2 integers up"),
        (
            {"x": np.zeros((2, 3)), "y": [0, 1], "lengths": [1, 0]},
            "series 1, counted from 0: the s",
        ),
        ({"x": np.full((2, 3), np.inf), "y": [0, 1]}, "holds an infinite number"),
        ({"y": [0, 1]}, "holds no series"),
    ],
)
def test_message_of_arrays(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        load_data({"name": "sequences", "path": str(tmp_path / "a.npz")})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sequences")
    found, y = series(160)
    write_csv(folder / "s.csv", found, y)
    (folder / "c.yaml").write_text(
        "name: s\ndata: {name: sequences, id: name, time: when, target: kind, "
        f"path: {folder / 's.csv'}}}\nmodel: {{name: conv_attention, filters: [8, 8, 8]}}\n"
        "training: {epochs: 12}\n"
    )
    return kzoo.train(folder / "c.yaml", run_dir=folder / "run")


def test_it_learns_and_is_exported(run):
    assert run.metrics["test_accuracy"] > 0.9
    assert run.metrics["files"]["saved_model"]["difference"] < 1e-5
    assert kzoo.evaluate(run.folder / "saved_model")["test_accuracy"] == pytest.approx(
        run.metrics["test_accuracy"]
    )


@pytest.mark.parametrize("name", ["model.keras", "saved_model"])
def test_padding_and_company_change_nothing(run, name):
    """A series gives the same alone, beside a longer one, and padded by hand."""
    model = kzoo.load(run.folder / name)
    short, long = series(2, seed=5)[0]
    alone = model.predict([short])["probabilities"]
    together = model.predict([short, long])["probabilities"]
    padded = np.full((1, 50, 2), np.nan)
    padded[0, : len(short)] = short
    np.testing.assert_allclose(together[:1], alone, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.predict(padded)["probabilities"], alone, rtol=1e-4, atol=1e-6)


def test_an_explanation_has_the_steps_of_each(run):
    found, _ = series(3, seed=7)
    examples = kzoo.explain(run.model, found).examples
    assert [len(example.positions) for example in examples] == [len(one) for one in found]
    for example in examples:
        np.testing.assert_allclose(example.scores["attention"].sum(axis=1), 1, rtol=1e-5)
    assert kzoo.faithfulness(run.model, found, steps=4).attention.shape == (3, 5)


def test_the_command_line_reads_what_was_trained_on(run, kzoo_command, tmp_path):
    found, y = series(4, seed=3)
    expected = run.model.predict(found, verbose=0)["probabilities"].argmax(axis=1)
    write_csv(tmp_path / "s.csv", found, y)
    write_npz(tmp_path / "s.npz", found, y)
    write_ts(tmp_path / "s.ts", found, y)
    for name in ("s.csv", "s.npz", "s.ts"):
        outcome = kzoo_command("predict", run.folder, tmp_path / name)
        assert outcome.code == 0, outcome.err
        lines = [json.loads(line) for line in outcome.out.splitlines()]
        assert [line["class"] for line in lines] == [["falls", "rises"][i] for i in expected]


def test_dates_are_put_in_order_as_dates(tmp_path):
    """As text, 10.01.2024 would come before 9.01.2024."""
    days = [f"{day}.01.2024" for day in (31, 9, 10, 1)]
    lines = [f"{i},{day},{day.split('.')[0]},{'ab'[i % 2]}" for i in range(20) for day in days]
    (tmp_path / "s.csv").write_text("id,day,v,target\n" + "\n".join(lines) + "\n")
    dataset = load_data({"name": "sequences", "path": str(tmp_path / "s.csv"), "time": "day"})
    assert (dataset.train.inputs[..., 0] == [1, 9, 10, 31]).all()
    (tmp_path / "s.csv").write_text("id,day,v,target\n1,soon,2,a\n")
    with pytest.raises(DataError, match="line 2: data.time needs numbers, or dates as 2024-12-31"):
        load_data({"name": "sequences", "path": str(tmp_path / "s.csv"), "time": "day"})
