import numpy as np
import pytest

from kzoo.data.csv import csv
from kzoo.data.dataset import DataError
from tests.data.tables import write_csv

ROWS = 60


def write(folder, text, name="table.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def rows(header, line, count=12):
    """A table in which `{i}` is the number of a row and `{c}` its class, a or b."""
    body = "".join(line.format(i=i, c="ab"[i % 2]) + "\n" for i in range(count))
    return f"{header}\n{body}"


def test_a_table_with_gaps(tmp_path):
    dataset = csv(path=write_csv(tmp_path / "t.csv", ROWS), target="answer")
    assert dataset.class_names == ["no", "yes"]
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [43, 5, 12]
    assert dataset.preprocessing.feature_names == [
        "Age (years)",
        "Age (years) is missing",
        "city is missing",
        'city = Aix, "en" P',
        "city = Köln",
        "city = Ulm",
    ]
    columns = dataset.train.inputs
    assert columns["Age (years)"].dtype == np.float32 and np.isnan(columns["Age (years)"]).any()
    assert set(columns["city"]) == {"Ulm", "Köln", 'Aix, "en" P', ""}


def test_statistics_come_from_the_training_split(tmp_path):
    dataset = csv(path=write_csv(tmp_path / "t.csv", ROWS), target="answer")
    number = dataset.preprocessing.columns[0]
    train = dataset.train.inputs["Age (years)"]
    assert number["median"] == pytest.approx(np.nanmedian(train))


def test_what_columns_are(tmp_path):
    extra = {
        "id": range(100, 100 + ROWS),
        "Customer ID": [7 * i % ROWS for i in range(ROWS)],
        "signed": [f"2024-{i % 12 + 1:02d}-03" for i in range(ROWS)],
        "us": [f"{i % 12 + 1}/3/2024" for i in range(ROWS)],
        "words": [f"text {i}" for i in range(ROWS)],
        "same": ["x"] * ROWS,
        "empty": ["NA"] * ROWS,
        "zip": [f"0{i % 7}" for i in range(ROWS)],
        "n": [f"{i % 7}e-1" if i % 3 else "?" for i in range(ROWS)],
    }
    dataset = csv(path=write_csv(tmp_path / "t.csv", ROWS, extra=extra), target="answer")
    numbers, categories, left_out = dataset.notes
    assert numbers.startswith("numbers: Age (years) (") and numbers.endswith(", n (33.3% missing)")
    assert categories.startswith("categories: city (") and categories.endswith(", zip")
    assert left_out == (
        "left out: id (numbers the rows), Customer ID (numbers the rows), signed (dates), "
        "us (dates), words (text that differs from row to row), same (the same in all rows), "
        "empty (empty)"
    )


def test_what_a_column_is_can_be_said(tmp_path):
    path = write(tmp_path, rows("id,7,size,class", "{i},{i},{i}.5,{c}"))
    columns = {"id": "number", 7: "category", "size": "ignore"}
    dataset = csv(path=path, target="class", columns=columns)
    assert {k: v.dtype.kind for k, v in dataset.train.inputs.items()} == {"id": "f", "7": "O"}
    assert dataset.notes == ("numbers: id", "categories: 7", "left out: size (as told)")


@pytest.mark.parametrize(
    "targets, expected",
    [(["10", "9"], ["9", "10"]), (["b", "a"], ["a", "b"]), (["10", "x"], ["10", "x"])],
)
def test_order_of_classes(tmp_path, targets, expected):
    lines = "".join(f"{i % 5},{targets[i % 2]}\n" for i in range(20))
    assert csv(path=write(tmp_path, "n,y\n" + lines), target="y").class_names == expected


def test_a_byte_order_mark_semicolons_blank_lines_and_a_column_without_a_name(tmp_path):
    text = b"\xef\xbb\xbf" + rows(";n;y", "{i};{i}.5;{c}\n").encode()
    dataset = csv(path=write(tmp_path, text), target="y", delimiter=";")
    assert dataset.notes == ("numbers: n", "left out: column 1 (numbers the rows)")


def test_a_file_of_its_own_to_test_on(tmp_path):
    train = write(tmp_path, rows("n,y", "{i}.5,{c}", 30))
    test = write(tmp_path, "y,n,note\nb,3,x\na,,x\n", "test.csv")
    dataset = csv(path=train, target="y", test_path=test)
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [27, 3, 2]
    np.testing.assert_array_equal(dataset.test.inputs["n"], [3, np.nan])
    assert dataset.test.labels.tolist() == [1, 0]


def test_rare_categories_share_a_feature(tmp_path):
    path = write(tmp_path, "x,y\n" + "".join(f"{'ppqqr'[i % 5]},{i % 2}\n" for i in range(40)))
    dataset = csv(path=path, target="y", max_categories=2)
    assert dataset.preprocessing.feature_names == ["x = other", "x = p", "x = q"]


GOOD = rows("n,y", "{i}.5,{c}")
WRONG = {
    "no column of that name": (GOOD, {"target": "z"}, "has no column 'z'. It has: n, y."),
    "another delimiter": (GOOD, {"delimiter": ";"}, "It has: n,y. Is data.delimiter the right"),
    "declared column missing": (GOOD, {"columns": {"m": "number"}}, "has no column 'm'. It has"),
    "too many fields": (
        GOOD + "1,2,3\n",
        {},
        "line 14: the number of fields is 3, the first line names 2",
    ),
    "too few fields": ("n,y\n\n1\n", {}, "line 3: the number of fields is 1, the first"),
    "line after one of two lines": (
        'n,y\n"1\n2",a\n1\n',
        {},
        ", line 4: the number of fields is 1",
    ),
    "quote not closed": ('n,y\n"1,a\n', {}, "line 2: this is not CSV: unexpected end of data."),
    "a name twice": ("n,n,y\n1,2,a\n", {}, "line 1: the column 'n' stands there twice."),
    "empty": ("", {}, "holds no rows"),
    "names only": ("n,y\n", {}, "holds no rows"),
    "not text": (b"n,y\n\xff\xfe,a\n", {}, "is not text in UTF-8; save it as CSV UTF-8."),
    "target missing": (GOOD + "1,\n", {}, "line 14: the target 'y' is missing."),
    "one class": ("n,y\n1,a\n2,a\n3,a\n", {}, "two classes or more. Found: a."),
    "a small class": (GOOD + "1,c\n", {}, "line 14: too few rows are of the class 'c': 1."),
    "numbers to predict": (rows("n,y", "1,{i}.5"), {}, "'y' has 12 different values in 12 rows."),
    "text among numbers": (
        rows("n,y", "{i}.5,{c}", 20) + "many,a\n",
        {},
        "line 22: the column 'n' holds 'many' among numbers (1 such). Correct it, leave it empty,",
    ),
    "text where a number was declared": (
        "n,y\n" + "1,a\n2,b\n" * 9 + "x,a\n",
        {"columns": {"n": "number"}},
        "line 20: the column 'n' holds numbers, this is 'x'.",
    ),
    "infinity": (
        rows("n,y", "{i}.5,{c}", 20) + "inf,a\n",
        {},
        "line 22: the column 'n' holds 'inf",
    ),
    "nothing of use": (rows("n,y", "7,{c}"), {}, "no column to learn from. left out: n (the same"),
}


@pytest.mark.parametrize("case", WRONG)
def test_message(tmp_path, case):
    text, changes, message = WRONG[case]
    path = write(tmp_path, text)
    with pytest.raises(DataError) as error:
        csv(**{"path": path, "target": "y", **changes})
    assert str(error.value).startswith(path) and message in str(error.value)


def test_no_file(tmp_path):
    with pytest.raises(DataError, match="There is no file gone.csv. It is looked for in "):
        csv(path="gone.csv", target="y")
    with pytest.raises(DataError, match="cannot be read: Is a directory."):
        csv(path=str(tmp_path), target="y")


def test_test_file_with_another_class(tmp_path):
    path, test = write(tmp_path, GOOD), write(tmp_path, "n,y\n1,c\n", "test.csv")
    with pytest.raises(DataError, match="test.csv, line 2: the target 'y' is 'c'; the cl"):
        csv(path=path, target="y", test_path=test)


def test_a_delimiter_that_is_none(tmp_path):
    with pytest.raises(DataError, match="data.delimiter cannot be ';;': \"delimiter\" must be"):
        csv(path=write(tmp_path, GOOD), target="y", delimiter=";;")
