"""What all models end with."""

from keras import layers


def classification_head(features, num_classes, dropout):
    """Returns logits `(batch, num_classes)`, float32 whatever the policy.

    Args:
        features: What the layer called `features` gives: `(batch, units)`.
        num_classes: Number of classes.
        dropout: Fraction of the features dropped in training.
    """
    x = layers.Dropout(dropout, name="dropout")(features)
    return layers.Dense(num_classes, dtype="float32", name="logits")(x)
