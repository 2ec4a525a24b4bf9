"""The recipes of docs/data.md, on small data of their kind."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kzoo.training import train
from tests.data.sources.test_image_folder import write_classes
from tests.data.text_files import write_texts

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
QUICK = {"training.epochs": 1, "export.formats": ["keras"]}
TITLES = [
    "A CSV file",
    "A number to predict",
    "Several labels an example",
    "A table with texts and images",
    "A folder of images",
    "A folder of texts",
    "Arrays",
    "Sequences of different lengths",
]


def blocks(title, language):
    """Returns the code of that language under a heading."""
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, flags=re.DOTALL)


def write_customers(folder):
    cities = ["Ulm", "Aix", ""]
    rows = [
        f"{i + 1},{20 + 30 * (i % 2) + i % 5 if i % 7 else ''},{cities[i % 3]},"
        f"2024-01-{i % 28 + 1:02d},{['no', 'yes'][i % 2]}\n"
        for i in range(60)
    ]
    (folder / "customers.csv").write_text("id,age,city,since,leaves\n" + "".join(rows))


def write_houses(folder):
    rows = [f"{50 + i},{['north', 'south'][i % 2]},{1000 * i + 7}\n" for i in range(60)]
    (folder / "houses.csv").write_text("area,side,price\n" + "".join(rows))


def write_films(folder):
    rows = [f"{i % 9}.5,{i % 7},{['drama', 'crime; drama', ''][i % 3]}\n" for i in range(60)]
    (folder / "films.csv").write_text("a,b,genres\n" + "".join(rows))


def write_offers(folder):
    for i in range(60):
        Image.new("RGB", (9, 7), (4 * i, 200 * (i % 2), 0)).save(folder / f"{i}.png")
    rows = [
        f"{i}.png,the {i}th offer is {['new', 'old'][i % 2]},{i % 9}.5,{['no', 'yes'][i % 2]}\n"
        for i in range(60)
    ]
    (folder / "offers.csv").write_text("photo,words,price,sold\n" + "".join(rows))


def write_photos(folder):
    write_classes(folder / "photos", count=7, shape=(11, 13, 3))
    write_classes(folder / "photos", count=3, shape=(17, 7, 3))


def write_reviews(folder):
    write_texts(folder / "reviews")


def write_arrays(folder):
    labels = np.arange(40) % 2
    x = np.random.default_rng(0).normal(labels[:, None, None], 1, (40, 7, 5))
    np.savez(folder / "arrays.npz", x=x, y=labels)


def write_recordings(folder):
    states = ["calm", "storm"]
    rows = [
        f"r{i},{second},{'' if second == 3 else i % 2 + second},{i % 7},{states[i % 2]}\n"
        for i in range(40)
        for second in range(4 + i % 5)
    ]
    (folder / "recordings.csv").write_text("recording,second,wind,rain,state\n" + "".join(rows))


def write_fashion(folder):
    """Stores random images as TFDS would store the set of that name."""
    import tensorflow_datasets

    builder = tensorflow_datasets.builder("fashion_mnist", data_dir=str(folder))
    labels = np.arange(40) % 10
    rows = {"image": np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1)).astype("uint8")}
    rows = tf.data.Dataset.from_tensor_slices({**rows, "label": labels})
    tensorflow_datasets.dataset_builders.store_as_tfds_dataset(
        name="fashion_mnist",
        version=str(builder.version),
        features=builder.info.features,
        split_datasets={"train": rows, "test": rows},
        data_dir=str(folder),
    )


WRITERS = [
    write_customers,
    write_houses,
    write_films,
    write_offers,
    write_photos,
    write_reviews,
    write_arrays,
    write_recordings,
]
WRITE = dict(zip(TITLES, WRITERS, strict=True))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Trains the recipe under a heading for one epoch, where its data has been written."""
    monkeypatch.chdir(tmp_path)

    def run_recipe(title, **overrides):
        [recipe] = blocks(title, "yaml")
        Path("recipe.yaml").write_text(recipe, encoding="utf-8")
        return train("recipe.yaml", {**QUICK, **overrides})

    return run_recipe


@pytest.mark.parametrize("title", TITLES)
def test_recipe_and_what_follows_it(run, title, tmp_path):
    WRITE[title](tmp_path)
    trained = run(title)
    measured = [key for key in trained.metrics["baseline"] if key.startswith("test_")]
    assert len(measured) > 3 and trained.metrics.keys() >= set(measured)
    assert "examples" in (trained.folder / "data.txt").read_text(encoding="utf-8")
    [code] = blocks(title, "python")
    exec(compile(code, "data.md", "exec"), {})


def test_recipe_of_a_tfds_set(run, tmp_path):
    pytest.importorskip("tensorflow_datasets")
    write_fashion(tmp_path)
    trained = run("A set of TensorFlow Datasets", **{"data.data_dir": str(tmp_path)})
    assert "an example: uint8 of the shape (28, 28, 1)" in (trained.folder / "data.txt").read_text()


def test_every_recipe_is_tested():
    assert len(re.findall("```yaml", PAGE)) == len(TITLES) + 1
