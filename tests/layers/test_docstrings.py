import doctest
import importlib
import inspect
import pkgutil

import keras
import numpy as np
import pytest

import kzoo.layers

MODULES = [f"kzoo.layers.{module.name}" for module in pkgutil.iter_modules(kzoo.layers.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    names = {"np": np, "keras": keras, **vars(kzoo.layers)}
    failed, _ = doctest.testmod(importlib.import_module(name), extraglobs=names)
    assert failed == 0


@pytest.mark.parametrize("name", kzoo.layers.__all__)
def test_layers_have_all_sections(name):
    text = inspect.getdoc(getattr(kzoo.layers, name))  # Python 3.13 has taken off the margin
    for section in ["Args", "Call arguments", "Input shape", "Output shape", "Raises", "Example"]:
        assert f"\n{section}:\n" in text
    assert ">>> " in text and "References:\n" in text
