"""Tables that come with scikit-learn."""

from typing import Literal

from kzoo.data.dataset import Examples
from kzoo.data.sources.base import Source
from kzoo.tasks.targets import Targets


def builtin_table(
    *, dataset: Literal["breast_cancer", "wine", "iris", "diabetes"] = "breast_cancer"
):
    """A table of numbers from scikit-learn; needs no network.

    Args:
        dataset: `"breast_cancer"` (569 rows, 30 columns, 2 classes), `"wine"` (178, 13, 3),
            `"iris"` (150, 4, 3) or, for a regression, `"diabetes"` (442, 10, the progression of
            the disease within a year, 25 to 346).

    References:
        Street, Wolberg and Mangasarian, 1993, Nuclear feature extraction for breast tumor
        diagnosis (breast_cancer); Efron et al., 2004, Least Angle Regression (diabetes).
    """
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{dataset}")()
    columns = zip(bunch.feature_names, bunch.data.astype("float32").T, strict=True)
    names = getattr(bunch, "target_names", None)
    return Source(
        kind="table",
        train=Examples({str(name): values for name, values in columns}, bunch.target),
        targets=Targets(
            class_names=None if names is None else [str(name) for name in names],
            path=dataset,
            names={"train": "the target"},
            columns=None if names is not None else ["progression"],
        ),
    )
