"""What `kzoo explain` writes and prints."""

import re
from pathlib import Path

from kzoo.cli.errors import tell
from kzoo.cli.inputs import joined, read_inputs
from kzoo.cli.readers import Broken
from kzoo.data.split import read_examples
from kzoo.explanation.explain import check_attention, explain
from kzoo.explanation.faithfulness import faithfulness
from kzoo.messages import DataError, harmless
from kzoo.saved.load import load
from kzoo.saved.shipped import find_model
from kzoo.training.evaluate import load_run_data, predict_test_split
from kzoo.training.run_folder import check_folder, create_folder


def explain_inputs(source, inputs, directory, text=False, delimiter=None, encoding="utf-8"):
    """Explains the inputs that stand on the command line.

    Args:
        source: What `kzoo.load` takes.
        inputs: Strings, as `read_inputs` takes them.
        directory: Folder to write to: what `Explanation.save` writes, and `faithfulness.png`;
            None is `explanation`, or, where that exists, `explanation-2` and so on.
        text: Whether the inputs are texts.
        delimiter: What stands between the fields of CSV; None recognises it.
        encoding: What files of CSV and text are written in.

    Returns:
        Whether all inputs could be read; the others are named on stderr.

    Raises:
        ExplainError: If the model has no attention.
    """
    check_folder(directory)
    model = load(source)
    check_attention(model)
    found = list(read_inputs(model, inputs, text, delimiter, encoding))
    broken = [one for one in found if isinstance(one, Broken)]
    for one in broken:
        tell(one.message)
    if batches := [one for one in found if not isinstance(one, Broken)]:
        batch = joined(batches)
        names = batch.names if text else list(map(_without_suffix, batch.names))
        _write(model, batch.values, directory, names=names)
    return not broken


def explain_mistakes(source, directory, count, config=None, overrides=None):
    """Explains the worst mistakes of a model on its test split, which chooses nothing.

    Args:
        source: What `kzoo.load` takes.
        directory: As of `explain_inputs`.
        count: Number of mistakes.
        config: YAML file that names the data; None takes the one in the run folder.
        overrides: Dict from dotted key to value.

    Raises:
        ConfigError: If the config is wrong, or names data that the model is not for.
        DataError: If the data cannot be had, or there is no mistake.
        ExplainError: If the model has no attention.
    """
    check_folder(directory)
    path = find_model(source)
    model = load(path)
    check_attention(model)
    dataset = load_run_data(source, path, model, config, overrides)
    predictions = dataset.task.predictions(predict_test_split(source, model, dataset))
    places = dataset.task.worst(predictions, dataset.test.labels, count)
    if not len(places):
        raise DataError(
            f"{source} is right on all {len(dataset.test):,} test examples. Name inputs to explain."
        )
    if len(places) < count:
        tell(f"{source} makes no more mistakes than these: {len(places)}", "note")
    worst = read_examples(dataset.test, places)
    names = [f"test_{place}" for place in places]
    _write(model, worst.inputs, directory, labels=worst.labels, names=names)


def _without_suffix(name):
    """`"folder/rows.csv:12"` without folder and suffix, but with the line."""
    return re.sub(r"\.\w+(?=$|[:\[])", "", Path(name).name)


def _write(model, inputs, directory, **options):
    explanation = explain(model, inputs, **options)
    found = faithfulness(model, inputs)
    directory = create_folder(directory, Path("explanation"))
    explanation.save(directory)
    found.figure().savefig(Path(directory) / "faithfulness.png", dpi=150)
    for example in explanation.examples:
        print(harmless(f"{example.name}: {example.caption}"))
    print(found)
    print("(above 0: the model needs what it looks at; 0: chance; the more examples, the surer)")
    page = "texts.html, " if explanation.examples[0].kind == "text" else ""
    print(f"{directory}: a picture and the arrays of each, {page}faithfulness.png")
