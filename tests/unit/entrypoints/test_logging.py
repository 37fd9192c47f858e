from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import structlog

from gliobench.entrypoints.logging import configure_logging


@pytest.fixture(autouse=True)
def default_logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_an_event_is_one_json_line_where_stderr_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(level="info", style="auto")

    structlog.get_logger().info("study_predicted", study_id="A", seconds=1.5)

    event = json.loads(capsys.readouterr().err)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "study_predicted",
        "level": "info",
        "study_id": "A",
        "seconds": 1.5,
    }


def test_an_event_is_a_line_for_people_where_that_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(level="info", style="console")

    structlog.get_logger().info("study_predicted", study_id="A")

    written = capsys.readouterr()
    assert "study_predicted" in written.err
    assert "{" not in written.err
    assert written.out == ""


def test_an_event_below_the_level_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="warning", style="json")

    structlog.get_logger().info("study_predicted", study_id="A")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("style", ["console", "json"])
def test_no_event_tells_a_terminal_what_to_do(
    capsys: pytest.CaptureFixture[str], style: str
) -> None:
    configure_logging(level="info", style=style)

    structlog.get_logger().info("study_predicted", study_id="a\x1b[2J\rb\u202e")

    assert not {"\x1b", "\r", "\u202e"} & set(capsys.readouterr().err)
