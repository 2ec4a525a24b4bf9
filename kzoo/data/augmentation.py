"""Random changes of training images; nothing of it is in the model.

They are drawn from a seed alone, which Keras' own layers do not take: theirs is a state, which
changes with each call.
"""

import tensorflow as tf

from kzoo.types import Degrees, Fraction, NonNegativeFloat, Share

ERASED = (0.02, 0.33)  # share of an image, as in the paper
SLIMNESS = 3.3  # of the sides of what is erased, at most


def augment(
    images,
    seed,
    targets=None,
    *,
    translate: Fraction = 0.0,
    rotate: Degrees = 0.0,
    zoom: Fraction = 0.0,
    crop: Fraction = 0.0,
    horizontal_flip: bool = False,
    vertical_flip: bool = False,
    brightness: Fraction = 0.0,
    contrast: Fraction = 0.0,
    erasing: Share = 0.0,
    mixup: NonNegativeFloat = 0.0,
    cutmix: NonNegativeFloat = 0.0,
):
    """Changes every image by amounts of its own: where its pixels lie, then how they look.

    Args:
        images: Float tensor `(batch, height, width, channels)`, 0 to 1.
        seed: Two integers; the same seed gives the same changes.
        targets: Float tensor `(batch, outputs)`, or None where nothing is mixed.
        translate: Largest shift, as a fraction of height and of width.
        rotate: Largest rotation, in degrees, either way.
        zoom: Largest change of size: by a factor between `1 - zoom` and `1 + zoom`.
        crop: Largest fraction of height and of width that is cut off; the rest is enlarged.
        horizontal_flip: Whether half of the images, drawn at random, are mirrored.
        vertical_flip: The same, upside down.
        brightness: Largest number that is added to all pixels, either way.
        contrast: Largest change of the distance of all pixels from their mean: by a factor between
            `1 - contrast` and `1 + contrast`.
        erasing: Probability that a rectangle, 2 to 33 % of the image, becomes 0.
        mixup: Two images are mixed, and their targets alike, by shares from a beta distribution
            with this parameter. 0 mixes none; 0.2 is usual.
        cutmix: A rectangle of another image is pasted into each, and their targets are mixed by
            area, drawn in the same way; 1 is usual. With both, one is drawn for each batch.

    Returns:
        Tensor of the same shape, and the targets where they are given; what comes in from outside
        is 0.

    References:
        Zhong et al., 2020, Random Erasing Data Augmentation; Zhang et al., 2018, mixup: Beyond
        Empirical Risk Minimization; Yun et al., 2019, CutMix.
    """
    if translate or rotate or zoom:
        images = _move(images, seed, translate, rotate, zoom)
    if crop:
        images = _crop(images, _other(seed, 1), crop)
    for axis, flips in ((2, horizontal_flip), (1, vertical_flip)):
        if flips:
            drawn = _uniform(images, _other(seed, 1 + axis)) < 0.5
            images = tf.where(drawn, tf.reverse(images, [axis]), images)
    if contrast:
        mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
        factor = 1 + _uniform(images, _other(seed, 4), -contrast, contrast)
        images = tf.clip_by_value(mean + factor * (images - mean), 0, 1)
    if brightness:
        added = _uniform(images, _other(seed, 5), -brightness, brightness)
        images = tf.clip_by_value(images + added, 0, 1)
    if erasing:
        images = _erase(images, _other(seed, 6), erasing)
    if targets is None:
        return images
    return _mix(images, targets, _other(seed, 7), mixup, cutmix)


def _other(seed, number):
    return tf.random.experimental.stateless_fold_in(seed, number)


def _uniform(images, seed, low=0.0, high=1.0):
    """Draws a number for each image, `(batch, 1, 1, 1)`."""
    return tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seed, low, high)


def _move(images, seed, translate, rotate, zoom):
    """Shifts, rotates and zooms, all in one resampling."""
    batch = tf.shape(images)[0]
    height, width = (tf.cast(size, "float32") for size in tf.unstack(tf.shape(images)[1:3]))
    draw = tf.random.stateless_uniform((4, batch), seed, -1.0, 1.0)
    angle = draw[0] * (rotate * 3.14159265 / 180)
    scale = 1 / (1 + draw[1] * zoom)  # from a place in the result back to one in the image
    cos, sin = scale * tf.cos(angle), scale * tf.sin(angle)
    center_x, center_y = (width - 1) / 2, (height - 1) / 2
    shift_x = center_x + draw[2] * translate * width - cos * center_x + sin * center_y
    shift_y = center_y + draw[3] * translate * height - sin * center_x - cos * center_y
    return _resample(images, [cos, -sin, shift_x, sin, cos, shift_y])


def _crop(images, seed, crop):
    """Enlarges a part of each image, of its proportions, to the whole."""
    height, width = (tf.cast(size, "float32") for size in tf.unstack(tf.shape(images)[1:3]))
    draw = tf.random.stateless_uniform((3, tf.shape(images)[0]), seed)
    scale = 1 - draw[0] * crop
    left, top = ((1 - scale) * (size - 1) * d for size, d in ((width, draw[1]), (height, draw[2])))
    return _resample(images, [scale, 0 * scale, left, 0 * scale, scale, top])


def _resample(images, transforms):
    """Takes each pixel from where an affine transform of its place lies (bilinear)."""
    zero = tf.zeros_like(transforms[0])
    resampled = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([*transforms, zero, zero], axis=1),
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    return tf.ensure_shape(resampled, images.shape)


def _erase(images, seed, probability):
    draw = tf.random.stateless_uniform((5, tf.shape(images)[0]), seed)
    share = ERASED[0] + draw[0] * (ERASED[1] - ERASED[0])
    stretch = SLIMNESS ** (draw[1] - 0.5)  # of the height, against the width
    inside = _rectangles(images, tf.sqrt(share) * stretch, tf.sqrt(share) / stretch, draw[2:4])
    drawn = (draw[4] < probability)[:, None, None, None]
    return tf.where(inside & drawn, 0.0, images)


def _rectangles(images, heights, widths, draw):
    """Returns True inside a rectangle of each image, `(batch, height, width, 1)`.

    Args:
        images: The images.
        heights: Height of each, as a share of the image; what lies outside is cut off.
        widths: The same of the width.
        draw: Numbers from 0 to 1, `(2, batch)`: where their centres lie.
    """
    size = tf.shape(images)
    down = _between(size[1], draw[0], heights)
    right = _between(size[2], draw[1], widths)
    return (down[:, :, None] & right[:, None, :])[..., None]


def _between(size, centers, lengths):
    places = (tf.cast(tf.range(size), "float32") + 0.5)[None] / tf.cast(size, "float32")
    return tf.abs(places - centers[:, None]) < lengths[:, None] / 2


def _mix(images, targets, seed, mixup, cutmix):
    """Mixes each image, and its target, with another one of the batch."""
    if not (mixup or cutmix):
        return images, targets
    batch = tf.shape(images)[0]
    other = tf.random.experimental.stateless_shuffle(tf.range(batch), _other(seed, 0))
    pair = images, tf.gather(images, other)
    mix, cut = (
        (lambda: _blend(*pair, _beta(batch, _other(seed, 1), mixup))),
        (lambda: _paste(*pair, _other(seed, 2), _beta(batch, _other(seed, 3), cutmix))),
    )
    if mixup and cutmix:
        images, share = tf.cond(tf.random.stateless_uniform((), _other(seed, 4)) < 0.5, mix, cut)
    else:
        images, share = mix() if mixup else cut()
    share = tf.cast(share, targets.dtype)[:, None]
    return images, share * targets + (1 - share) * tf.gather(targets, other)


def _beta(batch, seed, alpha):
    first, second = tf.unstack(tf.random.stateless_gamma((2, batch), seed, alpha))
    total = first + second
    return tf.where(total > 0, first / total, 0.5)  # both may be too small for a float


def _blend(images, others, share):
    of_pixels = share[:, None, None, None]
    return of_pixels * images + (1 - of_pixels) * others, share


def _paste(images, others, seed, share):
    side = tf.sqrt(1 - share)
    draw = tf.random.stateless_uniform((2, tf.size(share)), seed)
    inside = _rectangles(images, side, side, draw)
    left = 1 - tf.reduce_mean(tf.cast(inside, "float32"), axis=(1, 2, 3))  # what was cut off too
    return tf.where(inside, others, images), left
