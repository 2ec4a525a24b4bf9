"""Numbers on a split, of predicted numbers."""

import numpy as np

KEYS = ("rmse", "mae", "median_error", "r2")


def regression_metrics(predictions, labels, mean, names):
    """Computes what a card tells about predicted numbers.

    Args:
        predictions: Array `(examples, targets)`, in the units of the targets.
        labels: The same of what is true.
        mean: List of floats, the mean of each target in training.
        names: List of strings, one for each target.

    Returns:
        Dict: `rmse`, the root of the mean squared error; `mae`, the mean absolute error;
        `median_error`, the median of the absolute errors; `r2`, 1 - the squared errors over those
        of the mean of `labels`; each the mean over the targets. `of_mean` has the same of
        predicting `mean`; `targets`, where there are several, of each; and `examples` their
        number.
    """
    of_each = _errors(predictions, labels)
    found = {key: float(np.mean(of_each[key])) for key in KEYS}
    of_mean = _errors(np.broadcast_to(mean, labels.shape), labels)
    found["of_mean"] = {key: float(np.mean(of_mean[key])) for key in KEYS}
    if len(names) > 1:
        found["targets"] = {
            name: {key: float(of_each[key][i]) for key in KEYS} for i, name in enumerate(names)
        }
    return {**found, "examples": len(labels)}


def _errors(predictions, labels):
    """Returns a dict from key to array `(targets,)`."""
    from sklearn import metrics

    each = {"multioutput": "raw_values"}
    return {
        "rmse": metrics.root_mean_squared_error(labels, predictions, **each),
        "mae": metrics.mean_absolute_error(labels, predictions, **each),
        "median_error": metrics.median_absolute_error(labels, predictions, **each),
        "r2": metrics.r2_score(labels, predictions, **each),
    }
