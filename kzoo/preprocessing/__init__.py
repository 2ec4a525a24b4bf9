"""From raw inputs to tensors: a layer for each kind of input, learned once, saved in the model."""

from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.preprocessing.record import RecordPreprocessing
from kzoo.preprocessing.sequence import SequencePreprocessing
from kzoo.preprocessing.table import TablePreprocessing
from kzoo.preprocessing.text import TextPreprocessing

__all__ = [
    "ImagePreprocessing",
    "RecordPreprocessing",
    "SequencePreprocessing",
    "TablePreprocessing",
    "TextPreprocessing",
]
