"""What a result depends on beside its config."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

PACKAGES = ("kzoo", "keras", "tensorflow", "numpy")


def environment():
    """Returns a dict with the `versions` of Python and packages, the `machine` and the `commit`."""
    return {
        "versions": {"python": platform.python_version(), **{p: _version(p) for p in PACKAGES}},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "commit": _commit(),
    }


def peak_memory_bytes():
    """Returns the most memory this process has held, in bytes; None where no one counts it."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None  # run from a checkout without being installed


def _commit():
    """Returns the commit of the checkout that kzoo is run from, `-dirty` if it was changed."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    describe = ["git", "-C", root, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(describe, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
