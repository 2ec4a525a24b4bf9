"""The figures in README and recipes are those that the benchmarks wrote down."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import kzoo
from kzoo.saved.shipped import shipped_folder

ROOT = Path(__file__).parents[2]
CONFIGS = {path.stem: path.read_text(encoding="utf-8") for path in ROOT.glob("configs/*.yaml")}
NUMBERS = r"\| ([\d,]+) \| ([\d.]+ ± [\d.]+) (?:% )?\((\d+) seeds\) \| (\d+) s \|"
PAIRS = [
    ("mnist_cnn_attention", "mnist_cnn"),
    ("mnist_lstm_attention", "mnist_lstm"),
    ("digits_cnn_attention", "digits_cnn"),
    ("imdb_lstm_attention", "imdb_lstm"),
    ("imdb_segment_attention_lstm", "imdb_lstm_small"),
]
HEADER = re.compile(r"^# (\d+) s of training .*; test accuracy ([\d.]+) % \+- ([\d.]+) over (\d+) ")


def printed_by(*command):
    command = [sys.executable, *command]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def results():
    """Dict from recipe to parameters, accuracy, number of seeds and seconds of training."""
    others = (ROOT / "benchmarks" / "results" / "recipes.csv").read_text(encoding="utf-8")
    configs = [f"configs/{name}.yaml" for name in CONFIGS if f"\n{name}," not in others]
    printed = printed_by("benchmarks/zoo.py", *configs, "--seeds", "0")
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


@pytest.mark.parametrize("name", kzoo.list_saved_models())
def test_the_result_over_the_seeds_in_a_card(results, name):
    _, accuracy, seeds, _ = results[name]
    card = (shipped_folder() / name / "README.md").read_text(encoding="utf-8")
    assert f"; {accuracy} % over {seeds} seeds |" in card


@pytest.mark.parametrize("script, page", [("recipes", "README.md"), ("small_sets", "docs/data.md")])
def test_the_tables_of_recipes_beside_their_baselines(script, page):
    rows = printed_by(f"benchmarks/{script}.py", "--seeds", "0").splitlines()
    text = (ROOT / page).read_text(encoding="utf-8")
    table = [row for row in rows if row.startswith("|")]
    assert len(table) >= 6 and all(f"\n{row}\n" in text for row in table)
    if script == "small_sets":
        assert rows[-1] in " ".join(text.split())


def test_the_headers_of_recipes_beside_their_baselines():
    rows = printed_by("benchmarks/recipes.py", "--seeds", "0").splitlines()[2:]
    assert len(rows) == 4
    for name, measure, ours, theirs, seconds in (row.strip("| ").split(" | ") for row in rows):
        mean, _, _, alternative = theirs.replace(",", "").split(" ", 3)
        assert CONFIGS[name].splitlines()[1] == (
            f"# {seconds} of training on two busy CPU cores; {measure} {ours.replace('±', '+-')} "
            f"over 5 seeds; {alternative} {mean}"
        )


def test_what_reading_costs():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = printed_by("benchmarks/reading.py", "--pairs", "0").splitlines()
    images, rows, texts, table = (
        re.search(r": kzoo ([\d.]+) s, peer ([\d.]+) s; ratio ([\d.]+) ", line).groups()
        for line in lines[:4]
    )
    said = (images[2], "5,000 images"), (rows[2], "20,000 rows"), (texts[2], "5,000 texts")
    for ratio, what in said:
        assert f"{ratio} ({what})" in page
    assert f"read in {table[0]} s, where pandas takes {table[1]} s" in page


@pytest.mark.slow
def test_what_int8_costs():
    page = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    rows = printed_by("benchmarks/int8.py").splitlines()
    assert len(rows) == 4 and all(f"\n{row}\n" in page for row in rows)


@pytest.mark.slow
def test_the_sentences_of_the_readme_on_others():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = printed_by("benchmarks/tables.py", "--splits", "0").splitlines()
    assert len(lines) == 4
    assert all(line.split("|")[2].strip() in text for line in lines)
    for line in printed_by("benchmarks/imdb.py", "--seeds", "0").splitlines()[:2]:
        seconds, accuracy = re.match(r".*?: ([\d.]+) s .* test ([\d.]+)%$", line).groups()
        assert f"{accuracy} %" in text and re.search(
            rf"\b({seconds}|{float(seconds):.0f}) s\b", text
        )
    for pair in PAIRS:
        configs = [f"configs/{name}.yaml" for name in pair]
        difference = printed_by("benchmarks/zoo.py", *configs, "--seeds", "0").splitlines()[-1]
        assert re.search(r": \+(.*?) points", difference)[1] in text
