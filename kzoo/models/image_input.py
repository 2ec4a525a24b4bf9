"""What all image models begin with."""

import keras


def image_input(input_shape):
    """Returns the input of an image model.

    Args:
        input_shape: `(height, width, channels)`.

    Raises:
        ValueError: If the shape is another.
    """
    if len(input_shape) != 3 or None in input_shape:
        raise ValueError(
            "An image model reads (height, width, channels), all of them known. "
            f"Received: input_shape={tuple(input_shape)}"
        )
    return keras.Input(input_shape, name="images")
