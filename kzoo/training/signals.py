"""Ctrl-C, SIGTERM and SIGHUP: how they end a program, and where they have to wait."""

import contextlib
import os
import signal
import threading
import time

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
if hasattr(signal, "SIGHUP"):  # not on Windows
    NAMES[signal.SIGHUP] = "SIGHUP"
IMPATIENT = 1  # seconds after which another Ctrl-C does not wait any more
WAIT = b"\nStopping after this step. Another Ctrl-C stops at once.\n"


class Interrupted(KeyboardInterrupt):
    """A signal asked the program to end.

    Attributes:
        signal: Its number.
    """

    def __init__(self, number):
        super().__init__(NAMES[number])
        self.signal = number


def stopped_by(error):
    """Returns what a `KeyboardInterrupt` came from, as in `"Ctrl-C"`, and the exit code for it."""
    number = getattr(error, "signal", signal.SIGINT)
    return NAMES[number], 128 + number


@contextlib.contextmanager
def signals_interrupt():
    """SIGTERM and SIGHUP raise `Interrupted` here, as Ctrl-C raises `KeyboardInterrupt`.

    A signal that the program was told to ignore, as by nohup, is still ignored.
    """
    default = [number for number in NAMES if _handler(number) is signal.SIG_DFL]
    with _handled(default, _interrupt):
        yield


@contextlib.contextmanager
def signals_wait():
    """Lets a signal that would interrupt wait for the end of the block.

    Where the block ends by itself, `Interrupted` is raised then. A Ctrl-C that comes a second or
    more after another signal does not wait.

    Yields:
        A function that raises `Interrupted` if a signal has come.
    """
    come = []

    def remember(number, frame):
        if number == signal.SIGINT and come and time.monotonic() > come[0][1] + IMPATIENT:
            raise Interrupted(number)
        if number == signal.SIGINT:
            with contextlib.suppress(OSError):  # not print, which it may have interrupted
                os.write(2, WAIT)
        come.append((number, time.monotonic()))

    def check():
        if come:
            raise Interrupted(come[0][0])

    raising = (signal.default_int_handler, _interrupt)
    with _handled([number for number in NAMES if _handler(number) in raising], remember):
        yield check
    check()


def _interrupt(number, frame):
    raise Interrupted(number)


def _handler(number):
    """Returns who handles a signal; None outside the main thread, which gets all of them."""
    in_main = threading.current_thread() is threading.main_thread()
    return signal.getsignal(number) if in_main else None


@contextlib.contextmanager
def _handled(numbers, handler):
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
