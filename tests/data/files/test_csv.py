import csv
import io
import os
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzoo.data.files.csv import read_csv, read_csv_parts
from kzoo.messages import DataConfigError, DataError


def write(folder, data, name="t.csv"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def as_lists(table):
    return {name: column.to_pylist() for name, column in table.columns.items()}


def in_parts(path, **options):
    """The columns and lines of all parts, joined."""
    parts = list(read_csv_parts(path, **options))
    columns = {name: sum((as_lists(p)[name] for p in parts), []) for name in parts[0].columns}
    return columns, [line for part in parts for line in part.lines]


def both(path, **options):
    """What both readers give, which is the same."""
    table = read_csv(path, **options)
    columns, lines = in_parts(path, **options)
    assert columns == as_lists(table)
    assert lines == [table.lines[row] for row in range(len(table))]
    return columns, lines


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_delimiter_is_recognised(tmp_path, delimiter, end):
    rows = [["a name", "b"], ["1,5", "x"], ['quoted "y"', "1;2|3\t4"], ["", "line\nbreak"]]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(rows)
    path = write(tmp_path, file.getvalue())
    assert read_csv(path).delimiter == delimiter
    columns, lines = both(path)
    assert columns == {"a name": ["1,5", 'quoted "y"', ""], "b": [row[1] for row in rows[1:]]}
    assert lines == [2, 3, 4]


fields = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=7)


@settings(max_examples=50, deadline=None)
@given(st.data(), st.sampled_from(",;\t|"), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_any_fields_come_back(tmp_path_factory, data, delimiter, encoding):
    width = data.draw(st.integers(2, 4))
    rows = data.draw(st.lists(st.lists(fields, min_size=width, max_size=width), min_size=1))
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    header = [f"column {delimiter} {i}" for i in range(width)]
    with open(path, "w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    columns, _ = both(path, delimiter=delimiter)
    assert list(columns) == header
    spaces = "".join(map(chr, filter(lambda c: chr(c).isspace(), range(0x3001))))
    for column, expected in zip(columns.values(), zip(*rows, strict=True), strict=True):
        assert [text.strip(spaces) for text in column] == [text.strip(spaces) for text in expected]


def test_lines_without_anything_are_passed_over(tmp_path):
    path = write(tmp_path, '\n\n a ,b\n\n"1\n2",3\n\n4,5\n\n')
    assert both(path) == ({"a": ["1\n2", "4"], "b": ["3", "5"]}, [5, 8])


@pytest.mark.slow
def test_more_rows_than_a_part(tmp_path):
    path = write(tmp_path, "n,text\n" + "".join(f"{i},'{i}'\n" for i in range(9001)))
    columns, lines = both(path)
    assert columns["n"] == list(map(str, range(9001))) and lines == list(range(2, 9003))


def test_a_field_longer_than_python_reads_by_default(tmp_path):
    path = write(tmp_path, f'n,text\n1,{"x" * 300_000}\n2,"{"y," * 300_000}"\n')
    columns, _ = both(path)
    assert list(map(len, columns["text"])) == [300_000, 600_000]


LONG = "x" * (3 * 2**20)  # more than is parsed at a time


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("cell", ["ä", LONG])
def test_a_file_of_several_blocks(tmp_path, cell, end, quote):
    rows = [(f"{i}", f"{quote}  word {i}{quote}") for i in range(250_000)]
    rows[200_000] = ("200000", cell)
    text = end.join(map(",".join, [("a", "b"), *rows])) + end
    assert len(text) > 4 * 2**20
    table = read_csv(write(tmp_path, text))
    columns = {"a": [a for a, _ in rows], "b": [b.strip(' "') for _, b in rows]}
    assert as_lists(table) == columns
    assert table.lines[249_999] == 250_001


def test_a_wrong_row_in_a_later_block(tmp_path):
    lines = ["a,b", *["1,word"] * 500_000, "1,2,3", "1,2"]
    with pytest.raises(DataError, match="line 500002: the number of fields is 3"):
        read_csv(write(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16-le", "shift_jis"])
def test_another_encoding(tmp_path, encoding):
    text = "größe,b\n5,Köln\n" if encoding != "shift_jis" else "größe,b\n5,東京\n".replace("ö", "o")
    text = text.replace("ß", "ss") if encoding == "shift_jis" else text
    path = write(tmp_path, text.encode(encoding))
    columns, _ = both(path, encoding=encoding)
    assert [next(iter(columns)), columns["b"]] == [text.split(",")[0], [text.split(",")[2][:-1]]]


def test_names_that_are_missing(tmp_path):
    columns, _ = both(write(tmp_path, ",a,  \n1,2,3\n"))
    assert columns == {"column 1": ["1"], "a": ["2"], "column 3": ["3"]}


def test_nul_and_control_characters_are_characters(tmp_path):
    columns, _ = both(write(tmp_path, b"a,b\nx\0y,\x1b[31m\n"))
    assert columns == {"a": ["x\0y"], "b": ["\x1b[31m"]}


def test_what_is_piped_in(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("ä;b\n1;2\n"))
    [part] = read_csv_parts("-")
    assert as_lists(part) == {"ä": ["1"], "b": ["2"]} and part.path == "stdin"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_named_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("a,b\n1,2\n",))
    writer.start()
    table = read_csv(pipe)
    writer.join()
    assert as_lists(table) == {"a": ["1"], "b": ["2"]} and table.lines[0] == 2


WRONG = {
    "a quote that is not closed": (b'a,b\n1,2\n3,"4\n5,6\n', "line 4: this is not CSV: unexpected"),
    "too many fields": (b"a,b\n1,2\n\n3,4,5\n", "line 4: the number of fields is 3, the first"),
    "too few fields": (b"a,b\n1\n", "line 2: the number of fields is 1"),
    "not in UTF-8": (b"a,b\n1,2\n3,\xe4\n", "line 3: this is not text in UTF-8. Set data.encoding"),
    "a name twice": (b"a,b, a\n1,2,3\n", "line 1: duplicate column name 'a'."),
    "nothing": (b"", "is empty."),
    "empty lines": (b"\n\n\n", "is empty."),
    "the mark alone": (b"\xef\xbb\xbf", "is empty."),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("read", [read_csv, lambda path: list(read_csv_parts(path))])
def test_message(tmp_path, case, read):
    data, message = WRONG[case]
    with pytest.raises(DataError) as error:
        read(write(tmp_path, data))
    assert message in str(error.value) and str(tmp_path) in str(error.value)


def test_what_is_no_file(tmp_path):
    for path, message in [
        (tmp_path / "gone.csv", "There is no file"),
        (tmp_path, "is a folder, not a CSV file."),
        ("/dev/zero", "is a device, not a CSV file."),
    ]:
        with pytest.raises(DataError, match=message):
            read_csv(path)


def test_options_that_do_not_exist(tmp_path):
    path = write(tmp_path, "a,b\n1,2\n")
    with pytest.raises(
        DataConfigError, match="data.encoding must be .* Did you mean .* Received: 'cp125'"
    ):
        read_csv(path, encoding="cp125")
    with pytest.raises(DataConfigError, match="data.delimiter must be one character, no quote"):
        read_csv(path, delimiter="\n")
