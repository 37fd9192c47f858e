"""The numbers of a report as runs of MLflow."""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from typing import final

from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from gliobench.application.ports.report_log import ReportLog
from gliobench.domain.comparison.log_entries import LogEntry
from gliobench.domain.errors import StoreError
from gliobench.domain.messages import cut, one_line

EXPERIMENT = "gliobench"
LONGEST_PARAM = 500
"""Characters of a parameter that servers of every version take."""
MOST_AT_ONCE = 100
"""Parameters that MLflow takes in one request; it takes more metrics."""


@final
class MlflowReportLog(ReportLog):
    """Logs each entry as a run of the experiment `gliobench`.

    Args:
        uri: Of the tracking server, or of a store that the installed MLflow knows.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def log(self, entries: Sequence[LogEntry]) -> None:
        """Create a run for each entry.

        Raises:
            StoreError: MLflow refuses it, or its server cannot be reached; earlier entries are kept.
        """
        try:
            client = MlflowClient(tracking_uri=self._uri)
            found = client.get_experiment_by_name(EXPERIMENT)
            experiment = found.experiment_id if found else client.create_experiment(EXPERIMENT)
            for entry in entries:
                _log(client, experiment, entry)
        except MlflowException as error:
            raise StoreError(f"MLflow at {self._uri}: {one_line(str(error))}") from error


def _log(client: MlflowClient, experiment: str, entry: LogEntry) -> None:
    run = client.create_run(experiment, run_name=entry.name).info.run_id
    now_ms = int(time() * 1000)
    metrics = [Metric(name, value, now_ms, 0) for name, value in entry.metrics.items()]
    params = [Param(name, cut(str(value), LONGEST_PARAM)) for name, value in entry.facts.items()]
    for start in range(0, max(len(metrics), len(params)), MOST_AT_ONCE):
        part = slice(start, start + MOST_AT_ONCE)
        client.log_batch(run, metrics=metrics[part], params=params[part])
    client.set_terminated(run)
