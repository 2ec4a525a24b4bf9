import numpy as np
import pytest
import tensorflow as tf

import kzoo
from kzoo.data.augmentation import augment

SEED = (3, 5)


def draws(count, low=-1.0, high=1.0):
    """The numbers from -1 to 1 that decide angle, zoom, shift to the side and shift down."""
    return tf.random.stateless_uniform((4, count), SEED, low, high).numpy()


def images(height=11, width=11, count=7):
    return np.random.default_rng(0).random((count, height, width, 1), "float32")


def test_nothing_is_changed_by_default():
    np.testing.assert_array_equal(augment(images(7, 5), SEED), images(7, 5))


@pytest.mark.parametrize("options", [{"translate": 0.3}, {"rotate": 30}, {"zoom": 0.3}])
def test_the_seed_alone_decides(options):
    first = augment(images(), SEED, **options).numpy()
    tf.random.set_seed(97)
    np.testing.assert_array_equal(augment(images(), SEED, **options), first)
    assert not np.array_equal(augment(images(), (3, 6), **options), first)
    assert not np.array_equal(augment(images(), (4, 5), **options), first)


def sample(image, y, x):
    """The value of `(height, width)` at a place between its pixels; 0 outside."""
    padded = np.pad(image, 1)
    y, x = np.clip(y + 1, 0, image.shape[0] + 1), np.clip(x + 1, 0, image.shape[1] + 1)
    top, left = int(np.floor(y)), int(np.floor(x))
    bottom, right = min(top + 1, padded.shape[0] - 1), min(left + 1, padded.shape[1] - 1)
    dy, dx = y - top, x - left
    above = padded[top, left] * (1 - dx) + padded[top, right] * dx
    below = padded[bottom, left] * (1 - dx) + padded[bottom, right] * dx
    return above * (1 - dy) + below * dy


@pytest.mark.parametrize(
    "options",
    [
        {"translate": 0.4},
        {"rotate": 90.0},
        {"zoom": 0.4},
        {"translate": 0.2, "rotate": 30.0, "zoom": 0.2},
    ],
)
def test_against_the_formula(options):
    """Undo the shift, then turn and shrink around the middle: where each pixel comes from."""
    given = images(11, 7)
    found = augment(given, SEED, **options).numpy()
    height, width = 11, 7
    for image, result, (angle, zoom, side, down) in zip(given, found, draws(7).T, strict=True):
        angle = np.deg2rad(angle * options.get("rotate", 0))
        scale = 1 / (1 + zoom * options.get("zoom", 0))
        side, down = (
            side * options.get("translate", 0) * width,
            down * options.get("translate", 0) * height,
        )
        expected = np.zeros((height, width))
        for y in range(height):
            for x in range(width):
                v, u = y - (height - 1) / 2, x - (width - 1) / 2
                from_x = scale * (np.cos(angle) * u - np.sin(angle) * v) + (width - 1) / 2 + side
                from_y = scale * (np.sin(angle) * u + np.cos(angle) * v) + (height - 1) / 2 + down
                expected[y, x] = sample(image[..., 0], from_y, from_x)
        np.testing.assert_allclose(result[..., 0], expected, atol=1e-4)


@pytest.fixture
def drawn(monkeypatch):
    """Sets what is drawn, so that a change is a whole number of pixels or a right angle."""

    def set_draws(angle=0.0, zoom=0.0, side=0.0, down=0.0):
        values = np.array([[angle], [zoom], [side], [down]], "float32")
        monkeypatch.setattr(tf.random, "stateless_uniform", lambda *args: tf.constant(values))

    return set_draws


def test_a_shift_by_hand(drawn):
    """0.2 of 5 columns and of 10 rows are 1 and 2 pixels; what comes in is 0."""
    drawn(side=1.0, down=-1.0)
    image = images(10, 5, count=1)
    found = augment(image, SEED, translate=0.2)
    expected = np.zeros_like(image)
    expected[:, 2:, :-1] = image[:, :-2, 1:]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("direction, turns", [(1.0, 1), (-1.0, -1)])
def test_a_quarter_turn_by_hand(drawn, direction, turns):
    drawn(angle=direction)
    image = images(7, 7, count=1)
    found = augment(image, SEED, rotate=90.0)
    np.testing.assert_allclose(found[0], np.rot90(image[0], turns), atol=1e-4)


def test_a_zoom_by_hand(drawn):
    """Twice the size around the middle: every second pixel of it is one of the image."""
    drawn(zoom=1.0)
    image = images(9, 9, count=1)
    found = augment(image, SEED, zoom=0.999999).numpy()
    np.testing.assert_allclose(found[:, ::2, ::2], image[:, 2:7, 2:7], atol=1e-4)


def test_each_image_has_an_amount_of_its_own():
    same = np.broadcast_to(images(count=1), (7, 11, 11, 1))
    found = augment(tf.constant(same), SEED, translate=0.3).numpy()
    assert len({image.tobytes() for image in found}) == 7


def test_shifts_stay_within_the_limit():
    assert np.abs(draws(997)).max() <= 1
    bright = np.zeros((97, 11, 11, 1), "float32")
    bright[:, 5, 5] = 1
    found = augment(bright, SEED, translate=2 / 11).numpy()[..., 0]
    total = found.sum(axis=(1, 2))
    rows = (found.sum(axis=2) * np.arange(11)).sum(axis=1) / total
    columns = (found.sum(axis=1) * np.arange(11)).sum(axis=1) / total
    np.testing.assert_allclose(total, 1, atol=1e-4)
    for places in [rows, columns]:
        assert 3 - 1e-3 <= places.min() < 3.3 and 6.7 < places.max() <= 7 + 1e-3


ALL = {
    "crop": 0.5,
    "horizontal_flip": True,
    "vertical_flip": True,
    "brightness": 0.4,
    "contrast": 0.5,
    "erasing": 1.0,
    "mixup": 0.4,
    "cutmix": 1.0,
}
TARGETS = np.eye(7, dtype="float32")


@pytest.mark.parametrize("name", ALL)
def test_each_is_decided_by_the_seed_and_stays_in_range(name):
    options = {name: ALL[name]}
    found, targets = augment(images(), SEED, TARGETS, **options)
    again, _ = augment(images(), SEED, TARGETS, **options)
    np.testing.assert_array_equal(found, again)
    others = [augment(images(), (3, i), TARGETS, **options)[0].numpy() for i in range(6, 12)]
    assert any(not np.array_equal(found, other) for other in others)
    assert found.shape == (7, 11, 11, 1) and found.dtype == "float32"
    assert found.numpy().min() >= 0 and found.numpy().max() <= 1
    assert not np.array_equal(found, images())
    np.testing.assert_allclose(np.asarray(targets).sum(axis=1), 1, rtol=1e-6)
    assert np.array_equal(targets, TARGETS) == (name not in ("mixup", "cutmix"))


@pytest.mark.parametrize("name, axis", [("horizontal_flip", 1), ("vertical_flip", 0)])
def test_a_flip_mirrors_some_of_the_images(name, axis):
    given = images(count=40)
    found = augment(given, SEED, **{name: True}).numpy()
    flipped = [
        np.array_equal(new, np.flip(old, axis)) for old, new in zip(given, found, strict=True)
    ]
    same = [np.array_equal(new, old) for old, new in zip(given, found, strict=True)]
    assert all(one or other for one, other in zip(flipped, same, strict=True))
    assert 10 < sum(flipped) < 30


def test_a_crop_shows_a_part_of_the_image():
    """Of an image that is its own coordinates, the part is where the numbers begin and end."""
    rows = np.linspace(0, 1, 21, dtype="float32")
    given = np.tile(rows[None, :, None, None], (30, 1, 21, 1))
    found = augment(given, SEED, crop=0.4).numpy()
    np.testing.assert_allclose(found, found[:, :, :1].repeat(21, axis=2), atol=1e-5)
    height = found[:, -1, 0, 0] - found[:, 0, 0, 0]
    assert 0.6 <= height.min() < 0.75 and 0.85 < height.max() <= 1
    np.testing.assert_allclose(
        np.diff(found[:, :, 0, 0]), height[:, None] / 20 + np.zeros((30, 20)), atol=1e-5
    )
    assert found[:, 0, 0, 0].min() >= 0 and found[:, 0, 0, 0].max() > 0.2


def test_brightness_and_contrast():
    given = 0.4 + 0.2 * images()
    brighter = augment(given, SEED, brightness=0.1).numpy() - given
    np.testing.assert_allclose(brighter, brighter[:, :1, :1].repeat(11, 1).repeat(11, 2), atol=1e-6)
    assert 0.02 < np.abs(brighter[:, 0, 0, 0]).max() <= 0.1
    found = augment(given, SEED, contrast=0.5).numpy()
    mean = given.mean(axis=(1, 2, 3), keepdims=True)
    factor = (found - mean).std(axis=(1, 2, 3)) / (given - mean).std(axis=(1, 2, 3))
    np.testing.assert_allclose(
        found, mean + factor[:, None, None, None] * (given - mean), atol=1e-5
    )
    assert 0.5 <= factor.min() < factor.max() <= 1.5


def test_a_rectangle_is_erased():
    given = np.ones((200, 40, 40, 1), "float32")
    found = augment(given, SEED, erasing=0.5).numpy()[..., 0]
    holes = [1 - image for image in found if image.min() == 0]
    assert 70 < len(holes) < 130
    for hole in holes:
        assert hole.sum() == hole.any(axis=1).sum() * hole.any(axis=0).sum()
        assert 0 < hole.mean() < 0.37


def test_mixup_mixes_targets_as_it_mixes_images():
    """Images of one pixel that is on: each result tells the shares of two."""
    given = np.eye(7, dtype="float32").reshape(7, 7, 1, 1)
    found, targets = augment(given, SEED, TARGETS, mixup=1.0)
    np.testing.assert_allclose(found.numpy().reshape(7, 7), targets, atol=1e-6)
    assert (np.count_nonzero(targets, axis=1) <= 2).all()
    assert (np.count_nonzero(targets, axis=1) == 2).any()


def test_cutmix_counts_the_pixels():
    given = np.tile(np.arange(7, dtype="float32")[:, None, None, None] / 7, (1, 20, 20, 1))
    found, targets = augment(given, SEED, TARGETS, cutmix=1.0)
    for i, (image, target) in enumerate(zip(found.numpy(), targets.numpy(), strict=True)):
        shares = [np.isclose(image, number / 7).mean() for number in range(7)]
        np.testing.assert_allclose(shares, target, atol=1e-6)
        pasted = ~np.isclose(image[..., 0], i / 7)
        assert pasted.sum() == pasted.any(axis=1).sum() * pasted.any(axis=0).sum()


def test_one_of_both_is_drawn_for_a_batch():
    given = np.tile(np.arange(7, dtype="float32")[:, None, None, None] / 7, (1, 20, 20, 1))
    kinds = set()
    for step in range(12):
        found = augment(given, (0, step), TARGETS, mixup=1.0, cutmix=1.0)[0].numpy()
        kinds.add(all(np.ptp(image) < 1e-6 for image in found))  # mixtures stay even
    assert kinds == {True, False}


@pytest.mark.slow
def test_a_training_on_mixtures(tiny_config, tmp_path):
    augmentation = {"horizontal_flip": True, "mixup": 0.2, "cutmix": 1.0}
    overrides = {f"data.augmentation.{name}": value for name, value in augmentation.items()}
    run = kzoo.train(tiny_config, {**overrides, "export.formats": ["keras"]}, tmp_path / "run")
    assert np.isfinite(run.metrics["test_loss"])
