import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzoo.data.files.texts import check_encoding, read_text
from kzoo.messages import DataConfigError, DataError

TEXT = "naïve 中文 😀\0\n"
MARKED = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.mark.parametrize("encoding", MARKED)
@pytest.mark.parametrize("asked_for", ["utf-8", "cp1252"])
def test_a_byte_order_mark_says_the_encoding(tmp_path, encoding, asked_for):
    file = tmp_path / "a.txt"
    file.write_bytes(MARKED[encoding] + TEXT.encode(encoding))
    assert read_text(file, asked_for) == TEXT


@pytest.mark.parametrize("encoding", ["utf-8", "UTF_8", "gb18030", "utf-16"])
def test_an_encoding_that_is_asked_for(tmp_path, encoding):
    (tmp_path / "a.txt").write_bytes(TEXT.encode(encoding))
    assert read_text(tmp_path / "a.txt", encoding) == TEXT


def test_lines_end_alike(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\r\ntwo\rthree\n")
    assert read_text(tmp_path / "a.txt") == "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    "data, encoding, message",
    [
        ("für".encode("cp1252"), "utf-8", "a.txt is not text in UTF-8: byte 1 is wrong. Convert."),
        (codecs.BOM_UTF8 + b"\xff", "utf-8", "a.txt is not text in UTF-8: byte 3 is wrong."),
        (codecs.BOM_UTF16_LE + b"a", "utf-8", "a.txt is not text in UTF-16: byte 2 is wrong."),
        (b"\x81", "cp1252", "a.txt is not text in CP1252: byte 0 is wrong."),
    ],
)
def test_bytes_that_are_something_else(tmp_path, data, encoding, message):
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(DataError) as error:
        read_text(tmp_path / "a.txt", encoding, " Convert.")
    assert message in str(error.value)


@given(data=st.binary())
def test_whatever_is_in_a_file_it_is_a_text_or_named(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("bytes") / "a.txt"
    file.write_bytes(data)
    try:
        assert isinstance(read_text(file), str)
    except DataError as error:
        assert str(error).startswith(f"{file} is not text in UTF-")


@pytest.mark.parametrize("name", ["utf8", "CP1252", "shift_jis", "gb18030", "mac-roman"])
def test_encodings_there_are(name):
    check_encoding(name)


@pytest.mark.parametrize("name", ["utf-9", "", "rot13", "hex", "a\0b"])
def test_encodings_there_are_not(name):
    with pytest.raises(DataConfigError, match="must be an encoding such as utf-8, cp1252 or shift"):
        check_encoding(name)
