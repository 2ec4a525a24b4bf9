"""Tables that come with scikit-learn."""

from typing import Literal

from kzoo.data.dataset import Dataset, Examples
from kzoo.data.split import complete_splits
from kzoo.preprocessing.table import learn_table_preprocessing
from kzoo.types import PositiveFraction, PositiveInt, Seed


def builtin_table(
    *,
    dataset: Literal["breast_cancer", "wine", "iris"] = "breast_cancer",
    batch_size: PositiveInt = 32,
    validation: PositiveFraction = 0.1,
    split_seed: Seed = 0,
):
    """A table of numbers from scikit-learn; needs no network.

    Args:
        dataset: `"breast_cancer"` (569 rows, 30 columns, 2 classes), `"wine"` (178, 13, 3) or
            `"iris"` (150, 4, 3).
        batch_size: Examples in a training step.
        validation: Fraction of the training examples that choices are made on.
        split_seed: Draws the splits; independent of the seed of a run.

    Returns:
        `Dataset`; 20 % of each class are the test split.

    References:
        Street, Wolberg and Mangasarian, 1993, Nuclear feature extraction for breast tumor
        diagnosis (breast_cancer).
    """
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{dataset}")()
    columns = dict(zip(bunch.feature_names, bunch.data.astype("float32").T, strict=True))
    examples = Examples(
        {str(name): values for name, values in columns.items()}, bunch.target.astype("int32")
    )
    train, held_out, test = complete_splits(examples, None, None, validation, split_seed)
    return Dataset(
        train=train,
        validation=held_out,
        test=test,
        class_names=[str(name) for name in bunch.target_names],
        preprocessing=learn_table_preprocessing(train.inputs),
        batch_size=batch_size,
    )
