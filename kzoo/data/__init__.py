"""Data sets by name: sources -> split -> pre-processing -> batches."""

from kzoo.data.arrays import arrays
from kzoo.data.builtin_table import builtin_table
from kzoo.data.csv import csv
from kzoo.data.digits import digits
from kzoo.data.image_folder import image_folder
from kzoo.data.synthetic import synthetic
from kzoo.data.text_folder import text_folder
from kzoo.data.tfds import tfds

DATASETS = {
    "digits": digits,
    "tfds": tfds,
    "text_folder": text_folder,
    "csv": csv,
    "builtin_table": builtin_table,
    "image_folder": image_folder,
    "arrays": arrays,
    "synthetic": synthetic,
}
