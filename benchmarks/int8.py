"""What int8 costs: the accuracy of LiteRT files beside that of their models, on the test split.

    python benchmarks/int8.py mnist_cnn_attention digits_cnn_attention breast_cancer_fusion

Needs the extra `export`. The file of floats and the one of int8 are written anew by `kzoo.export`;
int8 learns the range of each tensor from validation examples. A row for each model goes to the CSV;
the table is printed from there, without names that alone.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from rows import read_rows, write_rows

import kzoo
from kzoo.data.examples import validation_inputs
from kzoo.export import export
from kzoo.export.check import predict
from kzoo.export.numbers import numbers_model
from kzoo.export.reload import run_litert
from kzoo.saved.shipped import find_model
from kzoo.training.evaluate import load_run_data

RESULTS = Path(__file__).parent / "results" / "int8.csv"
BATCH = 256


def main(names):
    """Measures each model; the CSV is complete after each."""
    for name in names:
        row = measure(name)
        write_rows(RESULTS, [r for r in read_rows(RESULTS) if r["model"] != name] + [row])
    print(table(read_rows(RESULTS)))


def measure(name):
    """Returns a row of the CSV."""
    model = kzoo.load(name)
    dataset = load_run_data(name, find_model(name), model)
    with tempfile.TemporaryDirectory() as folder:
        files = export(model, folder, validation_inputs(dataset), formats=["litert"])
        inputs = numbers_model(model, predict(model, dataset.test.inputs)).expected
        right = {
            file.path.stem: np.mean(run(file.path, inputs.inputs) == dataset.test.labels)
            for file in files
        }
        sizes = {file.path.stem: file.size for file in files}
    expected = np.mean(inputs.predictions.argmax(axis=1) == dataset.test.labels)
    return {
        "model": name,
        "examples": len(dataset.test),
        "accuracy": round(float(expected), 5),
        "float_accuracy": round(float(right["model"]), 5),
        "int8_accuracy": round(float(right["model_int8"]), 5),
        "float_bytes": sizes["model"],
        "int8_bytes": sizes["model_int8"],
    }


def table(rows):
    """Returns the rows of the table in docs/serving.md."""
    lines = []
    for row in rows:
        cells = [f"`{row['model']}`", f"{int(row['examples']):,}"]
        cells += [f"{100 * float(row[key]):.2f} %" for key in row if "accuracy" in key]
        cells += [f"{int(row[key]) / 1000:.0f} kB" for key in row if "bytes" in key]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def run(path, inputs):
    """Returns the class that a LiteRT file gives to each input."""
    predict_batch = run_litert(str(path))
    batches = [predict_batch(inputs[i : i + BATCH]) for i in range(0, len(inputs), BATCH)]
    return np.concatenate(batches).argmax(axis=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*")
    main(parser.parse_args().models)
