"""A trained model as files that other programs read."""

from kzoo.export.packages import check_packages
from kzoo.export.process import ExportError
from kzoo.lazy import Lazy

__all__ = ["ExportError", "check_packages", "export"]

export = Lazy("kzoo.export.writing", "export")
