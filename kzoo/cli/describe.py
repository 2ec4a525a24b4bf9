"""What `kzoo describe` prints."""

import inspect
import json
import re

from pydantic import TypeAdapter

from kzoo.cli.quiet import import_quietly
from kzoo.cli.tables import print_table
from kzoo.data import DATASETS
from kzoo.messages import listed, nearest
from kzoo.models import MODELS
from kzoo.saved.shipped import NoModelError, find_model, list_saved_models
from kzoo.tasks import LEARN
from kzoo.training.loggers import CALLBACKS
from kzoo.training.recipe import REGISTRIES

SECTIONS = {  # of a recipe, and what may stand in each
    "model": MODELS,
    "data": DATASETS,
    "task": LEARN,
    "training.callbacks": dict(CALLBACKS),
}


def describe(name):
    """Prints what is known of a model function, a data set function, a task or a trained model.

    Raises:
        NoModelError: If there is no such thing.
        LoadError: If a trained model cannot be loaded.
    """
    for section, functions in SECTIONS.items():
        if name in functions:
            return _describe_function(section, name, functions[name])
    try:
        path = find_model(name)
    except NoModelError:
        names = [name for functions in SECTIONS.values() for name in functions]
        hint = nearest(name, [*names, *list_saved_models()])
        raise NoModelError(
            f"There is nothing called {name}.{hint} Give a trained model: a run folder, a .keras "
            f"file, a SavedModel folder, {listed(list_saved_models())};\n"
            f"a model function: {listed(MODELS)}; a data set function: {listed(DATASETS)}; a "
            f"task: {listed(LEARN)}; or a callback: {listed(dict(CALLBACKS))}."
        ) from None
    import_quietly()
    from kzoo.cli.describe_model import describe_model

    describe_model(path)


def _describe_function(section, name, function):
    summary, *rest = inspect.getdoc(function).split("\n\nArgs:")[0].split("\n\n", 1)
    print(f"{name}: {summary}\n")
    print("".join(f"{paragraph}\n\n" for paragraph in rest), end="")
    print_table(
        "Arguments", ["argument", "type", "default", "meaning"], _arguments(section, function)
    )
    written = f"{{name: {name}, ...}}"
    is_list = section == "training.callbacks"
    print(f"In a recipe: {section}: {f'[{written}]' if is_list else written}")


def _arguments(key, function, prefix=""):
    """Yields a row for each argument that a config may set, those of its sections among them."""
    meanings = {
        k: v for part in reversed(function.functions) for k, v in argument_meanings(part).items()
    }
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not parameter.KEYWORD_ONLY:
            continue  # decided by the data
        inner = REGISTRIES.get(f"{key}.{name}")
        kind = "mapping" if inner else type_name(parameter.annotation)
        default = "required" if parameter.default is parameter.empty else _show(parameter.default)
        yield prefix + name, kind, default, meanings.get(name)
        if inner:
            yield from _arguments(f"{key}.{name}", inner, f"{prefix}{name}.")


def argument_meanings(function):
    """Returns a dict from each argument in the `Args` of a docstring to what stands there."""
    section = re.search(r"^Args:\n((?:    .*\n|\n)+)", inspect.getdoc(function) + "\n", re.M)
    if section is None:
        return {}
    entries = re.split(r"^    (?=[\w*])", section[1], flags=re.M)[1:]
    return {name: " ".join(text.split()) for name, _, text in (e.partition(":") for e in entries)}


def type_name(annotation):
    """Returns a type as a reader of YAML says it, as in `"list of integer > 0"`."""
    return _name_schema(TypeAdapter(annotation).json_schema())


def _name_schema(schema):
    if "anyOf" in schema:
        return " or ".join(_name_schema(option) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " or ".join(map(_show, schema.get("enum", [schema.get("const")])))
    kind = schema.get("type", "anything")
    if kind == "array":
        fewest, most = schema.get("minItems"), schema.get("maxItems")
        length = f"{most} times " if most and fewest == most else ""
        return f"list of {length}{_name_schema(schema['items'])}"
    return " ".join(filter(None, [NAMES.get(kind, kind), " and ".join(_bounds(schema))]))


NAMES = {"boolean": "true or false", "string": "text", "object": "mapping"}
BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def _bounds(schema):
    for key, sign in BOUNDS.items():
        if key in schema:
            yield f"{sign} {schema[key]}"


def _show(value):
    """A value as in YAML."""
    return value if isinstance(value, str) else json.dumps(value)
