import csv as csv_module

import numpy as np
import pytest

from kzoo.data import DATASETS, load_data
from kzoo.messages import DataError
from tests.data.tables import write_csv

csv = DATASETS["csv"]

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
    assert dataset.task.class_names == ["no", "yes"]
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
    assert columns["Age (years)"].dtype == np.float64 and np.isnan(columns["Age (years)"]).any()
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
    numbers, categories, dates, left_out = dataset.notes
    assert numbers.startswith("numbers: Age (years) (") and numbers.endswith(", n (33.3% missing)")
    assert categories.startswith("categories: city (") and categories.endswith(", zip")
    assert dates == "dates: signed"
    assert left_out == (
        "left out: id (numbers the rows), Customer ID (numbers the rows), us (dates that can be "
        "read in two ways, or not at all), words (text that differs from row to row), same (the "
        "same in all rows), empty (empty)"
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
    assert csv(path=write(tmp_path, "n,y\n" + lines), target="y").task.class_names == expected


def test_a_byte_order_mark_semicolons_blank_lines_and_a_column_without_a_name(tmp_path):
    text = b"\xef\xbb\xbf" + rows(";n;y", "{i};{i}.5;{c}\n").encode()
    dataset = csv(path=write(tmp_path, text), target="y", delimiter=";")
    assert dataset.notes == (
        "numbers: n",
        "left out: column 1 (a running number without a name)",
    )


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
    "a name twice": ("n,n,y\n1,2,a\n", {}, "line 1: duplicate column name 'n'. Rename one"),
    "empty": ("", {}, " is empty. It needs a line of column names, then the rows."),
    "names only": ("n,y\n", {}, " has no rows. It needs a line of column names, then the rows."),
    "not text": (
        b"n,y\n\xff\xfe,a\n",
        {},
        "line 2: this is not text in UTF-8. Set data.encoding, or --encoding, such as cp1252, or",
    ),
    "target missing": (GOOD + "1,\n", {}, "line 14: the target 'y' is missing."),
    "one class": ("n,y\n1.5,a\n2,a\n3,a\n", {}, "two classes or more. Found: a."),
    "a small class": (GOOD + "1,c\n", {}, "line 14: too few rows are of the class 'c': 1."),
    "numbers to predict": (
        rows("n,y", "{i}.25,{i}.5"),
        {},
        "'y' has 12 different values in 12 rows.",
    ),
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
    with pytest.raises(DataError, match=" is a folder, not a CSV file."):
        csv(path=str(tmp_path), target="y")


def test_test_file_with_another_class(tmp_path):
    path, test = write(tmp_path, GOOD), write(tmp_path, "n,y\n1,c\n", "test.csv")
    with pytest.raises(DataError, match="test.csv, line 2: the target 'y' is 'c'; the cl"):
        csv(path=path, target="y", test_path=test)


def test_a_delimiter_that_is_none(tmp_path):
    with pytest.raises(DataError, match="data.delimiter must be one character.* Received: ';;'"):
        csv(path=write(tmp_path, GOOD), target="y", delimiter=";;")


def table(folder, columns, rows=40, delimiter=","):
    """Writes columns, lists or functions of the number of a row, and a class."""
    values = {
        name: [c(i) for i in range(rows)] if callable(c) else [c[i % len(c)] for i in range(rows)]
        for name, c in {**columns, "y": "ab"}.items()
    }
    path = folder / "table.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv_module.writer(file, delimiter=delimiter)
        writer.writerow(values)
        writer.writerows(zip(*values.values(), strict=True))
    return str(path)


def noise(i):
    """A number that tells nothing: no two are equal, and they are in no order."""
    return i * 7919 % 1009


@pytest.mark.parametrize(
    "name, value",
    [
        ("", lambda i: noise(i)),
        ("Unnamed: 0", lambda i: noise(i)),
        ("row", lambda i: (i * 7) % 40 + 5),  # each number once, mixed
        ("ID_Code", lambda i: noise(i)),
        ("CustomerId", lambda i: noise(i)),
        ("customer_id", lambda i: noise(i)),
        ("index", lambda i: noise(i)),
    ],
)
def test_running_numbers_are_left_out(tmp_path, name, value):
    dataset = csv(path=table(tmp_path, {name: value, "n": lambda i: i / 2}), target="y")
    assert dataset.preprocessing.feature_names == ["n"]
    assert dataset.notes[1].startswith(f"left out: {name or 'column 1'} (")


@pytest.mark.parametrize("name", ["paid", "grid", "humid", "idle"])
def test_a_name_that_only_ends_as_an_id(tmp_path, name):
    dataset = csv(path=table(tmp_path, {name: lambda i: noise(i)}), target="y")
    assert dataset.preprocessing.feature_names == [name]


@pytest.mark.parametrize(
    "texts, delimiter, expected",
    [
        (["10,94", "3,5", "7"], ";", [10.94, 3.5, 7]),
        (["10,94", "3,5", "7"], "\t", [10.94, 3.5, 7]),
        (["1.234,5", "999,25", "12.000"], ";", [1234.5, 999.25, 12000]),
        (["1,234", "12", "1,234,567"], ",", [1234, 12, 1234567]),
        (["1,234.5", "0.25", "12"], ";", [1234.5, 0.25, 12]),
        (["$5", "$1,200.50", "-$3"], ",", [5, 1200.5, -3]),
        (["7 %", "12.5 %", "0 %"], ",", [7, 12.5, 0]),
        (["1.234", "2.345", "3.5"], ";", [1.234, 2.345, 3.5]),
    ],
)
def test_numbers_as_people_write_them(tmp_path, texts, delimiter, expected):
    dataset = csv(path=table(tmp_path, {"n": texts}, delimiter=delimiter), target="y")
    found = np.concatenate([s.inputs["n"] for s in (dataset.train, dataset.test)])
    assert set(found) == set(expected)
    has_comma = 10.94 in expected or 999.25 in expected
    assert ("with a decimal comma: n" in dataset.notes) == has_comma


def test_a_column_that_can_be_read_in_two_ways(tmp_path):
    """The other columns of the file tell, or else the user has to."""
    path = table(tmp_path, {"n": ["1,234", "5,678"], "m": ["0,5", "10,25"]}, delimiter=";")
    assert set(csv(path=path, target="y").train.inputs["n"]) == {1.234, 5.678}
    path = table(tmp_path, {"n": ["1,234", "5,678"], "m": ["0.5", "10.25"]}, delimiter=";")
    assert set(csv(path=path, target="y").train.inputs["n"]) == {1234, 5678}
    path = table(tmp_path, {"n": ["1.234", "5.678"], "m": ["0,5", "10,25"]}, delimiter=";")
    assert set(csv(path=path, target="y").train.inputs["n"]) == {1234, 5678}
    path = table(tmp_path, {"n": ["1,234", "5,678"]}, delimiter=";")
    with pytest.raises(DataError, match="line 2: '1,234' in the column 'n' may have a decimal com"):
        csv(path=path, target="y")
    assert set(csv(path=path, target="y", decimal=",").train.inputs["n"]) == {1.234, 5.678}
    assert set(csv(path=path, target="y", decimal=".").train.inputs["n"]) == {1234, 5678}


@pytest.mark.parametrize(
    "texts, remedy",
    [
        (["10,94", "3,5", "7,25"], 'set data.decimal: ","'),
        (["5 €", "6 $", "7 €"], "data.columns: {n: category}"),
        (["5 %", "0.6", "7 %"], "data.columns: {n: category}"),
        (["5", "6", "-"], "name it in data.missing"),
        (["5", "6.5", "8", "#REF!"], "name it in data.missing"),
    ],
)
def test_numbers_with_something_else_are_refused_with_a_remedy(tmp_path, texts, remedy):
    with pytest.raises(DataError, match="line [245]: the column 'n' holds ") as error:
        csv(path=table(tmp_path, {"n": texts}), target="y")
    assert remedy in str(error.value)


def test_what_counts_as_missing(tmp_path):
    path = table(tmp_path, {"n": ["5", "6", "-"], "c": ["None", "Aspirin", "NA"]})
    dataset = csv(path=path, target="y", missing=["-", "na"])
    assert dataset.preprocessing.feature_names == [
        "n",
        "n is missing",
        "c is missing",
        "c = Aspirin",
        "c = None",
    ]
    assert dataset.preprocessing.missing == ["-", "na"]


def test_what_is_missing_elsewhere_is_a_class_in_the_target(tmp_path):
    path = write(
        tmp_path, "n,y\n" + "".join(f"{i / 2},{['None', 'x', 'NA'][i % 3]}\n" for i in range(30))
    )
    assert csv(path=path, target="y").task.class_names == ["NA", "None", "x"]
    with pytest.raises(DataError, match="line 4: the target 'y' is missing."):
        csv(path=path, target="y", missing=["NA"])


@pytest.mark.parametrize(
    "classes, warning",
    [
        (["Yes", "yes", "no"], "warning: 'Yes' and 'yes' are different classes"),
        (["1", "1.0", "2"], "warning: '1' and '1.0' are different classes"),
        (["yes", "no"], None),
    ],
)
def test_classes_that_are_one_to_a_person(tmp_path, classes, warning):
    lines = "".join(f"{i / 2},{classes[i % len(classes)]}\n" for i in range(30))
    dataset = csv(path=write(tmp_path, "n,y\n" + lines), target="y")
    assert [note for note in dataset.notes if note.startswith("warning")] == (
        [warning] if warning else []
    )


def test_seconds_are_kept_in_a_column_of_dates_as_numbers(tmp_path):
    """1.7e9 has no seconds in float32: the model takes float64 and subtracts the mean first."""
    path = table(tmp_path, {"t": lambda i: 1_700_000_000 + i * i})
    dataset = csv(path=path, target="y")
    layer = dataset.preprocessing
    assert layer.raw_input()["t"].dtype == "float64"
    seconds = np.array([1_700_000_000.0, 1_700_000_001.0])
    features = np.array(layer(layer.as_raw({"t": seconds})))[:, 0]
    assert features[1] - features[0] == pytest.approx(1 / layer.columns[0]["scale"], rel=1e-3)


def test_a_trained_model_decides_what_the_columns_are(tmp_path):
    """A column may be constant, or look like an id, in the data that it is tested on."""
    path = table(tmp_path, {"n": lambda i: i / 2, "c": ["1", "2"], "k": lambda i: noise(i)})
    trained = csv(path=path, target="y", columns={"c": "category"}).preprocessing
    path = table(tmp_path, {"k": lambda i: i, "c": ["2"], "n": ["5"], "more": ["x"]})
    dataset = load_data({"name": "csv", "path": path, "target": "y"}, trained)
    assert dataset.preprocessing is trained
    assert set(dataset.train.inputs["c"]) == {"2"} and set(dataset.train.inputs["n"]) == {5.0}
    assert list(dataset.train.inputs) == ["n", "c", "k"]
