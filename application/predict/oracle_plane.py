"""The plane that an oracle would choose: the one place where a backend gets something of a reference."""

from __future__ import annotations

from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.read_reference import read_reference
from gliobench.domain.geometry.grids import Axis, Plane
from gliobench.domain.predictions.forms import largest_plane


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
