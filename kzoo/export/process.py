"""What is done in a process of its own, and what is said when it fails."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from kzoo.messages import UserError, reason

HERE = Path(__file__).parent


class ExportError(UserError):
    """A format could not be written; the message says which, why, and what was.

    Attributes:
        written: List of the `ExportedFile` that were.
        failures: List of sentences, one for each format that could not be written.
    """

    def __init__(self, message, written=(), failures=()):
        super().__init__(message)
        self.written = list(written)
        self.failures = list(failures)


def run_alone(script, *arguments):
    """Runs a script of this folder in a new process, on the CPU.

    Args:
        script: Its file name.
        *arguments: What it is called with.

    Raises:
        ExportError: If it fails or crashes.
    """
    root = str(HERE.parents[1])  # where kzoo is, installed or not
    environment = {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])),
    }
    done = subprocess.run(
        # -P: a script's folder must not come before what is installed
        [sys.executable, "-P", HERE / script, *map(str, arguments)],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise ExportError(f"{script} {arguments[0]} crashed with {name}")
    if done.returncode:
        traceback = done.stderr.rpartition("Traceback (most recent call last):")[2].splitlines()
        said = [line for line in traceback if line and not line.startswith(" ")]
        raise ExportError("\n".join(said) or f"{script} failed: {reason(done.stderr)}")
