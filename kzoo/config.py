"""YAML -> a checked config: the function signatures are the schema."""

import inspect
import io
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ConfigDict, StringConstraints, ValidationError, create_model
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from kzoo.paths import expand
from kzoo.suggestion import nearest
from kzoo.types import Seed

RunName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class ConfigError(ValueError):
    """The config or the command line is wrong; the message says where and what is accepted."""


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
        return parse(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        there = [other.stem for other in path.parent.glob("*.yaml")]
        hint = nearest(path.stem, there, suffix=".yaml")
        raise ConfigError(f"There is no file {path}.{hint}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a text file in UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None


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
    try:
        return YAML(typ="safe", pure=True).load(text)
    except DuplicateKeyError as error:
        key = error.problem.split('"')[1]
        line = error.problem_mark.line + 1
        raise ConfigError(f"{source}, line {line}: the key {key} stands there twice.") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{source}, line {line}: this is not YAML: {error.problem}.") from None
    except YAMLError as error:
        raise ConfigError(f"{source} is not YAML: {str(error).splitlines()[0]}.") from None
    except ValueError as error:  # looks like a date and is none
        raise ConfigError(f"{source} is not YAML: {error}.") from None


def parse_overrides(texts):
    """Parses `["model.num_heads=8"]` into `{"model.num_heads": 8}`; a value is YAML."""
    overrides = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set takes KEY=VALUE, as in model.num_heads=8. Received: {text!r}")
        overrides[key] = parse_value(value, f"--set {text}")
    return overrides


def dump(config):
    """Returns a config as YAML text that `read` reads back."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None  # {a: 1} for what holds nothing nested
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 10_000  # no line is broken
    text = io.StringIO()
    yaml.dump(config, text)
    return text.getvalue()


def override(config, overrides, source="config"):
    """Sets dotted keys: `{"model.num_heads": 8}`.

    Args:
        config: Nested dict; it is left as it is.
        overrides: Dict from dotted key to value.
        source: What an error message calls `config`.

    Returns:
        A new nested dict.
    """
    config = dict(config)
    for dotted, value in overrides.items():
        section, _, rest = dotted.partition(".")
        if not section or dotted.endswith("."):
            raise ConfigError(
                f"An override needs a key such as model.num_heads. Received: {dotted!r}"
            )
        if rest:
            inner = config.get(section)
            inner = {"name": inner} if isinstance(inner, str) else {} if inner is None else inner
            if not isinstance(inner, dict):
                raise ConfigError(
                    f"{source}: {dotted} cannot be set: {section} is {show(inner)}, not a mapping."
                )
            value = override(inner, {rest: value}, source)
        config[section] = value
    return config


def check(config, registries, source="config"):
    """Checks a config against the functions it will be handed to, and fills in defaults.

    A section's keys are the keyword-only arguments of its function, or, where a signature has
    none, all its arguments; `from_` stands for the key `from`, which Python keeps for itself. What
    stands before the `*` is decided by the data and the program.

    Args:
        config: Nested dict, as `read` returns it.
        registries: Dict from dotted key (`"model"`, `"training.optimizer"`) to one function, or
            to a dict of functions among which the section's `name` chooses; None for a section
            that this config goes without.
        source: What an error message calls the config: its file.

    Returns:
        A new nested dict with every default written out.

    Raises:
        ConfigError: With a line or two for every key that is wrong.
    """
    sections = [key for key in registries if "." not in key]
    accepted = ["name", "seed", *sections]
    problems = [_unknown(key, "", "a config", accepted) for key in config if key not in accepted]
    general = {key: config[key] for key in ("name", "seed") if key in config}
    resolved = _check_arguments(_general, general, "", registries, problems)
    for section in (key for key in sections if registries[key]):
        resolved[section] = _check_section(config.get(section), section, registries, problems)
    if problems:
        raise ConfigError("\n".join(f"{source}: {problem}" for problem in problems))
    return resolved


def _general(*, name: RunName, seed: Seed = 0):
    """The keys of a config that belong to no section."""


def _check_section(value, key, registries, problems):
    """Checks the section `key`; where a name chooses its function, a bare name may stand for it."""
    choices = registries[key]
    by_name = isinstance(choices, dict)
    if by_name and isinstance(value, str):
        value = {"name": value}
    value = {} if value is None else value
    if not isinstance(value, dict):
        problems.append(f"{key} must be a mapping (key: value). Received: {show(value)}")
        return value
    if not by_name:
        return _check_arguments(choices, value, key, registries, problems)
    name = value.get("name")
    if not isinstance(name, str) or name not in choices:
        wrong = "is required" if name is None else f"cannot be {show(name)}"
        problems.append(
            f"{key}.name {wrong}.{nearest(name, choices)}\nIt accepts: {', '.join(choices)}."
        )
        return value
    arguments = {k: v for k, v in value.items() if k != "name"}
    resolved = _check_arguments(choices[name], arguments, key, registries, problems, name)
    return {"name": name, **resolved}


def _check_arguments(function, values, key, registries, problems, name=None):
    """Checks a mapping against a signature, and the sections inside it."""
    prefix = f"{key}." if key else ""
    decided, parameters = _split_signature(function)
    for k in values:
        if k in decided:
            problems.append(f"{prefix}{k} is decided by the data and the program. Remove it.")
        elif k not in parameters:
            problems.append(_unknown(k, prefix, name or key, parameters))
    flat = {k: p for k, p in parameters.items() if prefix + k not in registries}
    fields = {
        k: (_annotation(p), ... if p.default is p.empty else p.default) for k, p in flat.items()
    }
    schema = create_model(
        "Arguments", __config__=ConfigDict(strict=True, allow_inf_nan=False), **fields
    )
    try:
        resolved = schema.model_validate({k: values[k] for k in flat if k in values}).model_dump()
    except ValidationError as error:
        unions = {k for k, (annotation, _) in fields.items() if _is_union(annotation)}
        problems.extend(_explain(e, prefix) for e in _merge_unions(error.errors(), unions))
        resolved = {}
    for k in parameters.keys() - flat.keys():
        default = parameters[k].default
        value = values.get(k, default)
        if isinstance(value, dict) and isinstance(default, str):
            value = {"name": default, **value}
        resolved[k] = _check_section(value, prefix + k, registries, problems)
    in_order = {k: resolved.get(k) for k in parameters}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in in_order.items()}


def _split_signature(function):
    """Returns the names that the program decides, and the parameters that a config may set."""
    parameters = inspect.signature(function).parameters
    named = {k.removesuffix("_"): p for k, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
    if named:
        return parameters.keys() - named.keys(), named
    plain = {k: p for k, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD}
    return set(), {k: p for k, p in plain.items() if k != "name"}  # Keras' name of an object


def _annotation(parameter):
    """Returns a parameter's type; Keras annotates none, there the default value tells."""
    if parameter.annotation is not parameter.empty:
        return parameter.annotation
    if parameter.default is None or parameter.default is parameter.empty:
        return Any
    return type(parameter.default)


def _is_union(annotation):
    return len([a for a in get_args(annotation) if a is not NoneType]) > 1 and (
        get_origin(annotation) in (Union, UnionType)
    )


def _merge_unions(errors, unions):
    """One finding where pydantic has one for each type that a union accepts."""
    merged = [error for error in errors if error["loc"][0] not in unions]
    for key in unions:
        found = [error for error in errors if error["loc"][0] == key]
        inside = [error for error in found if len(error["loc"]) > 2]
        if inside:  # the value has one of the types, an element of it is wrong
            merged += [{**error, "loc": (key, *error["loc"][2:])} for error in inside]
        elif found:
            kinds = " or ".join(e["msg"].replace("Input should be ", "") for e in found)
            merged.append({**found[0], "loc": (key,), "msg": f"Input should be {kinds}"})
    return merged


def _unknown(key, prefix, owner, accepted):
    return (
        f"{prefix}{key} is not an argument of {owner}.{nearest(key, accepted, prefix)}\n"
        f"It accepts: {', '.join(accepted)}."
    )


def _explain(error, prefix):
    """Turns one of pydantic's findings into a sentence of ours."""
    key = prefix + ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{key} is required."
    if error["type"] == "string_pattern_mismatch":
        must = "must be made of letters, digits, '_', '-' and '.', and not begin with a sign"
    elif error["type"] in ("sequence_str", "is_instance_of"):
        must = "must be a list"
    else:
        must = error["msg"].replace("Input should", "must").replace("Value should", "must")
        must = must.replace(" after validation", "")
        must = must.replace("valid dictionary", "mapping (key: value)")
    return f"{key} {must}. Received: {show(error['input'])}"


def show(value):
    """Returns a value as a message shows it: short, on one line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
