"""Progress of an evaluation: bars in the terminal, events in logs, metrics for Prometheus."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import structlog
from prometheus_client import CollectorRegistry, Gauge, Info, write_to_textfile
from rich import progress

from gliobench.application.evaluate.progress import Progress, Watch
from gliobench.domain.files.disk import not_written
from gliobench.entrypoints.outputs import output_file
from gliobench.entrypoints.progress import progress_console, waiting
from gliobench.entrypoints.terminal import plain

HEARTBEAT_S = 30.0
"""Seconds between two events of the log."""
METRICS_S = 5.0
"""Seconds between two versions of the metrics file."""

log = structlog.get_logger()


@contextmanager
def watching(
    *, metrics_file: Path | None, batch_size: int, backends: Sequence[str] = ()
) -> Iterator[Watch]:
    """Return a progress callback: bars if stderr is a terminal, otherwise events.

    Args:
        metrics_file: Prometheus text file for node_exporter's textfile collector, *.prom.
        batch_size: Studies in a batch, to be reported.
        backends: Names of those that are loaded before the first progress.

    Raises:
        InvalidInputError: The metrics file is a device.
        JobError: It cannot be written at the first progress.
    """
    watches: list[Watch] = []
    if metrics_file is not None:
        output_file(str(metrics_file))
        watches.append(_seldom(_Metrics(metrics_file, batch_size), METRICS_S))
    if sys.stderr.isatty():
        with _bars(backends) as bars:
            yield _all([*watches, bars])
        return
    yield _all([*watches, _seldom(lambda progress: _log(progress, batch_size), HEARTBEAT_S)])


def _all(watches: Sequence[Watch]) -> Watch:
    def report(progress: Progress) -> None:
        for watch in watches:
            watch(progress)

    return report


def _seldom(watch: Watch, pause_s: float) -> Watch:
    """Report the first and the last progress of a pass, and some between, at intervals."""
    reported, reported_of = 0.0, set[str]()

    def report(progress: Progress) -> None:
        nonlocal reported, reported_of
        now = monotonic()
        if progress.is_last or set(progress.done) != reported_of or now - reported >= pause_s:
            reported, reported_of = now, set(progress.done)
            watch(progress)

    return report


def _log(progress: Progress, batch_size: int) -> None:
    log.info(
        "evaluation_progressed",
        done=sum(progress.done.values()),
        total=progress.total,
        failed=sum(progress.failed.values()),
        seconds={stage.value: round(seconds, 3) for stage, seconds in progress.seconds.items()},
        providers=dict(progress.providers),
        batch_size=batch_size,
    )


@contextmanager
def _bars(backends: Sequence[str]) -> Iterator[Watch]:
    """Show on stderr that the backends are loaded, then one bar for each."""
    loading = ExitStack()
    loading.enter_context(waiting(f"loading {', '.join(backends)}"))
    bars = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("[red]{task.fields[failed]}"),
        progress.TimeRemainingColumn(),
        console=progress_console(),
    )
    tasks: dict[str, progress.TaskID] = {}

    def show(progress: Progress) -> None:
        loading.close()
        bars.start()
        for name, done in progress.done.items():
            failed = f"{progress.failed[name]} failed" if progress.failed[name] else ""
            if name not in tasks:
                tasks[name] = bars.add_task(plain(name), total=progress.wanted, failed=failed)
            bars.update(tasks[name], total=progress.wanted, completed=done, failed=failed)

    try:
        yield show
    finally:
        loading.close()
        bars.stop()


class _Metrics:
    """Updates a Prometheus text file, replaced atomically on progress."""

    def __init__(self, file: Path, batch_size: int) -> None:
        self._file, self._batch_size = file, batch_size
        self._written: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        if progress == self._written:
            return
        try:
            write_to_textfile(str(self._file), _registry(progress, self._batch_size))
            self._file.chmod(0o644)  # readable by node_exporter's user: it contains no study id
        except OSError as error:
            if self._written is None:
                raise not_written(self._file, error) from error
            log.warning("metrics_not_written", reason=error.strerror)
        self._written = progress


def _registry(progress: Progress, batch_size: int) -> CollectorRegistry:
    registry = CollectorRegistry()

    def gauge(name: str, meaning: str, label: str = "") -> Gauge:
        return Gauge(f"gliobench_{name}", meaning, [label] * bool(label), registry=registry)

    counts = {
        "studies_done": (progress.done, "Scored studies"),
        "studies_failed": (progress.failed, "Scored studies with a failure"),
        "studies_wanted": (
            dict.fromkeys(progress.done, progress.wanted),
            "Total number of studies to score",
        ),
    }
    for name, (by_backend, meaning) in counts.items():
        found = gauge(name, meaning, "backend")
        for backend, count in by_backend.items():
            found.labels(backend).set(count)
    seconds = gauge("stage_seconds", "Seconds spent by all workers, by stage", "stage")
    for stage, spent in progress.seconds.items():
        seconds.labels(stage.value).set(spent)
    gauge("batch_size", "Studies in a batch").set(batch_size)
    gauge("progressed_timestamp_seconds", "Time of the last progress").set_to_current_time()
    info = Info(
        "gliobench_backend", "Execution provider of a backend", ["backend"], registry=registry
    )
    for backend, provider in progress.providers.items():
        info.labels(backend).info({"provider": provider})
    return registry
