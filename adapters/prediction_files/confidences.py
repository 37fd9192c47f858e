"""Tables beside masks: how sure a program is of each, and why it has none of a study."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.adapters.prediction_files.records import Table, failure_in
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.prediction_files import Confidence
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row, number_in
from gliobench.domain.labels.regions import Region
from gliobench.domain.messages import shown
from gliobench.domain.predictions.prediction import Failure

CONFIDENCES_FILE = "confidence.csv"
FAILURES_FILE = "failures.csv"


def read_confidences(path: DatasetPath) -> Mapping[str, Confidence]:
    """Read confidences by study: columns `study_id`, `confidence`, and one for each region, such as `TC`.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is no such table, a study is in it twice, or a cell is no number from 0 to 1.
    """
    table = Table.read(path)
    if "confidence" not in table.columns:
        raise InvalidInputError(f"{table.place}: row 1: wanted a column confidence")
    found: dict[str, Confidence] = {}
    for study_id, row in table.by_study():
        whole = confidence_in(row)
        if whole is None or study_id in found:
            raise InvalidInputError(f"{row.at}: wanted one confidence of study {study_id}")
        regions = {region: confidence_in(row, region.value.lower()) for region in Region}
        stated = {region: share for region, share in regions.items() if share is not None}
        found[study_id] = Confidence(whole, stated)
    return found


def confidence_in(row: Row, column: str = "confidence") -> float | None:
    """Read a confidence of a row; None where it states none.

    Raises:
        InvalidInputError: It is no number from 0 to 1.
    """
    return share_in(row, column, name=f"{column} ", wanted="a number")


def share_in(row: Row, *columns: str, name: str, wanted: str) -> float | None:
    """Read the first of some columns that says something; None where none does.

    Args:
        row: Of a table.
        columns: In order of preference.
        name: Of the number, for messages.
        wanted: What it should be, likewise.

    Raises:
        InvalidInputError: It is no number from 0 to 1.
    """
    text = row.first(*columns) if columns else None
    if text is None:
        return None
    number = number_in(text)
    if not 0.0 <= number <= 1.0:
        raise InvalidInputError(f"{row.at}: {name}{shown(text)}: wanted {wanted} from 0 to 1")
    return number


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
