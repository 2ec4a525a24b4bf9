"""Where a model looked, at positions of the input that a person knows."""

import dataclasses
import io
import re
from pathlib import Path

import keras
import numpy as np

from kzoo.explanation.attention import attention_model, on_pixels, received_attention
from kzoo.explanation.example import Example
from kzoo.explanation.records import record_examples
from kzoo.messages import UserError

SHOWN = 8  # examples in one figure
NAME = 40  # characters of a file's name


class ExplainError(UserError, ValueError):
    """A model has no attention to show, or there is nothing to show it on."""

    exit_code = 2


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Where a model looked; in a notebook it shows itself, texts as coloured words.

    Attributes:
        examples: List of `Example`, one for each input.
    """

    examples: list[Example]

    def figure(self):
        """Returns a Matplotlib figure of the first eight examples."""
        from kzoo.explanation.figures import attention_figure

        return attention_figure(self.examples[:SHOWN])

    def save(self, directory):
        """Writes a picture (PNG) and the arrays (NPZ) of each example; all texts as HTML too.

        An `.npz` file has `positions`, `names` and `outputs` (classes and their probabilities, or
        targets and their numbers), and the scores of each layer as `scores_<layer>`; of a record
        also `positions_<part>` and `scores_<layer>_<part>`.

        Args:
            directory: Folder, made where there is none.

        Returns:
            List of the paths that were written.
        """
        from kzoo.explanation.figures import attention_figure
        from kzoo.explanation.html import attention_html

        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        written = []
        for example in self.examples:
            path = directory / f"{example.name}.png"
            attention_figure([example]).savefig(path, dpi=150)
            _save_arrays(example, path.with_suffix(".npz"))
            written += [path, path.with_suffix(".npz")]
        if self.examples[0].kind == "text":
            path = directory / "texts.html"
            page = "<!doctype html>\n<meta charset='utf-8'>\n" + attention_html(self.examples)
            path.write_text(page, encoding="utf-8")
            written.append(path)
        return written

    def _repr_png_(self):
        return None if self.examples[0].kind == "text" else as_png(self.figure())

    def _repr_html_(self):
        if self.examples[0].kind != "text":
            return None
        from kzoo.explanation.html import attention_html

        return attention_html(self.examples[:SHOWN])


def as_png(figure):
    """Returns the bytes of a figure, as a notebook shows it."""
    png = io.BytesIO()
    figure.savefig(png, dpi=100)
    return png.getvalue()


def explain(model, inputs, labels=None, names=None):
    """Shows where a model looked: the scores of its attention layers for given inputs.

    Scores are brought to positions of the input: the pixels of an image, the words of a text, the
    features of a row, the steps of a sequence. Of an attention from all positions to all, they
    are the attention that each receives; scores of segments become those of their elements. See
    `received_attention`.

    Args:
        model: A `TrainedModel` with attention layers, as `kzoo.load` returns it.
        inputs: Raw inputs, as of `model.predict`: images, strings, columns of a table, or arrays.
        labels: What is true, integers or, of a regression, numbers; or None.
        names: Strings to name files by, one for each input; None counts from 1.

    Returns:
        `Explanation`; its `examples` have the arrays, `save(directory)` writes pictures.

    Raises:
        ExplainError: If the model has no attention layer, or there is no input.
        ValueError: If there are not as many labels or names as inputs.

    Example:
    >>> images = np.zeros((1, 100, 60, 1), "uint8")
    >>> explanation = explain(kzoo.load("digits_cnn_attention"), images)
    >>> {name: scores.shape for name, scores in explanation.examples[0].scores.items()}
    {'attention': (4, 8, 8), 'glimpses': (4, 8, 8)}
    """
    x = check_and_preprocess(model, inputs)
    count = _count(x)
    for what, given in (("labels", labels), ("names", names)):
        if given is not None and len(given) != count:
            raise ValueError(f"`{what}` must be {count}, as inputs. Received: {len(given)}")
    received = received_attention(model.core, x)
    task = model.task
    predictions = task.predictions(model.core.predict(x, verbose=0))
    outputs = [dict(zip(task.names, row.tolist(), strict=True)) for row in predictions]
    labels = [None] * count if labels is None else labels
    told = [task.tell(row, label) for row, label in zip(predictions, labels, strict=True)]
    names = _file_names([""] * count if names is None else names)
    if model.preprocessing.kind == "record":
        return Explanation(record_examples(model, inputs, x, received, names, outputs, told))
    kind = model.preprocessing.kind
    raw = _shown(model.preprocessing, inputs, count)
    positions = model.preprocessing.positions(inputs, x)
    if kind == "image":
        received = {name: on_pixels(s, x.shape[1:3]) for name, s in received.items()}
    examples = []
    for i, name in enumerate(names):
        scores = {layer: s[i] for layer, s in received.items()}
        if positions[i]:  # padding is cut off
            scores = {layer: s[:, : len(positions[i])] for layer, s in scores.items()}
        examples.append(Example(name, kind, raw[i], positions[i], scores, outputs[i], told[i]))
    return Explanation(examples)


def check_and_preprocess(model, inputs):
    """Returns what the core takes, or refuses a model without attention and empty inputs."""
    check_attention(model)
    x = model.preprocess(inputs)
    if not _count(x):
        raise ExplainError("explain takes one input or more. Received: none")
    return x


def _count(x):
    return len(keras.tree.flatten(x)[0])


def check_attention(model):
    """Refuses a model without attention."""
    if not hasattr(model, "core") or attention_model(model.core) is None:
        raise ExplainError(
            f"{getattr(model, 'name', model)} has no attention layers to show (layers with "
            "`received`, called with return_attention_scores=True); digits_cnn_attention has some."
        )


def _shown(preprocessing, inputs, count):
    """Returns what is shown of each input beside its positions: an image, a sequence; or None."""
    if preprocessing.kind == "image":
        return [preprocessing.as_raw(np.asarray(image)[None])[0] for image in inputs]
    return preprocessing.as_raw(inputs) if preprocessing.kind == "sequence" else [None] * count


def _file_names(names):
    """Numbers names, so that all differ, and leaves only what any file system takes of them."""
    width = len(str(len(names)))
    plain = [re.sub(r"[^\w.-]+", "_", str(name))[:NAME].strip("._") for name in names]
    return [f"{i:0{width}}{'_' if n else ''}{n}" for i, n in enumerate(plain, start=1)]


def _save_arrays(example, path):
    scores = {f"scores_{layer}": scores for layer, scores in example.scores.items()}
    for part in example.parts:
        scores[f"positions_{part.name}"] = np.array(part.positions or [], "U")
        scores |= {f"scores_{layer}_{part.name}": s for layer, s in part.scores.items()}
    np.savez(
        path,
        positions=np.array(example.positions or [], "U"),
        names=np.array(list(example.outputs), "U"),
        outputs=np.array(list(example.outputs.values())),
        **scores,
    )
