"""What is read from the source of a function is what Python says of it once it is imported."""

import inspect
import sys

import pytest

from kzoo.lazy import Lazy
from kzoo.training.recipe import REGISTRIES


def functions():
    for section, registry in REGISTRIES.items():
        named = registry.items() if isinstance(registry, dict) else [("", registry)]
        for name, function in named:
            for part in getattr(function, "functions", [function])[:1]:
                if isinstance(part, Lazy):
                    yield pytest.param(part, id=f"{section} {name}")


def expected_signature(function):
    """That of a function, with the arguments of the one that `**options: other` names."""
    parameters = list(inspect.signature(function).parameters.values())
    other = parameters[-1].annotation if parameters else None
    if inspect.isfunction(other):
        of_other = inspect.signature(other).parameters.values()
        parameters[-1:] = [p for p in of_other if p.kind is p.KEYWORD_ONLY]
    return inspect.Signature(parameters)


@pytest.mark.parametrize("lazy", functions())
def test_signature_and_docstring_are_those_of_the_function(lazy):
    loaded = lazy.load()
    assert inspect.signature(lazy) == expected_signature(loaded)
    if lazy.module.startswith("kzoo."):  # Keras completes its docstrings when it is imported
        assert inspect.getdoc(lazy) == inspect.getdoc(loaded)


def test_a_call_imports_the_function(tmp_path, monkeypatch):
    package = tmp_path / "a_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "double.py").write_text(
        "from typing import Literal as L\n"
        "import no_such_module_is_needed_for_the_signature\n"
        "LARGEST = 7\n"
        "TWICE = 2 * LARGEST\n"
        "def double(x, *, y: L['a', 'b'] = 'a', z=TWICE, **more: float):\n"
        "    'Doubles.'\n"
        "    return 2 * x\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    lazy = Lazy("a_package.double")
    assert str(inspect.signature(lazy)) == (
        "(x, *, y: Literal['a', 'b'] = 'a', z=14, **more: float)"
    )
    assert lazy.__doc__ == "Doubles." and "not imported" in repr(lazy)
    with pytest.raises(ModuleNotFoundError):
        lazy(3)
    monkeypatch.setitem(sys.modules, "no_such_module_is_needed_for_the_signature", package)
    assert lazy(3) == 6


def test_options_that_a_function_hands_on():
    """`**options: other` stands for what `other` takes by name."""
    lstm, other = Lazy("kzoo.models.lstm"), Lazy("kzoo.models.sequence_input")
    parameters = inspect.signature(lstm).parameters
    handed_on = [
        p for p in inspect.signature(other).parameters.values() if p.kind is p.KEYWORD_ONLY
    ]
    assert len(handed_on) == 3 and "options" not in parameters
    assert [parameters[p.name] for p in handed_on] == handed_on
    assert [function.name for function in lstm.functions] == ["lstm", "sequence_input"]


def test_a_class_method():
    learn = Lazy("kzoo.preprocessing.text", "TextPreprocessing.learn")
    parameters = inspect.signature(learn).parameters
    assert list(parameters)[:3] == ["texts", "column", "vocabulary_size"]
    assert parameters["sequence_length"].default == 400
    assert "Learns the most frequent words" in inspect.getdoc(learn)
