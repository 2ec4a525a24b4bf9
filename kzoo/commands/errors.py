"""From an error to a sentence on stderr and the exit code of its kind."""

import contextlib
import sys
import traceback

import typer


@contextlib.contextmanager
def clear_errors():
    """Ends the program with a message and an exit code: 2 where the user's words are wrong."""
    # here, so that the help of a command does not wait for all of them
    from kzoo.config import ConfigError
    from kzoo.data.dataset import DataConfigError, DataError
    from kzoo.explanation import ExplainError
    from kzoo.export import ExportError
    from kzoo.saving import LoadError, NoModelError
    from kzoo.training.experiment import RunError
    from kzoo.training.run_folder import RunFolderError

    try:
        yield
    except (ConfigError, DataConfigError, ExplainError, NoModelError) as error:
        _fail(error, code=2)
    except (DataError, ExportError, LoadError, RunFolderError) as error:
        _fail(error, code=1)
    except RunError as error:
        if error.__cause__:  # not foreseen: whoever mends it needs to see where
            traceback.print_exception(error.__cause__)
        _fail(error, code=1)
    except KeyboardInterrupt:
        _fail("Stopped by Ctrl-C outside the training; what was finished is kept.", code=1)
    except BrokenPipeError:  # as in `| head`: typer ends quietly
        raise
    except OSError as error:
        reason = error.strerror or error
        _fail(f"{error.filename or 'A file'} could not be read or written: {reason}.", code=1)


def tell(message, what="error"):
    """Writes an error, or what else a user should know, to stderr."""
    indent = " " * len(f"{what}: ")
    print(f"{what}: " + str(message).replace("\n", f"\n{indent}"), file=sys.stderr)


def _fail(error, code):
    tell(error)
    raise typer.Exit(code)
