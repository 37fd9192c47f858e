"""What in the images of a study speaks against any answer about it, without being a fault of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gliobench.domain.errors import FaultError
from gliobench.domain.geometry.grids import Axis, FloatArray
from gliobench.domain.studies.contrast_order import contrast_faults
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.overlap import overlap_faults
from gliobench.domain.studies.plausibility import image_faults
from gliobench.domain.studies.posture import posture_faults
from gliobench.domain.studies.sampled_study import SampledStudy
from gliobench.domain.studies.study import Modality, Study

OTHER_GRIDS = frozenset({FaultKind.SHAPE_MISMATCH, FaultKind.AFFINE_MISMATCH})


def scope_faults(study: Study) -> Iterator[Fault]:
    """Name sequences that bear each other's names or lie apart, and an orientation that is odd or not stated.

    Volumes that cannot be read are left out, and of single slices only the header is looked at.

    Phantoms are in scope: without vessels, their t1c is no brighter than their t1n.

    Raises:
        StoreError: The source cannot be read now.
    """
    if study.is_simulated:
        return
    readable: dict[Modality, FloatArray] = {}
    for modality in study.volumes:
        try:
            readable[modality] = study.volume(modality)
        except FaultError:  # reported by a backend that reads it
            continue
    if study.grid.shape[Axis.AXIAL] > 1:
        sampled = SampledStudy(study.id, readable, study.grid)
        for faults in (contrast_faults, overlap_faults, posture_faults):
            yield from faults(sampled)
    if not study.oriented:
        yield Fault(
            study.id,
            FaultKind.NO_ORIENTATION,
            "a header states no orientation (sform_code and qform_code are 0), or two that mirror each "
            "other: left, right, front, back and millimetres of places are assumed",
        )


def implausible_images(
    study: Study, modalities: Iterable[Modality] | None = None
) -> Iterator[Fault]:
    """Name what keeps images from being one brain without its skull, on one grid.

    Unreadable volumes are ignored here: a backend that reads them fails.

    Args:
        study: The study.
        modalities: Those that are looked at; None for all.

    Raises:
        StoreError: The source cannot be read now.
    """
    for modality in study.volumes if modalities is None else modalities:
        try:
            volume = study.volume(modality)
        except FaultError as error:
            if (fault := Fault.of(study.id, error)).kind in OTHER_GRIDS:
                yield fault
            continue
        yield from image_faults(study.id, modality, volume, study.grid)
