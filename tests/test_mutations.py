"""Damaged files end in a sentence: no foreign traceback, no crash, no endless loop."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutations import KINDS

ROOT = Path(__file__).parents[1]
MODELS = ("keras", "saved_model")  # which take their time


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_refused(kind):
    count = 500 if kind in MODELS else 5000
    process = subprocess.run(
        [sys.executable, "-m", "tests.mutations", kind, str(count)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout + process.stderr[-3000:]
    print(process.stdout)
    read, refused = (int(part.split()[0]) for part in process.stdout.split(", ")[1:])
    assert read + refused == count and min(read, refused) > 0
