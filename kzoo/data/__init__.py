"""Data sets by name: sources -> split -> pre-processing -> batches."""

from kzoo.data.digits import digits
from kzoo.data.synthetic import synthetic
from kzoo.data.text_folder import text_folder
from kzoo.data.tfds import tfds

DATASETS = {
    "digits": digits,
    "tfds": tfds,
    "text_folder": text_folder,
    "synthetic": synthetic,
}
