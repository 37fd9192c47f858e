from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from gliobench.application.evaluate.progress import Progress
from gliobench.application.ports.executor import Stage
from gliobench.entrypoints.monitoring import watching


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
