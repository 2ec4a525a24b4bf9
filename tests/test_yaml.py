import os
import random
from pathlib import Path

import pytest

from kzoo.yaml import LARGEST, ConfigError, parse, parse_overrides, read


@pytest.mark.parametrize(
    "text, value",
    [
        ("1e-3", 0.001),
        ("3.0e-3", 0.003),
        ("1_000", 1000),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("null", None),
        ("[2, 3]", [2, 3]),
        ("'7'", "7"),
        ("010", 10),
    ],
)
def test_yaml_1_2(text, value):
    parsed = parse(f"key: {text}", "text")["key"]
    assert parsed == value and type(parsed) is type(value)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", "text is empty. It needs the keys name, data and model."),
        ("# only a comment\n", "text is empty. It needs the keys name, data and model."),
        ("- 1\n- 2", "text must hold a mapping (key: value). Received: [1, 2]"),
        ("words", "text must hold a mapping (key: value). Received: 'words'"),
        ("a: 1\nb: 2\na: 3", "text, line 3: duplicate key: a."),
        ("m:\n  u: 1\n  u: 2", "text, line 3: duplicate key: u."),
        ("a:\n\t- b", "text, line 2: this is not YAML: found character '\\t' that cannot start"),
        ("a: [1, 2", "text, line 1: this is not YAML: expected ',' or ']'"),
        ("a: !python/object:os.system x", "text, line 1: this is not YAML: could not determine"),
        ("---\na: 1\n---\nb: 2", "text, line 3: this is not YAML: but found another document."),
        ("a: \0", "text is not YAML: unacceptable character #x0000"),
        ("a: 2020-13-45", "text is not YAML: month must be in 1..12."),
    ],
)
def test_text_that_is_no_config(text, expected):
    with pytest.raises(ConfigError) as error:
        parse(text, "text")
    assert str(error.value).startswith(expected)


def test_read_names_a_near_file(tmp_path):
    (tmp_path / "digits.yaml").write_text("name: x")
    assert read(tmp_path / "digits.yaml") == {"name": "x"}
    with pytest.raises(ConfigError, match=r"There is no file .*digit.yaml. Did you mean digits.y"):
        read(tmp_path / "digit.yaml")


def test_read_says_why_it_cannot(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: Is a directory."):
        read(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(ConfigError, match="binary.yaml is not a text file in UTF-8."):
        read(tmp_path / "binary.yaml")


def lol(depth, width=9, opening="[", key="a"):
    """A list of aliases of a list of aliases and so on: `width ** depth` values."""
    lines = [f"{key}0: &{key}0 [{', '.join(['x'] * width)}]"]
    for i in range(1, depth):
        inner = ", ".join([f"*{key}{i - 1}"] * width)
        lines.append(f"{key}{i}: &{key}{i} [{inner}]")
    return "\n".join(lines)


MERGED = "a: &a {x: 1}\nb: &b {<<: [*a, *a]}\n" + "".join(
    f"c{i}: &c{i} {{<<: [{', '.join([f'*c{i - 1}' if i else '*b'] * 9)}]}}\n" for i in range(9)
)


@pytest.mark.parametrize("text", [lol(9), MERGED, "a: &a [*a]", "a: &a {b: {c: *a}}"])
def test_aliases_of_aliases_are_not_written_out(text):
    with pytest.raises(ConfigError, match="^text is too large once its aliases"):
        parse(text, "text")


def test_ordinary_aliases_are_fine():
    assert parse("a: &a {x: [1]}\nb: {<<: *a}\nc: *a", "text")["b"] == {"x": [1]}
    assert parse(lol(2), "text")["a1"] == [["x"] * 9] * 9
    assert parse("a: 1  # two * three", "text") == {"a": 1}
    assert parse("a: &a 1\nb: &a 2\nc: *a", "text") == {"a": 1, "b": 2, "c": 2}  # the nearest


@pytest.mark.parametrize(
    "depth, opening, closing", [(3000, "[", "]"), (2000, "{a: ", "}"), (100_000, "- ", "")]
)
def test_nested_too_deeply(depth, opening, closing):
    with pytest.raises(ConfigError, match="^text is nested too deeply.$"):
        parse("a:\n " + opening * depth + closing * depth, "text")


@pytest.mark.parametrize("value", ["!!float x", "!!int x", "!!bool x", "2020-13-45"])
def test_what_the_parser_lets_through_is_one_sentence(value):
    for text in (f"a: {value}", f"{value}: a"):
        with pytest.raises(ConfigError, match="^text is not YAML: ") as error:
            parse(text, "text")
        assert len(str(error.value)) < 400
    with pytest.raises(ConfigError, match="^--set a="):
        parse_overrides([f"a={value}"])


def test_a_file_without_an_end_is_refused(tmp_path):
    with open(tmp_path / "huge.yaml", "wb") as file:
        file.truncate(3_000_000_000)  # takes no room on the disk
    with pytest.raises(ConfigError, match="huge.yaml is too large for a config: 3,000.0 MB. At mo"):
        read(tmp_path / "huge.yaml")
    (tmp_path / "large.yaml").write_text("#" * LARGEST + "\n")
    with pytest.raises(ConfigError, match="large.yaml is too large for a config: 1.0 MB."):
        read(tmp_path / "large.yaml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no devices and pipes")
def test_a_device_or_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path / "pipe.yaml", "/dev/zero"):
        with pytest.raises(ConfigError, match=f"^{path} is not a regular file.$"):
            read(path)


RECIPES = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))
PIECES = ["*", "&a ", "!!int ", "\0", "{", "]", "- ", "? ", ": ", "<<: ", "\t", "%", "|", "\ud800"]


@pytest.mark.parametrize("seed", range(100))
def test_a_damaged_recipe_is_read_or_refused_in_a_sentence(seed):
    draw = random.Random(seed)
    text = draw.choice(RECIPES).read_text(encoding="utf-8")
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(text))
        text = text[:place] + draw.choice(PIECES) + text[place + draw.randint(0, 9) :]
    try:
        parse(text, "text")
    except ConfigError as error:
        assert str(error).startswith("text") and len(str(error).splitlines()) == 1
