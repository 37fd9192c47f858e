from __future__ import annotations

import pytest
from dependency_injector import providers
from structlog.testing import capture_logs

from gliobench.application.evaluate.progress import Progress
from gliobench.application.ports.executor import Stage
from gliobench.entrypoints.container import container
from gliobench.entrypoints.monitoring import watching
from gliobench.entrypoints.settings import load_settings


def progress(done: int, *, of: str = "a") -> Progress:
    return Progress(9, {of: done}, {of: 0}, dict.fromkeys(Stage, 0.0))


def test_a_pass_is_told_of_when_it_begins_and_ends_and_every_half_minute_though_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 0.0
    monkeypatch.setattr("gliobench.entrypoints.monitoring.monotonic", lambda: now_s)
    monkeypatch.setattr("sys.stderr.isatty", lambda: False)
    told: list[tuple[float, int]] = []

    with watching(metrics_file=None, batch_size=2) as watch:
        for now_s, shown in [
            (0.0, progress(0)),
            (1.0, progress(0)),
            (29.0, progress(2)),
            (31.0, progress(2)),
            (46.0, progress(2)),
            (61.0, progress(2)),
            (62.0, progress(9)),
            (63.0, progress(0, of="a mirrored")),
        ]:
            with capture_logs() as events:
                watch(shown)
            told += [(now_s, event["done"]) for event in events]

    assert told == [(0.0, 0), (31.0, 2), (61.0, 2), (62.0, 9), (63.0, 0)]


@pytest.mark.parametrize(("quiet", "shown"), [("false", True), ("true", False)])
def test_the_terminal_shows_what_is_loaded_unless_it_is_to_be_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], quiet: str, shown: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    settings = providers.Object(load_settings({"quiet": quiet}))

    with (
        container.settings.override(settings),
        watching(metrics_file=None, batch_size=2, backends=["cnn-onnx"]) as watch,
    ):
        watch(progress(9))

    printed = capsys.readouterr().err
    assert ("loading cnn-onnx" in printed) is shown
    assert ("9/9" in printed) is shown
