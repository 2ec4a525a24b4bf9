"""From raw examples to batches, pre-processed, in an order that a seed decides."""

import math

import numpy as np
import tensorflow as tf

from kzoo.data.augmentation import augment
from kzoo.data.dataset import Stream

CHUNK = 1024  # examples pre-processed at a time
SHUFFLE_BUFFER = 8192  # examples of a stream that are mixed


def steps_per_epoch(dataset):
    """Returns the number of batches in an epoch of training."""
    return math.ceil(len(dataset.train) / dataset.batch_size)


def training_batches(dataset, seed, epochs):
    """Batches for all epochs of a training, one after another.

    The order in an epoch depends on `(seed, epoch)` alone and the augmentation of a batch on
    `(seed, step)`, so that a step is the same however one came to it.

    Args:
        dataset: `Dataset`.
        seed: Integer.
        epochs: Number of epochs.

    Returns:
        `tf.data.Dataset` of `epochs * steps_per_epoch(dataset)` batches `(inputs, targets)`;
        targets are one-hot, `(batch, num_classes)`.
    """
    shuffled = _shuffled_stream if isinstance(dataset.train, Stream) else _shuffled_examples
    batches = shuffled(dataset, seed, epochs)
    if dataset.augmentation and any(dataset.augmentation.values()):
        batches = batches.enumerate().map(
            lambda step, batch: (
                augment(
                    batch[0], tf.stack([tf.cast(seed, step.dtype), step]), **dataset.augmentation
                ),
                batch[1],
            ),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    return batches.prefetch(tf.data.AUTOTUNE)


def evaluation_batches(dataset, examples):
    """Batches of `examples` in their order; targets are one-hot.

    Args:
        dataset: The `Dataset` that `examples` is a split of.
        examples: `Examples` or `Stream`.

    Returns:
        `tf.data.Dataset` of `(inputs, targets)`.
    """
    if isinstance(examples, Stream):
        batches = _preprocessed(examples.open(), dataset).batch(dataset.batch_size)
    else:
        ready = _ready(examples.inputs, dataset.preprocessing), examples.labels
        batches = tf.data.Dataset.from_tensor_slices(ready).batch(dataset.batch_size)
    return batches.map(_one_hot(dataset)).prefetch(tf.data.AUTOTUNE)


def _shuffled_examples(dataset, seed, epochs):
    inputs = tf.constant(_ready(dataset.train.inputs, dataset.preprocessing))
    labels = tf.constant(dataset.train.labels)
    size, count = dataset.batch_size, len(dataset.train)

    def batches_of_epoch(epoch):
        order = tf.random.experimental.stateless_shuffle(
            tf.range(count), seed=tf.stack([tf.cast(seed, epoch.dtype), epoch])
        )
        steps = tf.data.Dataset.range(0, count, size)
        return steps.map(lambda start: order[start : start + size])

    def gather(indices):
        return tf.gather(inputs, indices), tf.one_hot(
            tf.gather(labels, indices), dataset.num_classes
        )

    batches = tf.data.Dataset.range(epochs).flat_map(batches_of_epoch)
    return batches.map(gather, num_parallel_calls=tf.data.AUTOTUNE)


def _shuffled_stream(dataset, seed, epochs):
    examples = dataset.train.open()

    def batches_of_epoch(epoch):
        # of this function's graph alone: TensorFlow's own seed must not change the order, and
        # where it is 0 tf.data fails on a seed that is a tensor
        tf.compat.v1.set_random_seed(1)
        mixed = examples.shuffle(SHUFFLE_BUFFER, seed=seed * 1_000_003 + epoch)
        return _preprocessed(mixed, dataset).batch(dataset.batch_size)

    return tf.data.Dataset.range(epochs).flat_map(batches_of_epoch).map(_one_hot(dataset))


def _preprocessed(stream, dataset):
    return stream.map(
        lambda raw, label: (dataset.preprocessing(raw[None])[0], label),
        num_parallel_calls=tf.data.AUTOTUNE,
    )


def _one_hot(dataset):
    return lambda inputs, labels: (inputs, tf.one_hot(labels, dataset.num_classes))


def _ready(inputs, preprocessing):
    """Pre-processes a whole array once; examples that differ in shape one by one."""
    size = 1 if inputs.dtype == object else CHUNK
    chunks = (inputs[start : start + size] for start in range(0, len(inputs), size))
    if inputs.dtype == object:
        chunks = (chunk[0][None] for chunk in chunks)
    return np.concatenate([np.asarray(preprocessing(chunk)) for chunk in chunks])
