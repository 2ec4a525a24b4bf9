"""The textbook convolutional network, the baseline of the image models."""

from typing import Literal

import keras
from keras import layers

from kzoo.models.classification_head import classification_head
from kzoo.models.image_input import image_input
from kzoo.types import Fraction, PositiveInt, Sizes


def cnn(
    input_shape,
    num_classes,
    *,
    filters: Sizes = (32, 64, 64),
    kernel_size: PositiveInt = 3,
    units: PositiveInt = 64,
    padding: Literal["valid", "same"] = "valid",
    dropout: Fraction = 0.0,
):
    """Convolutions with a pooling between each two, then two dense layers; no attention.

    Args:
        input_shape: `(height, width, channels)`.
        num_classes: Number of classes.
        filters: Channels of each convolution; all but the last are followed by 2x2 max-pooling.
        kernel_size: Height and width of the convolutions in pixels.
        units: Size of the hidden dense layer, the `features`.
        padding: `"valid"` shrinks the image at each convolution, `"same"` pads it with zeros.
        dropout: Fraction of the features dropped in training.

    Returns:
        Functional `keras.Model` from `(batch, height, width, channels)` to logits
        `(batch, num_classes)`.

    Raises:
        ValueError: If the image is too small for the convolutions.

    References:
        LeCun et al., 1998, Gradient-Based Learning Applied to Document Recognition.
    """
    inputs = image_input(input_shape)
    x = inputs
    for i, channels in enumerate(filters):
        pixels = min(x.shape[1:3]) // (2 if i else 1)
        if pixels < (kernel_size if padding == "valid" else 1):
            advice = "padding: same, or fewer filters" if padding == "valid" else "fewer filters"
            raise ValueError(
                f"Images of {input_shape[0]}x{input_shape[1]} pixels are too small for "
                f"{len(filters)} convolutions of {kernel_size}x{kernel_size} with "
                f"padding: {padding}. Use {advice} than {list(filters)}."
            )
        if i:
            x = layers.MaxPooling2D(name=f"pool_{i}")(x)
        x = layers.Conv2D(
            channels, kernel_size, padding=padding, activation="relu", name=f"conv_{i + 1}"
        )(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(units, activation="relu", name="features")(x)
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="cnn")
