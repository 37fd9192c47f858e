"""Images of studies that other programs read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from gliobench.adapters.nifti import write_image, write_map
from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.domain.errors import JobError, NotFoundError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.studies.study import Modality

NATIVE = Grid(
    shape=(10, 12, 14),
    affine=np.array([[0, -2.0, 0, 3], [0, 0, -1.0, 5], [1.5, 0, 0, -7], [0, 0, 0, 1]]),
)
STUDY = replace(
    fake_case(shape=canonical(NATIVE).shape).study, grid=canonical(NATIVE), native_grid=NATIVE
)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    ("factor", "dtype"), [(1.0, np.float32), (0.0, np.int16)], ids=["fractions", "integers"]
)
def test_every_voxel_is_written_exactly_in_the_orientation_of_the_files(
    tmp_path: Path, ending: str, factor: float, dtype: type[np.generic]
) -> None:
    volume = np.floor(STUDY.volumes[Modality.T2F]) + factor * 0.25
    volume[STUDY.volumes[Modality.T2F] == 0] = 0
    study = replace(STUDY, volumes={Modality.T2F: volume.astype(np.float32)})
    path = tmp_path / f"image{ending}"

    write_image(path, study, Modality.T2F)

    written = nibabel.load(path)
    assert written.get_data_dtype() == dtype
    assert written.shape == NATIVE.shape
    assert np.array_equal(written.affine, NATIVE.affine)
    image = ImageFile.open(path)
    assert image.placed_on(study.grid, of="it").read().tobytes() == volume.astype("f4").tobytes()


def test_a_number_of_each_voxel_is_written_where_the_voxel_is(tmp_path: Path) -> None:
    values = np.zeros(STUDY.grid.shape, dtype=np.float32)
    values[3, 4, 5] = 1 / 3

    write_map(tmp_path / "maps" / "probability.nii.gz", values, STUDY)

    image = ImageFile.open(tmp_path / "maps" / "probability.nii.gz")
    assert nibabel.load(tmp_path / "maps" / "probability.nii.gz").shape == NATIVE.shape
    assert np.array_equal(image.placed_on(STUDY.grid, of="it").read(), values)


def test_values_beyond_int16_stay_exact(tmp_path: Path) -> None:
    volume = np.where(STUDY.volumes[Modality.T1C] > 0, 40_000.0, 0.0).astype(np.float32)
    study = replace(STUDY, volumes={Modality.T1C: volume})

    write_image(tmp_path / "image.nii", study, Modality.T1C)

    assert nibabel.load(tmp_path / "image.nii").get_fdata().max() == 40_000.0


def test_a_missing_modality_and_a_missing_folder_are_reported(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="has no t1n"):
        write_image(tmp_path / "image.nii", replace(STUDY, volumes={}), Modality.T1N)
    with pytest.raises(JobError, match="cannot be written"):
        write_image(tmp_path / "absent" / "image.nii", STUDY, Modality.T1N)
