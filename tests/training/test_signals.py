import contextlib
import os
import signal
import threading

import pytest

from kzoo.training.signals import Interrupted, signals_interrupt, signals_wait, stopped_by

NUMBERS = {"Ctrl-C": signal.SIGINT, "SIGTERM": signal.SIGTERM}
if hasattr(signal, "SIGHUP"):
    NUMBERS["SIGHUP"] = signal.SIGHUP

pytestmark = pytest.mark.usefixtures("default_signals")


def send(name):
    os.kill(os.getpid(), NUMBERS[name])


@contextlib.contextmanager
def handled_as(number, handler):
    old = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, old)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_signal_interrupts_at_once_and_has_its_exit_code(name):
    with pytest.raises(KeyboardInterrupt) as error, signals_interrupt():
        send(name)
        pytest.fail("went on")
    assert stopped_by(error.value) == (name, 128 + NUMBERS[name])


@pytest.mark.parametrize("name", NUMBERS)
def test_a_signal_waits(name):
    done = []
    with signals_interrupt(), pytest.raises(Interrupted) as error, signals_wait() as check:
        check()
        send(name)
        send(name)  # as from `timeout`, which signals the process and its group
        done.append("all of it")
    assert done and stopped_by(error.value) == (name, 128 + NUMBERS[name])


def test_check_ends_the_wait():
    with signals_interrupt(), pytest.raises(Interrupted, match="SIGTERM"), signals_wait() as check:
        send("SIGTERM")
        check()
        pytest.fail("went on")


def test_an_error_is_not_hidden_by_a_signal_that_waits():
    with signals_interrupt(), pytest.raises(ZeroDivisionError), signals_wait():
        send("SIGTERM")
        raise ZeroDivisionError


@pytest.mark.parametrize("first", NUMBERS)
def test_a_second_ctrl_c_does_not_wait(monkeypatch, first):
    monkeypatch.setattr("kzoo.training.signals.IMPATIENT", 0)
    with signals_interrupt(), pytest.raises(Interrupted, match="Ctrl-C"), signals_wait():
        send(first)
        send("Ctrl-C")
        pytest.fail("went on")


@pytest.mark.parametrize("name", NUMBERS)
def test_a_signal_that_is_ignored_stays_so(name):
    """As under nohup, or in the background of a script."""
    with handled_as(NUMBERS[name], signal.SIG_IGN), signals_interrupt(), signals_wait() as check:
        send(name)
        check()


def test_a_handler_of_somebody_else_is_used():
    """Outside the command line SIGTERM and SIGHUP are none of our business."""
    got = []
    with handled_as(signal.SIGTERM, lambda number, frame: got.append(number)):
        with signals_interrupt(), signals_wait() as check:
            send("SIGTERM")
            check()
    assert got == [signal.SIGTERM]


def test_the_handlers_are_put_back():
    before = [signal.getsignal(number) for number in NUMBERS.values()]
    with signals_interrupt(), signals_wait():
        assert before != [signal.getsignal(number) for number in NUMBERS.values()]
    assert before == [signal.getsignal(number) for number in NUMBERS.values()]


def test_threads_leave_signals_alone():
    """Only the main one may handle them."""
    done = []

    def work():
        with signals_interrupt(), signals_wait() as check:
            check()
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
