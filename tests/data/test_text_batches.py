import numpy as np
import pytest

from kzoo.data.batches import evaluation_batches, steps_per_epoch, training_batches
from kzoo.data.dataset import Dataset, Examples
from kzoo.preprocessing.text import TextPreprocessing
from kzoo.tasks.classification import Classification

COUNT, BATCH, LONGEST = 199, 7, 23
WORDS = [f"w{i}" for i in range(COUNT)]  # text i begins with word i, by which it is told


@pytest.fixture(scope="module")
def dataset():
    lengths = np.random.default_rng(0).integers(1, LONGEST + 1, COUNT)
    texts = [" ".join([WORDS[i]] * length) for i, length in enumerate(lengths)]
    examples = Examples(np.array(texts, dtype=object), np.arange(COUNT, dtype="int32") % 3)
    layer = TextPreprocessing(WORDS, LONGEST)
    return Dataset(examples, examples, examples, Classification(["a", "b", "c"]), layer, BATCH)


def batches_of_epoch(dataset, seed, epoch, epochs):
    steps = steps_per_epoch(dataset)
    batches = list(training_batches(dataset, seed, epochs).as_numpy_iterator())
    assert len(batches) == steps * epochs
    return batches[epoch * steps : (epoch + 1) * steps]


def order(batches):
    return [int(i) for ids, _ in batches for i in ids[:, 0] - 2]


def test_an_epoch_holds_every_text_once_with_its_label(dataset):
    batches = batches_of_epoch(dataset, seed=0, epoch=0, epochs=1)
    assert sorted(order(batches)) == list(range(COUNT))
    for ids, targets in batches:
        np.testing.assert_array_equal(targets.argmax(axis=1), (ids[:, 0] - 2) % 3)


def test_a_batch_holds_texts_of_like_length_and_ends_with_the_longest(dataset):
    batches = batches_of_epoch(dataset, seed=0, epoch=0, epochs=1)
    lengths = [(ids != 0).sum(axis=1) for ids, _ in batches]
    for (ids, _), of_batch in zip(batches, lengths, strict=True):
        assert ids.shape[1] == of_batch.max()
        assert ids.all(axis=1).any()
    real = sum(of_batch.sum() for of_batch in lengths)
    assert real > 0.9 * sum(ids.size for ids, _ in batches)


def test_the_longest_do_not_always_come_last(dataset):
    widths = [ids.shape[1] for ids, _ in batches_of_epoch(dataset, seed=0, epoch=0, epochs=1)]
    assert widths != sorted(widths)


def test_the_order_depends_on_seed_and_epoch_alone(dataset):
    second = order(batches_of_epoch(dataset, seed=5, epoch=1, epochs=2))
    assert second == order(batches_of_epoch(dataset, seed=5, epoch=1, epochs=3))
    assert second != order(batches_of_epoch(dataset, seed=5, epoch=0, epochs=2))
    assert second != order(batches_of_epoch(dataset, seed=2, epoch=1, epochs=2))


def test_evaluation_keeps_the_order_and_trims(dataset):
    batches = list(evaluation_batches(dataset, dataset.test).as_numpy_iterator())
    assert order(batches) == list(range(COUNT))
    for ids, _ in batches:
        assert ids.shape[1] == (ids != 0).sum(axis=1).max()


def test_texts_that_all_are_short_of_words(dataset):
    examples = Examples(np.array(["", "...", ""], dtype=object), np.array([0, 1, 2], "int32"))
    batch = next(evaluation_batches(dataset, examples).as_numpy_iterator())[0]
    assert batch.tolist() == [[1], [1], [1]]
