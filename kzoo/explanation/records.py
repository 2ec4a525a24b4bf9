"""Which part of a record a model looked at, and where in it."""

import keras
import numpy as np

from kzoo.explanation.attention import grid_of, on_pixels
from kzoo.explanation.example import Example

REST = "numbers and categories"


def parts_of_records(core, preprocessing, x):
    """Says where the positions of each part lie in those of all.

    Args:
        core: A core that joins, for each part, what a layer called `<part>_tokens` gives.
        preprocessing: `RecordPreprocessing`.
        x: Dict from part to array `(examples, ...)`, pre-processed.

    Returns:
        Dict from part to its slice of the positions, and the rows and columns of an image or the
        number of positions.
    """
    found, start = {}, 0
    for name, part in preprocessing.parts.items():
        count = core.get_layer(f"{name}_tokens").output.shape[1] or x[name].shape[1]
        grid = grid_of(core, count) if part.kind == "image" else (count,)
        found[name] = slice(start, start + count), grid
        start += count
    return found


def record_examples(model, inputs, x, received, names, outputs, told):
    """Returns an `Example` for each record, with one for each of its parts.

    Args:
        model: `TrainedModel` of records.
        inputs: Raw inputs.
        x: What its `preprocess` makes of them.
        received: Dict from layer to array `(examples, heads, positions)`.
        names: List of strings, one for each record; like the next two.
        outputs: List of dicts from the name of an output to its value.
        told: List of `Told`.
    """
    preprocessing = model.preprocessing
    raw = preprocessing.part_inputs(preprocessing.as_raw(inputs))
    positions = preprocessing.positions(inputs, x)
    places = parts_of_records(model.core, preprocessing, x)
    scores = {name: {} for name in places}
    for name, (of_part, grid) in places.items():
        for layer, weights in received.items():
            weights = weights[:, :, of_part]
            if preprocessing.parts[name].kind == "image":
                weights = _over_pixels(weights, grid, x[name].shape[1:3])
            scores[name][layer] = weights
    columns = {name: preprocessing.column_of.get(name, REST) for name in places}
    examples = []
    for i, told_of_one in enumerate(told):
        parts = [
            _part(columns[name], part, raw[name], positions[i][name], scores[name], i)
            for name, part in preprocessing.parts.items()
        ]
        shares = {
            layer: np.stack([_total(part.scores[layer]) for part in parts], axis=1)
            for layer in received
        }
        examples.append(
            Example(
                names[i],
                "record",
                None,
                list(columns.values()),
                shares,
                outputs[i],
                told_of_one,
                parts,
            )
        )
    return examples


def _over_pixels(weights, grid, size):
    """Spreads the weights of an image over its pixels; their total stays."""
    total = weights.sum(axis=2)[..., None, None]
    there = np.where(total > 0, total, 1)
    weights = weights.reshape(*weights.shape[:2], *grid)
    return total * on_pixels(weights / there + (total == 0), size)


def _part(column, part, raw, positions, scores, i):
    """Returns the `Example` of one part of record `i`."""
    scores = {layer: weights[i] for layer, weights in scores.items()}
    if positions:
        scores = {layer: weights[:, : len(positions)] for layer, weights in scores.items()}
    image = keras.ops.convert_to_numpy(raw[i]) if part.kind == "image" else None
    return Example(column, part.kind, image, positions, scores, {}, None)


def _total(scores):
    return scores.reshape(len(scores), -1).sum(axis=1)
