"""Numbers on a split that a model was not trained on."""

import numpy as np

BINS = 10  # of confidence, for the calibration


def classification_metrics(logits, labels, class_names):
    """Computes what a card tells about a classifier.

    Args:
        logits: Array `(examples, num_classes)`.
        labels: Integer array `(examples,)`.
        class_names: List of strings.

    Returns:
        Dict: `accuracy`; `balanced_accuracy`, the mean recall of the classes; `loss`, the mean
        of -log(probability of the true class), in nats; `calibration_error`, the expected
        difference between confidence and accuracy over ten bins (Guo et al., 2017, eq. 3);
        `classes`, with precision, recall, f1 and the number of examples of each; and
        `confusion_matrix`, rows being the true classes.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    log_probabilities = logits - _log_sum_exp(logits)
    predicted = logits.argmax(axis=-1)
    indices = np.arange(len(class_names))
    per_class = precision_recall_fscore_support(labels, predicted, labels=indices, zero_division=0)
    present = per_class[3] > 0
    return {
        "accuracy": float(np.mean(predicted == labels)),
        "balanced_accuracy": float(per_class[1][present].mean()),
        "loss": float(-log_probabilities[np.arange(len(labels)), labels].mean()),
        "calibration_error": calibration_error(np.exp(log_probabilities), labels),
        "classes": {
            name: {
                "precision": float(precision),
                "recall": float(recall),
                "f1": float(f1),
                "examples": int(examples),
            }
            for name, precision, recall, f1, examples in zip(class_names, *per_class, strict=True)
        },
        "confusion_matrix": confusion_matrix(labels, predicted, labels=indices).tolist(),
    }


def calibration_error(probabilities, labels):
    """Returns the mean over ten bins of |accuracy - confidence|, weighted by their examples."""
    confidence = probabilities.max(axis=-1)
    correct = probabilities.argmax(axis=-1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(np.sum(correct[bins == i]) - np.sum(confidence[bins == i])) for i in range(BINS)]
    return float(sum(gaps) / len(labels))


def softmax(logits):
    """Returns probabilities, float64, of logits `(examples, num_classes)`."""
    logits = logits.astype("float64")
    return np.exp(logits - _log_sum_exp(logits))


def _log_sum_exp(logits):
    highest = logits.max(axis=-1, keepdims=True)
    return highest + np.log(np.exp(logits - highest).sum(axis=-1, keepdims=True))
