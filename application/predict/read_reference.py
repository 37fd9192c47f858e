"""What the experts say of a study, whatever state their files are in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError
from gliobench.domain.geometry.grids import Axis, Plane
from gliobench.domain.predictions.forms import largest_plane
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.implausible_mask import why_implausible
from gliobench.domain.studies.study import Grade, Reference


def read_reference(source: StudySource, study_id: str) -> Reference:
    """Read a reference; where the source raises, all but the grade is unknown and that is its fault.

    A mask that can be of no tumour, as an inverted one, is a fault too and is not given.

    Raises:
        StoreError: The source cannot be read now.
        UndeclaredLabelsError: The dataset's labels may mean several things: no study is at fault.
    """
    try:
        reference = source.reference(study_id)
    except FaultError as error:
        # The grade counts the failure: without it the study would leave the denominators.
        return Reference(_grade(source, study_id), fault=Fault.of_reference(study_id, error))
    whole = reference.tumour
    if whole is None or not (why := why_implausible(whole)):
        return reference
    fault = Fault(study_id, FaultKind.IMPLAUSIBLE_MASK, why)
    return replace(reference, regions={}, fault=fault)


def _grade(source: StudySource, study_id: str) -> Grade | None:
    try:
        return source.grade(study_id)
    except FaultError:
        return None


def reference_faults(source: StudySource) -> Iterator[Fault]:
    """Name the studies whose references cannot be read, and why.

    Raises:
        StoreError: The source cannot be read now.
    """
    for study_id in source.study_ids():
        if (fault := read_reference(source, study_id).fault) is not None:
            yield fault


def oracle_plane(source: StudySource, study_id: str) -> Plane | None:
    """Choose the axial plane of the whole tumour's largest area, where answers on a plane are scored.

    Returns:
        None where the reference cannot be read or shows no tumour.

    Raises:
        StoreError: The source cannot be read now.
    """
    reference = read_reference(source, study_id)
    tumour = reference.tumour
    return largest_plane(tumour, Axis.AXIAL) if tumour is not None and tumour.any() else None
