import errno
import json
import os
import shutil

import keras
import numpy as np
import pandas
import pytest
from PIL import Image

import kzoo
from kzoo.cli.predict import WRITERS
from kzoo.export.saved_model import write_saved_model
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.preprocessing.sequence import SequencePreprocessing
from kzoo.preprocessing.table import TablePreprocessing
from kzoo.preprocessing.text import TextPreprocessing
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification
from tests import tiny
from tests.data.image_files import encode
from tests.data.tables import columns, write_csv
from tests.export.trained import image_classifier

OPTIONS = {
    "image": {key: value for key, value in tiny.MODEL.items() if key != "name"},
    "text": {"embedding_dim": 2, "units": 3, "attention_units": 5},
    "table": {"units": 3},
    "array": {"units": 3, "attention_units": 5},
}
MODELS = {
    "image": "cnn_attention",
    "text": "lstm_attention",
    "table": "dense_attention_fusion",
    "array": "lstm_attention",
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Untrained models of each kind of input, as folders with both artefacts."""
    preprocessing = {
        "image": ImagePreprocessing(tiny.HEIGHT, tiny.WIDTH, 1),
        "text": TextPreprocessing(["un", "film", "précieux"], sequence_length=5),
        "table": TablePreprocessing.learn(columns(60)[0]),
        "array": SequencePreprocessing((None, 2)),
    }
    folders = {}
    for kind, layer in preprocessing.items():
        vocabulary = {"vocabulary_size": layer.vocabulary_size} if kind == "text" else {}
        options = {**OPTIONS[kind], **vocabulary}
        core = kzoo.create_model(MODELS[kind], layer.example_shape, 3, **options)
        model = TrainedModel(core, layer, Classification(["à", "b", "c"]))
        folders[kind] = tmp_path_factory.mktemp(kind)
        model.save(folders[kind] / "model.keras")
        write_saved_model(model, folders[kind] / "saved_model")
    return folders


@pytest.fixture(params=["model.keras", "saved_model"])
def artefact(request):
    return request.param


def lines(outcome):
    return [json.loads(line) for line in outcome.out.splitlines()]


def check(found, model, raw):
    """The lines hold what the model gives for a batch of raw input."""
    expected = model.predict(raw, verbose=0)["probabilities"]
    probabilities = [list(line["probabilities"].values()) for line in found]
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    names = [model.class_names[i] for i in expected.argmax(axis=1)]
    assert [line["class"] for line in found] == names
    assert all(list(line["probabilities"]) == model.class_names for line in found)


def test_images(kzoo_command, models, artefact, tmp_path):
    """Files, of several sizes and in colour too, a folder, and arrays; in their order."""
    images = tiny.examples(5, seed=3).inputs
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    keras.utils.save_img(tmp_path / "folder" / "b.png", images[0], scale=False)
    keras.utils.save_img(tmp_path / "folder" / "inner" / "a.bmp", images[1], scale=False)
    (tmp_path / "folder" / "notes.md").write_text("no image")
    wide = np.repeat(np.concatenate([images[2]] * 2, axis=1), 3, axis=2)
    keras.utils.save_img(tmp_path / "wide.png", wide, scale=False)
    np.save(tmp_path / "two.npy", images[3:5, ..., 0])
    np.savez(tmp_path / "one.npz", x=images[4].astype("float32"), y=[1])
    sources = ["wide.png", "folder", "two.npy", "one.npz"]
    outcome = kzoo_command("predict", models["image"] / artefact, *sources)
    assert outcome.code == 0 and outcome.err == "note: folder: passed over: 1 .md\n"
    found = lines(outcome)
    names = [
        "wide.png",
        "folder/b.png",
        "folder/inner/a.bmp",
        "two.npy[0]",
        "two.npy[1]",
        "one.npz",
    ]
    assert [line["input"] for line in found] == names
    model = kzoo.load(models["image"])
    check(found[:1], model, wide[None, ..., :1])
    check(found[1:], model, images[[0, 1, 3, 4, 4]])


def test_a_broken_image_is_named_and_the_rest_goes_on(kzoo_command, models, artefact, tmp_path):
    image = tiny.examples(1, seed=3).inputs[0]
    keras.utils.save_img(tmp_path / "good.png", image, scale=False)
    (tmp_path / "broken.png").write_bytes(b"nothing")
    (tmp_path / "empty").mkdir()
    np.save(tmp_path / "scaled.npy", image / 255)
    np.save(tmp_path / "axes.npy", np.zeros((1, 1, 7, 5, 1), "uint8"))
    np.savez(tmp_path / "names.npz", a=image, b=image)
    (tmp_path / "text.npy").write_text("no array")
    wrong = ["broken.png", "no.png", "empty", "scaled.npy", "axes.npy", "names.npz", "text.npy"]
    outcome = kzoo_command("predict", models["image"] / artefact, *wrong, "good.png")
    assert outcome.code == 1
    assert [line["input"] for line in lines(outcome)] == ["good.png"]
    messages = [
        "error: broken.png: no PNG, JPEG, BMP, GIF, WebP or TIFF image that can be read",
        "error: no.png: No such file or directory",
        "error: empty: There is nothing to read in this folder. The model reads images: .png",
        "error: scaled.npy: Images must go from 0 to 255, as they come from a file: multiply thes",
        "error: axes.npy: An array must have 3 axes, or 4 for several examples. Received: (1, 1,",
        "error: names.npz must hold one array, or one called x. It holds: a, b.",
        "error: text.npy is no file of arrays that NumPy has written, or it is damaged.",
    ]
    for line, message in zip(outcome.err.splitlines(), messages, strict=True):
        assert line.startswith(message)


def test_images_are_read_as_in_training(kzoo_command, artefact, tmp_path):
    """Upright, on the background of the model; a dark photo is one, an array of 0 and 1 is not."""
    layer = ImagePreprocessing(tiny.HEIGHT, tiny.WIDTH, 1, background="#404040")
    model = TrainedModel(image_classifier().core, layer, Classification(["à", "b", "c"]))
    model.save("model.keras")
    write_saved_model(model, tmp_path / "saved_model")
    image = tiny.examples(1, seed=3).inputs[0]
    exif = Image.Exif()
    exif[274] = 6
    lying = np.rot90(image[..., 0])
    (tmp_path / "turned.png").write_bytes(encode(lying, exif=exif))
    transparent = np.concatenate([image, np.zeros_like(image)], axis=2)
    (tmp_path / "transparent.webp").write_bytes(
        encode(transparent[..., [0, 0, 0, 1]], "WEBP", lossless=True)
    )
    (tmp_path / "dark.png").write_bytes(encode(image % 2))
    np.save("bool.npy", image[..., 0] > 127)
    np.save("ones.npy", image % 2)
    names = ["turned.png", "transparent.webp", "dark.png", "bool.npy"]
    outcome = kzoo_command("predict", artefact, *names, "ones.npy")
    assert outcome.err.startswith("error: ones.npy: Images must go from 0 to 255, as they come f")
    grey = np.full_like(image, 0x40)
    seen = np.stack([image, grey, image % 2, np.where(image > 127, 255, 0)]).astype("uint8")
    assert [line["input"] for line in lines(outcome)] == names
    check(lines(outcome), model, seen)


def test_what_a_folder_holds_beside_images(kzoo_command, models, tmp_path):
    image = tiny.examples(1, seed=3).inputs[0]
    for name in ["a.PNG", "@eaDir/a.png", "._a.png", "in/b.tiff", "in/.ipynb_checkpoints/b.png"]:
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(encode(image))
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone" / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    outcome = kzoo_command("predict", models["image"], "folder", "phone", "phone/IMG_1.HEIC")
    assert [line["input"] for line in lines(outcome)] == ["folder/a.PNG", "folder/in/b.tiff"]
    of_folder, of_file = outcome.err.splitlines()
    assert "it holds 1 .heic (convert them to JPEG or PNG). The model reads images: " in of_folder
    assert "IMG_1.HEIC: a HEIC image: convert it to JPEG or PNG. The model reads im" in of_file


@pytest.mark.parametrize("name", ["pipe.png", "pipe.npy"])
def test_a_pipe_is_not_waited_for(kzoo_command, models, tmp_path, name):
    os.mkfifo(tmp_path / name)
    outcome = kzoo_command("predict", models["image"], name)
    assert outcome.code == 1 and "It is a device or a pipe, not a file" in outcome.err


def test_texts(kzoo_command, models, artefact, tmp_path):
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "1.txt").write_text("un film\nprécieux", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes("précieux".encode("latin-1"))
    outcome = kzoo_command("predict", models["text"] / artefact, "reviews", "latin.txt")
    assert outcome.code == 1
    assert outcome.err == (
        "error: latin.txt is not text in UTF-8: byte 2 is wrong. Set --encoding to what it is "
        "written in, such as cp1252 or gb18030.\n"
    )
    [line] = lines(outcome)
    assert line["input"] == "reviews/1.txt"
    check([line], kzoo.load(models["text"]), ["un film précieux"])


def test_texts_on_the_command_line_and_piped_in(kzoo_command, models, artefact):
    texts = ["un film", "précieux " * 40, "", "unknown"] * 11  # more than one batch
    model = kzoo.load(models["text"])
    outcome = kzoo_command("predict", models["text"] / artefact, "--text", *texts)
    assert outcome.code == 0 and "précieux" in outcome.out
    assert [line["input"] for line in lines(outcome)] == texts
    check(lines(outcome), model, texts)
    stdin = "\n".join(texts) + "\n"
    piped = kzoo_command("predict", models["text"] / artefact, "--text", stdin=stdin)
    assert [line["input"] for line in lines(piped)] == [f"stdin:{i}" for i in range(1, 45)]
    check(lines(piped), model, texts)


def test_rows_of_a_table(kzoo_command, models, artefact, tmp_path):
    """The target is passed over; a gap is a missing value."""
    path = write_csv(tmp_path / "rows.csv", rows=40)
    table, _ = columns(40)
    table["Age (years)"] = [round(float(age), 1) for age in table["Age (years)"]]
    outcome = kzoo_command("predict", models["table"] / artefact, path)
    assert outcome.code == 0 and outcome.err == ""
    assert [line["input"] for line in lines(outcome)] == [f"{path}:{i}" for i in range(2, 42)]
    check(lines(outcome), kzoo.load(models["table"]), table)


def test_rows_that_are_piped_in_with_another_delimiter(kzoo_command, models, artefact):
    rows = "city;Age (years)\nUlm;41\nUlm;old\nBonn;"
    outcome = kzoo_command(
        "predict", models["table"] / artefact, "-", "--delimiter", ";", stdin=rows
    )
    assert outcome.code == 1
    assert outcome.err == (
        "error: stdin:3: the column 'Age (years)' takes numbers. Received: 'old'\n"
    )
    assert [line["input"] for line in lines(outcome)] == ["stdin:2", "stdin:4"]
    table = {"city": ["Ulm", "Bonn"], "Age (years)": [41, None]}
    check(lines(outcome), kzoo.load(models["table"]), table)


def test_a_table_that_lacks_a_column(kzoo_command, models):
    outcome = kzoo_command("predict", models["table"], "-", stdin="Age (years),x\n1,2\n")
    assert outcome.code == 1 and outcome.out == ""
    assert outcome.err == "error: stdin lacks the column 'city'. It has: Age (years), x.\n"


def test_sequences_of_different_lengths(kzoo_command, models, artefact, tmp_path):
    random = np.random.default_rng(0)
    one, three = random.normal(size=(5, 2)), random.normal(size=(3, 7, 2))
    np.save(tmp_path / "one.npy", one)
    np.savez(tmp_path / "three.npz", three)
    np.save(tmp_path / "wide.npy", np.zeros((5, 3)))
    sources = ["one.npy", "wide.npy", "three.npz"]
    outcome = kzoo_command("predict", models["array"] / artefact, *sources)
    assert outcome.code == 1
    assert outcome.err == (
        "error: wide.npy: Arrays must be numbers of the shape (batch, any, 2). Received: float64 "
        "(1, 5, 3)\n"
    )
    model = kzoo.load(models["array"])
    check(lines(outcome)[:1], model, one[None])
    check(lines(outcome)[1:], model, three)


def test_a_saved_model_without_class_names_has_numbers(kzoo_command, models, tmp_path):
    shutil.copytree(models["text"] / "saved_model", tmp_path / "alone")
    shutil.rmtree(tmp_path / "alone" / "assets.extra")
    outcome = kzoo_command("predict", "alone", "--text", "un film")
    assert list(lines(outcome)[0]["probabilities"]) == ["0", "1", "2"]


@pytest.mark.parametrize(
    "kind, source, hint",
    [
        ("image", "words.md", " The model reads images: .png, .jpg, "),
        ("image", "broken.png", ""),
        ("text", "words.md", " The model reads texts: .txt."),
        ("text", "un film " * 40, " Are these words the text itself? Add --text."),
        ("text", "un film", " Are these words the text itself? Add --text."),
        ("table", "words.md", " The model reads tables: .csv."),
    ],
)
def test_a_source_of_another_kind(kzoo_command, models, tmp_path, kind, source, hint):
    (tmp_path / "words.md").write_bytes(b"\xff no UTF-8")
    (tmp_path / "broken.png").write_bytes(b"no image")
    outcome = kzoo_command("predict", models[kind], source)
    assert outcome.code == 1 and outcome.out == "" and len(outcome.err.splitlines()) == 1
    assert outcome.err.startswith("error: ") and source.strip() in outcome.err
    assert hint in outcome.err and ("The model reads" in outcome.err) == ("The" in hint)


def test_what_it_refuses(kzoo_command, models, tmp_path):
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(7)]).save(tmp_path / "dense.keras")
    cases = [
        (["no_model", "x.png"], "error: There is no model no_model. Give a run folder with "),
        ([models["image"], "--text", "x"], "error: --text is for models that read text. This one "),
        ([models["image"]], "error: Only text and CSV can be piped in. This model reads images: "),
        (
            [models["table"], "x.csv", "--delimiter", ", "],
            "error: --delimiter takes one character.",
        ),
        (["dense.keras", "x.npy"], "error: The model must give logits and probabilities, as those"),
    ]
    for arguments, message in cases:
        outcome = kzoo_command("predict", *arguments)
        assert outcome.code == 2 and outcome.out == ""
        assert outcome.err.startswith(message) and len(outcome.err.splitlines()) == 1


def test_predictions_in_a_csv_file(kzoo_command, models, artefact, tmp_path):
    path = write_csv(tmp_path / "rows.csv", rows=40)
    folder = models["table"] / artefact
    outcome = kzoo_command("predict", folder, path, "--out", "predictions.csv")
    assert outcome.code == 0 and outcome.out == "" and outcome.err == ""
    written = pandas.read_csv("predictions.csv")
    assert list(written.columns) == ["input", "class", *(f"probability of {c}" for c in "àbc")]
    expected = kzoo.load(models["table"]).predict(pandas.read_csv(path), verbose=0)["probabilities"]
    np.testing.assert_allclose(written.iloc[:, 2:], expected, atol=1e-6)
    assert written["class"].tolist() == ["àbc"[i] for i in expected.argmax(axis=1)]
    assert written["input"].tolist() == [f"{path}:{i}" for i in range(2, 42)]


def test_lines_of_json_in_a_file(kzoo_command, models, tmp_path):
    texts = ["un film", "précieux"]
    printed = kzoo_command("predict", models["text"], "--text", *texts)
    outcome = kzoo_command("predict", models["text"], "--text", *texts, "--out", "out.jsonl")
    assert outcome.code == 0 and outcome.out == ""
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == printed.out


@pytest.mark.parametrize(
    "out, message",
    [
        ("there.csv", "error: there.csv exists. Choose another name, or remove it."),
        (
            "predictions.xlsx",
            "error: --out takes a file of .csv or .jsonl. Received: predictions.x",
        ),
        ("no/folder.csv", "error: There is no folder no to write folder.csv to."),
    ],
)
def test_an_out_that_cannot_be_written(kzoo_command, models, tmp_path, out, message):
    (tmp_path / "there.csv").write_text("kept")
    outcome = kzoo_command("predict", models["text"], "--text", "un film", "--out", out)
    assert outcome.code == 2 and outcome.err.startswith(message)
    assert (tmp_path / "there.csv").read_text() == "kept"


def test_texts_of_many_lengths_keep_their_order(kzoo_command, models, artefact):
    """They are predicted by length, and printed as they came."""
    texts = [" ".join(["un", "film", "précieux", "x"][: i % 4 + 1] * (i % 7)) for i in range(1300)]
    outcome = kzoo_command("predict", models["text"] / artefact, "-", stdin="\n".join(texts))
    assert [line["input"] for line in lines(outcome)] == [f"stdin:{i}" for i in range(1, 1301)]
    check(lines(outcome), kzoo.load(models["text"]), texts)


def test_many_images_in_one_file(kzoo_command, models, artefact, tmp_path):
    images = tiny.examples(1100, seed=3).inputs
    np.save(tmp_path / "many.npy", images)
    outcome = kzoo_command("predict", models["image"] / artefact, "many.npy")
    assert [line["input"] for line in lines(outcome)] == [f"many.npy[{i}]" for i in range(1100)]
    check(lines(outcome), kzoo.load(models["image"]), images)


def test_rows_with_text_among_numbers_are_named_and_the_rest_is_predicted(kzoo_command, models):
    rows = "".join(f"{i if i % 10 else 'old'},Ulm\n" for i in range(200))
    outcome = kzoo_command("predict", models["table"], "-", stdin=f"Age (years),city\n{rows}")
    assert outcome.code == 1 and len(lines(outcome)) == 180
    named = [line.split(": ")[1] for line in outcome.err.splitlines()]
    assert named == [f"stdin:{i + 2}" for i in range(0, 200, 10)]


def test_progress_on_a_terminal(kzoo_command, models, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    outcome = kzoo_command("predict", models["text"], "--text", "un film")
    assert outcome.code == 0 and "1 predicted" in outcome.err


def test_files_in_another_encoding(kzoo_command, models, artefact, tmp_path):
    table = 'Age (years),city\n40,"Köln"\n'
    (tmp_path / "table.csv").write_bytes(table.encode("cp1252"))
    (tmp_path / "text.txt").write_bytes("Un film précieux".encode("cp1252"))
    for kind, file, utf_8 in (("table", "table.csv", table), ("text", "text.txt", None)):
        command = ["predict", models[kind] / artefact, file]
        refused = kzoo_command(*command)
        assert refused.code == 1 and "--encoding" in refused.err and not refused.out
        [found] = lines(kzoo_command(*command, "--encoding", "cp1252"))
        if utf_8:
            [expected] = lines(kzoo_command("predict", models[kind] / artefact, "-", stdin=utf_8))
        else:
            text = "Un film précieux"
            [expected] = lines(kzoo_command(*command[:2], "--text", text))
        assert found["probabilities"] == expected["probabilities"]
    wrong = kzoo_command("predict", models["text"], "text.txt", "--encoding", "cp-1252")
    assert wrong.code == 2 and wrong.err.endswith("Did you mean cp1252? Received: 'cp-1252'\n")


def test_what_a_folder_holds_beside_is_told(kzoo_command, models, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.txt").write_text("un film")
    for name in ("b.docx", ".DS_Store"):
        (folder / name).write_bytes(b"x")
    outcome = kzoo_command("predict", models["text"], "mixed")
    assert outcome.code == 0 and len(lines(outcome)) == 1
    assert outcome.err == (
        "note: mixed: passed over: 1 .docx, 1 hidden or left by tools (.DS_Store)\n"
    )


def test_a_full_disk_is_told_with_the_name_of_the_file(kzoo_command, models, tmp_path, monkeypatch):
    def full(file, task):
        def write(names, probabilities):
            raise OSError(errno.ENOSPC, "No space left on device")

        return write

    monkeypatch.setitem(WRITERS, ".csv", full)
    outcome = kzoo_command("predict", models["text"], "--text", "un film", "--out", "p.csv")
    assert outcome.code == 1 and "p.csv could not be read or written: No space" in outcome.err
    assert not (tmp_path / "p.csv").exists()  # it would have been empty
