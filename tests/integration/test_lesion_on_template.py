"""Lesions at known places of the MNI152 template, in files of any orientation, spacing and tilt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")

from gliobench.adapters.phantom.anatomy import load_template
from gliobench.application.predict.predict_study import lesion_of
from gliobench.domain.geometry.orientation import reorient_plane
from gliobench.domain.labels.regions import Region
from gliobench.domain.position.lesion import Lesion, Side
from gliobench.domain.predictions.prediction import Form, LocalisationPrediction, Mask
from gliobench.domain.studies.study import Modality, Study
from gliobench.entrypoints.container import container

SCALE = np.array([0.93, 0.9, 0.96])
"""A head of usual size: the template is larger."""
RADIUS_MM = 9.0
HEMISPHERES = {-1: Side.LEFT, 1: Side.RIGHT}


@dataclass(frozen=True)
class Head:
    """The template's brain, scaled: 2 mm in plane, thick slices, and axes in RAS+ order."""

    brain: np.ndarray
    affine: np.ndarray


@cache
def head(step: int = 2) -> Head:
    template = load_template()
    affine = np.diag([*(SCALE * (2, 2, step)), 1.0])
    affine[:3, 3] = SCALE * template.origin_mm + (4.0, -7.0, 11.0)
    return Head(template.depth[::2, ::2, ::step] >= 0.5, affine)


def written(folder: Path, one: Head, codes: str = "RAS", tilt: np.ndarray | None = None) -> Study:
    """Write the brain with axes in the directions of the codes, and read it as a study."""
    affine = (np.eye(4) if tilt is None else tilt) @ one.affine
    image = nibabel.Nifti1Image(one.brain.astype(np.int16) * 100, affine)
    turn = nibabel.orientations.ornt_transform(
        nibabel.io_orientation(affine), nibabel.orientations.axcodes2ornt(codes)
    )
    nibabel.save(image.as_reoriented(turn), folder / "head.nii")
    source = container.one_study(None, {Modality.T1N: folder / "head.nii"})
    return source.study(source.study_ids()[0])


def ball(study: Study, one: Head, mni_mm: tuple[int, int, int], tilt: np.ndarray) -> Lesion:
    """Describe a ball around a place of the template."""
    middle = SCALE * mni_mm + (4.0, -7.0, 11.0)
    places = np.indices(study.grid.shape).reshape(3, -1)
    world = study.grid.affine[:3, :3] @ places + study.grid.affine[:3, 3:]
    upright = np.linalg.inv(tilt)[:3] @ np.vstack([world, np.ones(world.shape[1])])
    inside = np.linalg.norm(upright - middle[:, None], axis=0) <= RADIUS_MM
    mask = Mask(study.grid, {Region.WT: inside.reshape(study.grid.shape)})
    found = lesion_of(study, LocalisationPrediction({Form.MASK: mask}))
    assert found is not None
    return found


def described(folder: Path, one: Head, mni_mm: tuple[int, int, int], codes: str = "RAS") -> Lesion:
    return ball(written(folder, one, codes), one, mni_mm, np.eye(4))


@pytest.mark.parametrize("sign", HEMISPHERES)
@pytest.mark.parametrize(
    ("place", "region"),
    [
        ((38, 40, 24), "frontal lobe"),
        ((42, -56, 46), "parietal lobe"),
        ((52, -20, -16), "temporal lobe"),
        ((22, -86, 6), "occipital lobe"),
        ((30, -62, -40), "cerebellum"),
    ],
)
def test_a_lesion_at_a_known_place_is_in_the_right_lobe_on_the_right_side(
    tmp_path: Path, place: tuple[int, int, int], region: str, sign: int
) -> None:
    x, y, z = place

    found = described(tmp_path, head(), (sign * x, y, z))

    assert found.side is HEMISPHERES[sign]
    assert found.regions[0].name == f"{found.side.value} {region}"
    assert found.regions[0].share is not None
    assert found.regions[0].share > 0.9
    assert found.centre_to_midline_mm == pytest.approx(SCALE[0] * x, abs=1.5)
    assert found.edge_to_midline_mm == pytest.approx(SCALE[0] * x - RADIUS_MM, abs=3)


@pytest.mark.parametrize("codes", ["LAS", "LPI", "RPI", "PSR", "IRA"])
@pytest.mark.parametrize("step", [2, 5])
def test_files_of_any_orientation_and_spacing_give_the_same_answer(
    tmp_path: Path, codes: str, step: int
) -> None:
    upright = described(tmp_path, head(step), (-38, 40, 24))

    found = described(tmp_path, head(step), (-38, 40, 24), codes)

    assert found.side is Side.LEFT
    assert found.regions == upright.regions
    assert found.centre_to_midline_mm == pytest.approx(upright.centre_to_midline_mm, abs=1e-3)
    assert found.edge_to_midline_mm == pytest.approx(upright.edge_to_midline_mm, abs=1e-3)
    assert found.longest_mm == pytest.approx(upright.longest_mm)
    assert found.diameters is not None
    assert upright.diameters is not None
    assert found.diameters.longest_mm == pytest.approx(upright.diameters.longest_mm)
    assert found.diameters.perpendicular_mm == pytest.approx(upright.diameters.perpendicular_mm)


def test_thick_slices_change_diameters_by_no_more_than_a_voxel(tmp_path: Path) -> None:
    for step in (2, 5):
        found = described(tmp_path, head(step), (38, 40, 24))

        assert found.diameters is not None
        assert found.diameters.longest_mm == pytest.approx(2 * RADIUS_MM, abs=2.5)
        assert found.diameters.perpendicular_mm == pytest.approx(2 * RADIUS_MM, abs=2.5)


def test_an_oblique_grid_gives_the_same_side_region_and_diameters(tmp_path: Path) -> None:
    one, tilt = head(), np.eye(4)
    tilt[:3, :3] = Rotation.from_euler("xyz", [8, -4, 5], degrees=True).as_matrix()

    found = ball(written(tmp_path, one, "LPS", tilt), one, (38, 40, 24), tilt)

    assert found.side is Side.RIGHT
    assert found.regions[0].name == "right frontal lobe"
    assert found.centre_to_midline_mm == pytest.approx(SCALE[0] * 38, abs=7)  # 5° at 60 mm
    upright = described(tmp_path, one, (38, 40, 24))
    assert found.longest_mm == pytest.approx(upright.longest_mm, abs=0.5)


def test_the_slice_is_counted_along_the_axis_of_the_files(tmp_path: Path) -> None:
    study = written(tmp_path, head(), "PIR")

    found = ball(study, head(), (38, 40, 24), np.eye(4))
    axis, index = reorient_plane(found.plane, source=study.grid, target=study.file_grid)

    assert axis == 1  # runs downwards
    assert index == study.grid.shape[2] - 1 - found.plane.index
    height_mm = study.grid.to_mm((0, 0, found.plane.index))[2]
    assert height_mm == pytest.approx(SCALE[2] * 24 + 11, abs=2)


def test_no_region_is_given_where_the_field_of_view_cuts_the_brain(tmp_path: Path) -> None:
    whole = head()
    cut = Head(
        whole.brain[:, :, 30:],
        whole.affine @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 30], [0, 0, 0, 1.0]]),
    )

    found = described(tmp_path, cut, (38, 40, 24))

    assert found.regions == ()
    assert "cut the brain" in found.no_region
    assert found.side is Side.RIGHT
