"""The contract of every layer, written once, for any backend."""

import json
import math
import tempfile

import keras
import numpy as np
from keras import ops

POLICIES = ["bfloat16", "mixed_bfloat16", "float16", "mixed_float16"]
if keras.backend.backend() == "tensorflow":  # the others compute in float32 here and there
    POLICIES.append("float64")


def check_layer(layer, x, output_shape, unknown=(1,), policies=POLICIES, received=1):
    """Checks config, shapes, dtypes, one training step and saving, as Keras' run_layer_test.

    Of an attention layer, the attention that positions receive too.

    Args:
        layer: An unbuilt layer; copies made from its config are tried.
        x: Array, the first axis the batch.
        output_shape: The expected shape.
        unknown: The axes that may be unknown in a functional model, besides the batch.
        policies: The dtype policies to try, besides the default.
        received: What the weights of `layer.received` add up to, in each head and without
            padding; None if the layer returns no scores.
    """
    x = np.asarray(x, "float32")
    check_config(layer)
    check_eager(layer, x, output_shape)
    check_symbolic(layer, x, output_shape, unknown)
    if received is not None:
        check_received(layer, x, received)
    for policy in policies:
        check_dtype(layer, x, policy)
    model = functional_model(layer, x, unknown)
    check_training_step(model, x, output_shape)
    check_saving(model, x)


def copy_of(layer, **changes):
    """Returns a new layer with the config of `layer`, but for `changes`."""
    return type(layer).from_config({**layer.get_config(), **changes})


def check_config(layer):
    config = layer.get_config()
    copied = copy_of(layer)
    assert json.dumps(copied.get_config()) == json.dumps(config)
    for key in set(config) - {"name", "trainable", "dtype"}:
        assert hasattr(copied, key), f"get_config() has {key}, the layer does not"


def check_eager(layer, x, output_shape):
    layer = copy_of(layer)
    y = layer(x)
    assert layer.built
    assert tuple(y.shape) == output_shape
    assert keras.backend.standardize_dtype(y.dtype) == "float32"
    built = copy_of(layer)
    built.build(x.shape)
    assert [w.path.split("/")[1:] for w in built.weights] == [
        w.path.split("/")[1:] for w in layer.weights
    ], "weights must not depend on whether build() or the first call makes them"


def check_symbolic(layer, x, output_shape, unknown):
    assert tuple(copy_of(layer)(keras.Input(batch_shape=x.shape)).shape) == output_shape
    model = functional_model(layer, x, unknown)
    for size, expected in zip(model.output.shape, output_shape, strict=True):
        assert size in (None, expected)
    assert model.predict(x, verbose=0).shape == output_shape


def check_received(layer, x, total):
    """Checks weights `(batch, heads, positions...)`: they add up to `total`, and padding has 0."""
    layer = copy_of(layer)
    weights = received_by(layer, x)
    np.testing.assert_allclose(weights.sum(axis=-1), total, rtol=1e-5)
    mask = np.ones(x.shape[:-1], bool)
    mask[0, -1] = False
    weights = received_by(layer, x, mask=mask)
    assert (weights[0, :, ~mask[0].ravel()] == 0).all()
    assert (weights[0, :, mask[0].ravel()] > 0).all() and (weights[1:] > 0).all()


def received_by(layer, x, **options):
    """Returns the weights that the positions of `x` receive, as `(batch, heads, positions)`."""
    _, scores = layer(x, return_attention_scores=True, **options)
    weights = to_numpy(layer.received(scores))
    np.testing.assert_array_equal(to_numpy(layer.received(to_numpy(scores))), weights)
    batch, heads, *positions = weights.shape
    assert batch == len(x) and positions
    positions = math.prod(x.shape[1:-1])  # the last segment may end in padding
    weights = weights.reshape(batch, heads, -1)
    assert (weights[..., positions:] == 0).all()
    return weights[..., :positions]


def check_dtype(layer, x, policy):
    layer = copy_of(layer, dtype=policy)
    y = layer(x)
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    for weight in layer.trainable_weights:
        assert keras.backend.standardize_dtype(weight.dtype) == layer.variable_dtype
    assert np.isfinite(to_numpy(ops.cast(y, "float32"))).all()


def check_training_step(model, x, output_shape):
    before = model.get_weights()
    model.compile("sgd", "mse")
    loss = model.train_on_batch(x, np.full(output_shape, 3.0, "float32"))
    assert np.isfinite(loss)
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    if model.trainable_weights:
        assert any((a != b).any() for a, b in zip(after, before, strict=True))


def check_saving(model, x):
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        loaded = keras.models.load_model(f"{folder}/model.keras")
    np.testing.assert_allclose(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6, atol=1e-6
    )


def functional_model(layer, x, unknown=(1,)):
    """A model of a copy of `layer` alone, whose batch and `unknown` axes have no size."""
    shape = [None if axis in unknown else size for axis, size in enumerate(x.shape)]
    inputs = keras.Input(shape[1:])
    return keras.Model(inputs, copy_of(layer)(inputs))


def masked_model(layer, features):
    """A model of `layer` alone that reads a sequence of any length, and its mask."""
    x = keras.Input((None, features), name="x")
    mask = keras.Input((None,), dtype="bool", name="mask")
    return keras.Model([x, mask], layer(x, mask=mask))


class _Carry(keras.layers.Layer):
    supports_masking = True

    def call(self, x, mask=None):
        return x


def carrying(x, mask):
    """Returns `x` with an implicit mask, as an Embedding or a Masking layer gives one."""
    return _Carry(autocast=False)(ops.convert_to_tensor(x), mask=ops.convert_to_tensor(mask))


def to_numpy(x):
    return ops.convert_to_numpy(x)


def gradients(layer, x, *, upstream=None, **call_arguments):
    """Gradients of `sum(upstream * layer(x))`: to `x`, then to every trainable weight."""

    def loss_of(y):
        y = ops.cast(y, "float32")
        return ops.sum(y if upstream is None else ops.multiply(y, upstream))

    layer(x, **call_arguments)  # builds it
    compute = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]
    return [to_numpy(g) for g in compute(layer, ops.convert_to_tensor(x), loss_of, call_arguments)]


def _tensorflow(layer, x, loss_of, call_arguments):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = loss_of(layer(x, **call_arguments))
    return tape.gradient(loss, [x, *(w.value for w in layer.trainable_weights)])


def _jax(layer, x, loss_of, call_arguments):
    import jax

    fixed = [w.value for w in layer.non_trainable_variables]

    def loss(x, weights):
        y, _ = layer.stateless_call(weights, fixed, x, **call_arguments)
        return loss_of(y)

    d_x, d_weights = jax.grad(loss, (0, 1))(x, [w.value for w in layer.trainable_weights])
    return [d_x, *d_weights]


def _torch(layer, x, loss_of, call_arguments):
    x = x.detach().clone().requires_grad_(True)
    layer.zero_grad()
    loss_of(layer(x, **call_arguments)).backward()
    return [x.grad, *(w.value.grad for w in layer.trainable_weights)]
