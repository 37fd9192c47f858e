"""What every log of experiments promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from fakes.fake_report_log import FakeReportLog
from gliobench.adapters.json.report_log import JsonReportLog
from gliobench.application.ports.report_log import ReportLog
from gliobench.domain.comparison.log_entries import LogEntry
from gliobench.domain.errors import JobError

ENTRIES = (
    LogEntry("cnn-onnx", {"n_failed": 1.0, "mask/WT/dice": 0.875}, {"provenance.provider": "cpu"}),
    LogEntry("majority [SIMULATED]", {f"grade/m{n}": float(n) for n in range(250)}, {"seed": "0"}),
)
Logged: TypeAlias = tuple[ReportLog, Callable[[], list[LogEntry]]]
"""A log, and what reads it."""


def fake(_: Path) -> Logged:
    log = FakeReportLog()
    return log, lambda: log.entries


def json_file(folder: Path) -> Logged:
    file = folder / "logs" / "report.json"
    return JsonReportLog(file), lambda: [LogEntry(**row) for row in json.loads(file.read_text())]


def mlflow_folder(folder: Path) -> Logged:
    pytest.importorskip("mlflow", reason="the extra `mlflow` is not installed")
    from mlflow.tracking import MlflowClient

    from gliobench.adapters.mlflow import MlflowReportLog

    uri = (folder / "mlflow").as_uri()

    def read() -> list[LogEntry]:
        client = MlflowClient(tracking_uri=uri)
        (experiment,) = client.search_experiments(filter_string="name = 'gliobench'")
        found = client.search_runs([experiment.experiment_id])
        return [
            LogEntry(run.info.run_name, run.data.metrics, run.data.params)
            for run in sorted(found, key=lambda run: run.info.run_name)
        ]

    return MlflowReportLog(uri), read


LOGS = {"fake": fake, "json": json_file, "mlflow": mlflow_folder}


@pytest.fixture(autouse=True)
def file_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")


@pytest.mark.parametrize("make", LOGS.values(), ids=LOGS)
def test_every_entry_is_logged_with_all_of_its_metrics_and_facts(
    make: Callable[[Path], Logged], tmp_path: Path
) -> None:
    log, read = make(tmp_path)

    log.log(ENTRIES)

    assert tuple(read()) == ENTRIES


def unable_json(folder: Path) -> ReportLog:
    (folder / "taken").write_text("a file stands where the folder should")
    return JsonReportLog(folder / "taken" / "report.json")


def unable_mlflow(folder: Path) -> ReportLog:
    pytest.importorskip("mlflow", reason="the extra `mlflow` is not installed")
    from gliobench.adapters.mlflow import MlflowReportLog

    return MlflowReportLog("no-such-scheme://server")


UNABLE = {"fake": lambda _: FakeReportLog(down=True), "json": unable_json, "mlflow": unable_mlflow}


@pytest.mark.parametrize("make", UNABLE.values(), ids=UNABLE)
def test_a_log_that_cannot_be_written_is_one_line(
    make: Callable[[Path], ReportLog], tmp_path: Path
) -> None:
    log = make(tmp_path)

    with pytest.raises(JobError) as raised:
        log.log(ENTRIES)

    assert "\n" not in str(raised.value)
