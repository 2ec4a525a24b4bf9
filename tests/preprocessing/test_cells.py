import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzoo.preprocessing.cells import as_text, numbers, without_missing

POINT = {
    "5": 5,
    "-5.25": -5.25,
    "+.5": 0.5,
    "1e3": 1000,
    "1.5E-2": 0.015,
    "1,234": 1234,
    "1,234,567.5": 1234567.5,
    "1 234": 1234,
    "1\u00a0234.5": 1234.5,
    "1'234": 1234,
    "$5": 5,
    "-$1,000": -1000,
    "5 €": 5,
    "£-3": -3,
    "7 %": 7,
    "7%": 7,
    "−3": -3,
    "007": 7,
}
COMMA = {
    "10,94": 10.94,
    "-0,5": -0.5,
    ",5": 0.5,
    "1.234": 1234,
    "1.234,5": 1234.5,
    "1 234,5": 1234.5,
    "5 €": 5,
    "12": 12,
    "1,5e3": 1500,
}
NEITHER = ["x", "1x", "1_000", "inf", "-inf", "0x10", "1e99", "1,2,3", "--1", "%", "$", "5 kg", "."]


@pytest.mark.parametrize("decimal, texts", [(".", POINT), (",", COMMA)])
def test_numbers_by_hand(decimal, texts):
    values, wrong, _ = numbers(pa.array(list(texts)), decimal)
    assert not wrong.any() and values.dtype == np.float64
    assert values.tolist() == list(texts.values())


@pytest.mark.parametrize("decimal", [".", ","])
def test_what_is_no_number(decimal):
    values, wrong, _ = numbers(pa.array([*NEITHER, None, "3"]), decimal)
    assert wrong.tolist() == [True] * len(NEITHER) + [False, False]
    assert np.isnan(values).tolist() == [True] * len(NEITHER) + [True, False]


@pytest.mark.parametrize("decimal, text", [(".", "10,94"), (".", "1.234,5"), (",", "1,234.5")])
def test_the_other_decimal_sign_is_not_taken_for_thousands(decimal, text):
    assert numbers(pa.array([text]), decimal).wrong.all()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | st.floats(-1e30, 1e30), min_size=1), st.sampled_from(".,"))
def test_any_number_comes_back(floats, decimal):
    texts = [None if x is None else repr(x).replace(".", decimal) for x in floats]
    values, wrong, _ = numbers(pa.array(texts, "string"), decimal)
    assert not wrong.any()
    expected = np.array([np.nan if x is None else x for x in floats])
    np.testing.assert_array_equal(values, expected)


def test_missing_words_in_any_case():
    texts = pa.array(["", "na", "NA", "#n/a", "nUll", "?", "-", "0", "nap"])
    assert without_missing(texts).to_pylist() == [None] * 6 + ["-", "0", "nap"]
    assert without_missing(texts, ["-"]).to_pylist()[1:7] == ["na", "NA", "#n/a", "nUll", "?", None]
    assert without_missing(texts, []).to_pylist()[0] is None


def test_text_of_any_values():
    class NotAvailable:  # as in pandas
        def __ne__(self, other):
            return self

        def __bool__(self):
            raise TypeError("ambiguous")

    values = np.empty(9, object)
    values[:] = [3, 3.0, 2.5, True, b" x ", " y ", None, math.nan, NotAvailable()]
    assert as_text(values).to_pylist() == ["3", "3", "2.5", "True", "x", "y", None, None, None]
    assert as_text(np.array([1, np.nan, 0.1], "float32")).to_pylist() == ["1", None, "0.1"]
    days = np.array(["2024-02-03", "NaT"], "datetime64[ns]")
    assert as_text(days).to_pylist() == ["2024-02-03", None]
    times = np.array(["2024-02-03T04:05:06"], "datetime64[s]")
    assert as_text(times).to_pylist() == ["2024-02-03 04:05:06"]
