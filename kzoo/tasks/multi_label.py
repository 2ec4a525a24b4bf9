"""Several labels for each example, or none."""

import dataclasses
from typing import Annotated

import numpy as np
from annotated_types import MinLen

from kzoo.messages import DataError, listed
from kzoo.tasks.base import Task, Told, shortest
from kzoo.tasks.label_metrics import choose_thresholds, label_metrics, losses, sigmoid
from kzoo.tasks.label_sets import label_sets

LEAST = 1e-6  # probability, for its logarithm
RARE = 10  # examples below which a label is no stratum of its own


@dataclasses.dataclass(frozen=True)
class MultiLabel(Task):
    """Says of each label whether an example has it: a logit and a threshold for each.

    Labels are uint8 `(examples, num_outputs)`, 0 and 1.

    Attributes:
        label_names: List of strings.
        separator: What stands between the labels where they are strings; or None.
        thresholds: List of floats: the probability from which an example has the label, as chosen
            on validation; None is 0.5.
    """

    label_names: list[str]
    separator: str | None = dataclasses.field(default=None, compare=False)
    thresholds: list[float] | None = dataclasses.field(default=None, compare=False)
    name = "multi_label"
    kind = "labels"
    metric = "auc"
    output = "probabilities"
    difference = "largest difference of a probability"
    agreement = "same decisions"
    followed_as = "mean probability of the predicted labels"

    @classmethod
    def learn(cls, labels, targets, /, *, separator: Annotated[str, MinLen(1)] | None = None):
        """Several labels for each example, or none.

        Args:
            labels: Dict from split, training first, to the targets as they stand in the format.
            targets: `Targets`.
            separator: What stands between the labels of an example where they are one text; None
                recognises a semicolon, a vertical bar or a comma.
        """
        names, read, separator = label_sets(labels, targets, separator)
        return cls(names, separator), read, []

    @classmethod
    def misfits(cls, training):
        yield from super().misfits(training)
        if training["class_weight"] is not None:
            given = training["class_weight"]
            yield f"training.class_weight is for classification. Received: {given!r}"

    def chosen(self, logits, labels):
        """Returns the task with the thresholds that give the best F1 on these examples."""
        thresholds = choose_thresholds(self.predictions(logits), labels)
        return dataclasses.replace(self, thresholds=thresholds)

    @property
    def names(self):
        return self.label_names

    @property
    def options(self):
        return {"separator": self.separator}

    def strata(self, labels):
        """Returns for each example its rarest label; those that are rare in all are one."""
        counts = labels.sum(axis=0)
        of_each = np.where(labels > 0, counts, len(labels) + 1)
        strata = np.where(labels.any(axis=1), of_each.argmin(axis=1), -1)
        found, sizes = np.unique(strata, return_counts=True)
        strata[np.isin(strata, found[sizes < RARE])] = -2
        rest = np.count_nonzero(strata == -2)
        return strata if not 0 < rest < RARE else np.where(strata == -2, -1, strata)

    def targets(self, labels):
        import tensorflow as tf

        return tf.cast(labels, "float32")

    def loss(self, label_smoothing):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=label_smoothing)

    def training_metrics(self):
        import keras

        class AUC(keras.metrics.AUC):
            """Keras' takes any share of a label, as in mixed images, for the whole."""

            def update_state(self, y_true, y_pred, sample_weight=None):
                return super().update_state(y_true >= 0.5, y_pred, sample_weight)

        return [
            AUC(name=self.metric, multi_label=True, num_labels=self.num_outputs, from_logits=True)
        ]

    def outputs(self, logits):
        import keras

        sigmoid = keras.layers.Activation("sigmoid", dtype="float32", name=self.output)
        return {"logits": logits, self.output: sigmoid(logits)}

    def predictions(self, logits):
        return sigmoid(logits)

    def logits(self, outputs):
        return outputs["logits"]

    def evaluate(self, logits, labels):
        """Returns a dict of numbers; see `label_metrics`."""
        return label_metrics(logits, labels, self._thresholds, self.label_names)

    @property
    def _thresholds(self):
        return self.thresholds or [0.5] * self.num_outputs

    def decide(self, predictions):
        """Returns 0 or 1 for each example and label."""
        return (predictions >= np.asarray(self._thresholds, predictions.dtype)).astype("uint8")

    def _named(self, row):
        return [name for name, has in zip(self.label_names, row, strict=True) if has]

    def tell(self, prediction, label=None):
        decided = self.decide(prediction)
        told = listed(self._named(decided)) or "no label"
        true = None if label is None else listed(self._named(label)) or "no label"
        is_mistake = label is not None and not np.array_equal(decided, label)
        return Told(told, f"{told}, is {true}" if is_mistake else told, true, is_mistake)

    @property
    def columns(self):
        return ["labels", *(f"probability of {name}" for name in self.label_names)]

    def cells(self, prediction):
        return [(self.separator or ";").join(self._named(self.decide(prediction))), *prediction]

    def as_json(self, prediction):
        by_label = zip(self.label_names, map(shortest, prediction), strict=True)
        return {"labels": self._named(self.decide(prediction)), self.output: dict(by_label)}

    def compare(self, found, expected):
        same_decisions = self.decide(found) == self.decide(expected)
        return float(np.abs(found - expected).max()), float(np.mean(same_decisions))

    def followed(self, predictions):
        has = self.decide(predictions[0]).astype(bool)
        has[predictions[0].argmax()] |= not has.any()
        return predictions[:, has].mean(axis=-1)

    def worst(self, predictions, labels, k):
        labels = np.asarray(labels)
        wrong = np.flatnonzero((self.decide(predictions) != labels).any(axis=-1))
        order = np.argsort(-losses(predictions[wrong], labels[wrong]).mean(axis=-1), kind="stable")
        return wrong[order][:k]

    def without_choices(self):
        return dataclasses.replace(self, thresholds=None)

    def linear_model(self):
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

        return "logistic regression", OneVsRestClassifier(LogisticRegression(max_iter=200))

    def nearest_neighbour(self):
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.neighbors import KNeighborsClassifier

        return OneVsRestClassifier(KNeighborsClassifier(1))

    def logits_of_estimator(self, estimator, features):
        probabilities = estimator.predict_proba(features).clip(LEAST, 1 - LEAST)
        return np.log(probabilities / (1 - probabilities))

    def check_splits(self, splits):
        super().check_splits(splits)
        counts = splits["train"].sum(axis=0)
        same = np.flatnonzero((counts == 0) | (counts == len(splits["train"])))
        if len(same):
            has = "no" if counts[same[0]] == 0 else "every"
            raise DataError(
                f"{has.capitalize()} example of the train split has the label "
                f"{self.label_names[same[0]]!r}; there is nothing to tell apart."
            )

    def rows(self, splits):
        """Returns a dict from label to the number of examples that have it in each split."""
        counts = [y.sum(axis=0, dtype=int) for y in splits.values()]
        return dict(zip(self.label_names, np.stack(counts, axis=1).tolist(), strict=True))

    def warnings(self, splits):
        counts = self.rows(splits)
        for i, split in enumerate(splits):
            if names := [name for name, in_splits in counts.items() if not in_splits[i]]:
                yield f"warning: {split} has no example of {listed(names)}"

    def figures(self, logits, labels):
        from kzoo.tasks.label_figures import draw_labels

        found = self.evaluate(logits, labels)["labels"]
        yield "labels.png", lambda path: draw_labels(found, path)

    def result(self, metrics):
        return (
            f"test F1 {metrics['test_f1_micro']:.4f} (micro), {metrics['test_f1_macro']:.4f} "
            f"(macro), loss {metrics['test_loss']:.4f}"
        )

    def headline(self, metrics):
        return (
            f"micro F1 {metrics['test_f1_micro']:.3f}, all labels right in "
            f"{metrics['test_exact_match']:.1%} of {metrics['test_examples']:,} test examples"
        )

    def facts(self, metrics):
        names = {
            "f1_micro": "F1, all labels together",
            "f1_macro": "F1, mean of the labels",
            "auc": "area under ROC, mean of the labels",
            "exact_match": "all labels right",
            "loss": "loss",
        }
        return {
            **{f"test {name}": f"{metrics[f'test_{key}']:.4f}" for key, name in names.items()},
            "validation area under ROC": f"{metrics['validation_auc']:.4f}",
        }

    def __str__(self):
        return f"{self.num_outputs} labels"
