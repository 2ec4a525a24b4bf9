import re

from rich.console import Console

import kzoo
from kzoo.data import DATASETS


def test_it_names_all_there_is(kzoo_command):
    outcome = kzoo_command("list")
    assert outcome.code == 0 and outcome.err == ""
    first_words = {line.split()[0] for line in outcome.out.splitlines() if line}
    assert {*kzoo.list_saved_models(), *kzoo.list_models(), *DATASETS} <= first_words
    assert re.search(
        r"^digits_cnn_attention +cnn_attention +digits +43,242 +accuracy 0\.99", outcome.out, re.M
    )


def test_it_is_plain_in_a_pipe(kzoo_command):
    out = kzoo_command("list").out
    assert out.isascii() and "\t" not in out and "\x1b" not in out


def test_it_has_a_frame_on_a_terminal(kzoo_command, monkeypatch):
    monkeypatch.setattr(Console, "is_terminal", True)
    out = kzoo_command("list").out
    assert "│" in out or "┃" in out
    assert "digits_cnn_attention" in out
