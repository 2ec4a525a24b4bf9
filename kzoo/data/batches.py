"""From raw examples to batches, pre-processed, in an order that a seed decides."""

import math

import keras
import tensorflow as tf

from kzoo.data.augmentation import augment
from kzoo.data.dataset import Stream

SHUFFLE_BUFFER = 8192  # examples of a stream that are mixed
POOL = 64  # batches of text that are sorted by length together


def steps_per_epoch(dataset):
    """Returns the number of batches in an epoch of training."""
    return math.ceil(len(dataset.train) / dataset.batch_size)


def training_batches(dataset, seed, epochs, class_weights=None, start=0):
    """Batches for all epochs of a training, one after another.

    The order in an epoch depends on `(seed, epoch)` alone and the augmentation of a batch on
    `(seed, step)`, so that a step is the same however one came to it.

    Args:
        dataset: `Dataset`.
        seed: Integer.
        epochs: Number of epochs.
        class_weights: Array `(num_outputs,)`: how much an example of each class counts; or None.
        start: Number of batches that are left out, those of the steps that are done.

    Returns:
        `tf.data.Dataset` of `epochs * steps_per_epoch(dataset) - start` batches
        `(inputs, targets)`, or `(inputs, targets, sample_weights)` with class weights; targets as
        the task has them.
    """
    shuffled = _shuffled_stream if isinstance(dataset.train, Stream) else _shuffled_examples
    batches = shuffled(dataset, seed, epochs, *divmod(start, steps_per_epoch(dataset)))
    if dataset.augmentation and any(dataset.augmentation.values()):
        batches = batches.enumerate(start).map(
            lambda step, batch: augment(
                batch[0],
                tf.stack([tf.cast(seed, step.dtype), step]),
                batch[1],
                **dataset.augmentation,
            ),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    if class_weights is not None:
        batches = batches.map(lambda inputs, targets: (inputs, *_weighted(targets, class_weights)))
    return batches.prefetch(tf.data.AUTOTUNE)


def _weighted(targets, class_weights):
    """Returns targets and sample weights whose product counts each class by its weight."""
    weighted = targets * class_weights
    total = tf.reduce_sum(weighted, axis=-1)
    return weighted / total[:, None], total


def evaluation_batches(dataset, examples):
    """Batches of `examples` in their order, of texts only as wide as the longest.

    Args:
        dataset: The `Dataset` that `examples` is a split of.
        examples: `Examples` or `Stream`.

    Returns:
        `tf.data.Dataset` of `(inputs, targets)`.
    """
    if isinstance(examples, Stream):
        batches = _preprocessed(examples.open(), dataset).batch(dataset.batch_size)
        count = math.ceil(len(examples) / dataset.batch_size)  # Keras warns of an unknown end
        batches = batches.apply(tf.data.experimental.assert_cardinality(count))
    else:
        ready = dataset.preprocessing.ready(examples.inputs), examples.labels
        batches = tf.data.Dataset.from_tensor_slices(ready).batch(dataset.batch_size)
        trim = dataset.preprocessing.trim
        batches = batches.map(lambda inputs, labels: (trim(inputs), labels))
    return batches.map(_with_targets(dataset)).prefetch(tf.data.AUTOTUNE)


def _shuffled_examples(dataset, seed, epochs, epoch, step):
    ready = dataset.preprocessing.ready(dataset.train.inputs)
    inputs = keras.tree.map_structure(tf.constant, ready)
    labels, lengths = tf.constant(dataset.train.labels), dataset.preprocessing.lengths(ready)
    size, count = dataset.batch_size, len(dataset.train)

    def batches_of_epoch(epoch):
        key = tf.stack([tf.cast(seed, epoch.dtype), epoch])
        order = tf.random.experimental.stateless_shuffle(tf.range(count), key)
        starts = tf.range(0, count, size)
        if lengths is not None:
            order = _by_length(order, lengths, size)
            starts = tf.random.experimental.stateless_shuffle(starts, key)
        steps = tf.data.Dataset.from_tensor_slices(starts)
        return steps.map(lambda start: order[start : start + size])

    def gather(indices):
        batch = keras.tree.map_structure(lambda x: tf.gather(x, indices), inputs)
        targets = dataset.task.targets(tf.gather(labels, indices))
        return dataset.preprocessing.trim(batch), targets

    indices = tf.data.Dataset.range(epoch, epochs).flat_map(batches_of_epoch).skip(step)
    return indices.map(gather, num_parallel_calls=tf.data.AUTOTUNE)


def _by_length(order, lengths, batch_size):
    """Sorts each pool of batches by length, so that a batch has little padding."""
    pool = tf.range(tf.size(order)) // (POOL * batch_size)
    return tf.gather(order, tf.argsort(pool * 2**20 + tf.gather(lengths, order), stable=True))


def _shuffled_stream(dataset, seed, epochs, epoch, step):
    examples = dataset.train.open()

    def batches_of_epoch(epoch):
        # of this function's graph alone: TensorFlow's own seed must not change the order, and
        # where it is 0 tf.data fails on a seed that is a tensor
        tf.compat.v1.set_random_seed(1)
        mixed = examples.shuffle(SHUFFLE_BUFFER, seed=seed * 1_000_003 + epoch)
        return _preprocessed(mixed, dataset).batch(dataset.batch_size)

    batches = tf.data.Dataset.range(epoch, epochs).flat_map(batches_of_epoch).skip(step)
    return batches.map(_with_targets(dataset))


def _preprocessed(stream, dataset):
    return stream.map(
        lambda raw, label: (dataset.preprocessing(raw[None])[0], label),
        num_parallel_calls=tf.data.AUTOTUNE,
    )


def _with_targets(dataset):
    return lambda inputs, labels: (inputs, dataset.task.targets(labels))
