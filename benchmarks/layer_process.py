"""Measures layers by their names, in processes of their own: `Server` starts one."""

import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 0.2  # of calls after the first; two calls at least


def kzoo_layer(name, *arguments, **options):
    return lambda: getattr(importlib.import_module("kzoo.layers"), name)(*arguments, **options)


def keras_layer(name, *arguments, call=lambda layer, x: layer(x, x)):
    def make():
        layer = getattr(importlib.import_module("keras").layers, name)(*arguments)
        return lambda x: call(layer, x)

    return make


def attention_package(score, segment_length=None):
    def make():
        layer = importlib.import_module("attention").Attention(128, score=score)
        if segment_length is None:
            return layer
        import tensorflow as tf

        return lambda x: layer(tf.reshape(x, (-1, segment_length, x.shape[-1])))

    return make


def from_scores(name):
    """Scores, softmax and sum from the functions in scores.py."""

    def make():
        import tensorflow as tf

        from kzoo.layers.scores import SCORES, masked_softmax

        weights = [tf.Variable(tf.random.normal((128,)))] if name == "additive" else []
        return lambda x: tf.matmul(masked_softmax(SCORES[name](x, x, *weights)), x)

    return make


def additive_pooling(num_queries):
    """AdditiveAttention of learned queries to a dense layer of the input."""

    def make():
        import keras
        import tensorflow as tf

        queries = tf.Variable(tf.random.normal((1, num_queries, 128)))
        dense, attend = keras.layers.Dense(128), keras.layers.AdditiveAttention()
        return lambda x: attend([tf.repeat(queries, tf.shape(x)[0], axis=0), dense(x)])

    return make


LAYERS = {
    "Attention": kzoo_layer("Attention", num_heads=4),
    "Attention, blocks of 256": kzoo_layer("Attention", num_heads=4, block_size=256),
    "Attention, blocks of 1,024": kzoo_layer("Attention", num_heads=4, block_size=1024),
    "dot scores": from_scores("dot"),
    "additive scores": from_scores("additive"),
    "SequentialAttention": kzoo_layer("SequentialAttention", 128, 128),
    "SequentialAttention, 190 units": kzoo_layer("SequentialAttention", 190, 128),
    "SequentialAttention, no output": kzoo_layer("SequentialAttention", 128),
    "ParallelAttention, 1 glimpse": kzoo_layer("ParallelAttention", 1, 128, 128),
    "ParallelAttention, 4 glimpses": kzoo_layer("ParallelAttention", 4, 128),
    "SegmentAttention, pool": kzoo_layer("SegmentAttention", 8, pool=True),
    "SimilarityAttention": kzoo_layer("SimilarityAttention", "dot"),
    "MultiHeadAttention": keras_layer("MultiHeadAttention", 4, 32),
    "GroupQueryAttention": keras_layer("GroupQueryAttention", 32, 4, 4),
    "keras Attention": keras_layer("Attention", call=lambda layer, x: layer([x, x])),
    "AdditiveAttention": keras_layer("AdditiveAttention", call=lambda layer, x: layer([x, x])),
    "AdditiveAttention, 1 query": additive_pooling(1),
    "AdditiveAttention, 4 queries": additive_pooling(4),
    "attention (luong)": attention_package("luong"),
    "attention (luong), segments": attention_package("luong", segment_length=8),
    "attention (bahdanau)": attention_package("bahdanau"),
}


class Server:
    """A process of `python` that has imported TensorFlow and `module`, and forks for each cell."""

    def __init__(self, python, module):
        self._process = subprocess.Popen(
            [python, __file__, module],
            env={"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        hello = self._read()
        self.problem, self.versions = hello.get("problem", ""), hello.get("versions", "")

    def measure(self, **cell):
        """Returns ms, bytes and parameters, or the problem."""
        print(json.dumps(cell), file=self._process.stdin, flush=True)
        return self._read()

    def _read(self):
        return json.loads(self._process.stdout.readline() or '{"problem": "the process ended"}')


def serve(module):
    """Measures the cells that come on standard input, each in a fork of this process."""
    tensorflow, keras = importlib.import_module("tensorflow"), importlib.import_module("keras")
    try:
        importlib.import_module(module)
    except ImportError as error:
        print(json.dumps({"problem": f"{error} in the given Python"}), flush=True)
        return
    versions = f"{module} on TensorFlow {tensorflow.__version__}, Keras {keras.__version__}"
    print(json.dumps({"versions": versions}), flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                answer = measure(**json.loads(line))
            except Exception as error:
                answer = {"problem": repr(error)}
            print(json.dumps(answer), flush=True)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            print(json.dumps({"problem": "the process was killed; out of memory?"}), flush=True)


def measure(name, time, batch_size, step):
    """Returns the median ms of a call after the first, the peak memory in bytes, and parameters."""
    import tensorflow as tf

    small = tf.random.normal((1, 8, 128))
    compiled(name, small, step)(small)  # starts TensorFlow
    x = tf.random.normal((batch_size, time, 128))
    call = compiled(name, x, step)
    before = peak_memory()
    call(x)
    seconds = []
    while len(seconds) < 2 or sum(seconds) < SECONDS:
        start = perf_counter()
        call(x)
        seconds.append(perf_counter() - start)
    parameters = sum(variable.shape.num_elements() for variable in call.trainable_variables)
    return {
        "ms": 1000 * statistics.median(seconds),
        "bytes": peak_memory() - before,
        "parameters": parameters,
    }


def compiled(name, x, step):
    """Returns the traced function of `x`: the output of a new layer, or the gradients."""
    import tensorflow as tf

    layer = LAYERS[name]()

    def run(x):
        if not step:
            return layer(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x))
        return tape.gradient(loss, [x, *tape.watched_variables()])

    call = tf.function(run, autograph=False).get_concrete_function(x)
    call.layer = layer  # a traced function keeps no variable alive
    return call


def peak_memory():
    """Bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else 1024 * peak


if __name__ == "__main__":
    serve(sys.argv[1])
