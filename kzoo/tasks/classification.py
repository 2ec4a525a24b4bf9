"""One of several classes for each example."""

import dataclasses

import numpy as np

from kzoo.messages import DataError, listed
from kzoo.tasks.base import Task, Told, shortest
from kzoo.tasks.class_arrays import array_classes
from kzoo.tasks.class_metrics import classification_metrics, softmax
from kzoo.tasks.class_texts import text_classes

LEAST = 1e-6  # probability, for its logarithm


@dataclasses.dataclass(frozen=True)
class Classification(Task):
    """Tells classes apart: a logit for each, cross-entropy, the most probable one.

    Everything that is so because the target is a class is here, and in the files `class_*.py`
    beside it. Labels are integers, the indices into `class_names`.

    Attributes:
        class_names: List of strings.
    """

    class_names: list[str]
    name = "classification"
    kind = "classes"
    metric = "accuracy"
    output = "probabilities"
    difference = "largest difference of a probability"
    agreement = "same class"
    followed_as = "probability of the predicted class"
    options = {}

    @classmethod
    def learn(cls, labels, targets, /):
        """One of several classes for each example.

        Args:
            labels: Dict from split, training first, to the targets as they stand in the format.
            targets: `Targets`.
        """
        if isinstance(targets.class_names, list):
            found = targets.class_names, [y.astype("int32") for y in labels.values()], []
        elif labels["train"].dtype == object:
            found = text_classes(labels, targets)
        else:
            found = array_classes(labels, targets)
        names, indices, notes = found
        return cls(names), dict(zip(labels, indices, strict=True)), notes

    @property
    def names(self):
        return self.class_names

    def strata(self, labels):
        return labels

    def targets(self, labels):
        import tensorflow as tf

        return tf.one_hot(labels, self.num_outputs)

    def loss(self, label_smoothing):
        import keras

        return keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=label_smoothing
        )

    def training_metrics(self):
        import keras

        return [keras.metrics.CategoricalAccuracy(name=self.metric)]

    def class_weights(self, class_weight, labels):
        """Returns how much an example of each class counts in training.

        Args:
            class_weight: `"balanced"`, which gives all classes the same sum and an example the
                mean weight 1: examples / (classes * examples of the class); a dict from class
                name to weight, 1 for a class that is not in it; or None.
            labels: Integer array `(examples,)` of the training split.

        Returns:
            Array of float32 `(num_outputs,)`, or None where no example counts more than another.
        """
        if class_weight is None:
            return None
        if class_weight == "balanced":
            counts = np.bincount(labels, minlength=self.num_outputs)
            present = np.count_nonzero(counts)
            return (len(labels) / (present * np.maximum(1, counts))).astype("float32")
        return np.array([class_weight.get(name, 1.0) for name in self.class_names], "float32")

    def outputs(self, logits):
        import keras

        softmax = keras.layers.Activation("softmax", dtype="float32", name=self.output)
        return {"logits": logits, self.output: softmax(logits)}

    def predictions(self, logits):
        return softmax(logits)

    def logits(self, outputs):
        return outputs["logits"]

    def evaluate(self, logits, labels):
        """Returns a dict of numbers; see `classification_metrics`."""
        return classification_metrics(logits, labels, self.class_names)

    def decide(self, probabilities):
        """Returns the name of the most probable class for each example."""
        return [self.class_names[i] for i in probabilities.argmax(axis=-1)]

    def tell(self, prediction, label=None):
        best = int(prediction.argmax())
        name, true = self.class_names[best], None if label is None else self.class_names[label]
        is_mistake = true not in (None, name)
        caption = f"{name} ({prediction[best]:.0%})" + (f", is {true}" if is_mistake else "")
        return Told(name, caption, true, is_mistake)

    @property
    def columns(self):
        return ["class", *(f"probability of {name}" for name in self.class_names)]

    def cells(self, prediction):
        return [*self.decide(prediction[None]), *prediction]

    def as_json(self, prediction):
        by_class = zip(self.class_names, map(shortest, prediction), strict=True)
        return {"class": self.decide(prediction[None])[0], self.output: dict(by_class)}

    def compare(self, found, expected):
        same_class = found.argmax(axis=-1) == expected.argmax(axis=-1)
        return float(np.abs(found - expected).max()), float(np.mean(same_class))

    def followed(self, predictions):
        return predictions[:, predictions[0].argmax()]

    def worst(self, predictions, labels, k):
        """Returns the places of the `k` wrong predictions with the highest probabilities.

        Example:
        >>> probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]])
        >>> Classification(["cat", "dog"]).worst(probabilities, [0, 1, 0, 0], k=2)
        array([3, 2])
        """
        wrong = np.flatnonzero(predictions.argmax(axis=1) != np.asarray(labels))
        return wrong[np.argsort(-predictions[wrong].max(axis=1), kind="stable")][:k]

    def linear_model(self):
        from sklearn.linear_model import LogisticRegression

        return "logistic regression", LogisticRegression(max_iter=200)

    def nearest_neighbour(self):
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier(1)

    def logits_of_estimator(self, estimator, features):
        probabilities = np.full((features.shape[0], self.num_outputs), LEAST)
        probabilities[:, estimator.classes_] = estimator.predict_proba(features)
        return np.log(np.maximum(probabilities, LEAST))

    def check_splits(self, splits):
        super().check_splits(splits)
        if len(np.unique(splits["train"])) < 2:
            raise DataError("The train split has one class only; there is nothing to tell apart.")

    def rows(self, splits):
        """Returns a dict from class name to the number of its examples in each split."""
        counts = [np.bincount(y, minlength=self.num_outputs) for y in splits.values()]
        return dict(zip(self.class_names, np.stack(counts, axis=1).tolist(), strict=True))

    def warnings(self, splits):
        counts = self.rows(splits)
        for i, split in enumerate(splits):
            if names := [name for name, in_splits in counts.items() if not in_splits[i]]:
                yield f"warning: {split} has no example of {listed(names)}"

    def figures(self, logits, labels):
        from kzoo.tasks.confusion_matrix import draw_confusion_matrix

        matrix = self.evaluate(logits, labels)["confusion_matrix"]
        yield (
            "confusion_matrix.png",
            lambda path: draw_confusion_matrix(matrix, self.class_names, path),
        )

    def result(self, metrics):
        return f"test accuracy {metrics['test_accuracy']:.4f}, loss {metrics['test_loss']:.4f}"

    def headline(self, metrics):
        examples = sum(of_class["examples"] for of_class in metrics["test_classes"].values())
        return f"{metrics['test_accuracy']:.2%} of {examples:,} test examples right"

    def facts(self, metrics):
        return {
            "test accuracy": f"{metrics['test_accuracy']:.4f}",
            "test loss": f"{metrics['test_loss']:.4f} nats",
            "calibration error": f"{metrics['test_calibration_error']:.4f}",
            "validation accuracy": f"{metrics['validation_accuracy']:.4f}",
        }

    def __str__(self):
        return f"{self.num_outputs} classes"
