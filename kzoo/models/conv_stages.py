"""Stages of convolutions, which image models share."""

from keras import layers


def conv_stages(
    x,
    filters,
    *,
    convolutions=1,
    kernel_size=3,
    stem_kernel_size=3,
    stem_strides=1,
    batch_normalization=True,
    prefix="",
):
    """Returns features of an image; between two stages it is halved by max-pooling.

    Args:
        x: Keras tensor `(batch, height, width, channels)`.
        filters: Channels of each stage.
        convolutions: Convolutions in a stage.
        kernel_size: Height and width of the convolutions in pixels.
        stem_kernel_size: The same of the first convolution.
        stem_strides: Step of the first convolution in pixels.
        batch_normalization: Whether each convolution is followed by `BatchNormalization`.
        prefix: What the names of the layers begin with.

    Raises:
        ValueError: If the image is too small for the stages.
    """
    height, width = x.shape[1:3]
    if min(height, width) < stem_strides * 2 ** (len(filters) - 1):
        raise ValueError(
            f"Images of {height}x{width} pixels are too small for "
            f"stem_strides={stem_strides} and {len(filters) - 1} halvings. Use fewer filters "
            f"than {list(filters)}."
        )
    for stage, channels in enumerate(filters, start=1):
        if stage > 1:
            x = layers.MaxPooling2D(name=f"{prefix}pool_{stage - 1}")(x)
        for i in range(1, convolutions + 1):
            stem = stage == i == 1
            x = layers.Conv2D(
                channels,
                stem_kernel_size if stem else kernel_size,
                strides=stem_strides if stem else 1,
                padding="same",
                use_bias=not batch_normalization,
                name=f"{prefix}conv_{stage}_{i}",
            )(x)
            if batch_normalization:
                x = _normalization(f"{prefix}normalization_{stage}_{i}")(x)
            x = layers.ReLU(name=f"{prefix}relu_{stage}_{i}")(x)
    return x


def _normalization(name):
    # Keras' momentum of 0.99 averages over more steps than a short training has
    return layers.BatchNormalization(momentum=0.9, name=name)
