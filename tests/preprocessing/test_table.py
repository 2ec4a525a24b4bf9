import csv
import doctest
import io
import math
import subprocess
import sys

import keras
import numpy as np
import pandas
import polars
import pyarrow.csv
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import kzoo
import kzoo.preprocessing.table as module
from kzoo.export.saved_model import write_saved_model
from kzoo.preprocessing.table import TablePreprocessing
from kzoo.preprocessing.table_input import tensor_names
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification
from tests.data.tables import columns

NUMBER = {"name": "n", "median": 3.0, "mean": 2.0, "scale": 0.5, "missing": True}
CATEGORY = {"name": "c", "categories": ["", "a", "b"], "other": True}


@pytest.fixture(scope="module")
def wrapper():
    table, _ = columns(53)
    preprocessing = TablePreprocessing.learn(table)
    core = kzoo.create_model("dense_attention_fusion", preprocessing.example_shape, 2)
    return TrainedModel(core, preprocessing, Classification(["no", "yes"]))


def features(layer, table):
    return np.array(layer({name: np.array(v) for name, v in table.items()})).tolist()


def test_example_runs():
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_features_by_hand():
    layer = TablePreprocessing([NUMBER, CATEGORY])
    assert layer.feature_names == [
        "n",
        "n is missing",
        "c = other",
        "c is missing",
        "c = a",
        "c = b",
    ]
    assert layer.example_shape == (6,)
    assert features(layer, {"n": [2.5, np.nan, 1e9], "c": ["b", "", "new"]}) == [
        [1, 0, 0, 0, 0, 1],
        [2, 1, 0, 1, 0, 0],
        [10, 0, 1, 0, 0, 0],
    ]


def test_statistics_by_hand():
    table = {
        "n": np.array([1, np.nan, 2, 9], "float32"),  # 1, 2, 2, 9 with the median
        "full": np.array([5, 5, 5, 5], "float32"),
        "c": np.array(["x", "y", "x", "z"], dtype=object),
    }
    assert TablePreprocessing.learn(table, max_categories=2).columns == [
        {
            **{"name": "n", "median": 2, "mean": 3.5, "scale": math.sqrt(10.25), "missing": True},
            **{"dtype": "float32", "decimal": "."},
        },
        {
            **{"name": "full", "median": 5, "mean": 5, "scale": 1, "missing": False},
            **{"dtype": "float32", "decimal": "."},
        },
        {"name": "c", "categories": ["x", "y"], "other": True, "form": "text"},
    ]


def test_an_unseen_category_is_none_of_them_where_there_were_no_rare_ones():
    layer = TablePreprocessing.learn({"c": np.array(["x", "y"], dtype=object)})
    assert features(layer, {"c": ["y", "new", ""]}) == [[0, 1], [0, 0], [0, 0]]


def test_a_column_without_any_number():
    layer = TablePreprocessing.learn({"n": np.full(3, np.nan, "float32")})
    assert features(layer, {"n": [np.nan, 2]}) == [[0, 1], [2, 0]]


def test_numbers_too_close_together_to_divide_by_what_lies_between():
    layer = TablePreprocessing.learn({"n": np.array([0, 2e-44], "float32")})
    assert features(layer, {"n": [0, 2e-44, 3]}) == [[0], [0], [3]]


numbers = st.floats(width=32) | st.just(math.nan)
words = st.text(max_size=3) | st.sampled_from(["", "a", "[UNK]", "other"])
tables = st.integers(1, 7).flatmap(
    lambda rows: st.fixed_dictionaries(
        {
            "n": st.lists(numbers, min_size=rows, max_size=rows),
            "m": st.lists(numbers, min_size=rows, max_size=rows),
            "c": st.lists(words, min_size=rows, max_size=rows),
        }
    )
)


def as_table(drawn):
    return {
        name: np.array(values, dtype=object if name == "c" else "float32")
        for name, values in drawn.items()
    }


@settings(max_examples=25, deadline=None)
@given(tables, tables, st.randoms())
def test_any_table_gives_finite_features_row_by_row(train, test, random):
    layer = TablePreprocessing.learn(as_table(train), max_categories=2)
    table = layer.as_raw(as_table(test))
    rows = len(table["n"])
    got = np.array(layer(table))
    assert got.shape == (rows, len(layer.feature_names))
    assert np.isfinite(got).all() and np.abs(got).max() <= 10
    order = random.sample(range(rows), rows)
    shuffled = layer({name: tf.gather(values, order) for name, values in table.items()})
    np.testing.assert_array_equal(shuffled, got[order])


def test_nan_and_unseen_categories_give_finite_logits(wrapper):
    table = {"Age (years)": [np.nan, np.inf, -1e38, 7], "city": ["", "new", "Ulm", None]}
    assert np.isfinite(wrapper.predict(table, verbose=0)["logits"]).all()


def test_forms_of_a_table(wrapper):
    class Frame(dict):  # has what as_raw uses of a data frame
        pass

    expected = wrapper.predict({"Age (years)": [31.0, np.nan], "city": ["Ulm", ""]}, verbose=0)
    for table in [
        {"city": ("Ulm", None), "Age (years)": (31, None)},
        {"city": np.array([["Ulm"], [""]]), "Age (years)": np.array([[31], [np.nan]])},
        {"city": tf.constant(["Ulm", ""]), "Age (years)": tf.constant([31, np.nan])},
        [{"city": "Ulm", "Age (years)": 31}, {"city": np.nan, "Age (years)": np.nan}],
        Frame({"city": np.array(["Ulm", ""]), "Age (years)": np.array([31, np.nan])}),
        {"city": ["Ulm", "NA"], "Age (years)": ["31", "?"], "answer": ["yes", "no"]},
    ]:
        got = wrapper.predict(table, verbose=0)
        np.testing.assert_array_equal(got["logits"], expected["logits"])
    one = wrapper.predict({"city": "Ulm", "Age (years)": 31}, verbose=0)
    np.testing.assert_allclose(one["logits"], expected["logits"][:1], atol=1e-6)


def test_a_missing_value_that_is_neither_true_nor_false():
    class NotAvailable:  # as in pandas
        def __ne__(self, other):
            return self

        def __bool__(self):
            raise TypeError("ambiguous")

    layer = TablePreprocessing([NUMBER, CATEGORY])
    raw = layer.as_raw({"n": [1, NotAvailable()], "c": ["a", NotAvailable()]})
    assert np.isnan(raw["n"].numpy()).tolist() == [False, True]
    assert raw["c"].numpy().tolist() == [b"a", b""]


def test_categories_that_are_numbers_are_read_as_in_a_file():
    layer = TablePreprocessing([{"name": "c", "categories": ["3"], "other": False}])
    raw = layer.as_raw({"c": [3, 3.0, np.int64(3), b"3", " 3 ", "3.5"]})["c"]
    assert raw.numpy().tolist() == [b"3"] * 5 + [b"3.5"]


AS_IN_A_FILE = """flag,zip,grade,price,when,name,n
TRUE,01067,1.0,"1.234,5",1700000001,Ulm,1
FALSE,04109,2.0,"10,25",1700000002,NA,
true,10115,,"7",1700000004,Aix,3
"""


@pytest.fixture(scope="module")
def mixed():
    """A layer that has learnt such a file, and its features of it."""
    learnt = {
        "flag": np.array(["TRUE", "FALSE", "true"], object),
        "zip": np.array(["01067", "04109", "10115"], object),
        "grade": np.array(["1.0", "2.0", ""], object),
        "price": np.array([1234.5, 10.25, 7]),
        "when": np.array([1700000001.0, 1700000002, 1700000004]),
        "name": np.array(["Ulm", "", "Aix"], object),
        "n": np.array([1, np.nan, 3]),
    }
    layer = TablePreprocessing.learn(learnt, {"price": ","})
    return layer, np.array(layer(layer.as_raw(learnt)))


def as_pandas(text):
    return pandas.read_csv(io.StringIO(text))


def as_pandas_of_arrow(text):
    return pandas.read_csv(io.StringIO(text), dtype_backend="pyarrow")


def as_polars(text):
    return polars.read_csv(io.StringIO(text))


def as_arrow(text):
    return pyarrow.csv.read_csv(io.BytesIO(text.encode()))


def as_lists(text):
    return as_pandas(text).to_dict("list")


def as_rows(text):
    return as_pandas(text).to_dict("records")


def as_strings(text):
    return list(csv.DictReader(io.StringIO(text)))


def as_numpy(text):
    return {name: column.to_numpy() for name, column in as_pandas(text).items()}


@pytest.mark.parametrize(
    "read",
    [
        *(as_pandas, as_pandas_of_arrow, as_polars, as_arrow),
        *(as_lists, as_rows, as_strings, as_numpy),
    ],
)
def test_a_table_is_the_same_whatever_types_its_reader_chose(mixed, read):
    layer, expected = mixed
    found = np.array(layer(layer.as_raw(read(AS_IN_A_FILE))))
    np.testing.assert_array_equal(found, expected)
    assert layer.feature_names == [
        *("price", "when", "n", "n is missing", "flag = FALSE", "flag = TRUE", "zip = 01067"),
        *("zip = 04109", "zip = 10115", "grade is missing", "grade = 1.0", "grade = 2.0"),
        *("name is missing", "name = Aix", "name = Ulm"),
    ]


def test_the_saved_model_takes_categories_as_they_stand_in_the_file(mixed, tmp_path):
    layer, expected = mixed
    core = kzoo.create_model("dense_attention_fusion", layer.example_shape, 2)
    model = TrainedModel(core, layer, Classification(["a", "b"]))
    write_saved_model(model, tmp_path / "m")
    rows = list(csv.DictReader(io.StringIO(AS_IN_A_FILE)))
    raw = {name: tf.constant([row[name] for row in rows]) for name in rows[0]}
    raw["price"] = tf.constant([1234.5, 10.25, 7])
    raw["when"] = tf.constant([float(row["when"]) for row in rows], tf.float64)
    raw["n"] = tf.constant([1, np.nan, 3], tf.float32)
    loaded = tf.saved_model.load(tmp_path / "m")
    served = loaded.serve(raw)["logits"]
    np.testing.assert_allclose(served, model.predict(rows, verbose=0)["logits"], atol=1e-6)


@pytest.mark.parametrize(
    "trained, form, same, other",
    [
        (["01", "2"], "number", ["1", "01", "1.0", "+1"], "10"),
        (["7", "007"], "code", ["7", "7.0", "7."], "007"),
        (["1.50", "2"], "number", ["1.5", "1.500", "01.5"], "1.05"),
        (["True", "false"], "boolean", ["TRUE", "true"], "1"),
        (["1", "A"], "text", ["1", " 1 "], "1.0"),
        (["-0.5", ".25"], "number", ["-.5", "-0.50"], "0.5"),
        (["", "NA"], "text", ["", "nan", "n/a"], "x"),
    ],
)
def test_one_spelling_of_a_category(trained, form, same, other):
    layer = TablePreprocessing.learn({"c": np.array(trained, object)})
    assert layer.columns[0]["form"] == form
    found = np.array(layer(layer.as_raw({"c": [*same, other]})))
    first = np.array(layer(layer.as_raw({"c": trained[:1]})))
    assert first.sum() == 1
    np.testing.assert_array_equal(found[:-1], np.repeat(first, len(same), axis=0))
    assert (found[-1] != first).any()


def test_a_column_of_values_that_the_model_has_never_seen_is_pointed_out():
    layer = TablePreprocessing.learn({"c": np.array(["Ulm", "Aix"], object)})
    with pytest.warns(UserWarning, match="knows no value of the column 'c'. It knows: Aix, Ulm."):
        layer.as_raw({"c": ["ulm", "aix"]})


def test_a_model_that_was_saved_before_categories_had_forms():
    config = TablePreprocessing(
        [{"name": "c", "categories": ["", "01"], "other": False}]
    ).get_config()
    del config["missing"]
    layer = TablePreprocessing.from_config(config)
    assert features(layer, {"c": ["01", "1", ""]}) == [[0, 1], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    "table, message",
    [
        ({"city": ["Ulm"]}, "The table lacks the column 'Age (years)'. Received: city"),
        (
            {"Age (years)": [3, "old"], "city": ["", ""]},
            "Column 'Age (years)' takes numbers. Received: 'old'",
        ),
        (
            {"Age (years)": [3, 5], "city": [""]},
            "Columns must have one length. Received: Age (years) 2, city 1",
        ),
        ({"Age (years)": np.zeros((2, 3)), "city": [""]}, "one value in a row. Received: the sha"),
        ([{"city": ""}], "Row 0 lacks the column 'Age (years)'. Received: city"),
        (np.zeros((2, 2)), "must be a dict of columns, a data frame, or a list of dicts. Rec"),
        ("Ulm", "Received: str"),
        ([], "Received: list"),
    ],
)
def test_what_is_no_such_table(wrapper, table, message):
    with pytest.raises(ValueError) as error:
        wrapper.predict(table, verbose=0)
    assert message in str(error.value)


def test_names_of_tensors():
    assert tensor_names(["mean radius", "Mean Radius", "größe", "7", "class", "probabilities"]) == [
        "mean_radius",
        "mean_radius_2",
        "gr_e",
        "column_7",
        "column_class",
        "probabilities_2",
    ]


# what a new process computes: of the .keras file with kzoo, of the SavedModel without
RELOAD = {
    "model.keras": """
import sys, numpy as np, kzoo
model = kzoo.load(sys.argv[1])
out = model.predict({"Age (years)": [31.0, float("nan")], "city": ["Ulm", "new"]}, verbose=0)
print(*out["probabilities"].ravel())
""",
    "saved_model": """
import sys, tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
table = {"Age (years)": tf.constant([31.0, float("nan")]), "city": tf.constant(["Ulm", "new"])}
print(*model.serve(table)["probabilities"].numpy().ravel())
assert "kzoo" not in sys.modules
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RELOAD)
def test_saved_model_of_a_table_in_a_new_process(wrapper, tmp_path, name):
    path = tmp_path / name
    wrapper.save(path) if path.suffix else wrapper.export(path, verbose=False)
    expected = wrapper.predict({"Age (years)": [31.0, np.nan], "city": ["Ulm", "new"]}, verbose=0)[
        "probabilities"
    ]
    process = subprocess.run(
        [sys.executable, "-c", RELOAD[name], path], capture_output=True, text=True, check=True
    )
    got = [float(number) for number in process.stdout.split()]
    np.testing.assert_allclose(got, expected.ravel(), atol=1e-6)


def test_a_clone_from_its_config_gives_the_same_features():
    table, _ = columns(23)
    layer = TablePreprocessing.learn(table)
    config = keras.saving.serialize_keras_object(layer)
    clone = keras.saving.deserialize_keras_object(config)
    np.testing.assert_array_equal(clone(table), layer(table))
    assert clone.feature_names == layer.feature_names
