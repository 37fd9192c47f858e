"""Datasets whose reference classes come from a user's table."""

from __future__ import annotations

from collections.abc import Callable

from gliobench.application.evaluate.targeted_studies import TargetedStudies
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.studies.metadata import MetadataTable
from gliobench.domain.studies.metadata_join import join
from gliobench.domain.studies.target_rule import TargetRule
from gliobench.entrypoints.settings import Settings


def evaluated_dataset(
    name: str,
    labels: DatasetLabels | None = None,
    *,
    settings: Settings,
    open_dataset: Callable[[str, DatasetLabels | None], StudySource],
    read_table: Callable[[str], MetadataTable],
) -> StudySource:
    """Open a dataset to be evaluated: with the classes of the target that the settings name.

    Raises:
        InvalidInputError: There is no table, or it does not fit, or the rule does not fit it.
        GliobenchError: As `open_dataset` and `read_table`.
    """
    source = open_dataset(name, labels)
    if (rule := target_rule(settings)) is None:
        return source
    if settings.report.metadata is None:
        raise InvalidInputError(f"target {rule.column}: wanted --metadata FILE too")
    table, ids = read_table(settings.report.metadata), source.study_ids()
    target, classes = rule.target(table), rule.classes(table)
    patients = [source.origin(study_id).patient_id for study_id in ids]
    joined = join(table, ids, patients, id_column=settings.report.id_column)
    rule.check(joined.of_studies)
    rows = zip(ids, joined.rows, strict=True)
    known = {one: classes[row.number] for one, row in rows if row and row.number in classes}
    return TargetedStudies(source, target, known)


def target_rule(settings: Settings) -> TargetRule | None:
    """Return the rule of the settings; None where the grade is the target.

    Raises:
        InvalidInputError: It names values without a column, or a column without a positive value.
    """
    asked = settings.target
    if asked.column is None:
        if asked.model_fields_set:
            raise InvalidInputError("target.column is not set: wanted the column of the target")
        return None
    positive, negative = (
        (value,) if isinstance(value, str) else value for value in (asked.positive, asked.negative)
    )
    return TargetRule(asked.column, positive, negative, asked.died)
