import pytest

from kzoo.data.files.class_folders import class_folders
from kzoo.messages import DataConfigError, DataError


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def find(root, classes=None):
    """Returns the class names, and a dict from split to `{class/file: label}`."""
    found = class_folders(str(root), (".png",), classes)
    splits = {
        split: {
            file.relative_to(root).as_posix(): int(label)
            for file, label in zip(files, found.labels[split], strict=True)
        }
        for split, files in found.files.items()
    }
    return found.class_names, splits, found.notes


def test_classes_alone(tmp_path):
    touch(tmp_path, "dog/1.png", "cat/album/2.png", "cat/1.PNG", "cat/notes.txt")
    assert find(tmp_path) == (
        ["cat", "dog"],
        {"train": {"cat/1.PNG": 0, "cat/album/2.png": 0, "dog/1.png": 1}},
        ["passed over: 1 .txt"],
    )


@pytest.mark.parametrize("train", ["train", "Training"])
@pytest.mark.parametrize("held_out", ["val", "valid", "VALIDATION", "dev", None])
@pytest.mark.parametrize("test", ["test", "Testing", None])
def test_splits_under_all_their_names(tmp_path, train, held_out, test):
    folders = {"train": train, "validation": held_out, "test": test}
    folders = {split: folder for split, folder in folders.items() if folder}
    for folder in folders.values():
        touch(tmp_path, f"{folder}/cat/1.png", f"{folder}/dog/1.png")
    names, splits, notes = find(tmp_path)
    assert names == ["cat", "dog"] and notes == []
    assert splits == {
        split: {f"{folder}/cat/1.png": 0, f"{folder}/dog/1.png": 1}
        for split, folder in folders.items()
    }


@pytest.mark.parametrize("names", [["train", "plane", "car"], ["valid", "invalid"], ["a", "test"]])
def test_a_class_may_be_called_like_a_split(tmp_path, names):
    touch(tmp_path, *(f"{name}/{i}.png" for name in names for i in range(2)))
    assert find(tmp_path)[0] == sorted(names)


def test_what_tools_leave_is_no_class_and_no_split(tmp_path):
    touch(tmp_path, "cat/1.png", "dog/1.png", "@eaDir/cat/1.png", ".git/a/b.png", "__MACOSX/c.png")
    touch(tmp_path, ".train/cat/1.png")
    names, splits, notes = find(tmp_path)
    assert names == ["cat", "dog"] and len(splits["train"]) == 2
    [note] = notes
    assert note.startswith("passed over: 4 hidden or left by tools (")


def test_what_is_not_read_is_told(tmp_path):
    touch(tmp_path, *(f"{split}/{c}/1.png" for split in ("train", "test") for c in "ab"))
    touch(tmp_path, "extra/1.png", "extra/2.png", "train/cover.png", "logo.png", "labels.csv")
    (tmp_path / "empty").mkdir()
    _, splits, notes = find(tmp_path)
    assert {len(files) for files in splits.values()} == {2}
    assert notes == [
        "passed over: 1 .csv",
        "warning: files in no class folder are not read: 2 in extra, 1 in the folder itself, "
        "1 in train",
    ]


def test_chosen_classes(tmp_path):
    touch(tmp_path, *(f"train/{c}/1.png" for c in "abc"), *(f"test/{c}/1.png" for c in "bcd"))
    names, splits, notes = find(tmp_path, ["c", "b"])
    assert names == ["c", "b"] and splits["train"] == {"train/c/1.png": 0, "train/b/1.png": 1}
    assert notes == ["left out, not among data.classes: a, d"]
    with pytest.raises(DataConfigError, match="train has no class folder bb. Did you mean b?"):
        find(tmp_path, ["c", "bb"])


def test_a_class_may_be_missing_to_test_on(tmp_path):
    touch(tmp_path, "train/a/1.png", "train/b/1.png", "test/b/1.png")
    assert find(tmp_path)[1]["test"] == {"test/b/1.png": 1}


WRONG = {
    "nothing": ([], "must hold a folder for each of two classes or more. Found: none."),
    "one class": (["a/1.png"], "Found: a."),
    "no file": (
        ["a/1.png", "b/1.heic", "b/.DS_Store"],
        "b holds no file of .png. It holds 1 .heic (convert them to JPEG or PNG), 1 hidden or left",
    ),
    "no folders in train": (["train/1.png"], "train must hold a folder for each class."),
    "nor in both": (
        ["train/1.png", "test/1.png", "car/1.png"],
        "test and train must hold a folder for each class.",
    ),
    "no folders in test": (
        ["train/a/1.png", "train/b/1.png", "test/1.png"],
        "test must hold a folder for each class. Found: none.",
    ),
    "no train": (
        ["test/a/1.png", "test/b/1.png", "val/a/1.png"],
        "has test and val, but no folder train. Put the class folders to train on into ",
    ),
    "two of a split": (
        ["train/a/1.png", "train/b/1.png", "val/a/1.png", "Valid/a/1.png"],
        "has two folders for the validation split: Valid and val. Remove or rename one.",
    ),
    "new class": (
        ["train/a/1.png", "train/b/1.png", "test/c/1.png"],
        "test has classes that there is nothing to train on for: c.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong(tmp_path, case):
    names, message = WRONG[case]
    touch(tmp_path, *names)
    with pytest.raises(DataError) as error:
        find(tmp_path)
    assert message in str(error.value) and len(str(error.value).splitlines()) == 1


def test_a_folder_that_is_not_there_or_cannot_be_read(tmp_path, monkeypatch):
    with pytest.raises(DataConfigError, match="There is no folder gone. It is looked for in "):
        class_folders("gone", (".png",))
    touch(tmp_path, "a/1.png", "b/1.png")

    def closed(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("os.scandir", closed)
    with pytest.raises(DataError, match=f"{tmp_path} cannot be read: Permission denied."):
        find(tmp_path)
