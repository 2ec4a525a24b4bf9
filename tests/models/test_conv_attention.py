import keras
import numpy as np
import pytest

from kzoo.explanation.attention import attention_model
from kzoo.models.conv_attention import conv_attention
from tests.layer_checks import to_numpy

VOCABULARY, CLASSES = 31, 3
SMALL = {"filters": [5, 6], "kernel_sizes": [8, 3], "num_heads": 3}
TEXT = {"bigram_buckets": 17, "token_dropout": 0.3, "embedding_dropout": 0.2}
LENGTHS = [13, 2, 7]


@pytest.fixture
def token_ids():
    """Three rows of different lengths, padded with 0 at the end."""
    ids = np.random.default_rng(0).integers(1, VOCABULARY, (3, 13))
    return ids * (np.arange(13) < np.array(LENGTHS)[:, None])


def core_of(**options):
    """A core of texts with no weight at its start: biases and moving means are not 0."""
    core = conv_attention(
        (None,), CLASSES, vocabulary_size=VOCABULARY, embedding_dim=7, **SMALL, **options
    )
    generator = np.random.default_rng(1)
    core.set_weights([w + generator.uniform(-0.3, 0.3, w.shape) for w in core.get_weights()])
    return core


def longer(token_ids):
    return np.pad(token_ids, [(0, 0), (0, 11)])


@pytest.mark.parametrize("options", [{}, TEXT], ids=["words", "bigrams and dropout"])
@pytest.mark.parametrize("num_blocks", [0, 2])
def test_padding_changes_nothing(num_blocks, options, token_ids):
    core = core_of(num_blocks=num_blocks, **options)
    logits = to_numpy(core(token_ids))
    assert np.ptp(logits, axis=0).min() > 1e-3
    assert np.abs(to_numpy(core(longer(token_ids))) - logits).max() < 1e-5
    texts = [ids[None, :n] for ids, n in zip(token_ids, LENGTHS, strict=True)]
    alone = np.concatenate([to_numpy(core(text)) for text in texts])
    assert np.abs(alone - logits).max() < 1e-5


def test_padding_is_no_part_of_what_is_normalised(token_ids):
    """A training step updates the moving statistics from the real elements alone."""
    cores = [core_of(), core_of()]
    cores[1].set_weights(cores[0].get_weights())
    for core, ids in zip(cores, [token_ids, longer(token_ids)], strict=True):
        core(ids, training=True)
    statistics = [core.non_trainable_variables for core in cores]
    assert [v.name for v in statistics[0]].count("moving_variance") == 2
    for short, long in zip(*statistics, strict=True):
        if short.name.startswith("moving"):
            np.testing.assert_allclose(to_numpy(long), to_numpy(short), rtol=1e-5)


def test_scores_are_on_the_text_alone(token_ids):
    scores = attention_model(core_of()).predict(token_ids, verbose=0)
    for row, of_pairs, real in zip(
        scores["attention"], scores["self_attention_1"], LENGTHS, strict=True
    ):
        np.testing.assert_allclose(row.sum(), 1, rtol=1e-5)
        assert (row[:real] > 0).all() and (row[real:] == 0).all()
        assert (of_pairs[:, :real, :real] > 0).all()
        assert (of_pairs[:, real:] == 0).all() and (of_pairs[:, :, real:] == 0).all()


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_a_text_without_words_is_no_nan(policy):
    keras.config.set_dtype_policy(policy)
    try:
        core = core_of()
    finally:
        keras.config.set_dtype_policy("float32")
    features = keras.Model(core.inputs, core.get_layer("features").output)
    empty = np.zeros((2, 13), "int32")
    assert (to_numpy(keras.ops.cast(features(empty), "float32")) == 0).all()
    assert np.isfinite(to_numpy(core(empty, training=True))).all()


def test_the_mean_is_of_the_real_elements():
    core = core_of(num_blocks=0)
    ids = np.array([[2, 3, 5, 0, 0]])
    layers = [core.get_layer(name).output for name in ("positions", "features")]
    x, features = map(to_numpy, keras.Model(core.inputs, layers)(ids))
    np.testing.assert_allclose(features[0, 6:], x[0, :3].mean(axis=0), rtol=1e-5)


def test_each_convolution_has_its_width():
    core = conv_attention((29, 2), CLASSES)
    kernels = [core.get_layer(f"conv_{i}").kernel.shape for i in (1, 2, 3)]
    assert kernels == [(8, 2, 64), (5, 64, 64), (3, 64, 64)]
    assert core.get_layer("relu_3").output.shape == (None, 29, 64)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"filters": [4, 8]}, r"filters=\[4, 8\], kernel_sizes=\[8, 5, 3\]"),
        ({"filters": [4, 4, 6]}, r"\[4, 4, 6\] does not divide among num_heads=4"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        conv_attention((29, 2), CLASSES, **options)
