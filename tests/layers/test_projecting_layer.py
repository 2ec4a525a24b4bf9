"""The options of the dense layers inside: bias, initializers, regularizers, constraints."""

import json

import keras
import numpy as np
import pytest

from kzoo.layers import Attention, ParallelAttention, SequentialAttention
from tests.layer_checks import check_layer, copy_of, gradients, to_numpy
from tests.layers.all_layers import FEATURES, LAYERS

NAMES = [
    *("attention", "attention_additive", "attention_shared"),
    *("fusion_concat", "fusion_gated", "fusion_stacked"),
    *("parallel_output", "sequential_output", "similarity_cosine"),
]
OPTIONS = {
    "use_bias": False,
    "kernel_initializer": "he_normal",
    "bias_initializer": "ones",
    "kernel_regularizer": "l2",
    "bias_regularizer": "l1",
    "activity_regularizer": "l2",
    "kernel_constraint": "max_norm",
    "bias_constraint": "non_neg",
}

every_layer = pytest.mark.parametrize("name", NAMES)


def normal(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


def built(name, **options):
    layer = LAYERS[name](**options)
    layer.build((None, None, FEATURES))
    return layer


def kernels(layer):
    return [w for w in layer.weights if not w.path.endswith("bias")]


def biases(layer):
    return [w for w in layer.weights if w.path.endswith("bias")]


@pytest.mark.parametrize("name", ["attention_additive", "fusion_stacked", "parallel_output"])
def test_layer_contract(name):
    x = normal(2, 5, FEATURES)
    layer = LAYERS[name](**OPTIONS)
    check_layer(layer, x, output_shape=tuple(copy_of(layer)(x).shape), policies=[])


@every_layer
def test_without_bias(name):
    layer, default = built(name, use_bias=False), built(name)
    assert biases(default) and not biases(layer)
    names = [w.path.split("/", 1)[1] for w in kernels(default)]
    assert [w.path.split("/", 1)[1] for w in layer.weights] == names


@every_layer
def test_initializers(name):
    layer = built(name, kernel_initializer="ones", bias_initializer=keras.initializers.Constant(3))
    assert all((to_numpy(w) == 1).all() for w in kernels(layer))
    assert all((to_numpy(w) == 3).all() for w in biases(layer))


@every_layer
def test_an_initializer_draws_other_numbers_for_each_kernel(name):
    drawn = [
        to_numpy(w).ravel()
        for w in kernels(built(name, kernel_initializer=keras.initializers.RandomNormal()))
    ]
    assert len({tuple(kernel[:1]) for kernel in drawn}) == len(drawn)


def test_a_seeded_initializer_draws_what_it_draws_in_multi_head_attention():
    ours = Attention(3, kernel_initializer=keras.initializers.GlorotUniform(seed=5))
    theirs = keras.layers.MultiHeadAttention(3, 2, kernel_initializer=ours.kernel_initializer)
    ours.build((None, None, FEATURES))
    theirs.build((None, None, FEATURES), (None, None, FEATURES))
    for mine, their in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, their)


def test_a_seed_draws_the_weights_of_a_dense_layer():
    """Which it did before there were options: a recipe's seed keeps its meaning."""
    kernel_of = []
    for make in [lambda: SequentialAttention(7), lambda: keras.layers.Dense(7)]:
        keras.utils.set_random_seed(3)
        layer = make()
        layer.build((None, 5, FEATURES))
        kernel_of.append(layer.get_weights()[0])
    np.testing.assert_array_equal(*kernel_of)


@every_layer
def test_regularizers_of_weights(name):
    layer = built(name, bias_initializer="ones", kernel_regularizer="l2", bias_regularizer="l1")
    expected = sum(0.01 * (to_numpy(w) ** 2).sum() for w in kernels(layer))
    expected += sum(0.01 * np.abs(to_numpy(w)).sum() for w in biases(layer))
    np.testing.assert_allclose(float(sum(layer.losses)), expected, rtol=1e-5)


@pytest.mark.parametrize("with_scores", [False, True])
def test_losses_are_those_of_multi_head_attention(with_scores):
    x = normal(2, 5, FEATURES)
    options = {name: OPTIONS[name] for name in OPTIONS if name.endswith("regularizer")}
    ours = Attention(3, **options)
    theirs = keras.layers.MultiHeadAttention(3, 2, **options)
    ours(x), theirs(x, x)
    theirs.set_weights(ours.get_weights())
    ours(x, return_attention_scores=with_scores), theirs(x, x)
    assert len(ours.losses) == len(theirs.losses)
    np.testing.assert_allclose(float(sum(ours.losses)), float(sum(theirs.losses)), rtol=1e-5)


@every_layer
def test_constraints(name):
    layer = built(name, kernel_constraint="non_neg", bias_constraint="non_neg")
    optimizer = keras.optimizers.SGD(10.0)
    x = normal(2, 5, FEATURES)
    found = gradients(layer, x, upstream=normal(*layer(x).shape))[1:]
    optimizer.build(layer.trainable_weights)
    optimizer.apply([keras.ops.convert_to_tensor(d) for d in found], layer.trainable_weights)
    assert any((to_numpy(w) > 0).any() for w in layer.weights)
    assert all((to_numpy(w) >= 0).all() for w in layer.weights)


@every_layer
def test_config(name):
    config = LAYERS[name](**OPTIONS).get_config()
    assert {key: config[key] for key in ("use_bias", "kernel_initializer")} == {
        "use_bias": False,
        "kernel_initializer": "he_normal",
    }
    initializer = keras.initializers.RandomNormal(stddev=0.5, seed=3)
    copied = copy_of(LAYERS[name](kernel_initializer=initializer, kernel_regularizer="l2"))
    assert copied.kernel_initializer.get_config() == initializer.get_config()
    assert isinstance(copied.kernel_regularizer, keras.regularizers.L2)
    json.dumps(copied.get_config())


@every_layer
def test_a_config_from_before_the_options(name):
    layer = LAYERS[name]()
    config = {k: v for k, v in layer.get_config().items() if k not in {*OPTIONS, "seed"}}
    assert type(layer).from_config(config).get_config() == layer.get_config()


@every_layer
def test_refuses_an_option_that_is_none(name):
    with pytest.raises((TypeError, ValueError), match="use_bais"):
        LAYERS[name](use_bais=False)


@pytest.mark.parametrize(
    "make",
    [
        lambda **options: Attention(2, **options),
        lambda **options: SequentialAttention(7, **options),
        lambda **options: ParallelAttention(2, 7, **options),
    ],
)
def test_the_seed_of_the_dropout(make):
    x = normal(2, 11, FEATURES)
    layer = make(dropout=0.5, seed=3, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    same, other = copy_of(layer), copy_of(layer, seed=4)
    y, again, different = (to_numpy(one(x, training=True)) for one in (layer, same, other))
    np.testing.assert_array_equal(y, again)
    assert (y != different).any()
