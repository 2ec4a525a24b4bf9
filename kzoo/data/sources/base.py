"""What a source returns: what stands in a format, before anything is split or learned."""

import dataclasses
from typing import Any

from kzoo.data.dataset import Examples, Stream
from kzoo.tasks.targets import Targets


@dataclasses.dataclass(frozen=True)
class Source:
    """Raw inputs and raw targets.

    Attributes:
        kind: What the inputs are, as `Preprocessing.kind` says it.
        train: `Examples` or `Stream`; its `labels` are the targets as they stand in the format.
        targets: `Targets`: what the format says of them.
        validation: The same as `train`, where the format has such a split; or None.
        test: The same.
        sides: `Groups` or `Times` of the training examples, which decide on which side of a split
            each stands; or None.
        options: Dict of arguments of `Preprocessing.learn`.
        notes: Lines for the report on the data: what was chosen or left out in reading it.
    """

    kind: str
    train: Examples | Stream
    targets: Targets
    validation: Examples | Stream | None = None
    test: Examples | Stream | None = None
    sides: Any = None
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
