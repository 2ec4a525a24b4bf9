"""Tables: framed on a terminal, plain text in a pipe."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kzoo.messages import harmless


def print_table(title, columns, rows):
    """Prints rows under the names of their columns.

    In a pipe a row is one line and spaces align the columns; nothing is cut off there.

    Args:
        title: Line above the table.
        columns: List of names.
        rows: List of lists with a value for each column; None is left empty.
    """
    rows = list(rows)
    right = [all(isinstance(v, int | float) for v in values) for values in zip(*rows, strict=True)]
    right = right or [False] * len(columns)
    lines = [[_cell(value) for value in row] for row in (columns, *rows)]
    console = Console()
    if not console.is_terminal:
        print("\n".join([title, *_aligned(lines, right)]), end="\n\n")
        return
    table = Table(title=title, title_justify="left")
    for i, name in enumerate(columns):
        table.add_column(name, justify="right" if right[i] else "left", no_wrap=i == 0)
    for line in lines[1:]:
        table.add_row(*map(Text, line))  # in a str, brackets would be markup
    console.print(table)


def _aligned(lines, right):
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(line, widths, right, strict=True)
        yield "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in cells).rstrip()


def _cell(value):
    """A value on one line, without tabs and other control characters."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4f}"
    return "" if value is None else harmless(" ".join(str(value).split()))
