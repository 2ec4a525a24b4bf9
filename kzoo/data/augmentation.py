"""Random changes of training images; nothing of it is in the model."""

import tensorflow as tf

from kzoo.types import Degrees, Fraction


def augment(
    images,
    seed,
    *,
    translate: Fraction = 0.0,
    rotate: Degrees = 0.0,
    zoom: Fraction = 0.0,
):
    """Shifts, rotates and zooms every image by an amount of its own, all in one resampling.

    Args:
        images: Float tensor `(batch, height, width, channels)`.
        seed: Two integers; the same seed gives the same changes.
        translate: Largest shift, as a fraction of height and of width.
        rotate: Largest rotation, in degrees, either way.
        zoom: Largest change of size: by a factor between `1 - zoom` and `1 + zoom`.

    Returns:
        Tensor of the same shape; what comes in from outside is 0.
    """
    batch = tf.shape(images)[0]
    height, width = (tf.cast(size, "float32") for size in tf.unstack(tf.shape(images)[1:3]))
    draw = tf.random.stateless_uniform((4, batch), seed, -1.0, 1.0)
    angle = draw[0] * (rotate * 3.14159265 / 180)
    scale = 1 / (1 + draw[1] * zoom)  # from a place in the result back to one in the image
    cos, sin = scale * tf.cos(angle), scale * tf.sin(angle)
    center_x, center_y = (width - 1) / 2, (height - 1) / 2
    shift_x = center_x + draw[2] * translate * width - cos * center_x + sin * center_y
    shift_y = center_y + draw[3] * translate * height - sin * center_x - cos * center_y
    zero = tf.zeros_like(cos)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([cos, -sin, shift_x, sin, cos, shift_y, zero, zero], axis=1),
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
