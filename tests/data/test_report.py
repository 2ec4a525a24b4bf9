import dataclasses

import numpy as np
import pytest

from kzoo.data import DATASETS
from kzoo.data.dataset import Dataset, Examples, Stream
from kzoo.data.report import report
from kzoo.messages import DataError
from kzoo.preprocessing.sequence import SequencePreprocessing
from kzoo.preprocessing.text import TextPreprocessing
from kzoo.tasks.classification import Classification

digits = DATASETS["digits"]


def dataset(train, validation, test, names=("no", "yes"), **changes):
    """Splits from pairs of inputs and labels."""
    splits = [
        split if isinstance(split, Stream) else Examples(split[0], np.array(split[1], "int32"))
        for split in (train, validation, test)
    ]
    changes = {"preprocessing": SequencePreprocessing((None, 3)), **changes}
    return Dataset(*splits, Classification(list(names)), batch_size=5, **changes)


def numbers(*values):
    """Inputs `(examples, 1, 3)`, each of one number."""
    return np.broadcast_to(np.array(values, "float32")[:, None, None], (len(values), 1, 3))


def texts(*values):
    return np.array(values, dtype=object)


def test_all_of_it():
    text = report(
        dataset(
            (numbers(0, 1, 2, 3, 4), [0, 0, 0, 1, 0]),
            (numbers(5, 6), [0, 1]),
            (numbers(7, 8), [1, 0]),
            notes=("a note",),
        )
    )
    assert text == (
        "               train  validation        test\n"
        "examples           5           2           2\n"
        "no                 4           1           1\n"
        "yes                1           1           1\n"
        "an example: float32 of the shape (1, 3); the model reads any x 3\n"
        "a note\n"
    )


def test_names_do_no_harm():
    splits = [(numbers(i, i + 5), [0, 1]) for i in range(3)]
    names = ("a\x1b[2J\nexamples 9", "\u202eb")
    text = report(dataset(*splits, names, notes=("numbers: \x1b]0;title\x07",)))
    assert r"a\x1b[2J\nexamples 9" in text and r"\u202eb" in text
    assert r"numbers: \x1b]0;title\x07" in text and len(text.splitlines()) == 6


def test_classes_that_are_missing():
    text = report(
        dataset((numbers(0, 1), [0, 1]), (numbers(2), [1]), (numbers(3), [0]), ["a", "b", "never"])
    )
    assert "warning: train has no example of never\n" in text
    assert "warning: validation has no example of a, never\n" in text
    assert "warning: test has no example of b, never\n" in text


ROW = np.array([0.5, np.nan, 7], "float32")
SAME = {
    "numbers": (numbers(0, 1, 2), numbers(3, 1), numbers(2, 2, 5)),
    "texts": (texts("a", "b", "c"), texts("d", "b"), texts("c", "c", "e")),
    "different shapes": (
        texts(np.zeros((1, 2)), np.ones((2, 2)), np.ones((3, 1))),
        texts(np.zeros((5, 1)), np.ones((2, 2))),
        texts(np.ones((3, 1)), np.ones((3, 1)), np.ones((7, 1))),
    ),
    "table": (
        {"n": ROW, "c": texts("x", "", "z")},
        {"n": ROW[[0, 1]], "c": texts("y", "")},
        {"n": ROW[[2, 2, 0]], "c": texts("z", "z", "")},
    ),
}


@pytest.mark.parametrize("kind", SAME)
def test_examples_in_two_splits(kind):
    train, validation, test = SAME[kind]
    text = report(dataset((train, [0, 1, 0]), (validation, [1, 1]), (test, [0, 1, 1])))
    assert "warning: 1 of the 2 examples of validation are in train too\n" in text
    assert "warning: 2 of the 3 examples of test are in train too\n" in text
    assert "of test are in validation" not in text


def test_a_stream_is_compared_where_its_digests_are_known():
    def stream(labels, digests):
        return Stream(None, np.array(labels), None if digests is None else np.array(digests))

    text = report(dataset(stream([0, 1], [3, 4]), stream([0], [3]), stream([1], None)))
    assert "an example: read from disk in every epoch" in text
    assert "warning: 1 of the 1 examples of validation are in train too\n" in text
    assert "of test are" not in text


def test_lengths_of_texts():
    text = report(
        dataset((texts("a", "abc", "ab" * 600), [0, 1, 1]), (texts("x"), [0]), (texts("y"), [0]))
    )
    assert "an example: text of 1 to 1,200 characters, half of them up to 3;" in text


def test_many_classes_are_not_listed():
    names = [f"class {i}" for i in range(37)]
    splits = [(numbers(*(range(37) + np.array(start))), range(37)) for start in (0, 100, 200)]
    text = report(dataset(*splits, names))
    assert "class 29 " in text and "class 30 " not in text and "and 7 more\n" in text


def test_splits_without_examples():
    none = (numbers(), [])
    with pytest.raises(DataError, match="The test split has no example."):
        report(dataset((numbers(0, 1), [0, 1]), (numbers(2), [0]), none))
    with pytest.raises(DataError, match="The train split has one class only"):
        report(dataset((numbers(0, 1), [1, 1]), (numbers(2), [0]), (numbers(3), [0])))


def test_digits_are_clean():
    clean = digits()
    assert "warning" not in report(clean)
    assert "warning: 144 of the 144" in report(dataclasses.replace(clean, test=clean.validation))


@pytest.mark.parametrize(
    "validation, line",
    [
        (["a b", "a c"], "\nunknown words in validation: 25.0%\n"),
        (["c d", "a"], "\nwarning: unknown words in validation: 66.7%; a larger data.text.voc"),
    ],
)
def test_unknown_words(validation, line):
    layer = TextPreprocessing(["a", "b"], sequence_length=5)
    splits = [(texts("a", "b"), [0, 1]), (texts(*validation), [0, 1]), (texts("x", "y"), [0, 1])]
    assert line in report(dataset(*splits, preprocessing=layer))
