"""Why a program has no mask of a study, in a table beside its masks."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.adapters.prediction_files.records import Table, failure_in
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.predictions.prediction import Failure

FAILURES_FILE = "failures.csv"


def read_failures(path: DatasetPath) -> Mapping[str, Failure]:
    """Read failures by study: columns `study_id`, `failure` and `failure_detail`.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is no such table, or a study is in it twice.
    """
    failures: dict[str, Failure] = {}
    for study_id, row in Table.read(path).by_study():
        failure = failure_in(row)
        if failure is None or study_id in failures:
            raise InvalidInputError(f"{row.at}: wanted one failure of study {study_id}")
        failures[study_id] = failure
    return failures
