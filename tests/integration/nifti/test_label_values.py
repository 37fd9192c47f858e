"""Label maps as libraries save them: whole numbers that are not quite whole in the file."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.adapters.nifti.mask_file import read_labels
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError

LABELS = np.zeros((3, 4, 5))
LABELS[1, 1:4, 2] = 1, 2, 4


def _saved(path: Path, values: np.ndarray, stored_as: type, *, slope: float | None = None) -> Path:
    """Save values under a header of another type: nibabel scales them where it must."""
    image = nib.Nifti1Image(values, np.diag([-1.0, 1.0, 1.0, 1.0]))
    image.header.set_data_dtype(stored_as)
    if slope is not None:
        image.header.set_slope_inter(slope, 0)
    nib.save(image, path)
    return path


def _read(path: Path) -> np.ndarray:
    return read_labels(ImageFile.open(path))


@pytest.mark.parametrize("stored_as", [np.int16, np.uint16, np.int32, np.uint8, np.int8])
@pytest.mark.parametrize("labels", [(1, 2, 4), (1, 2, 3), (1, 1, 1), (1, 4, 4)])
def test_labels_that_a_library_scaled_are_the_labels_that_it_was_given(
    tmp_path: Path, stored_as: type, labels: tuple[int, int, int]
) -> None:
    given = LABELS.copy()
    given[1, 1:4, 2] = labels
    path = _saved(tmp_path / "mask.nii", given, stored_as)
    assert not np.array_equal(nib.load(path).get_fdata(), given) or labels == (1, 1, 1)

    np.testing.assert_array_equal(_read(path), given[::-1])


@pytest.mark.parametrize("stored_as", [np.float32, np.float64])
@pytest.mark.parametrize("factor", [0.9999, 1.0001, 1.0 - 1e-7])
def test_floats_next_to_a_label_are_that_label(
    tmp_path: Path, stored_as: type, factor: float
) -> None:
    path = _saved(tmp_path / "mask.nii", LABELS * factor, stored_as)

    np.testing.assert_array_equal(_read(path), LABELS[::-1])


@pytest.mark.parametrize(
    ("value", "stored_as"),
    [
        (0.98, np.float32),
        (0.5, np.float64),
        (0.93, np.uint8),  # a probability map of 8 bits: a step is 4 / 255
        (0.997, np.int16),
        (1e-2, np.float32),
    ],
)
def test_a_probability_is_refused_with_its_value_and_place(
    tmp_path: Path, value: float, stored_as: type
) -> None:
    values = LABELS.copy()
    values[0, 3, 1] = value
    path = _saved(tmp_path / "mask.nii", values, stored_as)

    with pytest.raises(FaultyStudyError, match=r"value 0\.\d+ at voxel \(0, 3, 1\)") as caught:
        _read(path)

    assert caught.value.kind is FaultKind.UNKNOWN_LABEL


def test_a_step_as_coarse_as_a_label_rounds_nothing(tmp_path: Path) -> None:
    path = _saved(tmp_path / "mask.nii", LABELS * 0.7, np.uint8, slope=0.7)

    with pytest.raises(FaultyStudyError, match="wanted labels, whole numbers"):
        _read(path)


def test_a_mask_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    path = _saved(tmp_path / "mask.nii", np.where(LABELS == 4, np.nan, LABELS), np.float32)

    with pytest.raises(FaultyStudyError, match="NaN") as caught:
        _read(path)

    assert caught.value.kind is FaultKind.NOT_FINITE


@pytest.mark.parametrize(
    "values", [np.zeros((3, 4, 5, 3)), np.zeros((3, 4, 5, 1, 3)), np.zeros((3, 4))]
)
def test_one_hot_channels_are_no_label_map(tmp_path: Path, values: np.ndarray) -> None:
    with pytest.raises(FaultyStudyError, match="wanted three axes"):
        _read(_saved(tmp_path / "mask.nii", values, np.uint8))


def test_a_label_map_of_one_volume_in_four_axes_is_read(tmp_path: Path) -> None:
    path = _saved(tmp_path / "mask.nii", LABELS[..., None], np.uint8, slope=1.0)

    np.testing.assert_array_equal(_read(path), LABELS[::-1])


def test_colours_are_no_label_map(tmp_path: Path) -> None:
    colours = np.zeros((3, 4, 5), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(colours, np.eye(4)), tmp_path / "mask.nii")

    with pytest.raises(FaultyStudyError, match="wanted integers or floats"):
        _read(tmp_path / "mask.nii")
