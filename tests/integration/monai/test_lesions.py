from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

from fakes.fake_study_source import FakeStudySource, fake_case
from fakes.lesion_cube_file import write_lesion_cubes
from gliobench.adapters.monai.lesions import LesionCube, _cube, load_lesion_cubes
from gliobench.adapters.nifti import BratsStudySource
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.segmentation import dice
from gliobench.domain.networks.grader_input import (
    GraderGeometry,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.networks.input import localizer_volumes
from gliobench.domain.studies.study import Grade

# near a corner of the brain, so that a flip of any axis would be seen
CASES = [
    fake_case(
        study_id,
        grade=grade,
        shape=(120, 120, 78),
        spacing_mm=(2.0, 2.0, 2.0),
        tumour=Box3D(start=start, stop=stop),
    )
    for study_id, grade, start, stop in [
        ("a", Grade.HGG, (20, 70, 40), (41, 93, 60)),
        ("b", Grade.LGG, (82, 30, 6), (99, 49, 17)),
        ("c", Grade.LGG, (30, 20, 30), (70, 38, 42)),
    ]
]


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_lesion_cubes(tmp_path_factory.mktemp("cubes"), FakeStudySource(CASES))


@pytest.fixture(scope="module")
def cubes(archives: tuple[Path, Path]) -> list[LesionCube]:
    return load_lesion_cubes(*archives)


def test_cubes_tell_whose_they_are_and_of_which_grade(cubes: list[LesionCube]) -> None:
    assert [(cube.patient_id, cube.grade) for cube in cubes] == [
        ("a", Grade.HGG),
        ("b", Grade.LGG),
        ("c", Grade.LGG),
    ]


@pytest.mark.parametrize("number", range(3), ids=["medium", "small", "larger-than-a-cube"])
def test_on_the_study_s_voxels_a_cube_s_lesion_lies_where_its_patient_s_does(
    cubes: list[LesionCube], number: int
) -> None:
    start, volumes, labels = cubes[number].on_spacing(2.0)

    drawn = np.zeros((120, 120, 78), dtype=np.uint8)
    place = tuple(slice(a, a + n) for a, n in zip(start, labels.shape, strict=True))
    drawn[place] = labels
    for region, found in (
        (Region.WT, drawn > 0),
        (Region.TC, (drawn == 1) | (drawn == 4)),
        (Region.ET, drawn == 4),
    ):
        expected = CASES[number].reference.regions[region]
        assert dice(reference=expected[place], prediction=found[place]) > 0.9
    there = localizer_volumes(CASES[number].study, 2.0)[(slice(None), *place)]
    assert likeness(volumes, there) > 0.9


def test_padding_about_a_small_lesion_is_no_part_of_it(cubes: list[LesionCube]) -> None:
    assert not cubes[1].volumes.all(axis=0).all()

    _, volumes, _ = cubes[1].on_spacing(2.0)

    for axis in range(3):
        for face in (0, -1):
            assert volumes.take(face, axis=axis + 1).any()


def test_a_cube_s_regions_are_nested(cubes: list[LesionCube]) -> None:
    whole, core, enhancing = cubes[0].regions()

    assert (whole >= core).all()
    assert (core >= enhancing).all()
    assert enhancing.any()


def test_a_cube_is_what_inference_cuts_about_the_tumour(cubes: list[LesionCube]) -> None:
    study = CASES[0].study

    crop = grader_volumes(
        study,
        centre=tumour_centre(CASES[0].reference.regions[Region.WT]),
        geometry=GraderGeometry(),
        rules=intensity_rules(study),
    )

    bright = cubes[0].volumes[3] > 1
    assert dice(reference=bright, prediction=crop[3] > 1) > 0.85


def test_a_cube_that_hangs_out_of_the_study_brings_only_what_lies_within(
    cubes: list[LesionCube],
) -> None:
    start, volumes, labels = cubes[1].on_spacing(2.0)

    assert min(start) >= 0
    assert all(a + n <= m for a, n, m in zip(start, labels.shape, (120, 120, 78), strict=True))
    assert volumes.shape == (4, *labels.shape)


def test_the_hash_of_a_cube_tells_of_all_that_is_learned_from_it(cubes: list[LesionCube]) -> None:
    cube = cubes[0]
    others = [
        replace(cube, patient_id="someone else"),
        replace(cube, grade=Grade.LGG),
        replace(cube, start=(0, 0, 0)),
        replace(cube, volumes=cube.volumes + 1),
        replace(cube, labels=cube.labels[::-1]),
    ]

    assert len({one.sha256() for one in (cube, *others)}) == 6
    assert replace(cube, volumes=cube.volumes.copy()).sha256() == cube.sha256()


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 torn"])
def test_an_archive_that_cannot_be_read_is_one_line(
    archives: tuple[Path, Path], tmp_path: Path, content: bytes
) -> None:
    torn = tmp_path / "torn.npz"
    torn.write_bytes(content)

    with pytest.raises(InvalidInputError, match=r"^lesion cubes cannot be read: [^\n]+$"):
        load_lesion_cubes(torn, archives[1])


def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"absent\.npz"):
        load_lesion_cubes(tmp_path / "absent.npz", tmp_path / "absent.npz")


def test_an_archive_without_its_arrays_is_refused(
    archives: tuple[Path, Path], tmp_path: Path
) -> None:
    np.savez(tmp_path / "other.npz", something=np.zeros(3))

    with pytest.raises(InvalidInputError, match=r"lesion cubes cannot be read: .*ids"):
        load_lesion_cubes(tmp_path / "other.npz", archives[1])


def test_cubes_and_masks_of_other_studies_are_refused(
    archives: tuple[Path, Path], tmp_path: Path
) -> None:
    _, others = write_lesion_cubes(tmp_path, FakeStudySource(CASES[:1]))

    with pytest.raises(InvalidInputError, match="are not of the same studies"):
        load_lesion_cubes(archives[0], others)


# odd and small, odd and large, even: each was cropped or padded another way
@pytest.mark.parametrize("number", ["012", "027", "015"])
def test_a_real_cube_is_most_like_its_patient_s_brain_where_it_is_said_to_lie(
    real_data: Path, number: str
) -> None:
    study_id = f"BraTS20_Training_{number}"
    source = BratsStudySource(real_data / "brats_2mm")
    archive = np.load(real_data / "lesion_cubes" / "lesion_cubes.npz")
    row = archive["ids"].tolist().index(study_id)
    labels = np.zeros((128, 128, 128), dtype=np.uint8)
    cube = _cube(study_id, "HGG", archive["x"][row], archive["bbox128"][row], labels)

    start, volumes, _ = cube.on_spacing(2.0)

    brain = localizer_volumes(source.study(study_id), 2.0)
    alike = {}
    for shift in product((-1, 0, 1), repeat=3):
        low = np.add(start, shift)
        place = tuple(slice(a, a + n) for a, n in zip(low, volumes.shape[1:], strict=True))
        alike[shift] = likeness(volumes, brain[(slice(None), *place)])
    assert max(alike, key=alike.__getitem__) == (0, 0, 0)
    assert alike[0, 0, 0] > 0.9
