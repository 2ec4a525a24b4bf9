"""Numbers on a split, of several labels an example."""

import numpy as np

FEWEST = 5  # examples with a label, and without, to choose its threshold on


def label_metrics(logits, labels, thresholds, names):
    """Computes what a card tells about several labels.

    Args:
        logits: Array `(examples, labels)`.
        labels: The same of 0 and 1.
        thresholds: List of floats, the probability from which an example has the label.
        names: List of strings, one for each label.

    Returns:
        Dict: `precision_micro`, `recall_micro` and `f1_micro` of all decisions together;
        `precision_macro`, `recall_macro` and `f1_macro`, the means over the labels; `auc`, the mean
        area under the ROC curves of those labels that some examples have and some do not;
        `exact_match`, the share of the examples of which all labels are right; `loss`, the mean
        binary cross-entropy in nats; `labels`, with precision, recall, f1, threshold and the number
        of examples of each; and `examples`, their number.
    """
    from sklearn.metrics import roc_auc_score

    probabilities, labels = sigmoid(logits), labels.astype(bool)
    decided = probabilities >= np.asarray(thresholds)
    counts = [a.sum(axis=0) for a in (decided & labels, decided, labels)]
    each, micro = _scores(*counts), _scores(*(count.sum() for count in counts))
    varying = np.flatnonzero(labels.any(axis=0) & ~labels.all(axis=0))
    areas = [roc_auc_score(labels[:, i], probabilities[:, i]) for i in varying]
    return {
        **{f"{key}_micro": float(value) for key, value in micro.items()},
        **{f"{key}_macro": float(value.mean()) for key, value in each.items()},
        "auc": float(np.mean(areas or [0])),
        "exact_match": float(np.mean((decided == labels).all(axis=-1))),
        "loss": float(losses(probabilities, labels).mean()),
        "labels": {
            name: {
                **{key: float(value[i]) for key, value in each.items()},
                "threshold": float(thresholds[i]),
                "examples": int(counts[2][i]),
            }
            for i, name in enumerate(names)
        },
        "examples": len(labels),
    }


def _scores(right, decided, true):
    """Returns precision, recall and F1, 0 where there is nothing to divide by."""
    return {
        "precision": right / np.maximum(1, decided),
        "recall": right / np.maximum(1, true),
        "f1": 2 * right / np.maximum(1, decided + true),
    }


def choose_thresholds(probabilities, labels):
    """Returns the threshold of each label that gives the best F1, 0.5 where there are few.

    Between two probabilities it is their mean.

    Args:
        probabilities: Array `(examples, labels)`.
        labels: The same of 0 and 1.

    Example:
    >>> probabilities = np.linspace(0.05, 0.95, 10)[:, None]
    >>> choose_thresholds(probabilities, (probabilities > 0.4).astype(int))
    [0.5]
    >>> choose_thresholds(np.tile(probabilities, (2, 1)), np.tile(probabilities > 0.3, (2, 1)))
    [0.3]
    """
    pairs = zip(probabilities.T, np.asarray(labels).T, strict=True)
    return [_choose_threshold(p, y.astype(bool)) for p, y in pairs]


def _choose_threshold(probabilities, has):
    if min(has.sum(), (~has).sum()) < FEWEST:
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    found = np.cumsum(has[order])
    f1 = 2 * found / (np.arange(1, len(has) + 1) + has.sum())
    sorted_ = probabilities[order]
    ends = np.flatnonzero(np.append(sorted_[1:] != sorted_[:-1], True))  # equal ones go together
    best = ends[f1[ends].argmax()]
    following = sorted_[best + 1] if best + 1 < len(sorted_) else 0.0
    return round(float(sorted_[best] + following) / 2, 6)


def losses(probabilities, labels):
    """Returns the binary cross-entropy of each example and label, in nats."""
    of_truth = np.where(labels, probabilities, 1 - probabilities)
    return -np.log(np.maximum(of_truth, 1e-12))


def sigmoid(logits):
    """Returns probabilities, float64, of logits."""
    return 1 / (1 + np.exp(-np.clip(logits.astype("float64"), -700, 700)))
