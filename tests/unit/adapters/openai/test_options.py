"""What a table may say, and whose machine it names."""

from __future__ import annotations

import pytest

from gliobench.adapters.openai.options import OpenAiOptions
from gliobench.domain.errors import InvalidInputError


def options(base_url: str = "http://127.0.0.1:8000/v1", **more: object) -> OpenAiOptions:
    return OpenAiOptions.checked({"base_url": base_url, "model": "m", **more}, backend="gpt")


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://localhost:11434/v1/", True),
        ("http://LOCALHOST/v1", True),
        ("http://[::1]:8000/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://localhost.example.org/v1", False),
        ("http://127.0.0.1.example.org/v1", False),
        ("http://0.0.0.0:8000/v1", False),
        ("http://2130706433/v1", False),
        ("http://[::ffff:10.0.0.1]/v1", False),
        ("http://10.0.0.5:8000/v1", False),
        ("http://gpu-1:8000/v1", False),
    ],
)
def test_only_this_machine_is_local(url: str, is_local: bool) -> None:
    assert options(url).is_local is is_local


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"base_url": "ftp://host/v1"}, "base_url"),
        ({"base_url": "host:8000"}, "base_url"),
        ({"base_url": "http://:8000"}, "base_url"),
        ({"base_url": "http://host:99999/v1"}, "base_url"),
        ({"base_url": "https://user:secret@host/v1"}, "key belongs in the environment"),
        ({"base_url": "https://host/v1?api-key=x"}, "key belongs in the environment"),
        ({"model": ""}, "model"),
        ({"omit": "prompt"}, "omit"),
        ({"max_cost": -1}, "max_cost"),
        ({"api_key": "sk-1"}, "api_key"),
        ({"body": {"n": 5, "max_tokens": 8000}}, "max_tokens, n: set by other options"),
    ],
)
def test_a_wrong_table_is_refused_by_the_name_of_the_option(
    table: dict[str, object], fault: str
) -> None:
    with pytest.raises(InvalidInputError, match=fault) as raised:
        options(**table)

    assert "\n" not in str(raised.value)


def test_the_key_is_read_from_the_named_variable_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-others")
    monkeypatch.setenv("MINE", "sk-mine")

    assert options().key == ""
    assert options(api_key_env="MINE").key == "sk-mine"
    for wrong in ("", "sk-a\nb", "sk-é", "two words"):
        monkeypatch.setenv("WRONG", wrong)
        with pytest.raises(InvalidInputError, match="variable WRONG holds no key"):
            _ = options(api_key_env="WRONG").key
