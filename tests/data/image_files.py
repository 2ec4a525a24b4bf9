"""Image files of noise in folders by class, and files made byte by byte."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def image(height, width, channels, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype="uint8")


def encode(array, format="PNG", **options):
    """Returns an image file of uint8 `(height, width[, channels])`."""
    file = io.BytesIO()
    Image.fromarray(array.squeeze(-1) if array.shape[2:] == (1,) else array).save(
        file, format, **options
    )
    return file.getvalue()


def write(folder, name, array, suffix=".png"):
    folder.mkdir(parents=True, exist_ok=True)
    data = encode(array, "JPEG", quality=100) if suffix == ".jpg" else encode(array)
    (folder / f"{name}{suffix}").write_bytes(data)


def write_classes(root, count=7, shape=(5, 3, 3), classes=("cat", "dog")):
    for c, name in enumerate(classes):
        for i in range(count):
            write(root / name, i, image(*shape, seed=100 * c + i))
    return str(root)


def png(size, bits, colour, row, *chunks):
    """A PNG of one row of packed samples, which is repeated, with further chunks before it."""
    width, height = size
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    data = zlib.compress((b"\0" + row) * min(height, 100))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
        for name, part in parts
    )


def tiff(width, bits, interpretation, row, *, order="<", samples=1, tags=()):
    """A TIFF of one row of packed samples, uncompressed."""
    entries = {256: width, 257: 1, 259: 1, 262: interpretation, 273: 8, 277: samples, 278: 1}
    entries |= {279: len(row), **dict(tags)}
    data = row + b"\0" * (len(row) % 2)
    if samples == 1:
        entries[258] = bits
    else:
        entries[258] = 8 + len(data)
        data += struct.pack(f"{order}{samples}H", *[bits] * samples)
    directory = struct.pack(order + "H", len(entries))
    for tag, value in sorted(entries.items()):
        if tag == 258 and samples > 1:
            directory += struct.pack(order + "HHII", tag, 3, samples, value)
        else:
            directory += struct.pack(order + "HHIHH", tag, 3, 1, value, 0)
    start = struct.pack(order + "HI", 42, 8 + len(data))
    return (b"II" if order == "<" else b"MM") + start + data + directory + b"\0" * 4
