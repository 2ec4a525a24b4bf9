"""A recipe with many values of some keys: validation decides, the chosen one alone is tested."""

import contextlib
import dataclasses
import functools
import hashlib
import itertools
import json
import multiprocessing
import os
import re
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from kzoo.config import ConfigError, dump, parse_value
from kzoo.messages import UserError, show
from kzoo.training.checkpoints import Checkpoints
from kzoo.training.comparison import Comparison, compare
from kzoo.training.recipe import load_config
from kzoo.training.run_folder import create_folder, write

RANGE = re.compile(r"\s*(\S+?)\s*\.\.\s*(\S+)\s*")
LOGARITHMIC = 10  # times the lower end, from which on a range of floats is drawn so
RESULT = "sweep.json"


class SweepError(UserError):
    """A sweep that came to nothing; the message is one sentence."""


@dataclasses.dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; integers where both are."""

    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Sweep:
    """What a sweep leaves.

    Attributes:
        folder: `Path` with the folders of its runs, `table.csv`, `table.html` and `sweep.json`.
        table: `Comparison` of all runs, the best on validation first.
        chosen: Dict from dotted key to the value that was best on validation.
        test: Dict from the name of a number of the test to its `values`, one for each seed, with
            `mean` and `std`.
    """

    folder: Path
    table: Comparison
    chosen: dict
    test: dict


def parse_choices(texts):
    """Parses `["model.num_heads=1,2,4", "training.optimizer.learning_rate=1e-4..1e-2"]`.

    Returns:
        Dict from dotted key to a list of values or a `Range`.

    Raises:
        ConfigError: If one is neither.
    """
    choices = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key or not value.strip():
            raise ConfigError(
                f"--set takes KEY=VALUE,VALUE or KEY=LOW..HIGH. Received: {show(text)}"
            )
        if ends := RANGE.fullmatch(value):
            low, high = (parse_value(end, f"--set {key}") for end in ends.groups())
            numbers = all(type(end) in (int, float) for end in (low, high))
            if not numbers or low >= high:
                raise ConfigError(
                    f"--set {key}: a range takes two numbers, the lower one first. "
                    f"Received: {show(value)}"
                )
            choices[key] = Range(low, high)
        else:
            choices[key] = parse_value(f"[{value}]", f"--set {key}")
    return choices


def run_sweep(config, choices, seeds=1, trials=None, run_dir=None, resume=False, jobs=1):
    """Trains a recipe with many values of some keys, and tests the best.

    Args:
        config: YAML file, or the name of a recipe.
        choices: Dict from dotted key to a list of values or a `Range`.
        seeds: Number of runs of each candidate, with the seeds 0, 1, ...
        trials: Number of candidates that Optuna draws; None takes every combination.
        run_dir: Folder for all runs, empty or new; None takes the next free `runs/<name>-sweep`.
        resume: Whether to go on with the sweep in that folder, `runs/<name>-sweep` by default.
        jobs: Number of runs at a time, each in a process of its own.

    Returns:
        `Sweep`.

    Raises:
        ConfigError: If a candidate is wrong, or ranges come without `trials`.
        SweepError: If no candidate came to its end.
    """
    train = functools.partial(_candidate, config, seeds)
    fixed = {key: values[0] for key, values in choices.items() if _is_fixed(values)}
    open_choices = {key: values for key, values in choices.items() if key not in fixed}
    first = {k: v.low if isinstance(v, Range) else v[0] for k, v in choices.items()}
    name = load_config(config, first)["name"]
    if trials is None:
        candidates = [{**fixed, **candidate} for candidate in _grid(open_choices)]
        for candidate in candidates:  # all of them, before the first is trained
            load_config(config, candidate)
    folder = Path(run_dir or Path("runs") / f"{name}-sweep")
    if not (resume and folder.is_dir()):
        folder = create_folder(run_dir, folder)
    with _workers(jobs) as submit:
        if trials is None:
            done = [train(candidate, folder, submit) for candidate in candidates]
        else:
            done = _drawn(open_choices, fixed, trials, folder, jobs, train, submit)
        done = [(candidate, collect()) for candidate, collect in done]
        return _conclude(folder, [(c, runs) for c, runs in done if runs], submit)


def _is_fixed(values):
    return not isinstance(values, Range) and len(values) == 1


def _grid(choices):
    """Returns every combination."""
    for key, values in choices.items():
        if isinstance(values, Range):
            raise ConfigError(f"{key}: a range is drawn from: add --trials. Received: {values}")
    return [dict(zip(choices, each, strict=True)) for each in itertools.product(*choices.values())]


def _candidate(config, seeds, candidate, folder, submit):
    """Starts the runs of a candidate; returns it, and a function that waits for their folders.

    That function returns None where one of them failed.
    """
    number = hashlib.sha256(dump(candidate).encode()).hexdigest()[:8]
    folders = [folder / f"{number}-seed-{seed}" for seed in range(seeds)]
    runs = [
        submit(_train, load_config(config, {**candidate, "seed": seed}), path)
        for seed, path in enumerate(folders)
    ]

    def collect():
        problems = [problem for run in runs if (problem := run.result())]
        said = ", ".join(f"{key}={value}" for key, value in candidate.items())
        print(f"{said}: {problems[0] if problems else _validated(folders)}", flush=True)
        return None if problems else folders

    return candidate, collect


def _drawn(choices, fixed, trials, folder, jobs, train, submit):
    """Yields what `_candidate` returns, for candidates that Optuna draws from what is known."""
    try:
        import optuna
    except ImportError:
        raise ConfigError("--trials needs the package optuna: pip install 'kzoo[sweep]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{folder.resolve()}/optuna.db",
        study_name="sweep",
        direction="maximize",
        load_if_exists=True,
    )
    begun = study.get_trials(states=[optuna.trial.TrialState.RUNNING])
    for trial in begun:  # when the sweep was interrupted
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(trial.params)
    known = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    study.sampler = optuna.samplers.TPESampler(seed=len(known))  # goes on, draws nothing again
    found = [train({**fixed, **trial.params}, folder, submit) for trial in known]
    while len(found) < trials:
        asked = [study.ask() for _ in range(min(jobs, trials - len(found)))]
        drawn = [{**fixed, **{k: _suggest(t, k, v) for k, v in choices.items()}} for t in asked]
        started = [train(candidate, folder, submit) for candidate in drawn]
        for trial, (candidate, collect) in zip(asked, started, strict=True):
            folders = collect()
            if folders:
                study.tell(trial, statistics.mean(_scores(folders)))
            else:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            found.append((candidate, lambda folders=folders: folders))
    return found


def _suggest(trial, key, values):
    if not isinstance(values, Range):
        return trial.suggest_categorical(key, values)
    if isinstance(values.low, int) and isinstance(values.high, int):
        return trial.suggest_int(key, values.low, values.high)
    logarithmic = values.low > 0 and values.high >= LOGARITHMIC * values.low
    return trial.suggest_float(key, values.low, values.high, log=logarithmic)


@contextlib.contextmanager
def _workers(jobs):
    """Yields a function that starts a function in one of several processes."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        try:
            yield pool.submit
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


_loaded = {}  # the data set of this process, by its config


def _train(config, folder):
    """Runs in a process of its own: trains, without a test. Returns what went wrong, or None."""
    if (folder / "metrics.json").exists() and not Checkpoints(folder).unfinished:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    config = {**config, "baseline": False, "export": {**config["export"], "formats": ["keras"]}}
    with _output_into(folder / "log.txt"):
        import keras

        from kzoo.training.run import run

        keras.backend.clear_session()
        try:
            run(config, folder, test=False, resume=True, load=_load_once)
        except UserError as error:
            return str(error).splitlines()[0]
    return None


def _test(folder):
    """Runs in a process of its own: reads the test split once."""
    with _output_into(folder / "log.txt"):
        from kzoo.training.evaluate import evaluate

        found = evaluate(str(folder))
    return {key: value for key, value in found.items() if isinstance(value, float)}


def _load_once(section, *others):
    from kzoo.data import load_data

    key = dump({"data": section, "others": list(map(str, others))})
    if key not in _loaded:
        _loaded.clear()
        _loaded[key] = load_data(section, *others)
    return _loaded[key]


@contextlib.contextmanager
def _output_into(path):
    """Lets all that is written to the terminal, by libraries in C++ too, go into a file."""
    before = [os.dup(1), os.dup(2)]
    with open(path, "a") as log:
        for descriptor in (1, 2):
            os.dup2(log.fileno(), descriptor)
        try:
            yield
        finally:
            sys.stdout.flush()
            for descriptor, old in zip((1, 2), before, strict=True):
                os.dup2(old, descriptor)
                os.close(old)


def _numbers(folder):
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def _scores(folders):
    """Returns what is compared: the metric of the task on validation."""
    found = [_numbers(folder) for folder in folders]
    [name] = [k for k in found[0] if k.startswith("validation_") and k != "validation_loss"]
    return [numbers[name] for numbers in found]


def _validated(folders):
    scores = _scores(folders)
    spread = f" ± {statistics.stdev(scores):.4f}" if len(scores) > 1 else ""
    return f"validation {statistics.mean(scores):.4f}{spread}"


def _conclude(folder, done, submit):
    """Chooses on validation, tests what is chosen, and writes the results."""
    if not done:
        raise SweepError(f"No candidate came to its end; {folder} has the log of each run.")
    losses = [statistics.mean(_numbers(f)["validation_loss"] for f in runs) for _, runs in done]
    order = sorted(
        range(len(done)), key=lambda i: (-statistics.mean(_scores(done[i][1])), losses[i])
    )
    candidate, runs = done[order[0]]
    table = compare(list(dict.fromkeys(path for i in order for path in done[i][1])))
    result = folder / RESULT
    names = [path.name for path in runs]
    known = json.loads(result.read_text()) if result.exists() else {}
    test = known.get("test")
    if known.get("runs") != names:
        tested = [run.result() for run in [submit(_test, path) for path in runs]]
        test = {name: _summary([one[name] for one in tested]) for name in tested[0]}
    write(result, json.dumps({"chosen": candidate, "runs": names, "test": test}, indent=2))
    write(folder / "table.csv", table.as_csv())
    write(folder / "table.html", table.as_html())
    return Sweep(folder, table, candidate, test)


def _summary(values):
    spread = statistics.stdev(values) if len(values) > 1 else None
    return {"values": values, "mean": statistics.mean(values), "std": spread}
