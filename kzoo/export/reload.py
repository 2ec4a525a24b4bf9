"""Runs the file of a model, as another program would: reload.py FORMAT FILE NAME INPUTS OUTPUTS.

INPUTS holds an array, or those of the columns whose names are in `names`; OUTPUTS gets the output
that is called NAME. Apart from a .keras file, nothing here needs kzoo.
"""

import sys

import numpy as np

BATCH = 32


def run_keras(path, output):
    """A `.keras` file."""
    import kzoo

    model = kzoo.load(path)
    return lambda x: model.predict(x, verbose=0)[output]


def run_saved_model(path, output):
    """A SavedModel."""
    sys.modules["kzoo"] = None  # importing it raises
    import tensorflow as tf

    model = tf.saved_model.load(path)
    return lambda x: model.serve(tf.nest.map_structure(tf.constant, x))[output].numpy()


def run_litert(path, output):
    """A LiteRT file, in batches of one where it takes no others."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path)
    run = interpreter.get_signature_runner()
    [(name, details)] = run.get_input_details().items()
    if details["shape_signature"][0] == 1:
        return lambda x: np.concatenate(
            [run(**{name: x[i : i + 1]})[output] for i in range(len(x))]
        )
    return lambda x: run(**{name: x})[output]


def run_onnx(path, output):
    """An ONNX file."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [model_input] = session.get_inputs()
    return lambda x: session.run([output], {model_input.name: x})[0]


RUN = {
    "keras": run_keras,
    "saved_model": run_saved_model,
    "litert": run_litert,
    "onnx": run_onnx,
}


def main(format, path, output, inputs_file, outputs_file):
    """Runs all inputs through the file, in batches."""
    run = RUN[format](path, output)
    with np.load(inputs_file) as file:
        names, *arrays = (file[key] for key in file)
    outputs = []
    for i in range(0, len(arrays[0]), BATCH):
        batch = [array[i : i + BATCH] for array in arrays]
        is_table = names.size > 0
        outputs.append(run(dict(zip(names.tolist(), batch, strict=True)) if is_table else batch[0]))
    np.save(outputs_file, np.concatenate(outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
