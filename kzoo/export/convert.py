"""Converts a SavedModel with the signature `serve`, in a process that may crash.

    convert.py litert SAVED_MODEL FILE [weights | CALIBRATION]
    convert.py onnx SAVED_MODEL FILE

CALIBRATION is a .npy file of examples: weights and activations then become int8; with `weights`,
only those.
"""

import sys
from pathlib import Path

import numpy as np


def litert(saved_model, path, quantization=None):
    """To a LiteRT file of built-in ops."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=["serve"])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantization:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization not in (None, "weights"):
        examples = np.load(quantization)
        converter.target_spec.supported_ops.append(tf.lite.OpsSet.TFLITE_BUILTINS_INT8)
        converter.representative_dataset = lambda: ([example[None]] for example in examples)
    Path(path).write_bytes(converter.convert())


def onnx(saved_model, path):
    """To an ONNX file."""
    import tensorflow as tf
    from tf2onnx import convert, optimizer

    # It joins two Reshapes although a 0 in the second one is a size of what lies between them.
    optimizer._get_optimizers().pop("reshape_optimizer", None)
    model = tf.saved_model.load(saved_model)
    [spec] = model.signatures["serve"].structured_input_signature[1].values()
    convert.from_function(
        model.serve, [spec], custom_op_handlers={"Erfc": (_erfc, [])}, output_path=path
    )


def _erfc(graph, node, name, args):
    """1 - Erf(x), in the place of a node that tf2onnx does not know."""
    shapes, types = node.output_shapes, node.output_dtypes
    graph.remove_node(name)
    one = graph.make_const(f"{name}_one", np.ones((), "float32"))
    erf = graph.make_node("Erf", node.input)
    terms = [one.output[0], erf.output[0]]
    graph.make_node("Sub", terms, name=name, outputs=node.output, shapes=shapes, dtypes=types)


if __name__ == "__main__":
    {"litert": litert, "onnx": onnx}[sys.argv[1]](*sys.argv[2:])
