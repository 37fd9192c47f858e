"""Look at every image of a study before a backend answers about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gliobench.domain.errors import FaultError
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.plausibility import image_faults
from gliobench.domain.studies.study import Modality, Study

OTHER_GRIDS = frozenset({FaultKind.SHAPE_MISMATCH, FaultKind.AFFINE_MISMATCH})


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
