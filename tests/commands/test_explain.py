import numpy as np
from PIL import Image

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


def test_without_inputs_the_worst_mistakes(kzoo_command, digits_run, tmp_path):
    outcome = kzoo_command("explain", digits_run.folder, "--mistakes", 2, "--out", tmp_path / "out")
    assert outcome.code == 0 and outcome.out.count(", is ") == 2
    assert len(list((tmp_path / "out").glob("*test_*.png"))) == 2


def test_a_model_without_attention(kzoo_command, tmp_path):
    outcome = kzoo_command("explain", "mnist_cnn", *write_digits(tmp_path, 1))
    assert outcome.code == 2 and "with attention layers" in outcome.err
