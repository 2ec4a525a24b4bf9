"""What `kzoo predict` prints or writes."""

import contextlib
import csv
import sys

import numpy as np

from kzoo.cli.errors import tell
from kzoo.cli.readers import Batch, Broken
from kzoo.config import ConfigError
from kzoo.data.lengths import batches_of_like_length
from kzoo.messages import as_json
from kzoo.saved.trained_model import TrainedModel
from kzoo.training.evaluate import task_of

PART = 1024  # inputs whose predictions are written at a time
SIZES = {"image": 64, "table": 1024, "text": 128}  # of the batches that are the fastest
SIZE = 64  # of all others


def predict(model, inputs, out=None):
    """Predicts inputs as they are read; on stderr it names each that is broken.

    Args:
        model: As `kzoo.load` returns it.
        inputs: Iterator of `Batch` and `Broken`.
        out: `Path` of a `.csv` or `.jsonl` file to write; None prints lines of JSON.

    Returns:
        Whether all inputs were predicted.

    Raises:
        ConfigError: If the model gives no predictions.
    """
    task = task_of(model)
    complete = True
    with _writer(out, task) as write, _progress(out) as advance:
        for found in _parts(inputs):
            for result in _predicted(model, found):
                if isinstance(result, Broken):
                    tell(result.message)
                    complete = False
                else:
                    write(*result)
                    advance(len(result[0]))
    return complete


def check_out(out):
    """Refuses a file that exists, or of which one cannot tell the format.

    Raises:
        ConfigError: If it cannot be written.
    """
    if out is None:
        return
    if out.suffix.lower() not in WRITERS:
        raise ConfigError(f"--out takes a file of {' or '.join(WRITERS)}. Received: {out}")
    if out.exists():
        raise ConfigError(f"{out} exists. Choose another name, or remove it.")
    if not out.parent.is_dir():
        raise ConfigError(f"There is no folder {out.parent} to write {out.name} to.")


def _parts(inputs):
    """Cuts large batches, as of a file of arrays, into pieces."""
    for found in inputs:
        if isinstance(found, Broken):
            yield found
        else:
            yield from (found.part(i, i + PART) for i in range(0, len(found), PART))


def _predicted(model, found):
    """Yields the names of inputs with their predictions, and those that the model refuses."""
    import tensorflow as tf

    if isinstance(found, Broken):
        yield found
        return
    try:
        predictions = _predictions(model, found.values)
    except (TypeError, ValueError, tf.errors.OpError) as error:
        if len(found) == 1:
            yield Broken(found.names[0], str(error))
            return
        half = len(found) // 2
        for part in (found.part(0, half), found.part(half, None)):
            yield from _predicted(model, part)
        return
    yield found.names, predictions


def _predictions(model, values):
    """Returns the predictions, an array `(inputs, num_outputs)`, for the values of a `Batch`."""
    alike = isinstance(values, dict) or len({np.shape(value) for value in values}) == 1
    if isinstance(model, TrainedModel):
        x = model.preprocess(_as_array(values) if alike else values)
        return model.task.predictions(_logits(model, x)).astype("float32")
    known = {"decoded": True} if hasattr(model, "preprocessing") else {}  # arrays were checked
    batch = Batch(range(_count(values)), values)
    size = SIZE if alike else 1
    parts = (batch.part(i, i + size).values for i in range(0, len(batch), size))
    output = task_of(model).output
    found = [model.predict(_as_array(part), verbose=0, **known)[output] for part in parts]
    return np.concatenate(found)


def _logits(model, x):
    """Returns the logits of pre-processed inputs; texts of like lengths are computed together."""
    preprocessing = model.preprocessing
    size = SIZES.get(preprocessing.kind, SIZE)
    if isinstance(x, dict):
        return model.core.predict(x, batch_size=size, verbose=0)
    logits = np.empty((len(x), model.task.num_outputs), "float32")
    lengths = preprocessing.lengths(x)
    lengths = None if lengths is None else np.asarray(lengths)
    for places, batch in batches_of_like_length(x, size, lengths):
        logits[places] = model.core.predict_on_batch(batch)
    return logits


def _count(values):
    return len(next(iter(values.values()))) if isinstance(values, dict) else len(values)


def _as_array(values):
    """Returns a list of images of one size as one array."""
    is_images = isinstance(values, list) and not isinstance(values[0], str)
    return np.stack(values) if is_images else values


def _csv(file, task):
    """Returns a function that writes a row for each input."""
    writer = csv.writer(file)
    writer.writerow(["input", *task.columns])

    def write(names, predictions):
        for name, prediction in zip(names, predictions, strict=True):
            writer.writerow([name, *task.cells(prediction)])

    return write


def _json_lines(file, task):
    """Returns a function that writes a line of JSON for each input."""

    def write(names, predictions):
        for name, prediction in zip(names, predictions, strict=True):
            print(as_json({"input": name, **task.as_json(prediction)}), file=file)
        file.flush()

    return write


WRITERS = {".csv": _csv, ".jsonl": _json_lines}


@contextlib.contextmanager
def _writer(out, task):
    if out is None:
        yield _json_lines(sys.stdout, task)
        return
    try:
        with open(out, "x", newline="", encoding="utf-8") as file:
            yield WRITERS[out.suffix.lower()](file, task)
    except OSError as error:
        error.filename = error.filename or out  # of a full disk it has none
        if not out.stat().st_size:
            out.unlink()
        raise


@contextlib.contextmanager
def _progress(out):
    """Shows on a terminal how many inputs are predicted, unless the predictions appear there."""
    if not sys.stderr.isatty() or (out is None and sys.stdout.isatty()):
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.completed:,} predicted"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)
        yield lambda count: progress.advance(task, count)
