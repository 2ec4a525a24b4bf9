"""Folders of short texts for tests: one word tells the class."""

import numpy as np

TEXTS = {"bad": 17, "good": 13}  # in each split
TELLING = {"bad": "pobre", "good": "précieux"}
WORDS = "le la un une film acteur histoire musique image".split()


def write_texts(folder, seed=0):
    """Writes 30 texts of 2 to 12 words to `folder/<class>/<number>.txt`."""
    random = np.random.default_rng(seed)
    for name, count in TEXTS.items():
        (folder / name).mkdir(parents=True)
        for i in range(count):
            words = [*random.choice(WORDS, random.integers(1, 12)), TELLING[name]]
            text = " ".join(random.permutation(words))
            (folder / name / f"{i}.txt").write_text(text, encoding="utf-8")
    return folder
