import keras
import numpy as np
import pytest

from kzoo.explanation.attention import attention_model
from kzoo.models import create_model
from kzoo.models.sequence_input import hash_bigrams
from tests.layer_checks import to_numpy

VOCABULARY, CLASSES = 31, 3
COMMON = {"embedding_dim": 5}
MODELS = {
    "lstm": {"units": 7},
    "lstm_attention": {"units": 7, "attention_units": 11, "bidirectional": True},
    "bag_attention": {"attention_units": 11},
    "segment_attention_lstm": {
        "units": 7,
        "attention_units": 11,
        "segment_length": 3,
        "skip": True,
    },
}
TEXT = {"bigram_buckets": 17, "token_dropout": 0.3, "embedding_dropout": 0.2}
LENGTHS = [13, 2, 7]


@pytest.fixture
def token_ids():
    """Three rows of different lengths, padded with 0 at the end."""
    ids = np.random.default_rng(0).integers(1, VOCABULARY, (3, 13))
    return ids * (np.arange(13) < np.array(LENGTHS)[:, None])


def core_of(name, **options):
    return create_model(
        name, (None,), CLASSES, vocabulary_size=VOCABULARY, **COMMON, **MODELS[name], **options
    )


@pytest.mark.parametrize("options", [{}, TEXT], ids=["words", "bigrams and dropout"])
@pytest.mark.parametrize("name", MODELS)
def test_padding_changes_nothing(name, options, token_ids):
    core = core_of(name, **options)
    logits = to_numpy(core(token_ids))
    padded = np.pad(token_ids, [(0, 0), (0, 5)])
    np.testing.assert_allclose(to_numpy(core(padded)), logits, rtol=1e-5, atol=1e-6)
    texts = [ids[None, :n] for ids, n in zip(token_ids, LENGTHS, strict=True)]
    alone = np.concatenate([to_numpy(core(text)) for text in texts])
    np.testing.assert_allclose(alone, logits, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in MODELS if "attention" in name])
def test_scores_are_on_the_text_alone(name, token_ids):
    scores = attention_model(core_of(name, **TEXT)).predict(token_ids, verbose=0)["attention"]
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
    steps = [-(-n // 3) if name.startswith("segment") else n for n in LENGTHS]
    for row, real in zip(scores, steps, strict=True):
        assert (row[:real] > 0).all()
        assert (row[real:] == 0).all()


@pytest.mark.parametrize("name", MODELS)
def test_bigrams_tell_orders_apart_and_add_their_vectors(name):
    with_bigrams, without = core_of(name, bigram_buckets=17), core_of(name)
    assert with_bigrams.count_params() - without.count_params() == 17 * 5
    words, bigrams = (with_bigrams.get_layer(n) for n in ("embedding", "bigram_embedding"))
    assert not bigrams.get_weights()[0].any()  # a pair never seen in training says nothing
    bigrams.set_weights([np.random.default_rng(0).normal(size=(17, 5))])
    ids = np.array([[3, 4]])
    hashes = np.asarray(hash_bigrams(ids, 17))[0]
    expected = words.get_weights()[0][ids[0]] + bigrams.get_weights()[0][hashes]
    x = keras.Model(with_bigrams.inputs, with_bigrams.get_layer("words_and_bigrams").output)(ids)
    np.testing.assert_allclose(to_numpy(x)[0], expected, rtol=1e-6)


def test_a_dropped_token_is_dropped_with_all_its_features(token_ids):
    core = core_of("lstm", token_dropout=0.5)
    x = keras.Model(core.inputs, core.get_layer("token_dropout").output)(token_ids, training=True)
    dropped = to_numpy(x) == 0
    np.testing.assert_array_equal(dropped.all(axis=-1), dropped.any(axis=-1))
    assert 0 < dropped.mean() < 1


@pytest.mark.parametrize("buckets", [65_521, 65_536, 100_000])
def test_pairs_of_frequent_words_hardly_ever_meet(buckets):
    first, second = np.meshgrid(np.arange(1, 150), np.arange(1, 150))
    pairs = np.stack([first.ravel(), second.ravel()], axis=1)
    hashes = np.asarray(hash_bigrams(pairs, buckets))[:, 0]
    assert hashes.min() >= 0 and hashes.max() < buckets
    assert len(np.unique(hashes)) > 0.99 * len(pairs)


def test_a_hash_is_of_a_token_and_the_next_one():
    first, second = np.asarray(hash_bigrams(np.array([[2, 3, 5, 0], [7, 3, 5, 3]]), 65_521))
    assert first[1] == second[1]  # 3, 5
    assert len({*first[:3], second[0], second[2]}) == 5


def test_ids_of_a_large_vocabulary_do_not_leave_the_buckets():
    hashes = np.asarray(hash_bigrams(np.array([[200_000, 3]], "int32"), 101))
    assert (hashes >= 0).all() and (hashes < 101).all()


def test_vectors_have_no_bigrams():
    with pytest.raises(
        ValueError, match="Only token ids have bigrams. Received: bigram_buckets=17"
    ):
        create_model("lstm", (5, 3), CLASSES, bigram_buckets=17)


def test_a_bag_begins_without_meaning_and_knows_no_order(token_ids):
    core = core_of("bag_attention")
    np.testing.assert_array_equal(to_numpy(core(token_ids)), 0)
    table = np.random.default_rng(1).normal(size=(VOCABULARY, 5))
    core.get_layer("embedding").set_weights([table])
    logits = to_numpy(core(token_ids[:1]))
    np.testing.assert_allclose(to_numpy(core(token_ids[:1, ::-1].copy())), logits, rtol=1e-4)
    features = keras.Model(core.input, core.get_layer("features").output)
    attention = core.get_layer("attention")
    hidden = np.tanh(table[token_ids[0]] @ attention.weights[0].numpy() + attention.weights[1])
    weights = np.exp(hidden @ attention.weights[2].numpy())
    pooled = (hidden * weights / weights.sum()).sum(axis=0)
    expected = np.sqrt(13) * pooled
    np.testing.assert_allclose(to_numpy(features(token_ids[:1]))[0], expected, rtol=1e-4)
