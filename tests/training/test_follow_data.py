"""What a recipe leaves out follows the number of examples; what it gives stays."""

import dataclasses

import numpy as np
import pytest

import kzoo
from kzoo.config import parse
from kzoo.data import load_data
from kzoo.data.dataset import Examples
from kzoo.training.fit import follow_data
from kzoo.training.recipe import load_config
from tests import tiny


def of_size(count, batch_size):
    train = Examples(np.zeros((count, 1)), np.zeros(count))
    return dataclasses.replace(tiny.tiny(batch_size=batch_size), train=train)


@pytest.mark.parametrize(
    "count, batch_size, epochs, patience",
    [
        (36, 8, 200, 50),  # 5 steps an epoch, 400 epochs would be 2,000 steps
        (1_000, 50, 100, 25),
        (25_000, 32, 10, 10),  # more than 2,000 steps, but 10 epochs
        (3_200, 64, 40, 10),
    ],
)
def test_epochs(count, batch_size, epochs, patience):
    given = {"epochs": None, "early_stopping": None, "monitor": "val_loss"}
    found = follow_data(given, of_size(count, batch_size))
    assert found == {**given, "epochs": epochs, "early_stopping": patience}


def test_what_is_given_wins():
    dataset = of_size(1_000, 50)
    for given in ({"epochs": 3, "early_stopping": None}, {"epochs": 3, "early_stopping": 2}):
        assert follow_data(given, dataset) == given
    assert follow_data({"epochs": None, "early_stopping": 7}, dataset)["early_stopping"] == 7


@pytest.mark.parametrize("rows, batch_size", [(60, 8), (400, 16), (1_000, 32), (9_000, 64)])
def test_the_batch_size_is_about_a_twentieth(tmp_path, rows, batch_size):
    x = np.random.default_rng(0).normal(size=(rows, 2))
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(rows) % 2)
    section = {"name": "arrays", "path": str(tmp_path / "a.npz")}
    assert load_data(section).batch_size == batch_size
    assert load_data({**section, "batch_size": 5}).batch_size == 5


@pytest.mark.slow
def test_a_recipe_of_three_lines_learns_from_50_examples(tmp_path):
    x = np.random.default_rng(0).normal(size=(50, 4))
    np.savez(tmp_path / "a.npz", x=x, y=(x[:, 0] > 0).astype(int))
    (tmp_path / "c.yaml").write_text(
        f"name: few\ndata: {{name: arrays, path: {tmp_path / 'a.npz'}}}\n"
        "model: dense_attention_fusion\nexport: {formats: [keras]}\n"
    )
    given = load_config(tmp_path / "c.yaml")
    assert given["training"]["epochs"] is given["data"]["batch_size"] is None
    found = kzoo.train(tmp_path / "c.yaml", run_dir=tmp_path / "run")
    assert found.metrics["test_accuracy"] >= 0.9
    written = parse((found.folder / "config.yaml").read_text(), "config.yaml")
    assert written["data"]["batch_size"] == 8
    training = written["training"]
    assert (training["epochs"], training["early_stopping"]) == (200, 50)
    assert training["schedule"] == {"name": "cosine", "warmup": 0.1, "final": 0.0}
