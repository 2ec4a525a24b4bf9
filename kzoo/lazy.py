"""Functions that are imported when they are called: a config is checked without importing Keras.

Their signature, which is the schema of a section of a config, is read from their source.
"""

import ast
import builtins
import functools
import importlib
import importlib.util
import inspect
import operator
from pathlib import Path


class Lazy:
    """Stands for a function or a class, and imports it when it is called.

    It has the signature and the docstring of the function, and knows them without running the
    module: annotations and default values may use what the module imports or defines at its top.
    `**options: other` stands for the keyword-only arguments of another function, to which this
    one hands them on.

    Args:
        module: As in `"kzoo.models.cnn"`.
        name: Of the function, or of a class method with its class: `"Table.learn"`; None is the
            last part of `module`.
    """

    def __init__(self, module, name=None):
        self.module = module
        self.name = name or module.rpartition(".")[2]

    def load(self):
        """Imports the function and returns it."""
        return operator.attrgetter(self.name)(importlib.import_module(self.module))

    def __call__(self, *args, **kwargs):
        return self.load()(*args, **kwargs)

    def __repr__(self):
        return f"<{self.module}.{self.name}, not imported>"

    @functools.cached_property
    def _definition(self):
        name, *inner = self.name.split(".")
        definition = _Names(self.module).definitions[name]
        for name in inner:
            [definition] = [part for part in definition.body if _name(part) == name]
        return definition

    @property
    def __doc__(self):
        return ast.get_docstring(self._definition)

    @property
    def functions(self):
        """The functions whose docstrings tell what the arguments mean: this one and `other`."""
        other = _other(self._arguments, _Names(self.module))
        return [self, other] if other else [self]

    @property
    def _arguments(self):
        definition = self._definition
        if isinstance(definition, ast.ClassDef):
            [definition] = [part for part in definition.body if _name(part) == "__init__"]
        return definition.args

    @functools.cached_property
    def __signature__(self):
        is_method = isinstance(self._definition, ast.ClassDef) or "." in self.name
        return _signature(self._arguments, _Names(self.module), skipped=int(is_method))


def classes_of(package):
    """Returns a `Lazy` for each class that a package imports for its users, by name.

    Args:
        package: As in `"keras.optimizers"`.
    """
    return {
        name: Lazy(part.module, part.names[0].name)
        for name, part in _Names(package).definitions.items()
        if isinstance(part, ast.ImportFrom) and name[0].isupper()
    }


def _signature(arguments, names, skipped):
    """Returns the `inspect.Signature` of parsed arguments, less the first `skipped`."""

    def parameter(argument, kind, default):
        empty = inspect.Parameter.empty
        return inspect.Parameter(
            argument.arg,
            kind,
            default=names.evaluate(default) if default else empty,
            annotation=names.evaluate(argument.annotation) if argument.annotation else empty,
        )

    plain = [(argument, inspect.Parameter.POSITIONAL_ONLY) for argument in arguments.posonlyargs]
    plain += [(argument, inspect.Parameter.POSITIONAL_OR_KEYWORD) for argument in arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
    parameters = [
        parameter(argument, kind, default)
        for (argument, kind), default in zip(plain, defaults, strict=True)
    ][skipped:]
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    parameters += [parameter(a, inspect.Parameter.KEYWORD_ONLY, default) for a, default in named]
    if other := _other(arguments, names):
        of_other = inspect.signature(other).parameters.values()
        parameters += [p for p in of_other if p.kind is p.KEYWORD_ONLY]
    elif arguments.kwarg:
        parameters.append(parameter(arguments.kwarg, inspect.Parameter.VAR_KEYWORD, None))
    return inspect.Signature(parameters)


def _other(arguments, names):
    """Returns the `Lazy` function that `**options: other` names, or None."""
    if arguments.kwarg is None or not isinstance(arguments.kwarg.annotation, ast.Name):
        return None
    name = arguments.kwarg.annotation.id
    part = names.definitions.get(name)
    if not isinstance(part, ast.ImportFrom):
        return None
    is_function = isinstance(_Names(part.module).definitions.get(name), ast.FunctionDef)
    return Lazy(part.module, name) if is_function else None


class _Names(dict):
    """The names at the top of a module, each evaluated when it is asked for."""

    def __init__(self, module):
        super().__init__()
        tree = ast.parse(_source(module))
        self.definitions = {name: part for part in tree.body for name in _bound(part)}

    def evaluate(self, node):
        """Returns the value of an expression."""
        return eval(compile(ast.Expression(node), "<signature>", "eval"), {}, self)

    def __missing__(self, name):
        part = self.definitions.get(name)
        if part is None:
            return getattr(builtins, name)
        if isinstance(part, ast.Assign):
            return self.evaluate(part.value)
        [name] = [alias.name for alias in part.names if name in (alias.asname, alias.name)]
        if part.module.startswith("kzoo."):  # without running it, as it may import Keras
            return _Names(part.module)[name]
        return getattr(importlib.import_module(part.module), name)


def _source(module):
    """Returns the text of a module's file, without importing it or what it lies in."""
    package, *inner = module.split(".")
    folder = Path(importlib.util.find_spec(package).submodule_search_locations[0])
    path = folder.joinpath(*inner)
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return file.read_text(encoding="utf-8")


def _bound(part):
    """Returns the names that a statement at the top of a module binds."""
    if isinstance(part, ast.ImportFrom):
        return [alias.asname or alias.name for alias in part.names]
    if isinstance(part, ast.Assign):
        return [target.id for target in part.targets if isinstance(target, ast.Name)]
    return [_name(part)] if _name(part) else []


def _name(part):
    return getattr(part, "name", None)
