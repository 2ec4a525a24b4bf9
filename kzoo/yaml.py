"""YAML text in and out: recipes, and the values of --set."""

import io
import itertools
import math
import warnings
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning
from ruamel.yaml.nodes import MappingNode, ScalarNode

from kzoo.messages import UserError, nearest, reason, short, show
from kzoo.paths import expand

LARGEST = 2**20  # bytes of a file, and characters of what its aliases stand for


class ConfigError(UserError, ValueError):
    """The config or the command line is wrong; the message says where and what is accepted."""

    exit_code = 2


def read(path):
    """Reads a YAML file (YAML 1.2: `1e-3` is a number, `no` a string) into a dict.

    Args:
        path: The file.

    Returns:
        The mapping as it stands in the file, not checked yet.

    Raises:
        ConfigError: If there is no such file, it is no YAML, a key stands in it twice, or it
            holds something else than a mapping.
    """
    path = Path(expand(path))
    try:
        return parse(_text(path), str(path))
    except FileNotFoundError:
        there = [other.stem for other in path.parent.glob("*.yaml")]
        hint = nearest(path.stem, there, suffix=".yaml")
        raise ConfigError(f"There is no file {path}.{hint}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a text file in UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None


def _text(path):
    """Returns the text of a file, which has an end: of a device or a pipe nobody knows."""
    if not path.is_file() and not path.is_dir() and path.exists():
        raise ConfigError(f"{path} is not a regular file.")
    with open(path, "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        size = max(len(content), path.stat().st_size)
        raise ConfigError(
            f"{path} is too large for a config: {size / 1e6:,.1f} MB. At most "
            f"{LARGEST / 1e6:.0f} MB are read."
        )
    return content.decode("utf-8")


def parse(text, source):
    """Parses YAML text into a dict; `source` is what an error message calls it."""
    config = parse_value(text, source)
    if config is None:
        raise ConfigError(f"{source} is empty. It needs the keys name, data and model.")
    if not isinstance(config, dict):
        raise ConfigError(f"{source} must hold a mapping (key: value). Received: {show(config)}")
    return config


def parse_value(text, source):
    """Parses YAML text into whatever it holds."""
    yaml = YAML(typ="safe", pure=True)
    try:
        with warnings.catch_warnings(action="ignore", category=ReusedAnchorWarning):
            node = yaml.compose(text) if "*" in text else None
            if node is None or _size(node, {}) <= LARGEST:
                return yaml.load(text)
    except DuplicateKeyError as error:
        key = short(error.problem.split('"')[1])
        line = error.problem_mark.line + 1
        raise ConfigError(f"{source}, line {line}: duplicate key: {key}.") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = reason(error.problem)
        raise ConfigError(f"{source}, line {line}: this is not YAML: {problem}.") from None
    except RecursionError:
        raise ConfigError(f"{source} is nested too deeply.") from None
    except Exception as error:  # ruamel.yaml's own, and what it lets through, as of a wrong date
        raise ConfigError(f"{source} is not YAML: {reason(error)}.") from None
    raise ConfigError(f"{source} is too large once its aliases (*) are written out.")


def _size(node, known):
    """Returns the characters of a YAML node with its aliases written out."""
    if isinstance(node, ScalarNode):
        return 1 + len(node.value)
    if id(node) not in known:
        known[id(node)] = math.inf  # until it is known: it may hold itself
        is_mapping = isinstance(node, MappingNode)
        inner = itertools.chain(*node.value) if is_mapping else node.value
        known[id(node)] = 1 + sum(_size(child, known) for child in inner)
    return known[id(node)]


def parse_overrides(texts):
    """Parses `["model.num_heads=8"]` into `{"model.num_heads": 8}`; a value is YAML."""
    overrides = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(
                f"--set takes KEY=VALUE, as in model.num_heads=8. Received: {show(text)}"
            )
        overrides[key] = parse_value(value, f"--set {short(text)}")
    return overrides


def dump(config):
    """Returns a config as YAML text that `read` reads back."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None  # {a: 1} for what holds nothing nested
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 10_000  # no line is broken
    yaml.representer.add_representer(str, _represent_text)
    text = io.StringIO()
    yaml.dump(config, text)
    return text.getvalue()


def _represent_text(representer, text):
    """Quotes text with the line breaks of Unicode, which would be read as spaces."""
    style = '"' if any(character in text for character in "\x85\u2028\u2029") else None
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)
