"""What the columns of a table hold, read off their values."""

import dataclasses
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kzoo.data.files.images import SUFFIXES
from kzoo.messages import DataError, listed
from kzoo.preprocessing.cells import numbers, strings, units

MOSTLY = 0.9  # share of the values that makes a column what they are
FEW = 20  # different texts that are categories in any table
DATE = r"^\d{4}[-/.]\d{1,2}([-/.]\d{1,2}([T ].*)?)?$|^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
CODE = r"^0\d+$"  # such as a postcode: the zero would be lost
UNNAMED = re.compile(r"column \d+|Unnamed: \d+(_level_\d+)?")  # the latter is what pandas says
IMAGE = "(?i)(" + "|".join(re.escape(suffix) for suffix in SUFFIXES) + ")$"
ALONE = ("text", "image")  # what a model reads alone, or several of them as parts of a record
SENTENCE = r"\S\s+\S+\s+\S"  # three words
HEADINGS = {
    "number": "numbers",
    "category": "categories",
    "date": "dates",
    "text": "texts",
    "image": "images",
}
IDENTIFIER = re.compile(r"(?i:(.*[\W_])?(id|index|uuid|guid)([\W_].*)?)|.*[a-z0-9](Id|ID)")


@dataclasses.dataclass(frozen=True)
class Column:
    """What a column holds.

    Attributes:
        kind: `"number"`, `"category"`, `"date"`, `"text"`, `"image"` or `"ignore"`.
        decimal: The decimal sign of numbers.
        order: Of year, month and day in dates.
        reason: Why it is ignored.
        values: Array of what the table holds that it was inferred from, numbers or strings; or
            None.
    """

    kind: str
    decimal: str = "."
    order: str = "ymd"
    reason: str = ""
    values: np.ndarray | None = dataclasses.field(default=None, repr=False, compare=False)


def choose_kinds(table, texts, declared, decimal, several=False):
    """Says what each column holds.

    Args:
        table: `Csv`.
        texts: Dict from each column to choose from to its text, null where a value is missing.
        declared: Dict from column to its kind; goes first.
        decimal: The decimal sign of numbers; None recognises it.
        several: Whether columns of texts and images are of use beside others, where they are not
            declared.

    Returns:
        Dict from column to `Column`, without those that are ignored; and a tuple of lines that
        tell what was found.

    Raises:
        DataError: If a column is neither numbers nor text, or no column is of use.
    """
    decimals = _decimals(table, texts, decimal)

    def choose(name):
        if name in declared:
            order = order_of_dates(texts[name]) if declared[name] == "date" else None
            return Column(declared[name], decimals[name], order or "ymd", "as told")
        return _infer(table, name, texts[name], decimals[name])

    with ThreadPoolExecutor() as pool:
        found = dict(zip(texts, pool.map(choose, texts), strict=True))
    kept = [name for name, column in found.items() if column.kind != "ignore"]
    if not several and len(kept) > 1:
        for name in kept:
            if found[name].kind in ALONE and name not in declared:
                reason = f"{found[name].kind}s, which multimodal_fusion reads"
                found[name] = Column("ignore", reason=reason)
    told = _describe(texts, found)
    columns = {name: column for name, column in found.items() if column.kind != "ignore"}
    if not columns:
        raise DataError(f"{table.path} has no column to learn from. {' '.join(told)}")
    return columns, told


def _decimals(table, texts, decimal):
    """Returns the decimal sign of each column.

    Where the delimiter is not a comma, one may be the decimal sign: in a column whose numbers
    cannot be read otherwise, and in the others of such a file.
    """
    if decimal or table.delimiter == ",":
        return dict.fromkeys(texts, decimal or ".")
    possible = {name: _possible_decimals(values) for name, values in texts.items()}
    evident = {signs for signs in possible.values() if len(signs) == 1}
    decimals = {}
    for name, signs in possible.items():
        if len(signs) == 2 and len(evident) != 1:
            place, text = _first(texts[name], r"[.,]")
            if "," in text:
                raise DataError(
                    f"{table.path}, line {table.lines[place]}: {text!r} in the column {name!r} "
                    "may have a decimal comma or a comma between thousands. "
                    'Set data.decimal to "," or ".".'
                )
            signs = "."
        decimals[name] = next(iter(evident)) if len(signs) == 2 else signs or "."
    return decimals


def _possible_decimals(texts):
    """Returns `"."`, `","`, both where a column can be read in two ways, or `""`."""
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring_regex(texts, "[.,]")).as_py():
        return ""
    read = {sign: numbers(texts, sign) for sign in ".,"}
    present = len(texts) - texts.null_count
    fitting = [s for s, n in read.items() if n.wrong.sum() <= (1 - MOSTLY) * present]
    if len(fitting) == 2 and np.array_equal(read["."].values, read[","].values, equal_nan=True):
        return ""
    return "".join(fitting)


def _infer(table, name, texts, decimal):
    """Says what a column holds from its values; refuses numbers with something among them."""
    import pyarrow.compute as pc

    if texts.null_count == len(texts):
        return Column("ignore", reason="empty")
    read = numbers(texts, decimal)
    if not read.wrong.any() and not _has_codes(texts, read.values):
        return _infer_number(table, name, texts, read, decimal)
    encoded = pc.dictionary_encode(texts) if read.encoded is None else read.encoded
    words, counts = encoded.dictionary, np.bincount(encoded.indices.drop_null())
    if len(words) == 1 and not texts.null_count:
        return Column("ignore", reason="the same in all rows")
    if read.wrong.any():
        _check_numbers(table, name, texts, read, decimal, words, counts)
    if _mostly(words, counts, DATE):
        return _infer_date(words)
    if _mostly(words, counts, IMAGE):
        return Column("image")
    if len(words) > max(FEW, counts.sum() / 2):
        if _mostly(words, counts, SENTENCE):
            return Column("text")
        return Column("ignore", reason="text that differs from row to row")
    return Column("category", values=strings(encoded, ""))


def _infer_date(words):
    order = order_of_dates(words)
    if order:
        return Column("date", order=order)
    return Column("ignore", reason="dates that can be read in two ways, or not at all")


def order_of_dates(texts):
    """Returns the order of year, month and day that all dates of a column have, or None."""
    from kzoo.preprocessing.dates import ORDERS, days_of

    words = np.array(texts.drop_null().unique().to_pylist(), dtype=object)
    read = {order: days_of(words, order) for order in ORDERS}
    read = {order: days.numpy() for order, (days, fits) in read.items() if fits.numpy().all()}
    if len(read) == 1 or len({days.tobytes() for days in read.values()}) == 1:
        return next(iter(read))
    return "dmy" if "dmy" in read and all("." in word for word in words) else None


def _mostly(words, counts, pattern):
    """Whether a pattern is found in nearly all values of a column."""
    import pyarrow.compute as pc

    fits = np.asarray(pc.match_substring_regex(words, pattern))
    return counts[fits].sum() >= MOSTLY * counts.sum()


def _has_codes(texts, floats):
    import pyarrow.compute as pc

    if np.any(np.floor(floats) < floats):
        return False
    zeros = texts.filter(pc.starts_with(texts, "0"))
    return bool(pc.any(pc.match_substring_regex(zeros, CODE)).as_py())


def _infer_number(table, name, texts, read, decimal):
    present = read.values[~np.isnan(read.values)] if texts.null_count else read.values
    if not texts.null_count and np.ptp(present) == 0:
        return Column("ignore", reason="the same in all rows")
    if read.encoded is not None and len(signs := units(read.encoded.dictionary)) > 1:
        place, text = _first(texts, re.escape(max(signs)))
        raise DataError(_among_numbers(table, name, place, text, "numbers without it"))
    if UNNAMED.fullmatch(name) and _are_different_integers(present):
        return Column("ignore", reason="a running number without a name")
    if _numbers_the_rows(name, present):
        return Column("ignore", reason="numbers the rows")
    return Column("number", decimal, values=read.values)


def _numbers_the_rows(name, floats):
    """Whether integers count the rows, in any order, or are called an id and all different."""
    if not _are_different_integers(floats):
        return False
    steps = np.diff(floats)
    in_order = len(floats) > 2 and (np.all(steps == 1) or np.all(steps == -1))
    without_gaps = len(floats) > FEW and np.ptp(floats) == len(floats) - 1
    return in_order or without_gaps or IDENTIFIER.fullmatch(name)


def _are_different_integers(floats):
    some = floats[:1000]  # most columns differ there
    return (
        not np.any(some % 1)
        and len(np.unique(some)) == len(some)
        and not np.any(floats % 1)
        and len(np.unique(floats)) == len(floats)
    )


def _check_numbers(table, name, texts, read, decimal, words, counts):
    """Refuses a column of numbers in which there is something else."""
    place, count, present = (
        int(read.wrong.argmax()),
        read.wrong.sum(),
        len(texts) - texts.null_count,
    )
    text = texts[place].as_py()
    few = count <= (1 - MOSTLY) * present
    if few or count <= present / 2 and _are_signs_or_many(texts.filter(read.wrong), read.values):
        raise DataError(_among_numbers(table, name, place, text, f"numbers ({count} such)"))
    wrong = numbers(words, ",").wrong
    if decimal == "." and counts[wrong].sum() <= (1 - MOSTLY) * present:
        raise DataError(
            f"{table.path}, line {table.lines[place]}: the column {name!r} holds {text!r}. "
            'If the comma is its decimal sign, set data.decimal: ",". Otherwise say what the '
            f"column is in data.columns: {{{name}: category}} or {{{name}: ignore}}."
        )


def _are_signs_or_many(others, floats):
    """Whether what is no number is a sign such as - or #REF!, or the numbers are no categories."""
    import pyarrow.compute as pc

    are_signs = pc.all(pc.match_substring_regex(others, r"^#|^[^\pL\pN]*$")).as_py()
    return are_signs or len(np.unique(floats[~np.isnan(floats)])) > FEW


def _among_numbers(table, name, place, text, others):
    return (
        f"{table.path}, line {table.lines[place]}: the column {name!r} holds {text!r} among "
        f"{others}. Correct it, leave it empty, name it in data.missing, or say what the column "
        f"is in data.columns: {{{name}: category}} or {{{name}: ignore}}."
    )


def _first(texts, pattern):
    """Returns the place and the text of the first value that a pattern is found in."""
    import pyarrow.compute as pc

    found = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    place = pc.index(found, True).as_py()
    return place, texts[place].as_py()


def _describe(texts, found):
    lines = []
    for kind, heading in HEADINGS.items():
        names = [_with_gaps(name, texts[name]) for name in found if found[name].kind == kind]
        if names:
            lines.append(f"{heading}: {listed(names)}")
    left_out = [f"{name} ({c.reason})" for name, c in found.items() if c.kind == "ignore"]
    if left_out:
        lines.append(f"left out: {listed(left_out)}")
    commas = [n for n, c in found.items() if c.kind == "number" and c.decimal == ","]
    if commas:
        lines.append(f"with a decimal comma: {listed(commas)}")
    return tuple(lines)


def _with_gaps(name, texts):
    missing = texts.null_count
    return f"{name} ({missing / len(texts):.1%} missing)" if missing else name
