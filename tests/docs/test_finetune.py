"""The recipes of docs/finetune.md, and its table."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import kzoo
from kzoo.training import train

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "finetune.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
OPINIONS = {
    "content": ["wonderful", "great", "superb", "perfect", "delightful", "excellent"],
    "annoyed": ["awful", "terrible", "boring", "horrible", "dreadful", "dull"],
}
SUBJECTS = ["room", "breakfast", "view", "staff"]


def write_opinions(folder):
    """Guests of a hotel: classes of which the film reviews know nothing."""
    for name, words in OPINIONS.items():
        (folder / name).mkdir(parents=True)
        for i, (subject, word) in enumerate(itertools.product(SUBJECTS, words)):
            text = f"The {subject} of this hotel was {word}, and we told everybody so."
            (folder / name / f"{i}.txt").write_text(text, encoding="utf-8")


def write_shapes(folder):
    """Twenty white circles, squares and triangles on black, of several sizes and in colour."""
    random = np.random.default_rng(0)
    for sides, name in [(30, "circle"), (4, "square"), (3, "triangle")]:
        (folder / name).mkdir(parents=True)
        for i in range(20):
            size = int(random.integers(40, 65))
            image = Image.new("RGB", (size, size))
            radius = size * random.uniform(0.25, 0.4)
            circle = (size / 2, size / 2, radius)
            ImageDraw.Draw(image).regular_polygon(
                circle, sides, rotation=i, outline="white", width=5
            )
            image.save(folder / name / f"{i}.png")


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run_recipe(recipe):
        Path("recipe.yaml").write_text(recipe, encoding="utf-8")
        return train("recipe.yaml")

    return run_recipe


def test_digits(run):
    trained = run(RECIPES[0])
    assert trained.metrics["test_accuracy"] > 0.98
    note = re.search(r"^    (from mnist_cnn_attention: .*)$", PAGE, re.M)[1]
    assert note in (trained.folder / "data.txt").read_text().splitlines()


def test_images_of_your_own(run, tmp_path):
    write_shapes(tmp_path / "shapes")
    trained = run(RECIPES[1])
    assert trained.model.class_names == ["circle", "square", "triangle"]
    assert trained.model.preprocessing.example_shape == (28, 28, 1)
    assert trained.metrics["test_accuracy"] > 0.9


def test_texts_of_your_own(run, tmp_path):
    write_opinions(tmp_path / "reviews")
    trained = run(RECIPES[2])
    assert trained.model.class_names == ["annoyed", "content"]
    assert trained.metrics["test_accuracy"] > 0.9
    start = kzoo.load("imdb_lstm_attention").preprocessing
    assert trained.model.preprocessing.vocabulary == start.vocabulary
    explained = kzoo.explain(trained.model, ["The zzzyx was superb"]).examples[0]
    assert explained.positions == ["the", "[zzzyx]", "was", "superb"]


def test_there_are_no_other_recipes():
    assert len(RECIPES) == 3


def test_the_table_is_that_of_the_benchmark():
    command = [sys.executable, "benchmarks/finetune.py", "--draws", "0"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.startswith("| digits of each class |") and printed.strip() in PAGE
