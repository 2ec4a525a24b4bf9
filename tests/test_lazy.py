"""What is read from the source of a function is what Python says of it once it is imported."""

import inspect
import sys

import pytest

from kzoo.lazy import Lazy
from kzoo.training.experiment import REGISTRIES


def functions():
    for section, registry in REGISTRIES.items():
        named = registry.items() if isinstance(registry, dict) else [("", registry)]
        for name, function in named:
            if isinstance(function, Lazy):
                yield pytest.param(function, id=f"{section} {name}")


@pytest.mark.parametrize("lazy", functions())
def test_signature_and_docstring_are_those_of_the_function(lazy):
    loaded = lazy.load()
    assert inspect.signature(lazy) == inspect.signature(loaded)
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
