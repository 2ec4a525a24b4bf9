import re
import shutil

import numpy as np
from PIL import Image
from sklearn.datasets import load_breast_cancer

from kzoo.data import DATASETS


def write_digits(folder, count):
    images = DATASETS["digits"]().test.inputs[:count]
    paths = [folder / f"{i}.png" for i in range(count)]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image[..., 0]).save(path)
    return paths


def test_images_get_pictures_and_arrays(kzoo_command, digits_run, tmp_path):
    paths = write_digits(tmp_path, 2)
    outcome = kzoo_command("explain", digits_run.folder, *paths, "--out", tmp_path / "out")
    assert outcome.code == 0 and "faithfulness of " in outcome.out
    files = sorted(path.suffix for path in (tmp_path / "out").iterdir())
    assert files == [".npz", ".npz", ".png", ".png", ".png"]  # one is faithfulness.png
    arrays = np.load(next((tmp_path / "out").glob("*.npz")))
    np.testing.assert_allclose(arrays["scores_attention"].sum(axis=(1, 2)), 1, rtol=1e-5)


def test_a_broken_image_is_named_and_the_others_are_explained(kzoo_command, digits_run, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no image")
    paths = [*write_digits(tmp_path, 1), tmp_path / "broken.png"]
    outcome = kzoo_command("explain", digits_run.folder, *paths, "--out", tmp_path / "out")
    assert "broken.png" in outcome.err and outcome.code == 1
    assert len(list((tmp_path / "out").glob("*.npz"))) == 1


def test_images_of_several_sizes(kzoo_command, digits_run, tmp_path):
    paths = write_digits(tmp_path, 2)
    Image.open(paths[1]).resize((13, 11)).save(paths[1])
    outcome = kzoo_command("explain", digits_run.folder, *paths, "--out", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert len(list((tmp_path / "out").glob("*.npz"))) == 2


def test_without_inputs_the_worst_mistakes(kzoo_command, digits_run, tmp_path):
    outcome = kzoo_command("explain", digits_run.folder, "--mistakes", 3, "--out", tmp_path / "out")
    mistakes = re.findall(r"test_\d+: \d \((\d+)%\), is \d", outcome.out)
    assert (outcome.code, outcome.err, len(mistakes)) == (0, "", 3)
    assert mistakes == sorted(mistakes, key=int, reverse=True)
    assert len(list((tmp_path / "out").glob("*test_*.png"))) == 3


def test_fewer_mistakes_than_asked_for(kzoo_command, tmp_path):
    outcome = kzoo_command("explain", "digits_cnn_attention", "--out", tmp_path / "out")
    assert outcome.code == 0 and len(re.findall(r"test_\d+: ", outcome.out)) == 1
    assert outcome.err == "note: digits_cnn_attention makes no more mistakes than these: 1\n"


def test_the_mistakes_of_a_file_on_its_own(kzoo_command, digits_run, tmp_path):
    shutil.copy(digits_run.folder / "model.keras", tmp_path)
    outcome = kzoo_command("explain", "model.keras")
    assert outcome.code == 2
    assert outcome.err == "error: There is no config.yaml: name a config with --config.\n"
    (tmp_path / "data.yaml").write_text("data: digits\n")
    for folder in ("explanation", "explanation-2"):  # nothing of the first is lost
        outcome = kzoo_command("explain", "model.keras", "--config", "data.yaml", "--mistakes", 1)
        assert outcome.code == 0 and (tmp_path / folder / "faithfulness.png").is_file()


def test_long_texts_and_rows_have_names(kzoo_command, tmp_path):
    """No file system takes a name of 300 letters; of a row one wants to know the line."""
    outcome = kzoo_command("explain", "imdb_lstm_attention", "--text", "good " * 60 + ".")
    assert outcome.code == 0, outcome.err
    assert (tmp_path / "explanation" / ("1_" + "good_" * 7 + "good.png")).is_file()
    table = load_breast_cancer()
    lines = [",".join(map(str, row)) for row in (table.feature_names, *table.data[:2])]
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    outcome = kzoo_command("explain", "breast_cancer_fusion", "rows.csv", "--out", "rows")
    assert outcome.code == 0, outcome.err
    assert {"1_rows_2.png", "2_rows_3.npz"} <= {path.name for path in (tmp_path / "rows").iterdir()}


def test_a_model_without_attention(kzoo_command, tmp_path):
    outcome = kzoo_command("explain", "mnist_cnn", *write_digits(tmp_path, 1))
    assert outcome.code == 2 and "has no attention layers to show" in outcome.err
