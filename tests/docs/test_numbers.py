"""The figures in README and recipes are those that the benchmarks wrote down."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIGS = {path.stem: path.read_text(encoding="utf-8") for path in ROOT.glob("configs/*.yaml")}
NUMBERS = r"\| ([\d,]+) \| ([\d.]+ ± [\d.]+) (?:% )?\((\d+) seeds\) \| (\d+) s \|"
HEADER = re.compile(r"^# (\d+) s of training .*; test accuracy ([\d.]+) % \+- ([\d.]+) over (\d+) ")


@pytest.fixture(scope="module")
def results():
    """Dict from recipe to parameters, accuracy, number of seeds and seconds of training."""
    configs = [f"configs/{name}.yaml" for name in CONFIGS]
    command = [sys.executable, "benchmarks/zoo.py", *configs, "--seeds", "0"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = re.findall(rf"^\| (\w+) {NUMBERS}", printed, re.M)
    return {name: tuple(numbers) for name, *numbers in found}


def test_the_table_of_the_readme(results):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(rf"^\| `(\w+)`[^|]*{NUMBERS}$", text, re.M)
    assert len(rows) >= 10
    assert {name: tuple(numbers) for name, *numbers in rows}.items() <= results.items()


@pytest.mark.parametrize("name", CONFIGS)
def test_the_header_of_a_recipe(results, name):
    first, second = CONFIGS[name].splitlines()[:2]
    assert first == f"# python train.py --config configs/{name}.yaml"
    if header := HEADER.match(second):
        seconds, mean, spread, seeds = header.groups()
        assert results[name][1:] == (f"{mean} ± {spread}", seeds, seconds)
