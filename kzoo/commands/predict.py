"""What `kzoo predict` prints."""

import dataclasses
import itertools
import json

import numpy as np

from kzoo.commands.errors import tell
from kzoo.commands.inputs import stack
from kzoo.config import ConfigError
from kzoo.exported import show_specs, signature_of

BATCH = 32  # inputs that are read before their predictions are printed


def predict(model, inputs):
    """Prints a line of JSON for each input, and on stderr the name of each that is broken.

    Args:
        model: As `kzoo.load` returns it.
        inputs: Iterator of `Input`.

    Returns:
        Whether all inputs were predicted.

    Raises:
        ConfigError: If the model gives no probabilities.
    """
    names = class_names(model)
    complete = True
    for batch in _batches(inputs):
        for found, probabilities in _predict_batch(model, batch):
            if found.problem:
                tell(found.message)
                complete = False
            else:
                print(_line(found.name, names, probabilities), flush=True)
    return complete


def class_names(model):
    """Returns the class names of a model, numbers where it has none.

    Raises:
        ConfigError: If the model gives no probabilities.
    """
    outputs = signature_of(model).outputs
    if not isinstance(outputs, dict) or not {"logits", "probabilities"} <= outputs.keys():
        raise ConfigError(
            "The model must give logits and probabilities, as those of kzoo do. "
            f"This one gives {show_specs(outputs)}."
        )
    numbers = map(str, range(outputs["probabilities"].shape[-1]))
    return list(getattr(model, "class_names", None) or numbers)


def _batches(inputs):
    """Lists of inputs that fit into one array, or of broken ones."""
    for _, alike in itertools.groupby(inputs, key=lambda i: (i.problem, np.shape(i.value))):
        while batch := list(itertools.islice(alike, BATCH)):
            yield batch


def _predict_batch(model, batch):
    """Returns each input with its probabilities, or with its problem and None."""
    import tensorflow as tf

    if batch[0].problem:
        return [(found, None) for found in batch]
    known = {"decoded": True} if hasattr(model, "preprocessing") else {}  # arrays were checked
    try:
        probabilities = model.predict(stack(batch), verbose=0, **known)["probabilities"]
    except (TypeError, ValueError, tf.errors.OpError) as error:
        if len(batch) > 1:  # one of them
            return [result for found in batch for result in _predict_batch(model, [found])]
        return [(dataclasses.replace(batch[0], problem=str(error)), None)]
    return list(zip(batch, probabilities, strict=True))


def _line(name, class_names, probabilities):
    """One object; `str` of a float32 is its shortest form."""
    shown = {c: float(str(p)) for c, p in zip(class_names, probabilities, strict=True)}
    best = class_names[int(np.argmax(probabilities))]
    return json.dumps({"input": name, "class": best, "probabilities": shown}, ensure_ascii=False)
