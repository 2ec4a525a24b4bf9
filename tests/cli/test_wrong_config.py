import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFIG = ("--config", "recipe.yaml")


def recipe(**sections):
    """YAML text of a good recipe with other sections; one that is None is left out."""
    good = {"name": "a", "data": "digits", "model": "cnn_attention", "training": "{epochs: 1}"}
    return "".join(f"{k}: {v}\n" for k, v in {**good, **sections}.items() if v is not None)


def words(text):
    """The text without the frame that typer draws, its white space made equal."""
    return " ".join(re.sub("[╭╮╰╯│─]", " ", text).split())


# what is in recipe.yaml, the rest of the command line, the message
WRONG = {
    "unknown key, top": (
        recipe(modle="cnn"),
        [],
        "recipe.yaml: modle is not an argument of a config. Did you mean model?",
    ),
    "unknown key, model": (
        recipe(model="{name: cnn_attention, num_head: 4}"),
        [],
        "recipe.yaml: model.num_head is not an argument of cnn_attention. "
        "Did you mean model.num_heads? It accepts: filters, ",
    ),
    "unknown key, data": (
        recipe(data="{name: digits, batchsize: 2}"),
        [],
        "recipe.yaml: data.batchsize is not an argument of digits. Did you mean data.batch_size? "
        "It accepts: batch_size, validation, split_seed, folds, fold, augmentation.",
    ),
    "unknown key, augmentation": (
        recipe(data="{name: digits, augmentation: {rotation: 5}}"),
        [],
        "data.augmentation.rotation is not an argument of data.augmentation. "
        "Did you mean data.augmentation.rotate? It accepts: translate, rotate, zoom, crop,",
    ),
    "unknown key, training": (
        recipe(training="{epoch: 2}"),
        [],
        "recipe.yaml: training.epoch is not an argument of training. "
        "Did you mean training.epochs? It accepts: epochs, optimizer, schedule, label_smoothing,",
    ),
    "unknown key, optimizer": (
        recipe(training="{epochs: 1, optimizer: {name: adamw, learning_rte: 1e-3}}"),
        [],
        "training.optimizer.learning_rte is not an argument of adamw. "
        "Did you mean training.optimizer.learning_rate? It accepts: learning_rate, weight_decay,",
    ),
    "unknown key, schedule": (
        recipe(training="{epochs: 1, schedule: {name: one_cycle, warm_up: 0.1}}"),
        [],
        "training.schedule.warm_up is not an argument of one_cycle. "
        "Did you mean training.schedule.warmup? It accepts: warmup, initial.",
    ),
    "unknown key, export": (
        recipe(export="{format: [keras]}"),
        [],
        "export.format is not an argument of export. Did you mean export.formats? "
        "It accepts: formats, tolerance.",
    ),
    "wrong type": (
        recipe(training="{epochs: many}"),
        [],
        "recipe.yaml: training.epochs must be a valid integer. Received: 'many'",
    ),
    "a number in quotes": (
        recipe(training="{epochs: 1, optimizer: {name: adam, learning_rate: '1e-3'}}"),
        [],
        "training.optimizer.learning_rate must be a valid number. Received: '1e-3'",
    ),
    "wrong value": (
        recipe(model="{name: cnn, padding: full}"),
        [],
        "recipe.yaml: model.padding must be 'valid' or 'same'. Received: 'full'",
    ),
    "too small": (
        recipe(data="{name: digits, batch_size: 0}"),
        [],
        "recipe.yaml: data.batch_size must be greater than 0. Received: 0",
    ),
    "too large": (
        recipe(data="{name: digits, validation: 1.5}"),
        [],
        "recipe.yaml: data.validation must be less than 1. Received: 1.5",
    ),
    "seed too large": (
        recipe(seed=2**32),
        [],
        "recipe.yaml: seed must be less than 4294967296. Received: 4294967296",
    ),
    "no elements": (
        recipe(model="{name: cnn_attention, filters: []}"),
        [],
        "recipe.yaml: model.filters must have at least 1 item, not 0. Received: []",
    ),
    "one element for two": (
        recipe(data="{name: tfds, dataset: mnist, image_size: [28]}"),
        [],
        "recipe.yaml: data.image_size must have at least 2 items, not 1. Received: [28]",
    ),
    "text for a list": (
        recipe(export="{formats: keras}"),
        [],
        "recipe.yaml: export.formats must be a list. Received: 'keras'",
    ),
    "one number for a list": (
        recipe(model="{name: cnn_attention, filters: 32}"),
        [],
        "recipe.yaml: model.filters must be a list. Received: 32",
    ),
    "missing key": (recipe(data="{name: csv, path: a.csv}"), [], "data.target is required."),
    "missing section": (
        recipe(model=None),
        [],
        "recipe.yaml: model.name is required. It accepts: cnn, cnn_attention",
    ),
    "unknown model": (
        recipe(model="cnn_atention"),
        [],
        "model.name cannot be 'cnn_atention'. Did you mean cnn_attention? It accepts: cnn,",
    ),
    "unknown data": (
        recipe(data="{name: digit}"),
        [],
        "data.name cannot be 'digit'. Did you mean digits? It accepts: digits, tfds",
    ),
    "unknown optimizer": (
        recipe(training="{epochs: 1, optimizer: adamm}"),
        [],
        "training.optimizer.name cannot be 'adamm'. Did you mean adam? It accepts: adadelta,",
    ),
    "unknown schedule": (
        recipe(training="{epochs: 1, schedule: cosin}"),
        [],
        "training.schedule.name cannot be 'cosin'. Did you mean cosine? "
        "It accepts: constant, cosine, one_cycle.",
    ),
    "unknown format": (
        recipe(export="{formats: [keras, onxx]}"),
        [],
        "export.formats.1 must be 'keras', 'saved_model', 'litert' or 'onnx'. Received: 'onxx'",
    ),
    "negative learning rate": (
        recipe(training="{epochs: 1, optimizer: {name: sgd, learning_rate: -0.5}}"),
        [],
        "training.optimizer: `learning_rate` must be a positive number. Received: -0.5",
    ),
    "an optimizer's argument out of range": (
        recipe(training="{epochs: 1, optimizer: {name: adam, clipnorm: none}}"),
        [],
        "training.optimizer: `clipnorm` must be a positive number. Received: 'none'",
    ),
    "optimizer's arguments that exclude each other": (
        recipe(training="{epochs: 1, optimizer: {name: adam, clipnorm: 1.0, clipvalue: 2.0}}"),
        [],
        "training.optimizer: Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set",
    ),
    "duplicate key": (
        recipe() + "name: b\n",
        [],
        "recipe.yaml, line 5: duplicate key: name.",
    ),
    "empty file": ("", [], "recipe.yaml is empty. It needs the keys name, data and model."),
    "tab": ("model:\n\tname: cnn\n", [], "recipe.yaml, line 2: this is not YAML: found character"),
    "unclosed bracket": (
        recipe(model="{name: cnn"),
        [],
        "recipe.yaml, line 4: this is not YAML: expected ',' or '}'",
    ),
    "no date": (recipe(seed="2020-13-45"), [], "recipe.yaml is not YAML: month must be in 1..12."),
    "not a mapping": (
        "- name: x\n",
        [],
        "recipe.yaml must hold a mapping (key: value). Received: [{'name': 'x'}]",
    ),
    "a section that is no mapping": (
        recipe(training="[1, 2]"),
        [],
        "recipe.yaml: training must be a mapping (key: value). Received: [1, 2]",
    ),
    "a key that the data decides": (
        recipe(model="{name: cnn, num_classes: 10}"),
        [],
        "model.num_classes is decided by the data and the program. Remove it.",
    ),
    "a name that is a path": (
        recipe(name="../a"),
        [],
        "name must be made of letters, digits, '_', '-' and '.', and not begin with a sign. "
        "Received: '../a'",
    ),
    "not UTF-8": (b"name: \xe9\n", [], "recipe.yaml is not a text file in UTF-8."),
    "--set without =": (
        recipe(),
        ["--set", "model.num_heads"],
        "--set takes KEY=VALUE, as in model.num_heads=8. Received: 'model.num_heads'",
    ),
    "--set without a key": (
        recipe(),
        ["--set", "=8"],
        "--set takes KEY=VALUE, as in model.num_heads=8. Received: '=8'",
    ),
    "--set with half a key": (
        recipe(),
        ["--set", "model.=8"],
        "An override needs a key such as model.num_heads. Received: 'model.'",
    ),
    "--set that is not YAML": (
        recipe(),
        ["--set", "model.filters=[1"],
        "--set model.filters=[1, line 1: this is not YAML: expected ',' or ']'",
    ),
    "--set into a number": (
        recipe(seed=7),
        ["--set", "seed.value=8"],
        "recipe.yaml: seed.value cannot be set: seed is 7, not a mapping.",
    ),
    "--set of an unknown key": (
        recipe(),
        ["--set", "model.num_heads=2", "--set", "training.epoch=8"],
        "recipe.yaml: training.epoch is not an argument of training. Did you mean training.epochs?",
    ),
    "unknown option": (recipe(), ["--confg", "x"], "No such option: --confg"),
    "an argument too many": (recipe(), ["recipe.yaml"], "A recipe is given with --config."),
    "images too small": (
        recipe(model="cnn"),
        [],
        "model cnn: Images of 8x8 pixels are too small for 3 convolutions of 3x3 with "
        "padding: valid. Use padding: same, or fewer filters than [32, 64, 64].",
    ),
    "images too small, before it trains": (
        recipe(model="{name: cnn_attention, filters: [2, 2, 2, 2, 2]}"),
        ["--dry-run"],
        "model cnn_attention: Images of 8x8 pixels are too small for",
    ),
    "heads that do not divide": (
        recipe(model="{name: cnn_attention, filters: [5, 7], num_heads: 3}"),
        [],
        "model cnn_attention: The last of filters=[5, 7] does not divide among num_heads=3.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_config_or_command_line(command, tmp_path, case):
    content, arguments, message = WRONG[case]
    content = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "recipe.yaml").write_bytes(content)
    outcome = command(*CONFIG, *arguments)
    assert message in words(outcome.err)
    assert outcome.code == 2
    assert outcome.out == "" and "Traceback" not in outcome.err
    assert len(outcome.err.splitlines()) <= 10
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.yaml"]  # nothing was written


def test_there_are_thirty():
    assert len(WRONG) >= 30


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "--config is missing: a YAML file"),
        (["--config"], "Option '--config' requires an argument"),
        (["--config", "digit.yaml"], "error: There is no file digit.yaml. Did you mean digits.ya"),
        (["--config", "xyz/q.yaml"], "error: There is no file xyz/q.yaml."),
        (["--config", "mnist_cnn_atention"], "Did you mean mnist_cnn_attention? kzoo list sho"),
        (["--config", "digits"], "no recipe of that name. Did you mean digits.yaml? kzoo list"),
        (["--config", "folder"], "error: folder cannot be read: Is a directory."),
    ],
)
def test_no_config(command, tmp_path, arguments, message):
    (tmp_path / "digits.yaml").write_text(recipe())
    (tmp_path / "folder").mkdir()
    outcome = command(*arguments)
    assert message in words(outcome.err) and "Traceback" not in outcome.err
    assert outcome.code == 2 and outcome.out == ""


def test_all_that_is_wrong_is_told_at_once(command, tmp_path):
    text = recipe(model="{name: cnn, unit: 3}", training="{epochs: 0}", seed="-1")
    (tmp_path / "recipe.yaml").write_text(text)
    outcome = command(*CONFIG)
    assert outcome.code == 2
    assert outcome.err == (
        "error: recipe.yaml: seed must be greater than or equal to 0. Received: -1\n"
        "       recipe.yaml: model.unit is not an argument of cnn. Did you mean model.units?\n"
        "       It accepts: filters, kernel_size, units, padding, dropout.\n"
        "       recipe.yaml: training.epochs must be greater than 0. Received: 0\n"
    )
