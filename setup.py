"""Puts the trained models and the recipes, which lie beside the package, into what is built."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FOLDERS = ("configs", "saved_models")


class BuildWithFolders(build_py):
    """Copies `FOLDERS` into the package, where `kzoo.saved.shipped` looks for them."""

    def run(self):
        super().run()
        if self.editable_mode:  # the clone itself is imported
            return
        for name in FOLDERS:
            target = Path(self.build_lib, "kzoo", name)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(Path(__file__).parent / name, target)


setup(cmdclass={"build_py": BuildWithFolders})
