"""Reads damaged files of one kind, as a process of its own: python -m tests.mutations KIND COUNT.

Each file is a good one with some of its bytes changed, by a generator with a seed of its own.
Reading it must succeed or end in a sentence of ours. Prints how often either came about; a foreign
error ends the process with its seed, and so does a file that takes more than a minute.
"""

import faulthandler
import io
import shutil
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

MINUTE = 60
TOKENS = [
    *(b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b'"', b"'", b",", b";", b"\t", b"\n", b"\r"),
    *(b"-", b"NaN", b"1e999", b"99999999999999999999", b"\xf0\x9f\x98\x80", b"{", b"[", b"]", b":"),
    *(b"&a *a", b"!!python/object", b"\xc3", b"\x80", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff"),
]


def mutate(data, generator):
    """Returns bytes with a change or two: of a byte, an insertion, a cut, a repetition."""
    data = bytearray(data)
    for _ in range(generator.geometric(0.7)):
        place = int(generator.integers(0, len(data) + 1))
        length = int(generator.integers(1, 12))
        change = generator.integers(0, 6)
        if change == 0 and data:
            data[place % len(data)] = generator.integers(0, 256)
        elif change == 1:
            data[place:place] = TOKENS[generator.integers(0, len(TOKENS))]
        elif change == 2:
            del data[place : place + length]
        elif change == 3:
            data[place:place] = data[place : place + length]
        elif change == 4:
            data[place : place + length] = generator.bytes(length)
        elif change == 5 and generator.random() < 0.3:
            del data[place:]
    return bytes(data)


def csv_files(folder):
    """Returns good files, and a function that reads one."""
    from kzoo.data import DATASETS

    lines = [f"{i};{i / 3:.3f};{'ab'[i % 2]};2024-01-{i % 28 + 1:02d};yes" for i in range(40)]
    comma = "n,c,y\n" + "".join(
        f'{i % 7}.5,"{"pq"[i % 2]}, x",{"ab"[i % 3 > 0]}\n' for i in range(40)
    )
    semicolon = "id;n;y;d;k\n" + "\n".join(lines).replace(".", ",")

    def read(data):
        path = folder / "t.csv"
        path.write_bytes(data)
        DATASETS["csv"](path=str(path), target="y")

    return [comma.encode(), semicolon.encode(), comma.encode("utf-16")], read


def image_files(folder):
    """The same of images: all formats, modes and what else a header may hold."""
    from kzoo.data.files.images import read_images
    from kzoo.messages import DataError

    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), "uint8")
    image, files = Image.fromarray(pixels), []
    for kind in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"):
        for mode in ("RGB", "L", "P", "1", "RGBA", "CMYK"):
            file = io.BytesIO()
            try:
                image.convert(mode).save(file, kind)
            except (OSError, ValueError):  # there is none such
                continue
            files.append(file.getvalue())

    def read(data):
        path = folder / "image.png"
        path.write_bytes(data)
        found = read_images([path], 3, 1e9)
        if found.problems:
            raise DataError(found.problems[path])
        if found.images is not None:  # a header may have made it larger than the memory allowed
            assert found.images[0].dtype == np.uint8

    return files, read


def npz_files(folder):
    """The same of arrays."""
    from kzoo.data import DATASETS

    files = []
    for x in (np.zeros((20, 5, 7), "uint8"), np.arange(60.0).reshape(20, 3), np.ones((20, 4, 2))):
        for save in (np.savez, np.savez_compressed):
            file = io.BytesIO()
            save(file, x=x, y=np.arange(20) % 2, class_names=["a", "b"])
            files.append(file.getvalue())

    def read(data):
        path = folder / "a.npz"
        path.write_bytes(data)
        DATASETS["arrays"](path=str(path))

    return files, read


def text_files(folder):
    """The same of texts; what could be read is split into words, some at a time."""
    from kzoo.data.files.texts import read_text
    from kzoo.preprocessing.text import TextPreprocessing

    good = "A good film, <b>isn't</b> it? 这部电影很好 👍🏽 สวัสดี C++ 5 €.\n"
    read_so_far = []

    def read(data):
        path = folder / "t.txt"
        path.write_bytes(data)
        read_so_far.append(read_text(path))
        if len(read_so_far) == 500:
            texts = np.array(read_so_far, dtype=object)
            read_so_far.clear()
            layer = TextPreprocessing.learn(texts)
            assert len(layer.positions(texts)) == len(texts)

    return [good.encode(), good.encode("utf-8-sig"), good.encode("utf-16")], read


def yaml_files(folder):
    """The same of recipes, those that are shipped."""
    from kzoo.saved.shipped import find_recipe, list_recipes
    from kzoo.training.recipe import load_config

    def read(data):
        path = folder / "r.yaml"
        path.write_bytes(data)
        load_config(path)

    return [find_recipe(name).read_bytes() for name in list_recipes()], read


def keras_files(folder):
    """The same of `.keras` files, the whole and what is inside of it."""
    import kzoo
    from kzoo.saved.shipped import find_model

    model = find_model("digits_cnn")
    with zipfile.ZipFile(model) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    choose = np.random.default_rng(0)

    def read(data):
        path = folder / "m.keras"
        path.write_bytes(data)
        kzoo.load(path)

    def repacked(data):
        """Every other file has the change inside, where the checksum of zip does not see it."""
        name = sorted(inside)[choose.integers(0, len(inside))]
        with zipfile.ZipFile(folder / "m.keras", "w") as archive:
            for other, held in inside.items():
                archive.writestr(other, mutate(held, choose) if other == name else held)
        kzoo.load(folder / "m.keras")

    return [model.read_bytes()], lambda data: (read if choose.random() < 0.5 else repacked)(data)


def saved_models(folder):
    """The same of a SavedModel, one of whose files is damaged."""
    import kzoo
    from kzoo.saved.shipped import find_model

    good = find_model("digits_cnn").parent / "saved_model"
    files = sorted(path.relative_to(good) for path in good.rglob("*") if path.is_file())
    choose = np.random.default_rng(0)

    def read(_):
        shutil.rmtree(folder / "m", ignore_errors=True)
        shutil.copytree(good, folder / "m")
        path = folder / "m" / files[choose.integers(0, len(files))]
        path.write_bytes(mutate(path.read_bytes(), choose))
        kzoo.load(folder / "m").predict(np.zeros((1, 8, 8, 1), "uint8"))

    return [b"-"], read


KINDS = {
    "csv": csv_files,
    "images": image_files,
    "npz": npz_files,
    "texts": text_files,
    "yaml": yaml_files,
    "keras": keras_files,
    "saved_model": saved_models,
}


def main(kind, count):
    """Reads so many damaged files."""
    from kzoo.messages import sentence

    warnings.simplefilter("ignore")
    outcomes = Counter()
    with tempfile.TemporaryDirectory() as folder:
        files, read = KINDS[kind](Path(folder))
        for seed in range(count):
            generator = np.random.default_rng(seed)
            faulthandler.dump_traceback_later(MINUTE, exit=True)
            try:
                read(mutate(files[seed % len(files)], generator))
                outcomes["read"] += 1
            except Exception as error:
                if sentence(error) is None:
                    print(f"{kind}, seed {seed}", flush=True)
                    raise
                outcomes["refused"] += 1
    faulthandler.cancel_dump_traceback_later()
    print(f"{kind}: {count} damaged files, {outcomes['read']} read, {outcomes['refused']} refused")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
