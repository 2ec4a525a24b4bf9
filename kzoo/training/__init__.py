"""From a checked config to a run folder."""


def train(config, overrides=None, run_dir=None, overwrite=False, resume=False):
    """Trains the model that a YAML file describes, as `python train.py --config` does.

    Args:
        config: YAML file, or the name of a recipe that comes with kzoo.
        overrides: Dict from dotted key to value, as in `{"training.epochs": 2}`.
        run_dir: Folder for the results; None takes the next free `runs/<name>`.
        overwrite: Whether results in that folder are replaced.
        resume: Whether to go on with the unfinished run in that folder or, without one, with the
            newest of the recipe's name. Where there is none, a new one begins.

    Returns:
        `Run`, with `model`, `metrics` and `folder`.

    Raises:
        NoRecipeError: If it is a name, and there is no such recipe.
        ConfigError: If the config is wrong, or an unfinished run has another one.
        CheckpointError: If there is nothing to go on with in that folder, or its data has changed.
        DataError: If the data cannot be had.
        RunError: If the run failed or was stopped; the message says what is kept.
    """
    from kzoo.training.recipe import load_config
    from kzoo.training.run import run

    return run(load_config(config, overrides), run_dir, overwrite, resume=resume)
