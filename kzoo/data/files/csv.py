"""CSV files as columns of text."""

import codecs
import contextlib
import csv
import dataclasses
import io
import itertools
import shutil
import stat
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from kzoo.data.dataset import not_there
from kzoo.data.files.dialect import HEAD, check_delimiter, encoding_of, recognise_delimiter
from kzoo.data.files.texts import check_encoding
from kzoo.messages import DataError

STDIN = "-"
ROWS = 4096  # of a part
BLOCK = 2**20  # bytes that are parsed at a time, in threads
LARGEST_BLOCK = 2**30
LONGEST_FIELD = 2**31 - 1  # characters; Python's csv module stops at 131,072 by default


@dataclasses.dataclass(frozen=True)
class Csv:
    """A CSV file, or some of its rows.

    Attributes:
        path: What a message calls it.
        columns: Dict from column to an Arrow array of its fields: text without the spaces around
            it, `""` where there is nothing.
        lines: The line in which each row begins, counted from 1; indexed by row.
        delimiter: What stands between the fields.
    """

    path: str
    columns: dict[str, Any]
    lines: Any
    delimiter: str

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def refuse(self, wrong, problem):
        """Refuses the first row that is wrong, where there is one.

        Args:
            wrong: Boolean array `(rows,)`.
            problem: Function from the row to a sentence.

        Raises:
            DataError: With the line of the row before the sentence.
        """
        if wrong.any():
            row = int(wrong.argmax())
            raise DataError(f"{self.path}, line {self.lines[row]}: {problem(row)}")


def read_csv(path, delimiter=None, encoding="utf-8"):
    """Reads a CSV file, the first line of which names the columns.

    Args:
        path: The file.
        delimiter: What stands between the fields; None recognises a comma, a semicolon, a tab or
            a vertical bar.
        encoding: What the file is written in, where no byte order mark at its start says so.

    Returns:
        `Csv`.

    Raises:
        DataError: If the file cannot be read; the message names the line.
    """
    import pyarrow

    file = _CsvFile(path, delimiter, encoding)
    try:
        columns = file.parse(file.stored, file.stored.stat().st_size, file.encoding)
    except (pyarrow.ArrowInvalid, UnicodeError) as error:
        for _ in file.rows():  # raises the error that names the line
            pass
        raise DataError(f"{path} cannot be read as CSV: {error}.") from None
    part = Csv(file.path, columns, _Lines(file), file.delimiter)
    if not len(part):
        raise DataError(f"{path} has no rows. It needs a line of column names, then the rows.")
    return part


def read_csv_parts(path, delimiter=None, encoding="utf-8"):
    """Reads a CSV file in parts of a few thousand rows.

    Args:
        path: The file, or `"-"` for what is piped in.
        delimiter: As of `read_csv`.
        encoding: As of `read_csv`.

    Yields:
        `Csv`.

    Raises:
        DataError: As of `read_csv`, after the parts before the wrong row.
    """
    file = _CsvFile(path, delimiter, encoding)
    texts = []
    rows = file.rows(texts)
    while lines := [line for line, _ in itertools.islice(rows, ROWS)]:
        text = "".join(texts).encode()
        texts.clear()
        yield Csv(file.path, file.parse(io.BytesIO(text), len(text)), lines, file.delimiter)


class _Lines:
    """The line in which each row begins, found when a message names it."""

    def __init__(self, file):
        self._file = file

    def __getitem__(self, row):
        line, _ = next(itertools.islice(self._file.rows(), int(row), None))
        return line


class _CsvFile:
    """A file that can be read more than once, and how it is to be read."""

    def __init__(self, path, delimiter, encoding):
        self.path = "stdin" if path == STDIN else str(path)
        check_encoding(encoding)
        self.stored, self._temporary = _stored(path)
        self.encoding = encoding_of(self.stored) or encoding
        with self._open() as file:
            head = file.read(HEAD)
        self.delimiter = delimiter or recognise_delimiter(head)
        check_delimiter(self.delimiter)
        self._long_records = self._check_quotes()
        self.header, self.header_row = self._read_header()

    def parse(self, source, size, encoding=None):
        """Returns a dict from column to its fields.

        Args:
            source: A file, or what is read of one after its header.
            size: In bytes.
            encoding: That of a file, the header of which is to be skipped.
        """
        import pyarrow
        from pyarrow import csv as pyarrow_csv

        text = {str(i): pyarrow.string() for i in range(len(self.header))}
        table = pyarrow_csv.read_csv(
            source,
            pyarrow_csv.ReadOptions(
                column_names=list(text),
                skip_rows_after_names=self.header_row if encoding else 0,
                block_size=min(2 * size + 16, LARGEST_BLOCK if self._long_records else 2 * BLOCK),
                encoding="utf8" if encoding in (None, "utf-8", "utf-8-sig") else encoding,
            ),
            pyarrow_csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=self._long_records
            ),
            pyarrow_csv.ConvertOptions(column_types=text),
        )
        with ThreadPoolExecutor() as pool:
            return dict(zip(self.header, pool.map(_trimmed, table.columns), strict=True))

    def rows(self, texts=None):
        """Yields the line that each row begins in, and its fields.

        Args:
            texts: List that gets the lines of these rows as they stand in the file; or None.

        Raises:
            DataError: At a row that has not as many fields as there are columns.
        """
        records = self._records(texts=texts)
        for _ in itertools.islice(records, self.header_row):
            pass
        if texts:
            texts.clear()
        for line, row in records:
            if not row:  # an empty line
                continue
            if len(row) != len(self.header):
                raise DataError(
                    f"{self.path}, line {line}: the number of fields is {len(row)}, the first "
                    f"line names {len(self.header)} columns. A field with the delimiter in it "
                    "needs quotes."
                )
            yield line, row

    def _records(self, strict=False, texts=None):
        """Yields the line that each record begins in, and its fields, none for an empty line."""
        csv.field_size_limit(LONGEST_FIELD)
        line = 1
        try:
            with self._open() as file:
                lines = file if texts is None else _kept(file, texts)
                reader = csv.reader(lines, delimiter=self.delimiter, strict=strict)
                for record in reader:
                    yield line, record
                    line = reader.line_num + 1
        except csv.Error as error:
            raise DataError(
                f"{self.path}, line {max(1, reader.line_num)}: this is not CSV: {error}."
            ) from None

    @contextlib.contextmanager
    def _open(self):
        try:
            with open(self.stored, newline="", encoding=self.encoding) as file:
                yield file
        except UnicodeError:
            raise DataError(self._not_text()) from None
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror}.") from None

    def _not_text(self):
        """Returns what to say of a file in another encoding, with the line."""
        decoder, line = codecs.getincrementaldecoder(self.encoding)(), 0
        with open(self.stored, "rb") as file, contextlib.suppress(UnicodeError):
            for data in file:
                line += 1
                decoder.decode(data)
        encoding = self.encoding.removesuffix("-sig").upper()
        remedy = "Set data.encoding, or --encoding, such as cp1252, or save the file in UTF-8."
        return f"{self.path}, line {line}: this is not text in {encoding}. {remedy}"

    def _check_quotes(self):
        """Refuses a quote that is never closed, which would swallow the rest of the file.

        Returns:
            Whether a record may be longer than a block or a line, so that all must be read as one
            block: where a record is longer than a block, pyarrow 26 ends the process.
        """
        quotes, in_lines = 0, self.encoding in ("utf-8", "utf-8-sig")
        with open(self.stored, "rb") as file:
            for block in iter(lambda: file.read(BLOCK), b""):
                quotes += block.count(b'"')
                in_lines &= len(block) < BLOCK or b"\n" in block
        if quotes % 2:
            for _ in self._records(strict=True):
                pass
        return bool(quotes) or not in_lines

    def _read_header(self):
        """Returns the names of the columns and the number of records up to theirs."""
        for number, (line, record) in enumerate(self._records(), start=1):
            if record:
                names = [name.strip() or f"column {i}" for i, name in enumerate(record, start=1)]
                if repeated := [name for name, count in Counter(names).items() if count > 1]:
                    raise DataError(
                        f"{self.path}, line {line}: duplicate column name {repeated[0]!r}. "
                        "Rename one of the columns."
                    )
                return names, number
        raise DataError(f"{self.path} is empty. It needs a line of column names, then the rows.")


def _trimmed(texts):
    """Returns a column of a table as one array of text, without the spaces around it."""
    import numpy as np
    import pyarrow.compute as pc

    texts = texts.combine_chunks()
    data = np.frombuffer(texts.buffers()[-1] or b"", "uint8")
    if not data.size or data.min() > ord(" ") and data.max() < 128:  # there are none
        return texts
    return pc.utf8_trim_whitespace(texts)


def _kept(lines, texts):
    """Passes lines on, and puts them into `texts`."""
    for line in lines:
        texts.append(line)
        yield line


def _stored(path):
    """Returns a regular file of what is at `path`, and the temporary file that it is, or None."""
    if path != STDIN:
        path = Path(path)
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            raise not_there("file", path) from None
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}.") from None
        if stat.S_ISREG(mode):
            return path, None
        if not stat.S_ISFIFO(mode):
            kind = "folder" if stat.S_ISDIR(mode) else "device"
            raise DataError(f"{path} is a {kind}, not a CSV file.")
    held = tempfile.NamedTemporaryFile(suffix=".csv")
    with contextlib.ExitStack() as stack:
        if path != STDIN:
            source = stack.enter_context(open(path, "rb"))
        else:
            source = getattr(sys.stdin, "buffer", None) or io.BytesIO(sys.stdin.read().encode())
        shutil.copyfileobj(source, held)
    held.flush()
    return Path(held.name), held
