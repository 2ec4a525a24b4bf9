import keras
import numpy as np
import pytest

from kzoo.preprocessing.image import ImagePreprocessing

SIZES = [(7, 5), (14, 10), (3, 2), (11, 13), (97, 61)]


def images(height, width, channels=1, dtype="uint8"):
    values = np.random.default_rng(0).integers(0, 256, (2, height, width, channels))
    return values.astype(dtype)


def bilinear(image, height, width):
    """Resizes `(rows, columns, channels)` with pixel centres at halves, written out."""
    rows, columns, _ = image.shape
    y = np.clip((np.arange(height) + 0.5) * rows / height - 0.5, 0, rows - 1)
    x = np.clip((np.arange(width) + 0.5) * columns / width - 0.5, 0, columns - 1)
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    bottom, right = np.minimum(top + 1, rows - 1), np.minimum(left + 1, columns - 1)
    dy, dx = (y - top)[:, None, None], (x - left)[None, :, None]
    above = image[top][:, left] * (1 - dx) + image[top][:, right] * dx
    below = image[bottom][:, left] * (1 - dx) + image[bottom][:, right] * dx
    return above * (1 - dy) + below * dy


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_against_bilinear_interpolation(size, channels):
    raw = images(*size, channels)
    found = ImagePreprocessing(7, 5, channels)(raw)
    expected = np.stack([bilinear(image.astype("float64"), 7, 5) for image in raw]) / 255
    assert tuple(found.shape) == (2, 7, 5, channels)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_images_of_the_right_size_are_only_scaled():
    raw = images(7, 5)
    found = np.asarray(ImagePreprocessing(7, 5, 1)(raw))
    np.testing.assert_array_equal(found, raw.astype("float32") / np.float32(255))


def test_float_and_integer_images_are_the_same():
    layer = ImagePreprocessing(7, 5, 1)
    np.testing.assert_array_equal(
        layer(images(11, 13, dtype="float32")), layer(images(11, 13, dtype="uint8"))
    )


def test_in_a_graph_as_outside():
    """In tf.data and in a saved model it runs in a graph; eagerly it must say the same."""
    layer = ImagePreprocessing(7, 5, 1)
    model = keras.Model(inputs := layer.raw_input(), layer(inputs))
    for size in SIZES:
        np.testing.assert_allclose(
            model.predict(images(*size), verbose=0), layer(images(*size)), atol=1e-6
        )


@pytest.mark.parametrize("shape", [(2, 7, 5), (2, 7, 5, 3), (7, 5), (2, 7, 5, 1, 1)])
def test_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"must have the shape \(batch, height, width, 1\)"):
        ImagePreprocessing(7, 5, 1)(np.zeros(shape, "uint8"))


def test_round_trip_of_the_config():
    layer = ImagePreprocessing(7, 5, 3, name="scale")
    again = ImagePreprocessing.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.example_shape == (7, 5, 3) and again.name == "scale"
    assert layer.compute_output_shape((2, 11, 13, 3)) == (2, 7, 5, 3)


def test_raw_images_may_be_of_any_number_type():
    raw = ImagePreprocessing(2, 3, 1).as_raw
    given = np.array([[[0.0, 127.6, 255.0], [3.0, 7.4, 11.0]]])
    expected = np.array([[[0, 128, 255], [3, 7, 11]]], "uint8")[..., None]
    for images in (given, given.astype("float32"), expected[..., 0].astype("int64")):
        found = raw(images)
        assert found.dtype == "uint8"
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("value", [-1, 256, np.nan, np.inf, 0.5])
def test_raw_images_outside_of_a_byte_are_refused(value):
    with pytest.raises(ValueError, match="must go from 0 to 255"):
        ImagePreprocessing(2, 3, 1).as_raw(np.full((1, 2, 3), value))


@pytest.mark.parametrize("dtype", ["int8", "int16", "int64", "uint16", "float16", "float64"])
def test_images_of_0_and_1_alone_are_refused(dtype):
    layer, images = ImagePreprocessing(2, 3, 1), np.eye(6)[None].astype(dtype)
    message = rf"as they come from a file: multiply these by 255. Received: {dtype} of 0 to 1"
    with pytest.raises(ValueError, match=message):
        layer.as_raw(images)
    assert layer.as_raw(images * 0).max() == 0  # black is no scale
    layer.check_user_input(layer.as_raw(images * 0))


def test_bytes_of_0_and_1_may_be_a_dark_photo_but_hardly_an_array():
    layer, images = ImagePreprocessing(2, 3, 1), np.eye(6, dtype="uint8")[None]
    assert layer.as_raw(images).max() == 1
    with pytest.raises(ValueError, match="multiply these by 255. Received: uint8 of 0 to 1"):
        layer.check_user_input(layer.as_raw(images))


def test_bool_is_black_and_white():
    images = np.random.default_rng(0).random((2, 5, 7)) > 0.5
    found = ImagePreprocessing(2, 3, 1).as_raw(images)
    assert found.dtype == "uint8" and found.shape == (2, 5, 7, 1)
    np.testing.assert_array_equal(found[..., 0], np.where(images, 255, 0))


@pytest.mark.parametrize(
    "given, received",
    [
        ([np.zeros((2, 3, 3)), np.zeros((3, 5, 3))], r"\(2, 3, 3\) and \(3, 5, 3\)"),
        ([np.zeros((2, 3, 3)), np.zeros((2, 5, 3))], r"\(2, 3, 3\) and \(2, 5, 3\)"),
        (object(), "object"),
    ],
)
def test_what_is_no_array_of_images(given, received):
    with pytest.raises(ValueError, match=f"must be one array, so all of one size.*: {received}$"):
        ImagePreprocessing(2, 3, 3).as_raw(given)
    with pytest.raises(ValueError, match="must be integers, floats or bool. Received: <U1"):
        ImagePreprocessing(2, 3, 3).as_raw(np.full((1, 2, 3, 3), "a"))


def test_the_background_is_kept():
    layer = ImagePreprocessing(7, 5, 3, background="#102030")
    assert ImagePreprocessing.from_config(layer.get_config()).background == "#102030"
    old = {key: value for key, value in layer.get_config().items() if key != "background"}
    assert ImagePreprocessing.from_config(old).background == "white"
