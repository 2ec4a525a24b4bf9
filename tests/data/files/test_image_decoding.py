import io
import runpy
import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kzoo.data.files import image_decoding
from kzoo.data.files.image_decoding import ImageError, colour, decode
from tests.data.image_files import encode, image, png, tiff

LUMA = [0.299, 0.587, 0.114]  # ITU-R 601-2


def row(data, channels=1, background="white"):
    """Returns the first row as a list of pixels."""
    pixels = decode(data, channels, background)[0]
    return pixels[:, 0].tolist() if channels == 1 else pixels.tolist()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("stored", [1, 2, 3, 4])
def test_grey_colour_and_transparency(stored, channels):
    array = image(1, 7, stored)
    data = png((7, 1), 8, {1: 0, 2: 4, 3: 2, 4: 6}[stored], array.tobytes())
    pixels = array.astype("float64")
    if stored in (2, 4):  # composed on orange
        alpha = pixels[..., -1:] / 255
        pixels = pixels[..., :-1] * alpha + (1 - alpha) * [255, 165, 0]
    if channels == 1 and pixels.shape[2] == 3:
        pixels = pixels @ np.array(LUMA)[:, None]
    found = decode(data, channels, "orange")
    assert found.dtype == np.uint8 and found.shape == (1, 7, channels)
    np.testing.assert_allclose(found, np.broadcast_to(pixels, found.shape), atol=1)


def test_16_bits_are_scaled():
    values = np.random.default_rng(0).integers(0, 2**16, 97)
    for order, data in {
        ">": png((97, 1), 16, 0, values.astype(">u2").tobytes()),
        "<": tiff(97, 16, 1, values.astype("<u2").tobytes()),
        "M": tiff(97, 16, 1, values.astype(">u2").tobytes(), order=">"),
    }.items():
        np.testing.assert_array_equal(row(data), np.rint(values / 257), err_msg=order)
    in_colour = png((2, 1), 16, 2, struct.pack(">6H", 0, 32896, 65535, 257, 514, 5140))
    assert row(in_colour, 3) == [[0, 128, 255], [1, 2, 20]]
    with_alpha = png((2, 1), 16, 4, struct.pack(">4H", 0, 32896, 5140, 65535))
    np.testing.assert_allclose(row(with_alpha), [255 - 128, 20], atol=1)


def test_12_bits_of_a_tiff_are_scaled_by_what_it_declares():
    assert row(tiff(2, 12, 1, bytes([0xFF, 0xF8, 0x00]))) == [255, 128]


@pytest.mark.parametrize(
    "bits, packed, expected",
    [
        (1, bytes([0b10100000]), [0, 255, 0]),
        (8, bytes([0, 55, 255]), [255, 200, 0]),
        (16, struct.pack("<3H", 0, 32768, 65535), [255, 127, 0]),
    ],
)
def test_a_tiff_in_which_zero_is_white(bits, packed, expected):
    assert row(tiff(3, bits, 0, packed)) == expected


def test_cmyk():
    """Ink takes light away: (255 - C)(255 - K) / 255; a JPEG holds CMYK inverted."""
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 100, 0, 50]]], "uint8")
    light = 255.0 - inks
    expected = (light[..., :3] * light[..., 3:] / 255)[0]
    found = row(tiff(3, 8, 5, inks.tobytes(), samples=4), 3)
    np.testing.assert_allclose(found, expected, atol=1)
    for ink, rgb in zip(inks[0], expected, strict=True):
        file = io.BytesIO()
        Image.new("CMYK", (8, 8), tuple(ink.tolist())).save(file, "JPEG", quality=100)
        np.testing.assert_allclose(row(file.getvalue(), 3), [rgb] * 8, atol=3)


@pytest.mark.parametrize(
    "bits, packed, key, expected",
    [
        (1, bytes([0b01000000]), 1, [0, 255, 0]),
        (2, bytes([0b00011000]), 1, [0, 255, 170]),
        (4, bytes([0x05, 0xF0]), 5, [0, 255, 255]),
        (8, bytes([5, 15, 85]), 5, [255, 15, 85]),
        (16, struct.pack(">3H", 1000, 1001, 65535), 1000, [255, 4, 255]),
    ],
)
def test_one_transparent_grey(bits, packed, key, expected):
    """The key of a PNG is in its own bits."""
    data = png((3, 1), bits, 0, packed, (b"tRNS", struct.pack(">H", key)))
    assert row(data) == expected
    assert row(data, 1, "red").count(76) == 1  # the grey of red


@pytest.mark.parametrize("bits, packed", [(8, ">6B"), (16, ">6H")])
def test_one_transparent_colour(bits, packed):
    values = [1, 2, 3, 255, 5, 6] if bits == 8 else [300, 600, 900, 65535, 1300, 1600]
    data = png(
        (2, 1), bits, 2, struct.pack(packed, *values), (b"tRNS", struct.pack(">3H", *values[:3]))
    )
    assert row(data, 3, "#0a141e") == [[10, 20, 30], [255, 5, 6]]


def test_palettes_with_transparency():
    palette = (b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]))
    data = png((3, 1), 2, 3, bytes([0b00011000]), palette, (b"tRNS", bytes([0, 128])))
    assert row(data, 3) == [[255, 255, 255], [127, 255, 127], [0, 0, 255]]
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], "uint8")
    indexed = Image.fromarray(colours).quantize(3)
    for format in ("BMP", "GIF", "TIFF"):
        file = io.BytesIO()
        indexed.save(file, format)
        assert row(file.getvalue(), 3) == colours[0].tolist(), format


def test_what_the_first_frame_of_a_gif_leaves_open_is_transparent():
    """A screen of 4 x 3, and a frame of 2 x 1 in it."""
    codes = bytes([2, 2, 0b01000100, 0b01010, 0])  # clear, 0, 1, end
    screen = struct.pack("<HHBBB", 4, 3, 0xF0, 0, 0) + bytes([255, 0, 0, 0, 255, 0])
    frame = b"," + struct.pack("<HHHHB", 1, 1, 2, 1, 0) + codes
    found = decode(b"GIF89a" + screen + frame + b";", 3)
    expected = np.full((3, 4, 3), 255)
    expected[1, 1:3] = [[255, 0, 0], [0, 255, 0]]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("format", ["WEBP", "GIF", "PNG", "TIFF"])
def test_the_first_frame(format):
    first, *others = (Image.new("RGBA", (7, 5), c) for c in ("#ff0000ff", "#00ff00ff", "#0000ff80"))
    if format == "GIF":
        first, *others = (frame.convert("RGB") for frame in (first, *others))
    file = io.BytesIO()
    options = {"lossless": True} if format == "WEBP" else {}
    first.save(file, format, save_all=True, append_images=others, **options)
    np.testing.assert_array_equal(decode(file.getvalue(), 3), np.full((5, 7, 3), [255, 0, 0]))


def test_a_transparent_animation_in_webp():
    frames = [Image.new("RGBA", (7, 5), (0, 0, 255, alpha)) for alpha in (0, 255)]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert (decode(file.getvalue(), 3) == 255).all()


TURNED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.T,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].T,
    8: lambda a: np.rot90(a),
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "MPO"])
@pytest.mark.parametrize("orientation", TURNED)
def test_upright_as_exif_says(format, orientation):
    stored = np.kron(np.arange(6, dtype="uint8").reshape(2, 3) * 40, np.ones((16, 16), "uint8"))
    exif = Image.Exif()
    exif[274] = orientation
    options = {"WEBP": {"lossless": True}, "MPO": {"save_all": True}}.get(format, {})
    data = encode(np.stack([stored] * 3, axis=-1), format, exif=exif, **options)
    found = decode(data, 1)[..., 0]
    expected = TURNED[orientation](stored)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=2 if format in ("JPEG", "MPO") else 0)


def test_damaged_exif_turns_nothing():
    data = encode(image(16, 8, 3), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decode(data, 3).shape == (16, 8, 3)


WHOLE = image(40, 30, 3)
CUT = {
    format: encode(WHOLE, format)[:-600] for format in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
}
FLOATS = tiff(2, 32, 1, struct.pack("<2f", 0, 1), tags={339: 3}.items())
BROKEN = {
    "empty": (b"", "empty"),
    "text": (b"hello, this is text", "no PNG, JPEG, BMP, GIF, WebP or TIFF image that can be read"),
    "iPhone": (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC image: convert it to JPEG or PNG"),
    "floats": (FLOATS, "of 32-bit numbers, for which no white is defined: save 8 or 16 bits"),
    "no width": (png((0, 1), 8, 0, b""), "no PNG, JPEG"),
    "bomb": (
        png((100_000, 100_000), 8, 2, bytes(300_000)),
        "too large: 10,000,000,000 pixels, which take 27.9 GiB of memory",
    ),
    "long": (png((70_000, 1), 8, 0, bytes(70_000)), "too large: 70,000 x 1 pixels, above 65,535"),
    **{f"cut {format}": (data, "damaged: ") for format, data in CUT.items()},
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_with_a_file(case):
    data, reason = BROKEN[case]
    with pytest.raises(ImageError) as error:
        decode(data, 3)
    assert str(error.value).startswith(reason)


SEEDS = [
    encode(image(7, 5, 3), "PNG"),
    encode(image(7, 5, 3), "JPEG"),
    encode(image(7, 5, 4), "WEBP"),
    encode(image(7, 5, 3), "GIF"),
    encode(image(7, 5, 3), "BMP"),
    tiff(3, 16, 1, struct.pack("<3H", 0, 32768, 65535)),
]


@settings(max_examples=300, deadline=None)
@given(
    data=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
    length=st.floats(0, 1),
)
def test_whatever_is_in_a_file_it_is_an_image_or_named(data, changes, length):
    mutated = bytearray(data)
    for place, value in changes:
        mutated[int(place * (len(data) - 1))] = value
    mutated = bytes(mutated[: max(1, int(length * 2 * len(data)))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)  # so that none takes long
        try:
            found = decode(mutated, 3)
        except ImageError as error:
            assert str(error)
        else:
            assert found.dtype == np.uint8 and found.ndim == 3 and found.size


def test_what_pillow_warns_of_is_not_shown(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # of 1200
    with warnings.catch_warnings(record=True) as shown:
        fresh = runpy.run_path(image_decoding.__file__)  # pytest forgets filters of an import
        fresh["decode"](encode(WHOLE), 3)
    assert not shown


@pytest.mark.parametrize("name", ["whit", "#12", "", "rgb(1, 2)"])
def test_a_colour_that_is_none(name):
    with pytest.raises(ValueError, match="must be a colour, such as white or '#ffffff'. Received"):
        colour(name)
