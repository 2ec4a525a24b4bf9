import os

import pytest

from kzoo.data.files.listing import check_file, list_files, read_file

LEFTOVERS = [
    "cat/@eaDir/0.png/SYNOPHOTO_THUMB_M.png",
    "cat/__MACOSX/._0.png",
    "cat/.ipynb_checkpoints/0-checkpoint.png",
    "cat/deep/.git/0.png",
    "cat/._0.png",
    "cat/.hidden.png",
    "cat/thumbs.DB",
    "Desktop.ini",
    "cat/0.png~",
    "cat/~$0.png",
    "$RECYCLE.BIN/0.png",
    "System Volume Information/0.png",
    "cat/Icon\r",
]


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def listed(root, *suffixes):
    found = list_files(root, suffixes or (".png",))
    return [file.relative_to(root).as_posix() for file in found.files], found


def test_endings_in_any_case_on_every_level_in_order(tmp_path):
    names = ["b.PNG", "a/z.png", "a/b/c/y.Png", "10.png", "9.png"]
    touch(tmp_path, *names, "a/x.jpg", "a/v.JPG", "w", "a/b/c/notes.tar.gz")
    files, found = listed(tmp_path)
    assert files == sorted(names)
    assert found.others == {".jpg": 2, "without an ending": 1, ".gz": 1}
    assert found.passed_over() == "2 .jpg, 1 without an ending, 1 .gz"


@pytest.mark.parametrize("name", LEFTOVERS)
def test_what_tools_leave_is_no_data(tmp_path, name):
    touch(tmp_path, name, "cat/0.png")
    files, found = listed(tmp_path)
    assert files == ["cat/0.png"]
    assert not found.others and sum(found.leftovers.values()) == 1
    assert found.passed_over().startswith("1 hidden or left by tools (")


def test_the_name_of_the_folder_itself_does_not_matter(tmp_path):
    touch(tmp_path / ".cache" / "@eaDir", "0.png")
    assert listed(tmp_path / ".cache" / "@eaDir")[0] == ["0.png"]


def test_long_lists_are_cut(tmp_path):
    touch(tmp_path, *(f"{i}.a{i}" for i in range(13)), *(f".hidden{i}" for i in range(5)), "a.heic")
    text = listed(tmp_path)[1].passed_over()
    assert text.count("1 .a") + text.count(".heic") == 10 and "4 other endings" in text
    assert "5 hidden or left by tools (.hidden" in text and text.endswith(", ...)")
    assert text.count(".hidden") == 3


def test_what_iphones_write_is_named_with_its_remedy(tmp_path):
    touch(tmp_path, "a.HEIC", "b.heic")
    assert listed(tmp_path)[1].passed_over() == "2 .heic (convert them to JPEG or PNG)"


def test_links(tmp_path):
    """To files and folders they are followed, in a circle they end, to nothing they are kept."""
    touch(tmp_path, "real/a.png", "elsewhere/b.png")
    (tmp_path / "real" / "to_folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "real" / "to_file.png").symlink_to(tmp_path / "elsewhere" / "b.png")
    (tmp_path / "real" / "circle").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "itself.png").symlink_to("itself.png")
    (tmp_path / "real" / "nothing.png").symlink_to("gone.png")
    files, _ = listed(tmp_path / "real")
    assert files == ["a.png", "itself.png", "nothing.png", "to_file.png", "to_folder/b.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    files, found = listed(tmp_path)
    assert files == [] and found.others == {"devices or pipes": 1}
    with pytest.raises(OSError, match="a device or a pipe, not a file"):
        read_file(tmp_path / "pipe.png")
    with pytest.raises(OSError, match="a device or a pipe"):
        check_file(tmp_path / "pipe.png")
