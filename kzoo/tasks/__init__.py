"""What is asked of a model, by name; all that differs between tasks is in this room."""

from kzoo.lazy import Lazy

TASKS = {"classification": Lazy("kzoo.tasks.classification", "Classification")}
