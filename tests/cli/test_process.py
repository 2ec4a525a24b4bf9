import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

ROOT = Path(__file__).parents[2]
SCRIPT = "from kzoo.__main__ import main\nmain()\n"  # as pip installs it


@pytest.mark.slow
def test_a_shipped_model_from_images_to_json(tmp_path):
    (tmp_path / "kzoo").write_text(SCRIPT)
    images = np.round(load_digits().images[:10] * (255 / 16)).astype("uint8")
    np.save(tmp_path / "digits.npy", images)
    process = subprocess.run(
        [sys.executable, tmp_path / "kzoo", "predict", "digits_cnn_attention", "digits.npy"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    assert [json.loads(line)["class"] for line in process.stdout.splitlines()] == list("0123456789")


@pytest.mark.parametrize("program", [["-m", "kzoo", "list"], [str(ROOT / "train.py"), "--help"]])
def test_ctrl_c_while_a_program_starts_is_quiet(tmp_path, program):
    """It comes while typer is imported, the first that takes a moment."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    process = subprocess.run(
        [sys.executable, *program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (process.returncode, process.stdout, process.stderr) == (130, "", "")
