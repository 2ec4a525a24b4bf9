"""How good the obvious alternative is on the same split."""

import time
import warnings

import numpy as np

from kzoo.data.dataset import Stream

NUMBERS = 1e7  # that a linear model is trained on at most: examples x features
WORDS = 100_000  # that TF-IDF counts
CHUNK = 1024  # texts that are split into words at a time


def baseline(dataset):
    """Trains the obvious alternative, chosen on nothing, and tests it on the test split.

    Of tables, vectors and images it is a linear model of the same features: logistic regression or
    ridge regression; of texts, the same of TF-IDF (term frequency times inverse document frequency)
    of the same words; of records, a linear model of both; of sequences, the nearest neighbour.

    Args:
        dataset: `Dataset`.

    Returns:
        Dict: `name`, `seconds`, and the numbers of the test as `test_...`; None where the data is
        read from disk in every epoch.
    """
    from threadpoolctl import threadpool_limits

    if isinstance(dataset.train, Stream) or isinstance(dataset.test, Stream):
        return None
    start, task = time.perf_counter(), dataset.task
    name, estimator, features = KINDS[dataset.preprocessing.kind](dataset)
    x = features(dataset.train.inputs)
    count = min(len(dataset.train), max(1, int(NUMBERS // x.shape[1])))
    if count < len(dataset.train) and not hasattr(x, "tocsr"):
        places = np.linspace(0, len(x) - 1, count).astype(int)  # of all classes, where sorted
        x, labels = x[places], dataset.train.labels[places]
        name = f"{name} of {count:,} examples"
    else:
        labels = dataset.train.labels
    # many threads for small matrices wait for each other; what has not converged is good enough
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(x, task.of_estimator(labels))
        logits = task.logits_of_estimator(estimator, features(dataset.test.inputs))
    found = task.without_choices().evaluate(logits, dataset.test.labels)
    numbers = {f"test_{key}": value for key, value in found.items() if isinstance(value, float)}
    return {"name": name, "seconds": time.perf_counter() - start, **numbers}


def _linear(dataset):
    name, estimator = dataset.task.linear_model()
    return f"{name} of the same features", estimator, _flat(dataset)


def _nearest(dataset):
    return "the nearest neighbour", dataset.task.nearest_neighbour(), _flat(dataset)


def _flat(dataset):
    """Returns the function from raw inputs to features; of sequences, as long as in training."""
    time = dataset.preprocessing.sequence_length

    def features(inputs):
        ready = dataset.preprocessing.ready(inputs)[:, :time]
        if time:
            ready = np.pad(ready, [(0, 0), (0, time - ready.shape[1]), (0, 0)])
        return ready.reshape(len(ready), -1)

    return features


def _words(dataset):
    """Returns a linear model of TF-IDF, and the function from texts to it."""
    name, estimator = dataset.task.linear_model()
    features = _tf_idf(dataset.preprocessing, dataset.train.inputs)
    return f"TF-IDF with {name}", estimator, features


def _linear_with_words(dataset):
    """Returns a linear model of all parts of a record, and the function from rows to features."""
    from scipy.sparse import csr_matrix, hstack

    name, estimator = dataset.task.linear_model()
    preprocessing, train = dataset.preprocessing, dataset.train.inputs
    given = preprocessing.part_inputs(train)
    of_texts = {
        part: _tf_idf(layer, given[part])
        for part, layer in preprocessing.parts.items()
        if layer.kind == "text"
    }

    def features(inputs):
        ready, given = preprocessing.ready(inputs), preprocessing.part_inputs(inputs)
        parts = [csr_matrix(x.reshape(len(x), -1)) for n, x in ready.items() if n not in of_texts]
        return hstack([*parts, *(count(given[n]) for n, count in of_texts.items())]).tocsr()

    return (
        f"{name} of the same features" + ", TF-IDF of texts" * bool(of_texts),
        estimator,
        features,
    )


def _tf_idf(preprocessing, texts):
    """Returns the function from texts to TF-IDF, learned from those of training."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfTransformer

    from kzoo.preprocessing.words import vectorization

    words = vectorization(preprocessing.standardize, preprocessing.split, max_tokens=WORDS)
    words.adapt(list(texts[i : i + CHUNK]) for i in range(0, len(texts), CHUNK))
    size = words.vocabulary_size()

    def counts(texts):
        chunks = [
            np.asarray(words(list(texts[i : i + CHUNK]))) for i in range(0, len(texts), CHUNK)
        ]
        rows = np.concatenate([np.count_nonzero(ids, axis=1) for ids in chunks])
        columns = np.concatenate([ids[ids > 0] for ids in chunks])
        starts = np.concatenate([[0], np.cumsum(rows)])
        counted = csr_matrix((np.ones(len(columns), "float32"), columns, starts), (len(rows), size))
        counted.sum_duplicates()
        return counted[:, 2:]  # without padding and the unknown word

    weights = TfidfTransformer(sublinear_tf=True).fit(counts(texts))
    return lambda texts: weights.transform(counts(texts))


KINDS = {
    "image": _linear,
    "table": _linear,
    "record": _linear_with_words,
    "vector": _linear,
    "text": _words,
    "sequence": _nearest,
}
