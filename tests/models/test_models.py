"""What every model keeps to; a new model is one row in `ROWS`."""

import inspect

import keras
import numpy as np
import pytest

from kzoo.explanation.attention import attention_model
from kzoo.models import MODELS, create_model, list_models
from tests.layer_checks import to_numpy

BATCH, CLASSES = 2, 11
IMAGE = (7, 5, 3)
RECORD = {"table": (4,), "photo": IMAGE}

# name: (input shape, options, parameters counted by hand, {attention layer: shape of its scores})
ROWS = {
    "cnn": (
        IMAGE,
        {"filters": [2, 3], "padding": "same", "units": 5, "dropout": 0.5},
        # 3x3x3x2+2, 3x3x2x3+3; pooled to 3x2 pixels of 3 channels: 18x5+5; 5x11+11
        56 + 57 + 95 + 66,
        {},
    ),
    "cnn_attention": (
        IMAGE,
        {"filters": [2, 5], "num_heads": 5, "num_glimpses": 4, "units": 13, "dropout": 0.5},
        # 3x3x3x2 and 4x2 of its normalization; 3x3x2x5 and 4x5; (3 rows + 2 columns)x5;
        # query, key, value and output of 5x5+5 each; glimpses 5x13+13 and 13x4; 4x13x11+11
        54 + 8 + 90 + 20 + 25 + 4 * 30 + 78 + 52 + 583,
        {"attention": (BATCH, 5, 6, 6), "glimpses": (BATCH, 4, 3, 2)},
    ),
    # the sequence models read 7 rows of 15 numbers
    "lstm": (IMAGE, {"units": 3, "dropout": 0.5}, 4 * (15 * 3 + 3 * 3 + 3) + 44, {}),
    "lstm_attention": (
        IMAGE,
        {"units": 3, "attention_units": 5},
        # gates; 3x5+5 and 5; 5x11+11
        228 + 25 + 66,
        {"attention": (BATCH, 7)},
    ),
    "bag_attention": (
        IMAGE,
        {"attention_units": 5, "dropout": 0.5},
        # 15x5+5 and 5; 5x11+11
        85 + 66,
        {"attention": (BATCH, 7)},
    ),
    "segment_attention_lstm": (
        IMAGE,
        {"segment_length": 2, "units": 3, "bidirectional": False, "attention_units": 5},
        # 15x15+15 and 15; gates; 3x5+5 and 5; 5x11+11
        255 + 228 + 25 + 66,
        {"segments": (BATCH, 4, 2), "attention": (BATCH, 4)},
    ),
    "conv_attention": (
        IMAGE,
        {"filters": [2, 6], "kernel_sizes": [5, 3], "num_heads": 3},
        # 5x15x2 and 4x2 of its normalization; 3x2x6 and 4x6; 2x6; four projections of 6x6+6;
        # 6x6+6 and 6; the pooled 6 and the mean of 6: 12x11+11
        150 + 8 + 36 + 24 + 12 + 4 * 42 + 48 + 143,
        {"self_attention_1": (BATCH, 3, 7, 7), "attention": (BATCH, 7)},
    ),
    "attention_encoder": (
        IMAGE,
        {"embedding_dim": 4, "num_heads": 2, "num_blocks": 1, "hidden_units": 3},
        # 15x4+4; three normalizations of 2x4; four projections of 4x4+4; 4x3+3, 3x4+4;
        # 4x4+4 and 4; 4x11+11
        64 + 3 * 8 + 4 * 20 + 15 + 16 + 24 + 55,
        {"self_attention_1": (BATCH, 2, 7, 7), "attention": (BATCH, 7)},
    ),
    "dense_attention_fusion": (
        IMAGE,
        {"units": 3, "attention_units": 5},
        # 15x3+3; query, key and bias of 15x1; from 6: 6x5+5 and 5; 5x11+11
        48 + 3 * 15 + 40 + 66,
        {"fusion": (BATCH, 7, 7), "attention": (BATCH, 7)},
    ),
    "multimodal_fusion": (
        RECORD,
        {"embedding_dim": 2, "filters": [2], "units": 6, "attention_units": 5},
        # 4x2 and 4x2, 2x6+6; 3x3x3x2, 4x2 of its normalization, (7 rows + 5 columns)x2, 2x6+6;
        # 6x6+6; query, key and bias of 6x1; from 12: 12x5+5 and 5; 5x11+11
        16 + 18 + 54 + 8 + 24 + 18 + 42 + 3 * 6 + 70 + 66,
        {"fusion": (BATCH, 39, 39), "attention": (BATCH, 39)},
    ),
}
# what the functions build without options, for images of 28x28 pixels and 10 classes
DEFAULTS = {
    "cnn": 320 + 18_496 + 36_928 + (3 * 3 * 64 * 64 + 64) + 650,
    "cnn_attention": (288 + 128)
    + (18_432 + 256)
    + (14 + 14) * 64
    + 4 * (64 * 64 + 64)
    + (64 * 64 + 64 + 64 * 4)
    + (4 * 64 * 10 + 10),
    "lstm": 4 * (28 * 64 + 64 * 64 + 64) + 650,
    "lstm_attention": 4 * (28 * 64 + 64 * 64 + 64) + (64 * 64 + 64 + 64) + 650,
    "bag_attention": (28 * 64 + 64 + 64) + 650,
    "segment_attention_lstm": (28 * 28 + 28 + 28)
    + 2 * 4 * (28 * 64 + 64 * 64 + 64)
    + (128 * 64 + 64 + 64)
    + 650,
    "conv_attention": (8 * 28 * 64 + 256)
    + (5 * 64 * 64 + 256)
    + (3 * 64 * 64 + 256)
    + 128
    + 4 * (64 * 64 + 64)
    + (64 * 64 + 64 + 64)
    + (128 * 10 + 10),
    "attention_encoder": (28 * 64 + 64)
    + 2 * (128 + 4 * (64 * 64 + 64) + 128 + (64 * 128 + 128) + (128 * 64 + 64))
    + 128
    + (64 * 64 + 64 + 64)
    + 650,
    "dense_attention_fusion": (28 * 32 + 32)
    + 28 * (4 + 4 + 1)
    + (64 * 32 + 32 + 32)
    + (32 * 10 + 10),
    # four numbers beside the image, which becomes 7x7 tokens
    "multimodal_fusion": (2 * 4 * 32 + 32 * 64 + 64)
    + (288 + 128)
    + (18_432 + 256)
    + ((7 + 7) * 64 + 64 * 64 + 64)
    + (64 * 64 + 64 + 64 * (8 + 8 + 1))
    + (128 * 64 + 64 + 64)
    + 650,
}


@pytest.fixture(params=ROWS)
def row(request):
    input_shape, options, parameters, scores = ROWS[request.param]
    core = create_model(request.param, input_shape, CLASSES, **options)
    return core, parameters, scores


def inputs_for(core):
    random = np.random.default_rng(0)
    shapes = {x.name: (BATCH, *x.shape[1:]) for x in core.inputs}
    inputs = {name: random.random(shape).astype("float32") for name, shape in shapes.items()}
    return inputs if isinstance(core.input, dict) else next(iter(inputs.values()))


def test_every_model_has_a_row():
    assert list(ROWS) == list(DEFAULTS) == list(MODELS) == list_models()


def test_parameters(row):
    core, parameters, _ = row
    assert core.count_params() == parameters


@pytest.mark.parametrize("name", DEFAULTS)
def test_parameters_of_the_defaults(name):
    shape = (28, 28, 1)
    shape = {"table": (4,), "photo": shape} if name == "multimodal_fusion" else shape
    assert create_model(name, shape, 10).count_params() == DEFAULTS[name]


def test_features_and_logits(row):
    core, _, _ = row
    assert isinstance(core, keras.Model) and len(core.outputs) == 1
    assert core.output is core.get_layer("logits").output
    assert core.output_shape == (None, CLASSES)
    features = keras.Model(core.inputs, core.get_layer("features").output)
    found = features.predict(inputs_for(core), verbose=0)
    assert found.ndim == 2 and len(found) == BATCH and np.isfinite(found).all()
    logits = core.get_layer("logits")
    np.testing.assert_allclose(  # the head reads the features, and nothing else
        core.predict(inputs_for(core), verbose=0),
        found @ logits.kernel.numpy() + logits.bias.numpy(),
        atol=1e-5,
    )


def test_layers_are_named(row):
    """None has the name that Keras would make up: paths of weights stay what they are."""
    core, _, _ = row
    snake_case = keras.src.utils.naming.to_snake_case
    for layer in core.layers:
        made_up = snake_case(type(layer).__name__)
        assert layer.name.rstrip("0123456789_") != made_up or layer.name == made_up, layer.name


def test_config_round_trip(row):
    core, _, _ = row
    again = keras.Model.from_config(core.get_config())
    assert [layer.name for layer in again.layers] == [layer.name for layer in core.layers]
    again.set_weights(core.get_weights())
    expected = core.predict(inputs_for(core), verbose=0)
    np.testing.assert_array_equal(again.predict(inputs_for(core), verbose=0), expected)


def test_saved_and_loaded(row, tmp_path):
    core, _, _ = row
    core.save(tmp_path / "core.keras")
    again = keras.models.load_model(tmp_path / "core.keras")
    assert again.count_params() == core.count_params()
    expected = core.predict(inputs_for(core), verbose=0)
    np.testing.assert_array_equal(again.predict(inputs_for(core), verbose=0), expected)


def test_attention_model(row):
    """The scores of every attention layer are those of the forward pass: shares of 1."""
    core, _, shapes = row
    model = attention_model(core)
    if not shapes:
        assert model is None
        return
    scores = model.predict(inputs_for(core), verbose=0)
    assert {name: s.shape for name, s in scores.items()} == shapes
    for name, s in scores.items():
        assert (s >= 0).all()
        axes = (2, 3) if name == "glimpses" else -1  # all pixels; the keys, or the elements
        np.testing.assert_allclose(s.sum(axis=axes), 1, atol=1e-5)


def test_trains(row):
    """A step changes every trainable weight: nothing is cut off from the loss."""
    core, _, _ = row
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    core.compile(keras.optimizers.SGD(0.1), loss)
    before = [np.array(w) for w in core.trainable_variables]
    core.fit(inputs_for(core), np.eye(CLASSES)[[2, 7]], epochs=1, verbose=0)
    still = [
        w.path
        for w, b in zip(core.trainable_variables, before, strict=True)
        if np.array_equal(w, b)
    ]
    # adding the same number to all scores changes no softmax: a key's bias has no gradient
    assert [path for path in still if not path.endswith("key/bias")] == []


def test_dropout_only_in_training(row):
    core, _, _ = row
    x = inputs_for(core)
    np.testing.assert_array_equal(to_numpy(core(x)), to_numpy(core(x)))
    dropped = [to_numpy(core(x, training=True)) for _ in range(2)]
    assert not np.allclose(*dropped)


@pytest.mark.slow
def test_logits_are_float32_in_mixed_precision(row, request):
    name = request.node.callspec.params["row"]
    input_shape, options, _, _ = ROWS[name]
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        core = create_model(name, input_shape, CLASSES, **options)
    finally:
        keras.config.set_dtype_policy("float32")
    assert core.output.dtype == "float32"
    assert {v.dtype for v in core.trainable_variables} == {"float32"}
    assert np.isfinite(core.predict(inputs_for(core), verbose=0)).all()


def test_no_preprocessing_inside(row):
    """A Keras preprocessing layer would break the exported model."""
    core, _, _ = row
    modules = {type(layer).__module__ for layer in core.layers}
    assert not [module for module in modules if "preprocessing" in module]


@pytest.mark.parametrize("name", MODELS)
def test_signature(name):
    """The data decides the first ones; all else can be set from YAML and has a default."""
    parameters = list(inspect.signature(MODELS[name]).parameters.values())
    decided = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    assert decided in (
        ["input_shape", "num_classes"],
        ["input_shape", "num_classes", "vocabulary_size"],
    )
    for parameter in parameters[len(decided) :]:
        assert parameter.default is not parameter.empty, parameter
        docs = [function.__doc__ for function in MODELS[name].functions]
        assert any(f"    {parameter.name}: " in doc for doc in docs), parameter


def test_no_such_model():
    with pytest.raises(ValueError, match="no model 'cnn_atention'. Did you mean cnn_attention?"):
        create_model("cnn_atention", IMAGE, 2)
    with pytest.raises(TypeError, match="num_head"):
        create_model("cnn_attention", IMAGE, 2, num_head=4)


@pytest.mark.parametrize(
    "name",
    [
        "conv_attention",
        "lstm",
        "lstm_attention",
        "bag_attention",
        "attention_encoder",
        "segment_attention_lstm",
    ],
)
def test_zeros_behind_a_sequence_change_nothing(name):
    model = create_model(name, (None, 4), 3)
    x = np.random.default_rng(0).normal(size=(2, 20, 4)).astype("float32")
    alone = to_numpy(model(x[:1, :9]))
    x[0, 9:] = 0
    together = to_numpy(model(x))
    np.testing.assert_allclose(together[:1], alone, atol=1e-6)
