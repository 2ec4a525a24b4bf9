"""Data sets by name: sources -> split -> pre-processing -> batches."""

from kzoo.data.digits import digits
from kzoo.data.synthetic import synthetic
from kzoo.data.tfds import tfds

DATASETS = {
    "digits": digits,
    "tfds": tfds,
    "synthetic": synthetic,
}
