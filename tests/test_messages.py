import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzoo.messages import as_json, first_lines, harmless, listed, nearest, reason, show


def test_nearest():
    assert nearest("num_head", ["units", "num_heads"]) == " Did you mean num_heads?"
    assert nearest("x", ["digits"], "data.", ".yaml") == ""
    assert nearest("digit", ["digits"], "configs/", ".yaml") == " Did you mean configs/digits.yaml?"
    assert nearest("x" * 10**6, ["x" * 70]) == " Did you mean " + "x" * 70 + "?"


@pytest.mark.parametrize(
    "count, end", [(0, ""), (19, "n18"), (20, "n19"), (21, "n19 and 1 more"), (5000, "4,980 more")]
)
def test_a_list_has_twenty_entries(count, end):
    text = listed(f"n{i}" for i in range(count))
    assert text.endswith(end) and text.count(", ") == max(0, min(20, count) - 1)


def test_there_are_twenty_lines():
    assert first_lines(map(str, range(20))).splitlines() == [str(i) for i in range(20)]
    assert first_lines(map(str, range(23))).splitlines()[19:] == ["19", "and 3 more"]


def test_entries_and_values_are_short_and_on_one_line():
    assert listed(["a" * 61, "b\nc"]) == "a" * 57 + "..., b\\nc"
    assert show("a" * 60) == "'" + "a" * 56 + "..."
    assert show({"a": "\x1b[31m"}) == r"{'a': '\x1b[31m'}"


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\x1b\x9b\u202e\u2066\r\ud800")))
def test_no_control_character_reaches_a_terminal(text):
    for shown in (harmless(text), listed([text]), show(text)):
        assert "\r" not in shown
        for character in shown.replace("\n", ""):
            kind = unicodedata.category(character)
            assert kind not in ("Cc", "Cs", "Zl", "Zp"), repr(character)
            assert unicodedata.bidirectional(character) not in ("RLO", "LRO", "RLI", "LRI", "FSI")


@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from("\x1b\x7f\x9b\u202e\U000e0001\ud800"))
)
def test_json_is_harmless_and_says_the_same(text):
    line = as_json({text: [text]})
    assert json.loads(line) == {text: [text]}
    assert harmless(line) == line and "\n" not in line


def test_json_is_readable():
    assert as_json({"à": "👩‍👩‍👧\x9b"}) == '{"à": "👩‍👩‍👧\\u009b"}'


def test_ordinary_text_stays_as_it_is():
    text = "Zürich, 東京, ไทย, नमस्ते, میخواهم, 👩‍👩‍👧 ✈️\nnext line"
    assert harmless(text) == text
    assert harmless("a\x1b[2Jb\tc\u202ed") == r"a\x1b[2Jb\tc\u202ed"


def raised(function):
    try:
        function()
    except Exception as error:
        return error


def test_the_reason_is_that_of_the_innermost_error():
    def inner():
        raise ValueError("the reason\nand more")

    def outer(chained):
        try:
            inner()
        except ValueError as error:
            if chained:
                raise OSError("of no interest") from error
            raise TypeError("of no interest")  # noqa: B904  as libraries do

    assert reason(raised(lambda: outer(True))) == "the reason"
    assert reason(raised(lambda: outer(False))) == "the reason"


def test_the_reason_is_not_that_something_was_looked_up():
    def look_up():
        try:
            {}["key"]
        except KeyError:
            raise ValueError("There is no such layer.")  # noqa: B904  as libraries do

    assert reason(raised(look_up)) == "There is no such layer."


@pytest.mark.parametrize(
    "error, text",
    [
        (ValueError("\n  first\nsecond"), "first"),
        (ValueError("Exception encountered when calling X.\n\n\x1b[1mreason\x1b[0m"), r"\x1b[1m"),
        (MemoryError(), "MemoryError"),
        (KeyError("name"), "KeyError: 'name'"),
        ("text of a process\nmore", "text of a process"),
        (ValueError("x" * 1000), "x" * 297 + "..."),
    ],
)
def test_reason_in_one_line(error, text):
    assert reason(error).startswith(text) and "\n" not in reason(error)
