"""A checked config: the function signatures are the schema."""

import inspect
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ConfigDict, StringConstraints, ValidationError, create_model

from kzoo.messages import first_lines, listed, nearest, short, show
from kzoo.types import Seed
from kzoo.yaml import ConfigError, dump, parse, parse_overrides, parse_value, read

__all__ = [
    "ConfigError",
    "check",
    "dump",
    "flat",
    "override",
    "parse",
    "parse_overrides",
    "parse_value",
    "read",
]

RunName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


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


def flat(config, prefix=""):
    """Returns the values of a nested dict by dotted key.

    Example:
    >>> flat({"name": "a", "model": {"units": 8}})
    {'name': 'a', 'model.units': 8}
    """
    found = {}
    for key, value in config.items():
        if isinstance(value, dict) and value:
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def check(config, registries, source="config"):
    """Checks a config against the functions it will be handed to, and fills in defaults.

    A section's keys are the keyword-only arguments of its function, or, where a signature has
    none, all its arguments; `from_` stands for the key `from`, which Python keeps for itself. What
    stands before the `*` is decided by the data and the program.

    Args:
        config: Nested dict, as `read` returns it.
        registries: Dict from dotted key (`"model"`, `"training.optimizer"`) to one function, or
            to a dict of functions among which the section's `name` chooses; None for a section
            that this config goes without. Where the default of the argument is a tuple, the
            section is a list of such sections.
        source: What an error message calls the config: its file.

    Returns:
        A new nested dict with every default written out.

    Raises:
        ConfigError: With a line or two for every key that is wrong.
    """
    sections = [key for key in registries if "." not in key]
    accepted = [*GENERAL, *sections]
    problems = [_unknown(key, "", "a config", accepted) for key in config if key not in accepted]
    general = {key: config[key] for key in GENERAL if key in config}
    resolved = _check_arguments(_general, general, "", registries, problems)
    for section in (key for key in sections if registries[key]):
        resolved[section] = _check_section(config.get(section), section, registries, problems)
    if problems:
        problems = dict.fromkeys(f"{source}: {problem}" for problem in problems)
        raise ConfigError(first_lines(problems))
    return resolved


def _general(*, name: RunName, seed: Seed = 0, baseline: bool = True):
    """The keys of a config that belong to no section."""


GENERAL = list(inspect.signature(_general).parameters)


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
            f"{key}.name {wrong}.{nearest(name, choices)}\nIt accepts: {listed(choices)}."
        )
        return value
    arguments = {k: v for k, v in value.items() if k != "name"}
    resolved = _check_arguments(choices[name], arguments, key, registries, problems, name)
    return {"name": name, **resolved}


def _check_list(values, key, registries, problems):
    """Checks a list of sections, of each of which a name chooses the function."""
    if not isinstance(values, list | tuple):
        problems.append(f"{key} must be a list. Received: {show(values)}")
        return values
    choices = registries[key]
    keys = [f"{key}.{i}" for i in range(len(values))]
    registries = {**registries, **dict.fromkeys(keys, choices)}
    return [
        _check_section(value, key, registries, problems)
        for value, key in zip(values, keys, strict=True)
    ]


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
        if isinstance(default, tuple):
            resolved[k] = _check_list(value, prefix + k, registries, problems)
            continue
        if isinstance(value, dict) and isinstance(default, str | dict):
            name = default if isinstance(default, str) else default["name"]
            value = {"name": name, **value}
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
        f"{prefix}{short(key)} is not an argument of {owner}.{nearest(key, accepted, prefix)}\n"
        f"It accepts: {listed(accepted)}."
    )


def _explain(error, prefix):
    """Turns one of pydantic's findings into a sentence of ours."""
    if "[key]" in error["loc"]:  # of a mapping; text in quotes is always accepted
        return f"{prefix}{error['loc'][0]}: the key {show(error['input'])} must be in quotes."
    key = prefix + ".".join(short(part) for part in error["loc"])
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
