import keras
import numpy as np
import pytest
import tensorflow as tf

from kzoo.data.batches import evaluation_batches, training_batches
from kzoo.data.dataset import DataError, Stream
from kzoo.data.image_files import decode
from kzoo.data.image_folder import image_folder
from tests.data.image_files import image, write, write_classes


def test_images_of_one_size(tmp_path):
    dataset = image_folder(path=write_classes(tmp_path))
    assert dataset.class_names == ["cat", "dog"]
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [9, 2, 3]
    assert dataset.input_shape == (5, 3, 3) and dataset.train.inputs.dtype == np.uint8
    assert dataset.notes == ("images 5 pixels high, 3 wide",)
    expected = {image(5, 3, 3, seed=100 * c + i).tobytes() for c in (0, 1) for i in range(7)}
    splits = (dataset.train, dataset.validation, dataset.test)
    assert {i.tobytes() for split in splits for i in split.inputs} == expected


def test_images_of_different_sizes_are_kept_raw_and_resized(tmp_path):
    write_classes(tmp_path)
    write(tmp_path / "dog", "large", image(11, 13, 3))
    with pytest.raises(DataError, match=r"differ in size \(images 5 to 11 pixels high, 3 to 13 w"):
        image_folder(path=str(tmp_path))
    dataset = image_folder(path=str(tmp_path), image_size=[7, 5])
    shapes = {i.shape for s in (dataset.train, dataset.test) for i in s.inputs}
    assert shapes <= {(5, 3, 3), (11, 13, 3)} and dataset.input_shape == (7, 5, 3)
    inputs, _ = next(iter(evaluation_batches(dataset, dataset.train)))
    assert inputs.shape == (10, 7, 5, 3) and float(tf.reduce_max(inputs)) <= 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("stored", [1, 2, 3, 4])
def test_grey_colour_and_transparency(stored, channels):
    array = image(5, 3, stored)
    got = decode(tf.io.encode_png(array), channels).numpy()
    if stored < 3:
        expected = np.repeat(array[..., :1], channels, axis=2)
    elif channels == 3:
        expected = array[..., :3]
    else:
        expected = (array[..., :3] @ [0.2989, 0.587, 0.114])[..., None]
    np.testing.assert_allclose(got, expected, atol=1 if stored >= 3 and channels == 1 else 0)


def test_what_does_not_fit_into_memory_is_read_from_disk(tmp_path):
    write_classes(tmp_path)
    write(tmp_path / "cat", "large", image(11, 13, 3), suffix=".jpg")
    kept = image_folder(path=str(tmp_path), image_size=[7, 5], batch_size=4)
    read = image_folder(path=str(tmp_path), image_size=[7, 5], batch_size=4, memory_limit=1e-7)
    assert isinstance(read.train, Stream) and isinstance(read.test, Stream)
    for name in ("train", "validation", "test"):
        one, other = (evaluation_batches(d, getattr(d, name)) for d in (kept, read))
        for (x, y), (u, v) in zip(one, other, strict=True):
            np.testing.assert_allclose(x, u, atol=1e-6)
            np.testing.assert_array_equal(y, v)


@pytest.mark.parametrize("seed", [0, 3])
def test_order_of_a_stream_depends_on_seed_and_epoch_alone(tmp_path, seed):
    dataset = image_folder(path=write_classes(tmp_path), batch_size=4, memory_limit=1e-7)

    def order(of_run):
        keras.utils.set_random_seed(of_run)
        return [x.numpy().tobytes() for x, _ in training_batches(dataset, seed, epochs=2).unbatch()]

    first = order(0)
    assert first == order(5)
    assert first[:9] != first[9:] and set(first[:9]) == set(first[9:])


def test_keras_knows_the_end_of_a_stream(tmp_path):
    """Otherwise it warns, with advice that is for training."""
    dataset = image_folder(path=write_classes(tmp_path), memory_limit=1e-9, batch_size=2)
    assert len(dataset.test) == 3
    batches = evaluation_batches(dataset, dataset.test)
    assert int(batches.cardinality()) == len(list(batches)) == 2


def test_splits_of_its_own(tmp_path):
    write_classes(tmp_path / "train", 11)
    write_classes(tmp_path / "test", 2)
    (tmp_path / "notes").mkdir()
    dataset = image_folder(path=str(tmp_path))
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [19, 3, 4]
    write_classes(tmp_path / "validation", 5)
    dataset = image_folder(path=str(tmp_path))
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [22, 10, 4]


def test_broken_files(tmp_path):
    write_classes(tmp_path)
    (tmp_path / "dog" / "empty.png").write_bytes(b"")
    (tmp_path / "dog" / "text.JPG").write_text("hello")
    whole = (tmp_path / "cat" / "0.png").read_bytes()
    (tmp_path / "cat" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "cat" / "notes.txt").write_text("passed over")
    with pytest.raises(DataError) as error:
        image_folder(path=str(tmp_path))
    message = str(error.value)
    assert message.startswith("Files that are no image that can be read: 3\n")
    assert f"{tmp_path}/dog/empty.png: Input is empty\n" in message and "cut.png: " in message
    assert message.endswith("Remove them, or leave them out with data.broken: skip.")
    dataset = image_folder(path=str(tmp_path), broken="skip")
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 14
    assert f"left out, broken: {tmp_path}/dog/empty.png: Input is empty" in dataset.notes


def test_folders_that_are_missing(tmp_path):
    with pytest.raises(DataError, match="There is no folder gone. It is looked for in "):
        image_folder(path="gone")
    write_classes(tmp_path, classes=["cat"])
    with pytest.raises(DataError, match="each of two classes or more. Found: cat."):
        image_folder(path=str(tmp_path))
    (tmp_path / "dog").mkdir()
    with pytest.raises(DataError, match=r"dog holds no file of .png, .jpg"):
        image_folder(path=str(tmp_path))


def test_a_class_to_test_on_that_is_not_trained(tmp_path):
    write_classes(tmp_path / "train")
    write_classes(tmp_path / "test", classes=("cat", "dog", "emu"))
    with pytest.raises(DataError, match="nothing to train on for: emu."):
        image_folder(path=str(tmp_path))
