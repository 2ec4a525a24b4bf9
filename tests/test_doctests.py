import doctest
import importlib
import pkgutil

import keras
import numpy as np
import pytest

import kzoo

MODULES = [
    module.name
    for module in pkgutil.walk_packages(kzoo.__path__, "kzoo.")
    if not module.name.startswith("kzoo.layers")  # tests/layers runs theirs
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    names = {"np": np, "keras": keras, "kzoo": kzoo, **vars(module)}
    outcome = doctest.testmod(module, extraglobs=names)
    assert outcome.failed == 0


def test_there_are_examples():
    assert "kzoo.explanation.attention" in MODULES and "kzoo.preprocessing.image" in MODULES
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [importlib.import_module(name) for name in MODULES]
    examples = [t for m in modules for t in finder.find(m) if t.examples]
    assert len(examples) >= 3
