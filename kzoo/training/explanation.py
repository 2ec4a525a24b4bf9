"""What `kzoo explain` writes: for given inputs, and for the worst mistakes on the test split."""

import dataclasses
from pathlib import Path

import kzoo.saving
from kzoo.data.batches import evaluation_batches
from kzoo.data.dataset import DataError
from kzoo.data.split import read_examples
from kzoo.deletion import faithfulness
from kzoo.evaluation import most_confident_mistakes, softmax
from kzoo.explain import explain
from kzoo.training.experiment import load_config, load_data_and_core


def write_explanation(model, inputs, directory, *, labels=None, names=None, seed=0):
    """Writes where a model looked, and whether it needs what it looked at.

    Args:
        model: A `Classifier` with attention layers.
        inputs: Raw inputs, as of `model.predict`.
        directory: Folder to write to: what `Explanation.save` writes, and `faithfulness.png`.
        labels: Integers, the true classes; or None.
        names: Strings to name files by; None counts from 1.
        seed: Draws the random orders of `faithfulness`.

    Returns:
        `Explanation` and `Faithfulness`.

    Raises:
        ValueError: If the model has no attention layer, or there is no input.
    """
    explanation = explain(model, inputs, labels, names)
    explanation.save(directory)
    found = faithfulness(model, inputs, seed=seed)
    found.figure().savefig(Path(directory) / "faithfulness.png", dpi=150)
    return explanation, found


def write_worst_mistakes(source, directory, *, k=8, seed=0):
    """Does so for the most confident mistakes of a model on its test split.

    The data is read as the config says; the test split chooses nothing here.

    Args:
        source: A run folder, or the name of a shipped model.
        directory: Folder to write to.
        k: Number of mistakes.
        seed: Draws the random orders of `faithfulness`.

    Returns:
        `Explanation`, named by the places in the test split, and `Faithfulness`.

    Raises:
        DataError: If the data is not there or not that of the model, or there is no mistake.
        ValueError: If there is no such folder or model, or it has no attention layer.
    """
    model = kzoo.saving.load(source)
    config = load_config(kzoo.saving.folder_of(source) / "config.yaml")
    dataset, _ = load_data_and_core(config)
    if dataset.class_names != model.class_names:
        raise DataError(
            f"The data of {config['name']} is not what it was: the model knows the classes "
            f"{', '.join(model.class_names)}. Found: {', '.join(dataset.class_names)}."
        )
    dataset = dataclasses.replace(dataset, preprocessing=model.preprocessing)
    logits = model.core.predict(evaluation_batches(dataset, dataset.test), verbose=0)
    places = most_confident_mistakes(softmax(logits), dataset.test.labels, k)
    if not len(places):
        raise DataError(f"{config['name']} is right on all {len(dataset.test):,} test examples.")
    worst = read_examples(dataset.test, places)
    names = [f"test_{place}" for place in places]
    return write_explanation(
        model, worst.inputs, directory, labels=worst.labels, names=names, seed=seed
    )
