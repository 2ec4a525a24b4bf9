"""What went wrong in a run, and what is left of it."""

from kzoo.messages import UserError, listed, reason, sentence
from kzoo.training.checkpoints import FOLDER, Checkpoints
from kzoo.training.signals import stopped_by


class RunError(UserError):
    """A run that failed; the message says what happened, what is kept and how to go on.

    Attributes:
        exit_code: That of a program which ends so.
        unforeseen: The first error that needs a traceback, or None.
    """

    def __init__(self, message, exit_code=1, unforeseen=None):
        super().__init__(message)
        self.exit_code = exit_code
        self.unforeseen = unforeseen


class Failures:
    """Collects the failures of a run, in their order, and ends it with all of them.

    As a context manager it turns whatever ends the run early, a signal too, into a `RunError`.

    Args:
        folder: `RunFolder`.

    Attributes:
        lines: List of sentences, one for each failure.
        kept: A sentence on what is kept; None lists the files.
        final: Whether the run would fail in the same way if it went on.
    """

    def __init__(self, folder):
        self.folder = folder
        self.lines = []
        self.kept = None
        self.final = False
        self.unforeseen = None

    def attempt(self, what, function, *arguments):
        """Returns what a function returns; or None where it fails, which is noted then.

        Args:
            what: What a message says before the reason.
            function: It may raise anything.
            *arguments: Its arguments.
        """
        try:
            return function(*arguments)
        except Exception as error:
            self.note(error, what)

    def note(self, error, what=None):
        """Notes a failure."""
        said = f"{what}: {reason(error)}" if what else sentence(error) or reason(error)
        for line in getattr(error, "failures", None) or [said]:
            if line not in self.lines:
                self.lines.append(line)
        if sentence(error) is None:
            self.unforeseen = self.unforeseen or error

    def check(self):
        """Raises the `RunError` if there is a failure."""
        if self.lines:
            raise self.error() from self.unforeseen

    def error(self, exit_code=1):
        """Returns the `RunError` that tells all failures, the first one first."""
        message = [*self.lines, self.kept or self._files()]
        if self.folder.path != self.folder.target:
            message.append(
                f"What this run has is in {self.folder.path}; the results in {self.folder.target} "
                "are as they were."
            )
        if Checkpoints(self.folder.path).unfinished and not self.final:
            message.append(f"kzoo train --resume {self.folder.path} goes on with it.")
        return RunError("\n".join(message), exit_code, self.unforeseen)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, RunError) or not isinstance(error, Exception | KeyboardInterrupt):
            return
        code = 1
        if isinstance(error, KeyboardInterrupt):
            name, code = stopped_by(error)
            self.lines.append(f"Stopped by {name}.")
        else:
            self.note(error)
        raise self.error(code) from self.unforeseen

    def _files(self):
        path = self.folder.path
        names = sorted({file.name for file in path.iterdir()} - {FOLDER})
        kept = f"Kept in {path}: {listed(names) or 'nothing'}."
        if "model.keras" in names:
            return f"{kept} kzoo evaluate and kzoo export go on from model.keras."
        return kept if {"saved_model", "failed"} & {*names} else f"{kept} There is no model."
