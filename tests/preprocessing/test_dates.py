import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzoo.data import load_data
from kzoo.messages import DataError
from kzoo.preprocessing import TablePreprocessing
from kzoo.preprocessing.dates import days_of

EPOCH = datetime.datetime(1970, 1, 1)
FORMATS = [("%Y-%m-%d %H:%M:%S", "ymd"), ("%d.%m.%Y %H:%M:%S", "dmy"), ("%m/%d/%Y %H:%M:%S", "mdy")]


@settings(deadline=None)
@given(st.lists(st.datetimes(datetime.datetime(1000, 1, 1)), min_size=1, max_size=20))
def test_days_are_those_of_python(dates):
    dates = [date.replace(microsecond=0) for date in dates]
    expected = [(date - EPOCH).total_seconds() / 86_400 for date in dates]
    for form, order in FORMATS:
        days, fits = days_of([date.strftime(form) for date in dates], order)
        assert fits.numpy().all()
        np.testing.assert_allclose(days, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "text, order, expected",
    [
        ("2024-02", "ymd", "2024-02-01"),
        ("2024/3/5", "dmy", "2024-03-05"),  # a year of four digits may always come first
        ("1.2.24", "dmy", "2024-02-01"),
        ("1/2/99", "mdy", "1999-01-02"),
        (" 2024-01-01T10:00:00.5+02:00 ", "ymd", "2024-01-01T10:00:00.500"),
    ],
)
def test_forms(text, order, expected):
    days, fits = days_of([text], order)
    seconds = np.datetime64(expected, "ms").astype("int64") / 1000
    assert fits.numpy().all() and days.numpy()[0] == pytest.approx(seconds / 86_400, abs=1e-9)


@pytest.mark.parametrize(
    "text", ["", "x", "2024", "2024-13-01", "2024-00-10", "2024-01-32", "2024-01-01 10:60", "1,2"]
)
def test_what_is_none(text):
    assert not days_of([text], "ymd")[1].numpy().any()


def test_features_by_hand():
    """1 January 2024 was a Monday; 19,723 days after that of 1970."""
    texts = np.array(["2024-01-01 06:00", "", "2024-01-03 18:00"], dtype=object)
    layer = TablePreprocessing.learn({"since": texts}, dates={"since": "ymd"})
    assert layer.feature_names[:5] == [
        "since (days)",
        "since (time of the year, sine)",
        "since (time of the year, cosine)",
        "since (time of the day, sine)",
        "since (time of the day, cosine)",
    ]
    assert layer.feature_names[5] == "since is a Monday" and len(layer.feature_names) == 13
    x = layer(layer.as_raw({"since": texts})).numpy()
    np.testing.assert_allclose(x[:, 0], [-1, 0, 1], atol=1e-6)  # 2.5 days apart
    turns = 2 * np.pi * (19_723 / 365.2425 % 1)
    np.testing.assert_allclose(x[0, 1:3], [np.sin(turns), np.cos(turns)], atol=1e-6)
    np.testing.assert_allclose(x[[0, 2], 3:5], [[1, 0], [-1, 0]], atol=1e-6)
    assert x[0, 5:12].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert x[2, 5:12].tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert x[1].tolist() == [0] * 12 + [1]


def test_parts_that_do_not_differ_are_left_out():
    texts = np.array(["2024-01-01", "2024-01-08"], dtype=object)
    layer = TablePreprocessing.learn({"d": texts}, dates={"d": "ymd"})
    assert layer.feature_names == [
        "d (days)",
        "d (time of the year, sine)",
        "d (time of the year, cosine)",
    ]


def test_what_is_no_date_is_refused():
    layer = TablePreprocessing.learn({"d": np.array(["2024-01-01"], object)}, dates={"d": "ymd"})
    message = "Column 'd' takes dates, as 2024-12-31. Received: 'soon'"
    with pytest.raises(ValueError, match=message):
        layer.as_raw({"d": ["2024-01-05", None, "NA", "soon"]})


def write(folder, *columns):
    lines = [",".join(row) for row in zip(*columns, strict=True)]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    return {"name": "csv", "path": str(folder / "t.csv"), "target": "y"}


def test_the_order_is_that_in_which_all_are_dates(tmp_path):
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(7 * i) for i in range(40)]
    section = write(
        tmp_path,
        ["us", *(f"{day:%m/%d/%Y}" for day in days)],
        ["dots", *(f"{day.day % 12 + 1}.{day.month}.2024" for day in days)],
        ["slashes", *(f"{day.day % 12 + 1}/{day.month}/2024" for day in days)],
        ["y", *("ab"[i % 2] for i in range(40))],
    )
    dataset = load_data(section)
    assert list(dataset.notes) == [
        "dates: us, dots",
        "left out: slashes (dates that can be read in two ways, or not at all)",
    ]
    assert [column["order"] for column in dataset.preprocessing.columns] == ["mdy", "dmy"]


def test_a_file_read_for_a_trained_model(tmp_path):
    dates = [f"2024-01-{i + 1:02d}" for i in range(30)]
    target = ["y", *("ab"[i % 2] for i in range(30))]
    trained = load_data(write(tmp_path, ["d", *dates], target)).preprocessing
    section = write(tmp_path, ["d", "soon", *dates[1:]], target)
    with pytest.raises(DataError, match="line 2: the column 'd' holds dates, as 2024-12-31, this"):
        load_data(section, preprocessing=trained)
