"""A number, or several, for each example."""

import dataclasses
from typing import Literal

import numpy as np

from kzoo.messages import DataError
from kzoo.tasks.base import Task, Told, number, shortest
from kzoo.tasks.number_metrics import regression_metrics
from kzoo.tasks.numbers import numbers_of

SAME = 0.1  # standard deviations between two predictions that count as one
STRATA = 10  # equal shares of the sorted targets, of which each split gets its part
PER_STRATUM = 10  # examples, at least


@dataclasses.dataclass(frozen=True)
class Regression(Task):
    """Predicts numbers: targets are standardised inside, and given back in their units.

    Labels are float64 `(examples, num_outputs)`, in the units of the targets.

    Attributes:
        target_names: List of strings.
        loss_name: `"mse"`, `"mae"` or `"huber"`, of standardised targets.
        mean: List of floats, the mean of each target in training.
        scale: List of floats, its standard deviation there.
    """

    target_names: list[str]
    loss_name: str = dataclasses.field(default="mse", compare=False)
    mean: list[float] | None = dataclasses.field(default=None, compare=False)
    scale: list[float] | None = dataclasses.field(default=None, compare=False)
    name = "regression"
    kind = "targets"
    metric = "r2"
    output = "values"
    difference = "largest difference, in standard deviations"
    agreement = f"same to {SAME} of them"
    followed_as = "minus the change of the prediction, in standard deviations"

    @classmethod
    def learn(cls, labels, targets, /, *, loss: Literal["mse", "mae", "huber"] = "mse"):
        """A number, or several, for each example.

        Args:
            labels: Dict from split, training first, to the targets as they stand in the format.
            targets: `Targets`.
            loss: What training makes small, of standardised targets: the mean of the squared
                errors, of the absolute errors, or Huber's, which is squared up to one standard
                deviation and absolute beyond.
        """
        names, values = numbers_of(labels, targets)
        return cls(names, loss), values, []

    def fitted(self, labels):
        scale = labels.std(axis=0)
        if not scale.all():
            i = int(scale.argmin())
            value = number(labels[0, i])
            raise DataError(f"The target {self.target_names[i]!r} is {value} in all of training.")
        return dataclasses.replace(self, mean=labels.mean(axis=0).tolist(), scale=scale.tolist())

    @classmethod
    def misfits(cls, training):
        yield from super().misfits(training)
        for key, without in (("label_smoothing", 0), ("class_weight", None)):
            if training[key] != without:
                yield f"training.{key} is for classification. Received: {training[key]!r}"

    @property
    def names(self):
        return self.target_names

    @property
    def options(self):
        return {"loss": self.loss_name}

    def strata(self, labels):
        count = min(STRATA, len(labels) // PER_STRATUM)
        ranks = labels[:, 0].argsort(kind="stable").argsort(kind="stable")
        return ranks * count // len(labels) if count > 1 else None

    def targets(self, labels):
        import tensorflow as tf

        return tf.cast((labels - self.mean) / self.scale, "float32")

    def loss(self, label_smoothing):
        import keras

        losses = {
            "mse": keras.losses.MeanSquaredError,
            "mae": keras.losses.MeanAbsoluteError,
            "huber": keras.losses.Huber,
        }
        return losses[self.loss_name]()

    def training_metrics(self):
        import keras

        return [keras.metrics.R2Score(name=self.metric)]

    def outputs(self, logits):
        from keras import ops

        scale, mean = (np.array(values, "float32") for values in (self.scale, self.mean))
        return {self.output: logits * ops.convert_to_tensor(scale) + ops.convert_to_tensor(mean)}

    def predictions(self, logits):
        return logits.astype("float64") * self.scale + self.mean

    def logits(self, outputs):
        return (outputs[self.output] - np.array(self.mean)) / self.scale

    def evaluate(self, logits, labels):
        """Returns a dict of numbers; see `regression_metrics`."""
        return regression_metrics(self.predictions(logits), labels, self.mean, self.target_names)

    def tell(self, prediction, label=None):
        told = ", ".join(map(number, prediction))
        true = None if label is None else ", ".join(map(number, np.atleast_1d(label)))
        return Told(told, told if true is None else f"{told}, is {true}", true, False)

    @property
    def columns(self):
        return self.target_names

    def cells(self, prediction):
        return list(prediction)

    def as_json(self, prediction):
        pairs = zip(self.target_names, map(shortest, prediction), strict=True)
        return {self.output: dict(pairs)}

    def compare(self, found, expected):
        """Compares in standard deviations of the target or, of a large one, relative to it."""
        differences = np.abs(found - expected) / np.maximum(self.scale, np.abs(expected))
        return float(differences.max()), float(np.mean((differences <= SAME).all(axis=-1)))

    def followed(self, predictions):
        """Returns minus the change from the first prediction, in standard deviations."""
        return -np.abs((predictions - predictions[0]) / self.scale).mean(axis=-1)

    def worst(self, predictions, labels, k):
        labels = np.reshape(labels, predictions.shape)
        errors = np.abs((predictions - labels) / self.scale).max(axis=-1)
        return np.argsort(-errors, kind="stable")[:k]

    def linear_model(self):
        from sklearn.linear_model import Ridge

        return "ridge regression", Ridge()

    def nearest_neighbour(self):
        from sklearn.neighbors import KNeighborsRegressor

        return KNeighborsRegressor(1)

    def of_estimator(self, labels):
        return (labels - self.mean) / self.scale

    def logits_of_estimator(self, estimator, features):
        return estimator.predict(features).reshape(-1, self.num_outputs)

    def rows(self, splits):
        functions = {"mean": np.mean, "least": np.min, "greatest": np.max}
        return {
            f"{name}, {what}": [number(function(y[:, i])) for y in splits.values()]
            for i, name in enumerate(self.target_names)
            for what, function in functions.items()
        }

    def figures(self, logits, labels):
        from kzoo.tasks.number_figures import draw_predicted

        predictions = self.predictions(logits)
        yield (
            "predicted.png",
            lambda path: draw_predicted(predictions, labels, self.target_names, path),
        )

    def result(self, metrics):
        return f"test RMSE {number(metrics['test_rmse'])}, R2 {metrics['test_r2']:.4f}"

    def headline(self, metrics):
        return (
            f"R2 {metrics['test_r2']:.3f}, RMSE {number(metrics['test_rmse'])} on "
            f"{metrics['test_examples']:,} test examples"
        )

    def facts(self, metrics):
        of_mean = metrics["test_of_mean"]
        names = {"rmse": "RMSE", "mae": "mean absolute error", "median_error": "median error"}
        errors = {
            f"test {name}": f"{number(metrics[f'test_{key}'])} "
            f"(predicting the mean: {number(of_mean[key])})"
            for key, name in names.items()
        }
        return {
            "test R2": f"{metrics['test_r2']:.4f}",
            **errors,
            "validation R2": f"{metrics['validation_r2']:.4f}",
        }

    def __str__(self):
        return f"{self.num_outputs} number{'s' if self.num_outputs > 1 else ''}"
