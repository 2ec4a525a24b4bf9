import pytest

from kzoo.data import DATASETS
from kzoo.messages import DataConfigError, DataError
from tests.data.text_files import TELLING, write_texts

text_folder = DATASETS["text_folder"]


def texts_of(dataset):
    return [*dataset.train.inputs, *dataset.validation.inputs, *dataset.test.inputs]


def test_a_fifth_of_each_class_is_the_test_split(tmp_path):
    dataset = text_folder(path=str(write_texts(tmp_path)), validation=0.125)
    assert dataset.task.class_names == ["bad", "good"]
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [21, 3, 6]
    assert len(texts_of(dataset)) == 30
    for split in (dataset.train, dataset.validation, dataset.test):
        for text, label in zip(split.inputs, split.labels, strict=True):
            assert TELLING[dataset.task.class_names[label]] in text


def test_train_and_test_folders_are_used(tmp_path):
    write_texts(tmp_path / "train", seed=0)
    write_texts(tmp_path / "test", seed=1)
    (tmp_path / "test" / "good" / "one_more.txt").write_text("plus")
    dataset = text_folder(path=str(tmp_path))
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [27, 3, 31]
    assert dataset.test.inputs[0] == "plus"  # the shortest


def test_what_is_evaluated_goes_from_short_to_long(tmp_path):
    dataset = text_folder(path=str(write_texts(tmp_path)), validation=0.4)
    for split in (dataset.validation, dataset.test):
        lengths = [len(text) for text in split.inputs]
        assert lengths == sorted(lengths)


def test_a_validation_folder_is_used(tmp_path):
    for i, name in enumerate(["train", "Valid", "test"]):
        write_texts(tmp_path / name, seed=i)
    (tmp_path / "Valid" / "good" / "one_more.TXT").write_text("plus")
    dataset = text_folder(path=str(tmp_path))
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [30, 31, 30]
    assert dataset.validation.inputs[0] == "plus"


def test_what_tools_leave_is_no_text(tmp_path):
    path = write_texts(tmp_path)
    for file in list(tmp_path.rglob("*.txt")):
        (file.parent / f"._{file.name}").write_bytes(b"\0\5\26\7\0\2\0\0Mac OS X")
    dataset = text_folder(path=str(path))
    assert len(texts_of(dataset)) == 30
    assert dataset.notes == ("passed over: 30 hidden or left by tools (._*)",)


def test_a_train_folder_alone_is_split(tmp_path):
    write_texts(tmp_path / "train")
    assert len(text_folder(path=str(tmp_path)).test) == 6


def test_the_vocabulary_is_learned_from_the_training_split(tmp_path):
    write_texts(tmp_path)
    for number, file in enumerate(sorted(tmp_path.rglob("*.txt"))):
        file.write_text(f"word{number}")
    dataset = text_folder(path=str(tmp_path), text={"sequence_length": 3})
    assert sorted(dataset.preprocessing.vocabulary) == sorted(dataset.train.inputs)
    assert dataset.preprocessing.sequence_length == 3


def test_the_split_seed_alone_draws_the_splits(tmp_path):
    path = str(write_texts(tmp_path))
    first, same, other = (list(text_folder(path=path, split_seed=s).test.inputs) for s in (0, 0, 1))
    assert first == same != other


def test_classes_can_be_chosen(tmp_path):
    write_texts(tmp_path)
    (tmp_path / "unsup").mkdir()
    (tmp_path / "unsup" / "1.txt").write_text("nobody knows")
    dataset = text_folder(path=str(tmp_path), classes=["good", "bad"])
    assert dataset.task.class_names == ["good", "bad"]
    assert len(texts_of(dataset)) == 30


def test_a_file_that_is_not_utf_8_is_named(tmp_path):
    path = write_texts(tmp_path)
    (path / "bad" / "3.txt").write_bytes("für".encode("latin-1"))
    message = r"bad/3\.txt is not text in UTF-8: byte 1 is wrong\. Set data\.encoding to what al"
    with pytest.raises(DataError, match=message):
        text_folder(path=str(path))
    assert "für" in texts_of(text_folder(path=str(path), encoding="latin-1"))


def test_an_encoding_that_is_none_is_refused_first():
    with pytest.raises(DataConfigError, match=r"data\.encoding .* Did you mean cp1253\? Rec"):
        text_folder(path="not looked at", encoding="cp1253x2")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    path = write_texts(tmp_path)
    (path / "bad" / "gone.txt").symlink_to(path / "nowhere")
    with pytest.raises(DataError, match=r"gone\.txt cannot be read: No such file"):
        text_folder(path=str(path))


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path):
    path = write_texts(tmp_path)
    (path / "bad" / "0.txt").write_bytes(b"\xef\xbb\xbfpobre un")
    assert "pobre un" in texts_of(text_folder(path=str(path)))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], r"must hold a folder for each of two classes or more\. Found: none\."),
        (["one/1.txt"], r"Found: one\."),
        (["one/1.txt", "two/1.csv"], r"two holds no file of \.txt\. It holds 1 \.csv\."),
        (["train/one/1.txt", "train/two/1.md", "test/one/1.txt"], r"train/two holds no file of"),
    ],
)
def test_a_folder_that_is_no_such_set_is_refused(tmp_path, files, message):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a text")
    with pytest.raises(DataError, match=message):
        text_folder(path=str(tmp_path))


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"There is no folder .*/none\."):
        text_folder(path=str(tmp_path / "none"))
