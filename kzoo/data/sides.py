"""What decides on which side of a split an example stands: a group, or a time."""

import dataclasses
import math
import warnings

import numpy as np

from kzoo.messages import DataConfigError, DataError


def split(*, by: str | None = None, time: str | None = None):
    """Returns what decides on which side of a split a row stands.

    Args:
        by: Column of groups, such as patients, each of which stands on one side as a whole; None
            splits row by row.
        time: Column of dates or numbers; the latest rows are the test split, those before them the
            validation split, and equal times stand on one side. None draws the rows.

    Returns:
        `"by"` or `"time"`, and the name of the column; or None.

    Raises:
        DataConfigError: If both are given.
    """
    if by and time:
        raise DataConfigError("data.split takes by or time, not both.")
    return ("by", by) if by else ("time", time) if time else None


@dataclasses.dataclass(frozen=True)
class Groups:
    """Groups of which each stands on one side as a whole.

    Attributes:
        column: What a message calls them.
        values: Array of strings or integers `(examples,)`.
    """

    column: str
    values: np.ndarray
    in_order = False  # so that every group may be tested on

    def take(self, places):
        """Returns those of the examples at these places."""
        return Groups(self.column, self.values[places])

    def cut(self, strata, fraction, seed):
        """Returns the places of the rest and of a part that is about this fraction.

        Args:
            strata: Integers `(examples,)`, of which both parts get their share where the groups
                allow it; or None.
            fraction: Share of the examples.
            seed: Integer.

        Raises:
            DataError: If there is one group alone.
        """
        groups = len(np.unique(self.values))
        if groups == 1:
            raise DataError(
                "data.split.by: training, validation and test need a group each; "
                f"{self.column!r} holds too few."
            )
        number = min(groups, round(1 / fraction))
        folds = list(folds_of(len(self.values), strata, number, seed, self))
        kinds = np.zeros(len(self.values), int) if strata is None else strata
        wanted = len(np.unique(kinds))

        def fits(fold):
            lacking = 2 * wanted - sum(len(np.unique(kinds[part])) for part in fold)
            return lacking, abs(len(fold[1]) / len(kinds) - fraction)

        return min(folds, key=fits)

    def tell(self, splits):
        """Returns a line for the report on the groups in each split, a dict of `Groups`."""
        counts = (f"{len(np.unique(s.values)):,} in {name}" for name, s in splits.items())
        return f"split by {self.column}: {', '.join(counts)}; none is in two"


@dataclasses.dataclass(frozen=True)
class Times:
    """Times of which the latest are tested on.

    Attributes:
        column: What a message calls them.
        values: Array of numbers `(examples,)`.
        texts: Array of what stands in the file, for the report.
    """

    column: str
    values: np.ndarray
    texts: np.ndarray
    in_order = True

    def take(self, places):
        """Returns those of the examples at these places."""
        return Times(self.column, self.values[places], self.texts[places])

    def cut(self, strata, fraction, seed):
        """Returns the places of the earlier examples and of the latest; equal times stay together.

        Raises:
            DataError: If all times are equal.
        """
        count = len(self.values)
        bound = np.sort(self.values)[count - math.ceil(fraction * count)]
        bound = bound if (self.values < bound).any() else self.values.max()
        latest = self.values >= bound
        if latest.all():
            raise DataError(
                f"data.split.time: {self.column!r} must hold earlier times and later ones. "
                f"Received: {str(self.texts[0])!r} in all of {count} rows"
            )
        return np.flatnonzero(~latest), np.flatnonzero(latest)

    def tell(self, splits):
        """Returns a line for the report on the times in each split, a dict of `Times`."""
        ranges = (
            f"{name} {s.texts[s.values.argmin()]} to {s.texts[s.values.argmax()]}"
            for name, s in splits.items()
        )
        return f"split by {self.column}: {', '.join(ranges)}"


def folds_of(count, strata, number, seed, groups=None):
    """Yields, for each of several folds, the places of the rest and of the fold.

    Args:
        count: Number of examples.
        strata: Integers `(examples,)`, of which each fold gets its share; or None.
        number: Number of folds, 2 to that of the examples or, where there are some, the groups.
        seed: Integer that draws them.
        groups: `Groups`, or None.
    """
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    if strata is not None and np.unique(strata, return_counts=True)[1].max() < number:
        strata = None  # no fold could have its share
    if groups is None:
        kind = KFold if strata is None else StratifiedKFold
    else:
        kind = GroupKFold if strata is None else StratifiedGroupKFold
    folds = kind(number, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # of a class with fewer examples than there are folds
        warnings.simplefilter("ignore")
        yield from folds.split(np.zeros(count), strata, groups and groups.values)
