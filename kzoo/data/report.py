"""What a data set holds, and what is wrong with it, before it is trained on."""

import numpy as np

from kzoo.data.dataset import Stream
from kzoo.messages import harmless, listed, short
from kzoo.preprocessing.text import UNKNOWN

SHOWN = 30  # classes that are listed one by one, or other lines
TEXTS = 1000  # in which unknown words are counted
MANY = 0.3  # a share of unknown words
SPLITS = ("train", "validation", "test")


def report(dataset):
    """Describes a data set and warns of what makes its results doubtful.

    Args:
        dataset: `Dataset`.

    Returns:
        Text of a few lines: what the task tells of its labels in each split; shapes, sizes or
        lengths; what was chosen in reading; and a warning of what a split lacks, as of a class,
        and of examples that stand in two splits.

    Raises:
        DataError: If a split has no example, or there is nothing to learn in training.
    """
    splits = {name: getattr(dataset, name) for name in SPLITS}
    labels = {name: split.labels for name, split in splits.items()}
    dataset.task.check_splits(labels)
    shapes = dataset.preprocessing.example_shape
    if isinstance(shapes, dict):
        shape = listed(f"{name} {_show_shape(shape)}" for name, shape in shapes.items())
    else:
        shape = _show_shape(shapes)
    lines = [
        *_label_lines(labels, dataset.task.rows(labels)),
        f"an example: {_describe_inputs(dataset.train)}; the model reads {shape}",
        *dataset.notes,
        *_unknown_words(dataset),
        *dataset.task.warnings(labels),
        *_shared_examples(splits),
    ]
    return harmless("\n".join(lines)) + "\n"


def _show_shape(shape):
    return " x ".join("any" if size is None else str(size) for size in shape)


def _label_lines(labels, told):
    rows = [("", *SPLITS), ("examples", *map(len, labels.values()))]
    rows += [(short(name), *values) for name, values in list(told.items())[:SHOWN]]
    width = min(40, max(len(row[0]) for row in rows))
    lines = [
        f"{name[:width]:<{width}}" + "".join(f"{_show(value):>12}" for value in values)
        for name, *values in rows
    ]
    if len(told) > SHOWN:
        lines.append(f"and {len(told) - SHOWN} more")
    return lines


def _show(value):
    return value if isinstance(value, str) else f"{value:,}"


def _describe_inputs(examples):
    if isinstance(examples, Stream):
        return "read from disk in every epoch"
    inputs = examples.inputs
    if isinstance(inputs, dict):
        return f"{len(inputs)} columns"
    first = inputs[0]
    if isinstance(first, str | bytes):
        lengths = np.fromiter(map(len, inputs), int, len(inputs))
        return (
            f"text of {lengths.min():,} to {lengths.max():,} characters, "
            f"half of them up to {int(np.median(lengths)):,}"
        )
    if inputs.dtype == object:
        return f"{first.dtype} of different shapes, the first {first.shape}"
    return f"{inputs.dtype} of the shape {inputs.shape[1:]}"


def _unknown_words(dataset):
    """Yields the share of words that did not occur in training, of texts."""
    if dataset.preprocessing.kind != "text":
        return
    ids = np.asarray(dataset.preprocessing(dataset.validation.inputs[:TEXTS]))
    share = (ids == UNKNOWN).sum() / np.count_nonzero(ids)
    line = f"unknown words in validation: {share:.1%}"
    if share > MANY:
        line = f"warning: {line}; a larger data.text.vocabulary_size or split: characters may help"
    yield line


def _shared_examples(splits):
    found = {name: _digests(split) for name, split in splits.items()}
    for one, other in (("validation", "train"), ("test", "train"), ("test", "validation")):
        if found[one] is None or found[other] is None:
            continue
        shared = np.isin(found[one], found[other]).sum()
        if shared:
            yield (
                f"warning: {shared:,} of the {len(splits[one]):,} examples of {one} are in "
                f"{other} too"
            )


def _digests(examples):
    """Returns a hash of each raw input, or None where they would have to be read from disk."""
    if isinstance(examples, Stream):
        return examples.digests
    inputs = examples.inputs
    if isinstance(inputs, dict):
        rows = zip(*(_cells(column) for column in inputs.values()), strict=True)
    elif isinstance(inputs[0], str | bytes):
        rows = inputs
    else:
        rows = (array.tobytes() for array in inputs)
    return np.fromiter(map(hash, rows), "int64", len(examples))


def _cells(column):
    """The values of a column so that those that are equal, NaN too, have equal hashes."""
    if column.ndim > 1:  # images
        return [array.tobytes() for array in column]
    return column if column.dtype == object else column.astype("float64").view("int64").tolist()
