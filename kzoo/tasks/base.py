"""What every task can say; all that differs between tasks is in its subclasses."""

import dataclasses
from typing import NamedTuple

from kzoo.messages import DataError


class Told(NamedTuple):
    """What a person is told of one prediction.

    Attributes:
        prediction: What was decided, as in `"cat"`.
        caption: The same with how sure it is and, where that is known, what is true.
        label: What is true, or None.
        is_mistake: Whether it was decided wrong; never of a number.
    """

    prediction: str
    caption: str
    label: str | None
    is_mistake: bool


class Task:
    """What is asked of a model.

    A data set holds labels `(examples, ...)`; the loss compares what the core gives with targets
    `(batch, num_outputs)`; the saved model gives predictions `(examples, num_outputs)`, for users
    to read. What the core gives is called logits, whatever the task.

    Attributes:
        name: What a config calls it.
        metric: The metric that is told after each epoch beside the loss; the higher, the better.
        output: Name of the predictions among the outputs of the saved model.
        names: List of strings, one for each output of the head.
        difference: What the first number of `compare` is.
        agreement: What the second one is.
        followed_as: What `followed` gives.
        chosen: Function of the logits and the labels of the validation split to the task with what
            is chosen on them; None where nothing is.
        kind: What these are the names of, as in `"classes"`.
        options: Dict of those arguments of `learn` that a config sets.
    """

    chosen = None

    def __post_init__(self):
        if not isinstance(self.names, list) or not all(isinstance(n, str) for n in self.names):
            raise TypeError(f"The names of a task must be strings. Received: {self.names!r}")

    @classmethod
    def learn(cls, labels, targets, /, **options):
        """Finds out what the targets are.

        Args:
            labels: Dict from split, training first, to the targets as they stand in the format.
            targets: `Targets`.
            **options: What a config sets.

        Returns:
            The task; a dict from split to the labels; and lines for the report.

        Raises:
            DataError: If they are no targets of the task.
        """
        raise NotImplementedError

    def fitted(self, labels):
        """Returns the task with what is learned from the labels of the training split alone."""
        return self

    def get_config(self):
        """Returns what `task_from` makes the task of again; it can be written as JSON."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {"name": self.name, **fields}

    @classmethod
    def misfits(cls, training):
        """Yields a sentence for each argument in a section `training` that the task cannot use."""
        if training["monitor"] not in ("val_loss", f"val_{cls.metric}"):
            yield (
                f"training.monitor must be val_loss or val_{cls.metric} where the task is "
                f"{cls.name}. Received: {training['monitor']}"
            )

    @property
    def num_outputs(self):
        """Number of outputs of the head."""
        return len(self.names)

    def strata(self, labels):
        """Returns integers `(examples,)`, of which splits get equal shares; or None."""
        raise NotImplementedError

    def targets(self, labels):
        """Returns what the loss compares with, by TensorFlow."""
        raise NotImplementedError

    def loss(self, label_smoothing):
        """Returns the Keras loss."""
        raise NotImplementedError

    def training_metrics(self):
        """Returns the Keras metrics that are told after each epoch; the first is `metric`."""
        raise NotImplementedError

    def class_weights(self, class_weight, labels):
        """Returns how much an example counts by its target, or None where all count the same."""
        return None

    def outputs(self, logits):
        """Returns the outputs of the saved model, a dict of Keras tensors in float32."""
        raise NotImplementedError

    def predictions(self, logits):
        """Returns those called `output` in float64, of an array of logits."""
        raise NotImplementedError

    def logits(self, outputs):
        """Returns the logits that these outputs of a saved model, a dict of arrays, come from."""
        raise NotImplementedError

    def evaluate(self, logits, labels):
        """Returns a dict of numbers, lists and dicts, for metrics.json."""
        raise NotImplementedError

    def tell(self, prediction, label=None):
        """Returns the `Told` of one prediction `(num_outputs,)`."""
        raise NotImplementedError

    @property
    def columns(self):
        """Names of the columns that `cells` fills."""
        raise NotImplementedError

    def cells(self, prediction):
        """Returns a list of what a table tells of one prediction."""
        raise NotImplementedError

    def as_json(self, prediction):
        """Returns a dict of what a line of JSON tells of one prediction."""
        raise NotImplementedError

    def compare(self, found, expected):
        """Compares the predictions of a file with those of the model.

        Returns:
            The largest difference, and the share of the decisions on which they agree.
        """
        raise NotImplementedError

    def followed(self, predictions):
        """Returns what is followed as an input is deleted, `(variants,)`, the first being whole."""
        raise NotImplementedError

    def worst(self, predictions, labels, k):
        """Returns the places of the `k` worst predictions, the worst one first."""
        raise NotImplementedError

    def without_choices(self):
        """Returns the task without what was chosen on validation."""
        return self

    def linear_model(self):
        """Returns the name of a linear model of scikit-learn for the task, and the model."""
        raise NotImplementedError

    def nearest_neighbour(self):
        """Returns the model of scikit-learn that predicts what the nearest example has."""
        raise NotImplementedError

    def of_estimator(self, labels):
        """Returns labels as a model of scikit-learn takes them."""
        return labels

    def logits_of_estimator(self, estimator, features):
        """Returns what a trained model of scikit-learn predicts, as logits."""
        raise NotImplementedError

    def check_splits(self, splits):
        """Refuses splits that nothing can be learned from or tested on.

        Args:
            splits: Dict from split to labels.

        Raises:
            DataError: If a split has no example, or there is nothing to learn in training.
        """
        for name, labels in splits.items():
            if not len(labels):
                raise DataError(f"The {name} split has no example.")

    def rows(self, splits):
        """Returns a dict from what is told of the labels to its value in each split."""
        raise NotImplementedError

    def warnings(self, splits):
        """Yields what makes results on these splits doubtful."""
        yield from ()

    def figures(self, logits, labels):
        """Yields the name of each figure of the test, and a function that draws it to a path."""
        raise NotImplementedError

    def result(self, metrics):
        """Returns what the test came to, as the last lines on the terminal say it."""
        raise NotImplementedError

    def headline(self, metrics):
        """Returns what the test came to, as the first line of a card says it."""
        raise NotImplementedError

    def facts(self, metrics):
        """Returns a dict of what a card tells of the test and the validation."""
        raise NotImplementedError


def number(value):
    """Returns a float as a person reads it, with four digits that count."""
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def shortest(value):
    """Returns a float32 as the float that is written with the fewest digits."""
    return float(str(value))
