import re

import numpy as np
import pytest

from kzoo.config import parse
from kzoo.data.batches import training_batches
from kzoo.tasks.classification import Classification
from kzoo.training.class_weights import by_class_name
from tests.tiny import tiny

NAMES = ["ham", "spam", "7"]
LABELS = np.array([0, 0, 0, 0, 0, 1, 2, 2])


def class_weights(class_weight, labels, names):
    """What a run makes of `training.class_weight`."""
    return Classification(names).class_weights(by_class_name(class_weight, names), labels)


def test_balanced_by_hand():
    weights = class_weights("balanced", LABELS, NAMES)
    np.testing.assert_allclose(weights, [8 / (3 * 5), 8 / 3, 8 / (3 * 2)], rtol=1e-6)
    np.testing.assert_allclose(weights[LABELS].mean(), 1, rtol=1e-6)


def test_balanced_without_a_class():
    weights = class_weights("balanced", LABELS[:6], NAMES)
    np.testing.assert_allclose(weights[:2], [6 / (2 * 5), 6 / 2], rtol=1e-6)
    assert np.isfinite(weights).all()


def test_mapping():
    weights = class_weights({"spam": 2.5, 7: 3}, LABELS, NAMES)
    assert weights.tolist() == [1, 2.5, 3]
    assert class_weights(None, LABELS, NAMES) is None


@pytest.mark.parametrize(
    "key, names, found",
    [
        ("True", ["False", "True"], "True"),
        ("true", ["false", "true"], "true"),
        ("true", ["FALSE", "TRUE"], "TRUE"),
        ("False", ["true", "false", "0"], "false"),
        ("1", ["0", "1"], "1"),
        ("1", ["0.0", "1.0"], "1.0"),
        ("1", ["true", "1"], "1"),
        ("1.10", ["1.10", "2.20"], "1.10"),
        ("1.0", ["0", "1"], "1"),
        ("1e3", ["1000", "1e2"], "1000"),
        ("~", ["null", "some"], "null"),
        ("null", ["None", "some"], "None"),
        ("2020-01-02", ["2020-01-02", "2020-01-03"], "2020-01-02"),
    ],
)
def test_a_key_that_yaml_does_not_read_as_text(key, names, found):
    class_weight = parse(f"{{{key}: 3}}", "text")
    weights = class_weights(class_weight, np.zeros(2, int), names)
    assert weights.tolist() == [3.0 if name == found else 1.0 for name in names]


@pytest.mark.parametrize(
    "key, names, message",
    [
        ("spm", NAMES, "no class 'spm'. The classes are: ham, spam, 7. "),
        ("true", NAMES, "no class True. The classes are: ham, spam, 7. A name that is"),
        ("yes", ["true", "false"], "no class 'yes'. The classes are: true, false. "),
        ("true", ["1", "0"], "no class True. "),
        ("true", ["true ", "TRUE"], "several classes True. The classes are: true , TRUE. "),
        ("x", [f"c{i}" for i in range(30)], "c19 and 10 more. "),
        ("x", ["[", "*a", "\x1b[2J"], r"The classes are: [, *a, \x1b[2J. "),
    ],
)
def test_unknown_class(key, names, message):
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        class_weights(parse(f"{{{key}: 2}}", "text"), LABELS, names)
    assert len(str(error.value).splitlines()) == 1


def test_each_example_of_a_batch_has_the_weight_of_its_class():
    weights = np.array([2, 3, 5], "float32")
    plain = training_batches(tiny(), seed=0, epochs=2)
    for (x, y), (u, v, w) in zip(plain, training_batches(tiny(), 0, 2, weights), strict=True):
        np.testing.assert_array_equal(x, u)
        np.testing.assert_array_equal(y, v)
        np.testing.assert_array_equal(w, weights[np.argmax(v, axis=1)])
