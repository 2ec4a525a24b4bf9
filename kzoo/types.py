"""The kinds of numbers that signatures are written in; a config is checked against them."""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge, Gt, Le, Len, Lt, MinLen

PositiveInt = Annotated[int, Gt(0)]
NonNegativeInt = Annotated[int, Ge(0)]
Seed = Annotated[int, Ge(0), Lt(2**32)]  # what NumPy takes
PositiveFloat = Annotated[float, Gt(0)]
NonNegativeFloat = Annotated[float, Ge(0)]
Fraction = Annotated[float, Ge(0), Lt(1)]
Share = Annotated[float, Ge(0), Le(1)]
PositiveFraction = Annotated[float, Gt(0), Lt(1)]
Degrees = Annotated[float, Ge(0), Le(180)]
Sizes = Annotated[Sequence[PositiveInt], MinLen(1)]
HeightWidth = Annotated[Sequence[PositiveInt], Len(2, 2)]
LEARNED = "decided by the pre-processing of a trained model"  # in `Annotated`, of a source
