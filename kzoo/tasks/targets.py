"""What a format says of its targets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Targets:
    """What is known of targets that are still as they stand in a format.

    Attributes:
        class_names: List of strings, where the targets are indices into it; an array, as a user
            has written it; or None.
        path: What a message calls the whole.
        names: Dict from split to what a message calls its targets, as in `"y_test"`.
        columns: Names of the targets, where each has one; or None.
        decimal: The decimal sign of targets that are text, where it is known; or None.
        place: Function of a split and an index that says where a target stands, as in
            `"rows.csv, line 3"`.
    """

    class_names: Any = None
    path: str = ""
    names: dict[str, str] = field(default_factory=dict)
    columns: list[str] | None = None
    decimal: str | None = None
    place: Callable[[str, int], str] | None = None
