"""What is asked of a model, by name; all that differs between tasks is in this room."""

from kzoo.lazy import Lazy

TASKS = {
    "classification": Lazy("kzoo.tasks.classification", "Classification"),
    "multi_label": Lazy("kzoo.tasks.multi_label", "MultiLabel"),
    "regression": Lazy("kzoo.tasks.regression", "Regression"),
}
# the functions that a section `task` of a config is checked against
LEARN = {name: Lazy(task.module, f"{task.name}.learn") for name, task in TASKS.items()}
DEFAULT = "classification"


def task_from(config):
    """Returns a task as its `get_config` described it.

    Raises:
        ValueError: If it describes none.
    """
    try:
        arguments = {key: value for key, value in config.items() if key != "name"}
        return TASKS[config["name"]](**arguments)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no task: {error}") from None
