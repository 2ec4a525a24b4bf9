import keras
import numpy as np
import pytest
import tensorflow as tf

from kzoo.data import DATASETS
from kzoo.data.batches import evaluation_batches, training_batches
from kzoo.data.dataset import Stream
from kzoo.data.split import read_examples
from kzoo.messages import DataConfigError, DataError
from tests.data.image_files import encode, image, png, write, write_classes

image_folder = DATASETS["image_folder"]


def test_images_of_one_size(tmp_path):
    dataset = image_folder(path=write_classes(tmp_path))
    assert dataset.task.class_names == ["cat", "dog"]
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [9, 2, 3]
    assert (
        dataset.preprocessing.example_shape == (5, 3, 3) and dataset.train.inputs.dtype == np.uint8
    )
    assert dataset.notes == ("images 5 pixels high, 3 wide",)
    expected = {image(5, 3, 3, seed=100 * c + i).tobytes() for c in (0, 1) for i in range(7)}
    splits = (dataset.train, dataset.validation, dataset.test)
    assert {i.tobytes() for split in splits for i in split.inputs} == expected


def test_images_of_different_sizes_are_kept_raw_and_resized(tmp_path):
    write_classes(tmp_path)
    write(tmp_path / "dog", "large", image(11, 13, 3))
    with pytest.raises(DataError, match=r"differ in size \(images 5 to 11 pixels high, 3 to 13 w"):
        image_folder(path=str(tmp_path))
    dataset = image_folder(path=str(tmp_path), image_size=[7, 5], batch_size=32)
    shapes = {i.shape for s in (dataset.train, dataset.test) for i in s.inputs}
    assert shapes <= {(5, 3, 3), (11, 13, 3)} and dataset.preprocessing.example_shape == (7, 5, 3)
    inputs, _ = next(iter(evaluation_batches(dataset, dataset.train)))
    assert inputs.shape == (10, 7, 5, 3) and float(tf.reduce_max(inputs)) <= 1


def test_every_ending_and_what_is_in_the_file_not_what_its_name_says(tmp_path):
    write_classes(tmp_path, count=5)
    formats = {".JFIF": "JPEG", ".tif": "TIFF", ".TIFF": "TIFF", ".webp": "WEBP", ".png": "JPEG"}
    for i, (suffix, format) in enumerate(formats.items()):
        (tmp_path / "dog" / f"of_{i}{suffix}").write_bytes(encode(image(5, 3, 3), format))
    dataset = image_folder(path=str(tmp_path))
    assert sum(len(s) for s in (dataset.train, dataset.validation, dataset.test)) == 15
    assert dataset.notes == ("images 5 pixels high, 3 wide",)


@pytest.mark.parametrize("memory_limit", [4.0, 1e-9])
def test_transparent_pixels_are_on_the_background(tmp_path, memory_limit):
    for name in ("cat", "dog"):
        for i in range(7):
            write(tmp_path / name, i, np.zeros((5, 3, 4), "uint8"))
    for background, expected in {"white": 255, "#102030": [16, 32, 48]}.items():
        dataset = image_folder(path=str(tmp_path), background=background, memory_limit=memory_limit)
        images = np.stack(list(read_examples(dataset.train, range(9)).inputs))
        np.testing.assert_array_equal(images, np.broadcast_to(expected, (9, 5, 3, 3)))
        assert dataset.preprocessing.background == background
    with pytest.raises(DataConfigError, match="data.background must be a colour, such as white"):
        image_folder(path="not looked at", background="whit")


def test_images_that_are_nearly_black_are_told(tmp_path):
    """12 bits in files of 16."""
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for i in range(7):
            values = np.full(3, 4095 - i, ">u2")
            (tmp_path / name / f"{i}.png").write_bytes(png((3, 5), 16, 0, values.tobytes()))
    [_, note] = image_folder(path=str(tmp_path)).notes
    assert note.startswith("warning: no pixel of these images is above 16 of 255, so they are ne")


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


def test_a_part_of_a_stream_reads_no_other_file(tmp_path):
    dataset = image_folder(path=write_classes(tmp_path), memory_limit=1e-9)
    kept = image_folder(path=str(tmp_path))
    test = [encode(inputs) for inputs in kept.test.inputs]
    for file in tmp_path.rglob("*.png"):
        if file.read_bytes() not in test:
            file.unlink()
    found = read_examples(dataset.test, [2, 0])
    np.testing.assert_array_equal(np.stack(found.inputs), kept.test.inputs[[2, 0]])
    np.testing.assert_array_equal(found.labels, kept.test.labels[[2, 0]])


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
    assert message.startswith("Images that cannot be read: 3\n")
    assert f"{tmp_path}/dog/empty.png: empty\n" in message and "cut.png: damaged: " in message
    assert message.endswith("Remove them, or leave them out with data.broken: skip.")
    dataset = image_folder(path=str(tmp_path), broken="skip")
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 14
    assert f"left out, broken: {tmp_path}/dog/empty.png: empty" in dataset.notes
    assert "passed over: 1 .txt" in dataset.notes


def test_where_all_files_are_broken_none_is_left_out(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "link.png").symlink_to("gone.png")
        (tmp_path / name / "bomb.png").write_bytes(png((100_000, 100_000), 8, 0, bytes(9)))
    with pytest.raises(DataError, match="Images that cannot be read: 4") as error:
        image_folder(path=str(tmp_path), broken="skip")
    assert f"{tmp_path}/cat/link.png: No such file" in str(error.value)
    assert "bomb.png: too large: 10,000,000,000 pixels" in str(error.value)


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
