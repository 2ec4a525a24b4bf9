"""Padding, whatever it holds and wherever it is, changes nothing: for every layer."""

import functools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from tests.layer_checks import carrying, gradients, masked_model, to_numpy
from tests.layers.all_layers import FEATURES, LAYERS

POLICIES = ["float32", "bfloat16", "float16", "mixed_bfloat16", "mixed_float16"]
WITH_SCORES = [name for name in LAYERS if not name.startswith(("positions", "segment"))]
WITH_SCORES.remove("attention_blockwise")

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis")  # of size 1

every_layer = pytest.mark.parametrize("name", LAYERS)
# JAX compiles every operation anew for each shape
EXAMPLES = 10 if keras.backend.backend() == "tensorflow" else 3
few_examples = settings(max_examples=EXAMPLES, deadline=None)


@st.composite
def masks(draw):
    """Any padding of 1 or 3 sequences of 1, 5 or 11 elements: left, right, inside, all, none."""
    # A few sizes only: JAX compiles every operation anew for each.
    batch, time = draw(st.sampled_from([1, 3])), draw(st.sampled_from([1, 5, 11]))
    flags = draw(st.lists(st.booleans(), min_size=batch * time, max_size=batch * time))
    return np.array(flags).reshape(batch, time)


@functools.cache
def layer_of(name, policy="float32"):
    keras.utils.set_random_seed(7)
    return LAYERS[name](dtype=policy)


def sequences(mask, padding=None):
    x = np.random.default_rng(3).normal(size=(*mask.shape, FEATURES)).astype("float32")
    if padding is not None:
        x[~mask] = padding
    return x


def run(layer, x, mask, **options):
    y = layer(x, mask=mask, **options)
    return [to_numpy(ops.cast(one, "float32")) for one in (y if options else [y])]


@every_layer
@few_examples
@given(
    mask=masks(),
    padding=st.sampled_from([np.nan, np.inf, -np.inf, -1e30, 1e4]),
    policy=st.sampled_from(POLICIES),
)
def test_what_the_padding_holds_changes_nothing(name, mask, padding, policy):
    layer = layer_of(name, policy)
    (expected,) = run(layer, sequences(mask), mask)
    (y,) = run(layer, sequences(mask, padding), mask)
    np.testing.assert_array_equal(y, expected)
    assert np.isfinite(y).all()


@every_layer
@few_examples
@given(mask=masks(), appended=st.sampled_from([1, 7]))
def test_appended_padding_changes_nothing(name, mask, appended):
    layer, (batch, time) = layer_of(name), mask.shape
    x = sequences(mask)
    (expected,) = run(layer, x, mask)
    longer = np.concatenate([x, np.full((batch, appended, FEATURES), np.nan, "float32")], axis=1)
    (y,) = run(layer, longer, np.pad(mask, [(0, 0), (0, appended)]))
    if name == "segment_pool":
        y = y[:, : expected.shape[1]]
    elif expected.shape[1] == time and not name.startswith(("sequential", "parallel")):
        y, expected = y[:, :time][mask], expected[mask]
    assert np.abs(y - expected).max(initial=0) <= 1e-6 * max(1, np.abs(expected).max(initial=0))


@pytest.mark.parametrize("name", WITH_SCORES)
@few_examples
@given(mask=masks(), policy=st.sampled_from(POLICIES))
def test_scores_are_0_on_padding_and_else_add_up_to_1(name, mask, policy):
    _, scores = run(
        layer_of(name, policy), sequences(mask, np.nan), mask, return_attention_scores=True
    )
    for row, real in zip(scores, mask, strict=True):
        assert (row[..., ~real] == 0).all()
        total = row.sum(axis=-1)
        if name.startswith(("attention", "fusion")):  # a row for each query
            assert (total[..., ~real] == 0).all()
            total = total[..., real]
        np.testing.assert_allclose(
            total, float(real.any()), atol=1e-6 if policy == "float32" else 0.02
        )


@every_layer
@pytest.mark.parametrize("policy", POLICIES)
def test_an_empty_row_gives_0(name, policy):
    mask = np.zeros((2, 5), bool)
    (y,) = run(layer_of(name, policy), sequences(mask, np.nan), mask)
    np.testing.assert_array_equal(y, 0.0)  # biases start at 0


@pytest.mark.slow
@every_layer
@few_examples
@given(mask=masks(), policy=st.sampled_from(["float32", "mixed_bfloat16", "mixed_float16"]))
def test_gradients_are_finite_and_0_on_padding(name, mask, policy):
    d_x, *d_weights = gradients(layer_of(name, policy), sequences(mask, np.nan), mask=mask)
    assert all(np.isfinite(np.asarray(d, "float32")).all() for d in [d_x, *d_weights])
    np.testing.assert_array_equal(d_x[~mask], 0.0)


@every_layer
def test_in_a_functional_model_of_unknown_sizes(name):
    layer = layer_of(name)
    model = masked_model(layer, FEATURES)
    for batch, time in [(1, 1), (3, 11), (2, 5)]:
        mask = np.random.default_rng(5).random((batch, time)) < 0.6
        x = sequences(mask, np.nan)
        y = to_numpy(model({"x": x, "mask": mask}))
        np.testing.assert_allclose(y, run(layer, x, mask)[0], rtol=1e-5, atol=1e-6)


@every_layer
def test_a_mask_that_the_input_carries_is_honoured(name):
    layer, mask = layer_of(name), np.random.default_rng(5).random((3, 11)) < 0.6
    mask[1] = False
    y = layer(carrying(sequences(mask, np.nan), mask))
    np.testing.assert_array_equal(to_numpy(y), run(layer, sequences(mask), mask)[0])


@every_layer
def test_a_mask_that_the_input_of_a_functional_model_carries_is_honoured(name):
    inputs = keras.Input((None, FEATURES))
    masked = keras.layers.Masking(mask_value=-1.0)(inputs)
    model = keras.Model(inputs, layer_of(name)(masked))
    mask = np.random.default_rng(5).random((2, 11)) < 0.6
    y = to_numpy(model(sequences(mask, -1.0)))
    np.testing.assert_allclose(
        y, run(layer_of(name), sequences(mask), mask)[0], rtol=1e-5, atol=1e-6
    )


@every_layer
def test_an_explicit_mask_goes_before_the_one_that_the_input_carries(name):
    mask, carried = np.random.default_rng(5).random((2, 2, 11)) < 0.6
    x = carrying(sequences(mask), carried)
    np.testing.assert_array_equal(
        run(layer_of(name), x, mask)[0], run(layer_of(name), sequences(mask), mask)[0]
    )


@every_layer
def test_a_call_writes_nothing_into_the_layer(name):
    layer, mask = layer_of(name), np.ones((2, 5), bool)
    run(layer, sequences(mask), mask)
    before = {key: id(value) for key, value in vars(layer).items()}
    run(layer, sequences(mask), None)
    run(layer, carrying(sequences(mask), ~mask), None)
    assert {key: id(value) for key, value in vars(layer).items()} == before


@every_layer
@pytest.mark.parametrize(
    "mask",
    [
        np.ones((2, 5), "float32"),
        np.ones((2, 7), bool),
        np.ones((2, 5, 7), bool),
        np.ones(5, bool),
        [[True] * 5] * 2,
    ],
    ids=["float", "length", "axes", "axis", "list"],
)
def test_refuses_what_is_no_mask(name, mask):
    with pytest.raises(ValueError, match=r"`mask` must be a boolean tensor of shape \(2, 5\)"):
        layer_of(name)(np.ones((2, 5, FEATURES), "float32"), mask=mask)


@every_layer
def test_a_mask_of_all_true_is_no_mask(name):
    mask = np.ones((2, 11), bool)
    x = sequences(mask)
    np.testing.assert_allclose(
        run(layer_of(name), x, mask)[0], run(layer_of(name), x, None)[0], rtol=1e-5, atol=1e-6
    )
