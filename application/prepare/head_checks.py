"""What a prepared head has to show before anything is predicted from it; otherwise the study is refused."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.application.ports.registrar import Registration, Scan
from gliobench.application.prepare.preparation import Quality
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.raw_images import LEAST_SHOWN, blank_plane, odd_plane
from gliobench.domain.studies.study import Modality

DULL, STRANGE = 0.2, 0.1
"""Least sharpness of the registration of two images of one head, and of a head to the template."""
LEAST_UPRIGHT = 0.3
"""Of a head to the template: 0.44 or more in heads and stripped brains, below 0.1 where it is not clear."""
LEAST_OVERLAP = 0.75
"""Least Dice of a brain and the template's; 0.84 to 0.95 in studies of BraTS."""
LEAST_COVERED = 0.5
"""Least share of the brain that an image has to show."""


def check_planes(study_id: str, scans: Mapping[Modality, Scan]) -> None:
    """Check images before they are registered.

    Raises:
        FaultyStudyError: A plane is much brighter than the others.
    """
    for modality, scan in scans.items():
        if odd := odd_plane(scan.voxels):
            raise not_registered(study_id, f"{modality.value}: {odd}")


def fault_of_fit(modality: Modality, found: Registration) -> str:
    """Describe why an image does not fit the anchor; empty where it does."""
    if found.sharpness >= DULL:
        return ""
    return (
        f"{modality.value} fits the anchor no better than beside it (sharpness {found.sharpness:.2f}: "
        f"wanted {DULL:g})"
    )


def fault_of_place(modality: Modality, found: Registration) -> str:
    """Describe why a head does not fit the template; empty where it does."""
    if found.sharpness < STRANGE:
        beside = f"no better than beside it (sharpness {found.sharpness:.2f}: wanted {STRANGE:g})"
    elif found.uprightness < LEAST_UPRIGHT:
        beside = (
            f"hardly better than turned over (uprightness {found.uprightness:.2f}: wanted "
            f"{LEAST_UPRIGHT:g})"
        )
    else:
        return ""
    return f"{modality.value} fits the template {beside}: is it a head, the right way up?"


def check_quality(study_id: str, quality: Quality) -> None:
    """Check how well a study was prepared.

    Raises:
        FaultyStudyError: The brain is not where a brain is, or an image does not show it.
    """
    if quality.template_overlap < LEAST_OVERLAP:
        raise not_registered(
            study_id,
            f"its brain and the template's overlap by {quality.template_overlap:.2f}: wanted "
            f"{LEAST_OVERLAP:g}",
        )
    for modality, image in quality.images.items():
        if image.covered < LEAST_COVERED:
            raise not_registered(
                study_id,
                f"{modality.value} shows {image.covered:.0%} of the brain: wanted "
                f"{LEAST_COVERED:.0%} at least",
            )
        if image.shown < LEAST_SHOWN:
            raise not_registered(
                study_id,
                f"{image.shown:.0%} of the brain in {modality.value} is brighter than the air around the "
                f"head: wanted {LEAST_SHOWN:.0%} at least",
            )


def check_brain(
    study_id: str, scans: Mapping[Modality, Scan], inside: Mapping[Modality, BoolArray]
) -> None:
    """Check the planes of images within the brain.

    Raises:
        FaultyStudyError: A plane is blank.
    """
    for modality, scan in scans.items():
        if blank := blank_plane(scan.voxels, inside[modality]):
            raise not_registered(study_id, f"{modality.value}: {blank}")


def not_registered(study_id: str, detail: str) -> FaultyStudyError:
    """Return the refusal of a study."""
    return FaultyStudyError(
        FaultKind.NOT_REGISTERED, f"study {study_id} cannot be prepared: {detail}"
    )
