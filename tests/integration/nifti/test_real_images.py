"""What is found in the images of real studies, stripped and raw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gliobench.adapters.nifti import BratsStudySource, StudyFiles
from gliobench.application.predict.scope import implausible_images, scope_faults
from gliobench.domain.studies.background import on_zero
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.study import Modality

pytestmark = pytest.mark.usefixtures("real_sizes")


@pytest.mark.parametrize("folder", ["brats_2mm_more", "out_of_scope"])
def test_stripped_brains_are_plausible_and_given_as_the_files_hold_them(
    real_data: Path, folder: str
) -> None:
    source = BratsStudySource(real_data / folder)
    for study_id in source.study_ids():
        study = source.study(study_id)

        assert list(implausible_images(study)) == []
        assert list(scope_faults(study)) == []
        assert all(np.shares_memory(study.volume(m), study.volumes[m]) for m in study.volumes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Modality.T1N, Modality.T1C),
        (Modality.T2W, Modality.T2F),
        (Modality.T1N, Modality.T2W),
        (Modality.T1C, Modality.T2W),
        (Modality.T1N, Modality.T2F),
        (Modality.T1C, Modality.T2F),
    ],
)
def test_swapped_sequences_of_real_studies_are_recognised(
    real_data: Path, one: Modality, other: Modality
) -> None:
    source = BratsStudySource(real_data / "brats_2mm_more")
    for study_id in source.study_ids():
        study = source.study(study_id)
        first, second = study.volume(one), study.volume(other)
        swapped = replace(study, volumes={**study.volumes, one: second, other: first})

        assert FaultKind.CONTRAST_ORDER in [fault.kind for fault in scope_faults(swapped)]


@pytest.mark.parametrize("axes", [(1,), (2,), (1, 2)])
def test_real_brains_that_are_turned_are_recognised(real_data: Path, axes: tuple[int, ...]) -> None:
    source = BratsStudySource(real_data / "brats_2mm_more")
    for study_id in source.study_ids():
        study = source.study(study_id)
        turned = {item: np.flip(study.volume(item), axes) for item in study.volumes}

        (fault,) = scope_faults(replace(study, volumes=turned))

        assert fault.kind is FaultKind.ODD_ORIENTATION


def test_a_real_study_scored_over_all_voxels_keeps_its_brain(real_data: Path) -> None:
    source = BratsStudySource(real_data / "brats_2mm_more")
    plain = source.study(source.study_ids()[0]).volume(Modality.T2F)

    shown = on_zero((plain - plain.mean()) / plain.std())

    np.testing.assert_array_equal(shown != 0, plain != 0)
    np.testing.assert_allclose(shown * plain.std(), plain, atol=1e-2)


@pytest.mark.parametrize("modality", Modality)
def test_a_raw_scan_shows_its_skull_in_every_modality(real_data: Path, modality: Modality) -> None:
    scans = real_data / "raw" / "TCGA-FG-6692"
    file = scans / f"TCGA-FG-6692_raw_{modality.alias}.nii.gz"
    study = StudyFiles({modality: file}).study("study")

    assert [fault.kind for fault in implausible_images(study)] == [FaultKind.SKULL_NOT_STRIPPED]


def test_raw_scans_that_lie_apart_are_named_one_by_one(real_data: Path) -> None:
    source = BratsStudySource(real_data / "raw")

    kinds = [fault.kind for fault in implausible_images(source.study(source.study_ids()[0]))]

    assert kinds.count(FaultKind.SHAPE_MISMATCH) == 2
    assert FaultKind.SKULL_NOT_STRIPPED in kinds
