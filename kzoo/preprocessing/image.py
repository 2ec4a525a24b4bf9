"""From images of any size to what an image model takes."""

import keras
import numpy as np
from keras import ops

from kzoo.preprocessing.base import Preprocessing


@keras.saving.register_keras_serializable(package="kzoo")
class ImagePreprocessing(Preprocessing):
    """Resizes images (bilinear) and scales them from 0..255 to 0..1.

    Keras' own `Resizing` is not used: behind it an exported SavedModel runs its
    BatchNormalization in training mode.

    Args:
        height: Height of the result in pixels.
        width: Width of the result in pixels.
        channels: 1 for grey, 3 for colour.
        background: Colour behind the transparent pixels of image files, for those who read them.

    Call arguments:
        images: Images of one size, uint8 or float, 0 to 255.

    Input shape:
        `(batch, any height, any width, channels)`.

    Output shape:
        `(batch, height, width, channels)`, float.

    Raises:
        ValueError: If the images have another rank or number of channels.

    Example:
    >>> images = np.full((2, 100, 60, 1), 255, "uint8")
    >>> x = ImagePreprocessing(28, 28, 1)(images)
    >>> tuple(x.shape), float(x[0, 0, 0, 0])
    ((2, 28, 28, 1), 1.0)
    """

    kind = "image"

    def __init__(self, height, width, channels, background="white", **kwargs):
        super().__init__(**kwargs)
        self.height = height
        self.width = width
        self.channels = channels
        self.background = background

    @classmethod
    def learn(cls, images, *, image_size=None, channels, background="white"):
        """Takes the size of the images where none is given.

        Args:
            images: Array `(examples, height, width, channels)`; not used with an `image_size`.
            image_size: `(height, width)`, or None.
            channels: 1 for grey, 3 for colour.
            background: Colour behind the transparent pixels of image files.
        """
        return cls(*(image_size or images.shape[1:3]), channels, background)

    @property
    def example_shape(self):
        """Shape of one pre-processed image."""
        return (self.height, self.width, self.channels)

    def raw_input(self):
        """Returns the `keras.Input` of a model that begins with this layer."""
        return keras.Input((None, None, self.channels), dtype="uint8", name="images")

    def as_raw(self, images):
        """Returns images as a model that begins with this layer takes them: uint8.

        Args:
            images: `(batch, height, width, channels)`, or without the last axis where there is
                one channel: integers or floats of 0 to 255, or bool, black and white.

        Raises:
            ValueError: If the shape is another, or the values seem to lie in another range.
        """
        images = _one_array(images)
        if images.ndim == 3 and self.channels == 1:
            images = images[..., None]
        self._check_shape(images)
        if images.dtype == bool:
            return images.astype("uint8") * 255
        if images.dtype != "uint8":
            check_range(images)
            images = np.rint(images).astype("uint8")
        return images

    def check_user_input(self, images):
        """Refuses arrays that hold nothing but 0 and 1, which a dark photo may, an array hardly.

        Args:
            images: What `as_raw` has returned.
        """
        check_range(images)

    def positions(self, inputs, x):
        """Returns None for each image, the positions of which are its pixels."""
        return [None] * len(x)

    def delete(self, x, places, grid):
        """Returns an image, the regions at these places of `grid` having its mean colour."""
        x = x.copy()
        rows, columns = (np.arange(x.shape[i]) * grid[i] // x.shape[i] for i in (0, 1))
        x[np.isin(rows[:, None] * grid[1] + columns, places)] = x.mean(axis=(0, 1))
        return x

    def call(self, images):
        self._check_shape(images)
        images = ops.cast(images, self.compute_dtype)
        if tuple(images.shape[1:3]) != (self.height, self.width):
            images = ops.image.resize(
                images, (self.height, self.width), data_format="channels_last"
            )
        return images / 255

    def _check_shape(self, images):
        if len(images.shape) != 4 or images.shape[-1] != self.channels:
            raise ValueError(
                f"Images must have the shape (batch, height, width, {self.channels}). "
                f"Received: {tuple(images.shape)}"
            )

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.example_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
            "background": self.background,
        }


def check_range(images):
    """Refuses images, as an array, that do not go from 0 to 255."""
    if images.dtype.kind not in "iuf":
        raise ValueError(f"Images must be integers, floats or bool. Received: {images.dtype}")
    low, high = (images.min(), images.max()) if images.size else (0, 0)
    if low >= 0 and (high == 0 or 1 < high <= 255):
        return
    advice = ": multiply these by 255" if low >= 0 and high <= 1 else ""  # NaN is neither
    raise ValueError(
        f"Images must go from 0 to 255, as they come from a file{advice}. "
        f"Received: {images.dtype} of {low:.6g} to {high:.6g}"
    )


def _one_array(images):
    try:
        array = np.asarray(images)
    except ValueError:  # they differ in shape
        array = np.empty(len(images), dtype=object)
    if array.dtype == object:
        several = images if array.ndim else ()
        shapes = {str(image.shape) for image in several if hasattr(image, "shape")}
        raise ValueError(
            "Images must be one array, so all of one size: predict those of another size on their "
            f"own. Received: {' and '.join(sorted(shapes)[:3]) or type(images).__name__}"
        )
    return array
