"""One of several classes for each example."""

import dataclasses

import numpy as np

from kzoo.messages import DataError, listed
from kzoo.tasks.class_arrays import array_classes
from kzoo.tasks.class_metrics import classification_metrics, softmax
from kzoo.tasks.class_texts import text_classes


@dataclasses.dataclass(frozen=True)
class Classification:
    """Tells classes apart: a logit for each, cross-entropy, the most probable one.

    Everything that is so because the target is a class is here, and in the files `class_*.py`
    beside it. Labels are integers, the indices into `class_names`.

    Attributes:
        class_names: List of strings.
    """

    class_names: list[str]
    name = "classification"

    @classmethod
    def learn(cls, labels, targets):
        """Finds out what the classes are.

        Args:
            labels: Dict from split, training first, to the targets as they stand in the format.
            targets: `Targets`.

        Returns:
            The task; a dict from split to integer array `(examples,)`; and lines for the report.

        Raises:
            DataError: If they are no classes.
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
    def num_outputs(self):
        """Number of outputs of the head."""
        return len(self.class_names)

    def targets(self, labels):
        """Returns what the loss compares with: one-hot `(batch, num_outputs)`, by TensorFlow."""
        import tensorflow as tf

        return tf.one_hot(labels, self.num_outputs)

    def loss(self, label_smoothing):
        """Returns the Keras loss from logits."""
        import keras

        return keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=label_smoothing
        )

    def training_metrics(self):
        """Returns the Keras metrics that are told after each epoch."""
        import keras

        return [keras.metrics.CategoricalAccuracy(name="accuracy")]

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
        """Returns the outputs of the saved model, a dict of Keras tensors in float32."""
        import keras

        softmax = keras.layers.Activation("softmax", dtype="float32", name="probabilities")
        return {"logits": logits, "probabilities": softmax(logits)}

    def predictions(self, logits):
        """Returns the same of an array of logits: probabilities in float64."""
        return softmax(logits)

    def evaluate(self, logits, labels):
        """Returns a dict of numbers; see `classification_metrics`."""
        return classification_metrics(logits, labels, self.class_names)

    def decide(self, probabilities):
        """Returns the name of the most probable class for each example."""
        return [self.class_names[i] for i in probabilities.argmax(axis=-1)]

    def check_splits(self, splits):
        """Refuses splits that nothing can be learned from or tested on.

        Args:
            splits: Dict from split to integer array.

        Raises:
            DataError: If a split has no example, or training fewer than two classes.
        """
        for name, labels in splits.items():
            if not len(labels):
                raise DataError(f"The {name} split has no example.")
        if len(np.unique(splits["train"])) < 2:
            raise DataError("The train split has one class only; there is nothing to tell apart.")

    def counts(self, splits):
        """Returns a dict from class name to the number of its examples in each split."""
        counts = [np.bincount(y, minlength=self.num_outputs) for y in splits.values()]
        return dict(zip(self.class_names, np.stack(counts, axis=1).tolist(), strict=True))

    def warnings(self, splits):
        """Yields what makes results on these splits doubtful."""
        counts = self.counts(splits)
        for i, split in enumerate(splits):
            if names := [name for name, in_splits in counts.items() if not in_splits[i]]:
                yield f"warning: {split} has no example of {listed(names)}"

    def figures(self, metrics):
        """Yields the name of each figure of the test, and a function that draws it to a path."""
        from kzoo.tasks.confusion_matrix import draw_confusion_matrix

        matrix = metrics["test_confusion_matrix"]
        yield (
            "confusion_matrix.png",
            lambda path: draw_confusion_matrix(matrix, self.class_names, path),
        )

    def result(self, metrics):
        """Returns what the test came to, as the last lines on the terminal say it."""
        return f"test accuracy {metrics['test_accuracy']:.4f}, loss {metrics['test_loss']:.4f}"

    def headline(self, metrics):
        """Returns what the test came to, as the first line of a card says it."""
        examples = sum(of_class["examples"] for of_class in metrics["test_classes"].values())
        return f"{metrics['test_accuracy']:.2%} of {examples:,} test examples right"

    def facts(self, metrics):
        """Returns a dict of what a card tells of the test and the validation."""
        return {
            "test accuracy": f"{metrics['test_accuracy']:.4f}",
            "test loss": f"{metrics['test_loss']:.4f} nats",
            "calibration error": f"{metrics['test_calibration_error']:.4f}",
            "validation accuracy": f"{metrics['validation_accuracy']:.4f}",
        }

    def __str__(self):
        return f"{self.num_outputs} classes"
