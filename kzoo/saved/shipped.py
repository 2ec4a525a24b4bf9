"""What comes with kzoo, trained models and recipes, and where a model lies."""

import hashlib
import json
from pathlib import Path

from kzoo.messages import UserError, listed, nearest, reason
from kzoo.paths import expand


class LoadError(UserError, ValueError):
    """A model cannot be loaded; the message is one sentence."""


class NoModelError(LoadError):
    """There is no such model; the message says which there are."""

    exit_code = 2


class NoRecipeError(UserError, ValueError):
    """There is no such recipe; the message says what is similar."""

    exit_code = 2


def list_saved_models():
    """Returns the names of the trained models that are shipped with kzoo."""
    return sorted({name.split("/")[0] for name in _checksums()})


def list_recipes():
    """Returns the names of the recipes that are shipped with kzoo."""
    return sorted(path.stem for path in shipped_folder("configs").glob("*.yaml"))


def find_recipe(source):
    """Returns the path of a recipe.

    Args:
        source: A YAML file; or, where there is no such file, the name of a shipped recipe.

    Raises:
        NoRecipeError: If it is a name, and there is neither.
    """
    path = Path(expand(source))
    if path.exists() or path.suffix or path.name != str(source):
        return path
    shipped = shipped_folder("configs") / f"{source}.yaml"
    if not shipped.is_file():
        own = [file.stem for file in Path().glob("*.yaml")]
        hint = nearest(source, own, suffix=".yaml") or nearest(source, list_recipes())
        raise NoRecipeError(
            f"There is no file {source}, and kzoo comes with no recipe of that name.{hint} "
            "kzoo list shows the recipes."
        )
    return shipped


def find_model(source):
    """Returns the path of a model: its `.keras` file or its SavedModel folder.

    Args:
        source: As `load` takes it.

    Raises:
        NoModelError: If there is no such model.
        LoadError: If it is a shipped one and not what was shipped.
    """
    path = Path(expand(source))
    if path.is_file():
        return path
    for candidate in (path / "model.keras", path, path / "saved_model"):
        if candidate.is_file() or (candidate / "saved_model.pb").is_file():
            return candidate
    shipped = f"{source}/model.keras"
    if shipped not in _checksums():
        names = list_saved_models()
        raise NoModelError(
            f"There is no model {source}.{nearest(source, names)} Give a run folder with a "
            "model.keras, a .keras file, a SavedModel folder, or the name of a shipped model: "
            f"{listed(names)}."
        )
    path = shipped_folder() / shipped
    if sha256(path) != _checksums()[shipped]:
        raise LoadError(f"{path} is damaged: its SHA-256 differs from the one in checksums.json.")
    return path


def sha256(path):
    """Returns the SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shipped_folder(name="saved_models"):
    """Returns where the shipped models, or `"configs"`, lie.

    An installed package holds them. In a clone they are beside it.
    """
    package = Path(__file__).parents[1]
    installed = package / name
    return installed if installed.is_dir() else package.parent / name


def _checksums():
    """Returns a dict from each shipped file to its SHA-256."""
    return read_json(shipped_folder() / "checksums.json")


def read_json(path):
    """Returns the dict in a JSON file.

    Raises:
        LoadError: If it holds something else.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise LoadError(f"{path} is damaged: {reason(error)}.") from None
    if not isinstance(held, dict):
        raise LoadError(f"{path} is damaged: it must hold an object.")
    return held
