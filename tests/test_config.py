import inspect
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzoo.config import ConfigError, check, dump, override, parse
from kzoo.training.recipe import REGISTRIES, load_config
from kzoo.types import Fraction, PositiveInt

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))


def reader(path_given, *, rows: PositiveInt = 5, order: Literal["up", "down"] = "up", twist=None):
    """A data set."""


def twist(images, *, angle: float = 0.0, flip: bool = False):
    """A section inside a section."""


def small(input_shape, num_classes, *, units: PositiveInt, dropout: Fraction = 0.0):
    """A model."""


def large(input_shape, num_classes, *, note: str | None = None):
    """Another model."""


def unannotated(rate=0.5, steps=3, name=None, **kwargs):
    """Named and annotated as Keras' optimizers are."""


SCHEMA = {
    "data": reader,
    "data.twist": twist,
    "model": {"small": small, "large": large},
    "rule": {"plain": unannotated},
}
GOOD = {"name": "good", "model": {"name": "small", "units": 2}, "rule": "plain"}


def message(**changes):
    """Returns what `check` says of the good config with other sections."""
    with pytest.raises(ConfigError) as error:
        check({**GOOD, **changes}, SCHEMA, source="file.yaml")
    return str(error.value)


def test_defaults_come_from_the_signatures():
    assert check(GOOD, SCHEMA) == {
        "name": "good",
        "seed": 0,
        "baseline": True,
        "data": {"rows": 5, "order": "up", "twist": {"angle": 0.0, "flip": False}},
        "model": {"name": "small", "units": 2, "dropout": 0.0},
        "rule": {"name": "plain", "rate": 0.5, "steps": 3},
    }


def test_order_is_that_of_the_signature():
    config = check({**GOOD, "model": {"dropout": 0.5, "units": 2, "name": "small"}}, SCHEMA)
    assert list(config["model"]) == ["name", "units", "dropout"]


def test_check_leaves_the_config_as_it_is():
    config = {**GOOD, "data": {"twist": {"flip": True}}}
    before = repr(config)
    check(config, SCHEMA)
    assert repr(config) == before


@pytest.mark.parametrize(
    "changes, expected",
    [
        (
            {"modle": 1},
            "modle is not an argument of a config. Did you mean model?\n"
            "It accepts: name, seed, baseline, data, model, rule.",
        ),
        (
            {"model": {"name": "small", "units": 2, "unit": 3}},
            "model.unit is not an argument of small. Did you mean model.units?\n"
            "It accepts: units, dropout.",
        ),
        (
            {"data": {"xyz": 3}},
            "data.xyz is not an argument of data.\nIt accepts: rows, order, twist.",
        ),
        (
            {"data": {"twist": {"angel": 3}}},
            "data.twist.angel is not an argument of data.twist. Did you mean data.twist.angle?\n"
            "It accepts: angle, flip.",
        ),
        (
            {"data": {"path_given": "x"}},
            "data.path_given is decided by the data and the program. Remove it.",
        ),
        (
            {"model": {"name": "small", "units": 2, "num_classes": 7}},
            "model.num_classes is decided by the data and the program. Remove it.",
        ),
        ({"model": {"name": "small"}}, "model.units is required."),
        ({"model": None}, "model.name is required.\nIt accepts: small, large."),
        ({"model": {"units": 2}}, "model.name is required.\nIt accepts: small, large."),
        (
            {"model": "smal"},
            "model.name cannot be 'smal'. Did you mean small?\nIt accepts: small, large.",
        ),
        ({"model": {"name": [1]}}, "model.name cannot be [1].\nIt accepts: small, large."),
        ({"model": [1]}, "model must be a mapping (key: value). Received: [1]"),
        ({"data": {"twist": 7}}, "data.twist must be a mapping (key: value). Received: 7"),
        ({"data": {"rows": 0}}, "data.rows must be greater than 0. Received: 0"),
        ({"data": {"rows": 2.5}}, "data.rows must be a valid integer. Received: 2.5"),
        ({"data": {"rows": True}}, "data.rows must be a valid integer. Received: True"),
        ({"data": {"rows": "5"}}, "data.rows must be a valid integer. Received: '5'"),
        ({"data": {"order": "left"}}, "data.order must be 'up' or 'down'. Received: 'left'"),
        (
            {"data": {"twist": {"flip": "no"}}},
            "data.twist.flip must be a valid boolean. Received: 'no'",
        ),
        (
            {"model": {"name": "small", "units": 2, "dropout": 1}},
            "model.dropout must be less than 1. Received: 1",
        ),
        (
            {"rule": {"name": "plain", "rate": float("nan")}},
            "rule.rate must be a finite number. Received: nan",
        ),
        (
            {"rule": {"name": "plain", "steps": 0.5}},
            "rule.steps must be a valid integer. Received: 0.5",
        ),
        (
            {"name": "../up"},
            "name must be made of letters, digits, '_', '-' and '.', and not begin with a sign. "
            "Received: '../up'",
        ),
        ({"name": 7}, "name must be a valid string. Received: 7"),
        ({"seed": -1}, "seed must be greater than or equal to 0. Received: -1"),
    ],
)
def test_message(changes, expected):
    assert message(**changes) == f"file.yaml: {expected}"


def test_name_is_required():
    with pytest.raises(ConfigError, match="^config: name is required.$"):
        check({key: value for key, value in GOOD.items() if key != "name"}, SCHEMA)


def test_every_problem_is_told_at_once():
    text = message(seed="x", data={"rows": 0}, model="medium", oops=1)
    assert [line.split(" ")[1] for line in text.splitlines() if line.startswith("file.yaml")] == [
        "oops",
        "seed",
        "data.rows",
        "model.name",
    ]


def test_a_long_value_is_shortened():
    last = message(seed="x" * 1000).splitlines()[-1]
    assert last.endswith("x...") and len(last) < 120


def test_the_first_twenty_problems_are_told():
    """However long a key is."""
    lines = message(**{f"{i}" + "x" * 10_000: 1 for i in range(29)}).splitlines()
    assert len([line for line in lines if "is not an argument of a config" in line]) == 20
    assert lines[-1] == "and 9 more" and max(map(len, lines)) < 200


@pytest.mark.parametrize("value", [[2, -3], (2, -3)])
def test_a_wrong_element_is_named_by_its_place(value):
    def listing(*, sizes: list[PositiveInt] | None = None):
        """A section."""

    with pytest.raises(ConfigError, match="listing"):
        check({"name": "x", "listing": {"size": value}}, {"listing": listing})
    with pytest.raises(ConfigError, match="listing.sizes"):
        check({"name": "x", "listing": {"sizes": value}}, {"listing": listing})


def either(*, weights: Literal["even"] | dict[str | int, PositiveInt] | None = None):
    """A section one key of which accepts several types."""


@pytest.mark.parametrize("value", ["even", {"a": 2, 7: 3}, {}, None])
def test_any_of_several_types(value):
    config = {"name": "x", "either": {"weights": value}}
    assert check(config, {"either": either})["either"] == {"weights": value}


@pytest.mark.parametrize(
    "value, expected",
    [
        ("odd", "weights must be 'even' or a mapping (key: value). Received: 'odd'"),
        ([2], "weights must be 'even' or a mapping (key: value). Received: [2]"),
        ({"a": 2, "b": 0}, "weights.b must be greater than 0. Received: 0"),
        ({"a": "x"}, "weights.a must be a valid integer. Received: 'x'"),
        ({True: 2}, "weights: the key True must be in quotes."),
        ({None: 2}, "weights: the key None must be in quotes."),
    ],
)
def test_none_of_several_types_is_one_sentence(value, expected):
    with pytest.raises(ConfigError) as error:
        check({"name": "x", "either": {"weights": value}}, {"either": either})
    assert str(error.value) == f"config: either.{expected}"


def test_override_makes_what_is_missing_and_leaves_the_rest():
    config = {"model": {"name": "small", "units": 2}, "rule": "plain"}
    changed = override(config, {"model.units": 3, "rule.rate": 0.25, "data.twist.flip": True})
    assert changed == {
        "model": {"name": "small", "units": 3},
        "rule": {"name": "plain", "rate": 0.25},
        "data": {"twist": {"flip": True}},
    }
    assert config == {"model": {"name": "small", "units": 2}, "rule": "plain"}


def test_a_later_override_wins():
    assert override({}, {"a.b": 2, "a": {"c": 3}}) == {"a": {"c": 3}}


@pytest.mark.parametrize("key", ["", ".", ".a", "a."])
def test_override_needs_a_key(key):
    with pytest.raises(ConfigError, match="needs a key such as model.num_heads. Received: "):
        override({}, {key: 1})


def test_override_inside_something_else_than_a_mapping():
    with pytest.raises(ConfigError, match="^x.yaml: seed.a cannot be set: seed is 7, not a map"):
        override({"seed": 7}, {"seed.a": 1}, source="x.yaml")


configs = st.fixed_dictionaries(
    {
        "name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True),
        "model": st.one_of(
            st.fixed_dictionaries(
                {"name": st.just("small"), "units": st.integers(1)},
                optional={"dropout": st.floats(0, 1, exclude_max=True)},
            ),
            st.just("large"),
            st.fixed_dictionaries(
                {"name": st.just("large"), "note": st.none() | st.text(max_size=30)}
            ),
        ),
        "rule": st.fixed_dictionaries(
            {"name": st.just("plain")},
            optional={
                "rate": st.floats(allow_nan=False, allow_infinity=False),
                "steps": st.integers(),
            },
        ),
    },
    optional={
        "seed": st.integers(0, 2**32 - 1),
        "data": st.fixed_dictionaries(
            {},
            optional={
                "rows": st.integers(1),
                "order": st.sampled_from(["up", "down"]),
                "twist": st.none() | st.fixed_dictionaries({}, optional={"flip": st.booleans()}),
            },
        ),
    },
)


@given(configs)
@settings(deadline=None)  # a busy machine is no failure
def test_an_accepted_config_is_not_changed_by_being_written_and_read(config):
    checked = check(config, SCHEMA)
    again = check(parse(dump(checked), "text"), SCHEMA)
    assert again == checked
    assert repr(again) == repr(checked)  # 1 == 1.0 == True, but their types differ


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_recipe(path, tmp_path):
    config = load_config(path)
    assert config["name"] == path.stem
    assert ("model" in config) != ("finetune" in config)
    (tmp_path / "resolved.yaml").write_text(dump(config), encoding="utf-8")
    assert load_config(tmp_path / "resolved.yaml") == config


def test_there_are_recipes():
    assert "digits_cnn_attention.yaml" in [path.name for path in CONFIGS]


def test_every_argument_of_ours_is_annotated():
    """Without an annotation the schema would only know the default's type."""
    functions = [
        f for r in REGISTRIES.values() for f in (r.values() if isinstance(r, dict) else [r])
    ]
    ours = [f for f in functions if getattr(f, "module", f.__module__).startswith("kzoo.")]
    assert len(ours) >= 20
    sections = {key.rpartition(".")[2] for key in REGISTRIES}
    for function in ours:
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is parameter.KEYWORD_ONLY and name not in sections:
                assert parameter.annotation is not parameter.empty, (function, name)


def test_an_option_alone_keeps_the_default_name():
    def train(*, optimizer="adam"): ...

    def adam(learning_rate=0.001, beta_1=0.9): ...

    registries = {"training": train, "training.optimizer": {"adam": adam}}
    config = {"name": "x", "training": {"optimizer": {"learning_rate": 0.5}}}
    checked = check(config, registries)
    expected = {"name": "adam", "learning_rate": 0.5, "beta_1": 0.9}
    assert checked["training"]["optimizer"] == expected


def test_a_key_that_python_keeps_for_itself():
    def start(*, from_: str, times: int = 1): ...

    registries = {"start": start, "other": None}
    checked = check({"name": "x", "start": {"from": "a"}}, registries)
    assert checked == {"name": "x", "seed": 0, "baseline": True, "start": {"from": "a", "times": 1}}
    with pytest.raises(ConfigError, match="start.form is not .*Did you mean start.from"):
        check({"name": "x", "start": {"form": "a"}}, registries)


def test_a_section_that_this_config_goes_without():
    registries = {"small": small, "other": None}
    config = {"name": "x", "small": {"units": 3}}
    assert "other" not in check(config, registries)
    with pytest.raises(ConfigError, match="Did you mean other"):
        check({**config, "othr": 1}, registries)
