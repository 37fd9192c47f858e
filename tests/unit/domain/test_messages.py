import pytest

from gliobench.domain.errors import GliobenchError
from gliobench.domain.messages import (
    LINE_LENGTH,
    VALUE_LENGTH,
    did_you_mean,
    one_line,
    shown,
)


def test_a_short_value_is_shown_as_python_writes_it() -> None:
    assert (shown("x"), shown(3), shown([1.5])) == ("'x'", "3", "[1.5]")


def test_a_long_value_is_shown_without_its_middle() -> None:
    text = shown("start" + "a" * 10**7 + "end")

    assert len(text) == VALUE_LENGTH
    assert text.startswith("'startaaa")
    assert "…" in text


@pytest.mark.parametrize("value", [10**6000, ["["] * 10**5], ids=["integer", "list"])
def test_no_value_is_too_large_to_be_shown(value: object) -> None:
    assert 0 < len(shown(value)) <= VALUE_LENGTH


def test_a_value_that_is_nested_too_deeply_is_shown_by_its_type() -> None:
    nested: list[object] = []
    for _ in range(10**5):
        nested = [nested]

    assert shown(nested) == "a list"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb\r\n\tc", "a b c"),
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("a\udcff", "a\\xff"),
        ("a\x00b", "a\\x00b"),
        ("Глиома – 膠腫 ✓", "Глиома – 膠腫 ✓"),
    ],
)
def test_a_line_holds_nothing_that_a_terminal_would_obey(text: str, line: str) -> None:
    assert one_line(text) == line


def test_an_error_is_one_line_that_ends_in_what_is_wanted() -> None:
    text = str(GliobenchError(f"size {'9' * 10**7}\n: wanted one"))

    assert len(text) <= LINE_LENGTH
    assert "\n" not in text
    assert text.endswith(": wanted one")


def test_a_name_that_is_nearly_a_known_one_is_answered_with_that() -> None:
    assert did_you_mean("thread", ["seed", "threads"]) == "; did you mean 'threads'?"


def test_a_name_that_is_like_none_is_answered_with_none() -> None:
    assert did_you_mean("zzz", ["seed", "threads"]) == ""
