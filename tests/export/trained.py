"""Small classifiers of every kind of input, untrained."""

import numpy as np

import kzoo
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.preprocessing.sequence import SequencePreprocessing
from kzoo.preprocessing.table import TablePreprocessing
from kzoo.preprocessing.text import TextPreprocessing
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification
from tests import tiny

WORDS = TextPreprocessing(["good", "bad", "film"], sequence_length=7)
AGE = {"median": 40.0, "mean": 45.0, "scale": 10.0, "missing": True}
TABLE = TablePreprocessing(
    [{"name": "Age (years)", **AGE}, {"name": "city", "categories": ["Ulm"], "other": True}]
)


def image_classifier(name="cnn_attention", **options):
    shape = (tiny.HEIGHT, tiny.WIDTH, 1)
    core = kzoo.create_model(name, shape, tiny.CLASSES, **options)
    return TrainedModel(core, ImagePreprocessing(*shape), Classification(["a", "b", "c"]))


def text_classifier(name="lstm_attention", **options):
    core = kzoo.create_model(name, (None,), 2, vocabulary_size=5, units=3, **options)
    return TrainedModel(core, WORDS, Classification(["a", "b"]))


def table_classifier(task=None):
    core = kzoo.create_model("dense_attention_fusion", TABLE.example_shape, 2, units=3)
    return TrainedModel(core, TABLE, task or Classification(["a", "b"]))


def sequence_classifier(name, time=None, preprocessing=None, **options):
    preprocessing = preprocessing or SequencePreprocessing((time, 3), 0.5, 2.0)
    core = kzoo.create_model(name, preprocessing.example_shape, 2, **options)
    return TrainedModel(core, preprocessing, Classification(["a", "b"]))


def with_decided_weights(classifier, examples):
    """So that every weight matters, and that these examples differ in their probabilities."""
    random = np.random.default_rng(1)
    core, head = classifier.core, classifier.core.get_layer("logits")
    weights = core.get_weights()  # biases and statistics begin as a constant
    core.set_weights([w if np.ptp(w) else w + random.uniform(0, 0.3, w.shape) for w in weights])
    head.kernel.assign(random.normal(size=head.kernel.shape))
    logits = core.predict(classifier.preprocess(examples), verbose=0)
    scale = 0.5 / logits.std(axis=0)
    head.kernel.assign(head.kernel * scale)
    head.bias.assign((head.bias - logits.mean(axis=0)) * scale)
    return classifier


TEXTS = ["good film", "", "a bad bad film", "good unknown words"]
# how each kind is made, and examples for it
CLASSIFIERS = {
    "images": (
        image_classifier,
        np.random.default_rng(0).integers(0, 256, (2, 11, 13, 1), "uint8"),
    ),
    "texts": (text_classifier, TEXTS),
    "table": (table_classifier, {"Age (years)": [31.0, np.nan], "city": ["Ulm", ""]}),
}
