import dataclasses

import numpy as np

from kzoo.data.dataset import Examples, Stream
from kzoo.data.examples import validation_inputs
from tests import tiny

DATASET = tiny.tiny()
LABELS = np.zeros(700, "int32")


def of(inputs):
    return validation_inputs(dataclasses.replace(DATASET, validation=Examples(inputs, LABELS)))


def test_images_are_those_of_the_validation_split():
    np.testing.assert_array_equal(validation_inputs(DATASET), DATASET.validation.inputs)
    assert len(of(np.zeros((700, 7, 5, 1)))) == 512


def test_images_of_several_sizes_are_those_of_the_first_size():
    images = np.empty(3, object)
    images[:] = [np.ones((7, 5, 1)), np.ones((3, 2, 1)), np.ones((7, 5, 1))]
    assert of(images).shape == (2, 7, 5, 1)


def test_texts_and_tables_stay_what_they_are():
    assert list(of(np.array(["a film", ""], object))) == ["a film", ""]
    table = of({"age": np.arange(700), "city": np.array(["Ulm"] * 700, object)})
    assert {name: len(column) for name, column in table.items()} == {"age": 512, "city": 512}


def test_a_stream_is_read_from_its_beginning():
    import tensorflow as tf

    images = np.arange(700, dtype="uint8")[:, None, None, None]
    stream = Stream(lambda: tf.data.Dataset.from_tensor_slices((images, LABELS)), LABELS)
    found = validation_inputs(dataclasses.replace(DATASET, validation=stream))
    np.testing.assert_array_equal(found, images[:512])
