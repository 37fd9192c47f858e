"""Masks of slices as tools save them: one fact in many kinds of PNG."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakes.fake_study_source import fake_case
from fakes.slice_folder import write_slices
from gliobench.adapters.slices import IMAGES, MASKS, SliceStudySource
from gliobench.application.datasets.chosen_studies import ChosenStudies
from gliobench.application.datasets.verify_dataset import verify_dataset
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.faults import FaultKind

CASE = fake_case("a", shape=(60, 64, 10), tumour=Box3D(start=(20, 20, 0), stop=(36, 34, 10)))
TUMOUR = np.zeros((60, 64), dtype=bool)  # rows and columns of the file
TUMOUR[24:40, 30:44] = True
GREY = np.where(TUMOUR, 255, 0).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_slices(tmp_path, [CASE])


def _whole(folder: Path) -> np.ndarray:
    return SliceStudySource(folder).reference("a").regions[Region.WT][::-1, ::-1, 0]


def _save(folder: Path, mask: Image.Image | np.ndarray) -> Path:
    image = mask if isinstance(mask, Image.Image) else Image.fromarray(mask)
    image.save(folder / MASKS / "a.png")
    return folder


def _rgba(colour: tuple[int, int, int], background: tuple[int, int, int, int]) -> np.ndarray:
    picture = np.zeros((*TUMOUR.shape, 4), dtype=np.uint8)
    picture[...] = background
    picture[TUMOUR] = *colour, 255
    return picture


def _palette() -> Image.Image:
    picture = Image.fromarray(TUMOUR.astype(np.uint8), mode="P")
    picture.putpalette([0, 0, 0, 220, 20, 60])
    return picture


def _jpeg(grey: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize(
    "mask",
    [
        GREY,
        TUMOUR,
        TUMOUR.astype(np.uint8),
        TUMOUR.astype(np.uint16) * 65535,
        np.dstack([GREY] * 3),
        np.dstack([GREY, 0 * GREY, 0 * GREY]),
        _rgba((255, 255, 255), (0, 0, 0, 255)),
        _rgba((255, 0, 0), (0, 0, 0, 0)),
        _rgba((0, 0, 0), (0, 0, 0, 0)),
        _rgba((255, 128, 0), (255, 255, 255, 0)),
        np.dstack([255 - 0 * GREY, GREY]),
        _palette(),
    ],
    ids=lambda mask: getattr(mask, "mode", None) or f"{mask.dtype}-{mask.shape[2:]}",
)
def test_a_mask_of_two_values_is_the_tumour_whatever_they_are(
    folder: Path, mask: Image.Image | np.ndarray
) -> None:
    source = SliceStudySource(_save(folder, mask))

    np.testing.assert_array_equal(_whole(folder), TUMOUR)
    assert source.reference("a").note is None


@pytest.mark.parametrize(
    "mask",
    [
        _jpeg(GREY, 75),
        _jpeg(GREY, 30),
        np.asarray(
            Image.fromarray(GREY).resize((32, 30), Image.BILINEAR).resize((64, 60), Image.BILINEAR)
        ),
    ],
    ids=["jpeg 75", "jpeg 30", "bilinear"],
)
def test_a_mask_that_was_compressed_or_resized_is_cut_at_half_and_noted(
    folder: Path, mask: np.ndarray
) -> None:
    source = SliceStudySource(_save(folder, mask))

    assert (mask > 0).sum() > 1.1 * TUMOUR.sum()
    assert (_whole(folder) ^ TUMOUR).sum() <= 4
    (note,) = verify_dataset(source).notes
    assert note.kind is FaultKind.THRESHOLDED_MASK
    assert "cut at half of the maximum" in note.detail


def test_a_black_mask_says_that_there_is_no_tumour(folder: Path) -> None:
    _save(folder, 0 * GREY)

    assert not _whole(folder).any()
    assert SliceStudySource(folder).reference("a").note is None


@pytest.mark.parametrize("mask", [255 - GREY, 1 - TUMOUR.astype(np.uint8), 255 + 0 * GREY])
def test_an_inverted_mask_is_a_fault(folder: Path, mask: np.ndarray) -> None:
    source = SliceStudySource(_save(folder, mask))

    (fault,) = verify_dataset(source).faults

    assert fault.kind is FaultKind.IMPLAUSIBLE_MASK
    assert "is it inverted?" in fault.detail


def _labels(*levels: int) -> np.ndarray:
    labels = np.where(TUMOUR, levels[0], 0).astype(np.uint8)
    for part, level in enumerate(levels[1:], start=1):
        labels[24 + 4 * part :, :][TUMOUR[24 + 4 * part :, :]] = level
    return labels


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (_labels(2, 1, 4), "several labels, grey levels 0, 1, 2, 4"),
        (_labels(64, 128, 255), "several labels, grey levels 0, 64, 128, 255"),
        (_labels(128, 255), "several labels"),
        (np.add.outer(4 * np.arange(60), np.arange(64)).astype(np.uint8), "is an image"),
        (_rgba((255, 0, 0), (90, 90, 90, 255)), "several colours"),
    ],
)
def test_what_is_no_mask_of_two_values_is_refused(
    folder: Path, mask: np.ndarray, said: str
) -> None:
    fault = SliceStudySource(_save(folder, mask)).reference("a").fault

    assert fault is not None
    assert fault.kind is FaultKind.UNKNOWN_LABEL
    assert said in fault.detail
    assert str(folder / MASKS / "a.png") in fault.detail


def test_an_image_laid_under_its_mask_is_no_mask(folder: Path) -> None:
    image = np.asarray(Image.open(folder / IMAGES / "a.png"))
    overlay = np.dstack([np.where(TUMOUR, 255, image), image, image])

    fault = SliceStudySource(_save(folder, overlay)).reference("a").fault

    assert fault is not None
    assert "several colours" in fault.detail


def test_an_image_in_the_place_of_a_mask_is_refused(folder: Path) -> None:
    (folder / MASKS / "a.png").write_bytes((folder / IMAGES / "a.png").read_bytes())

    fault = SliceStudySource(folder).reference("a").fault

    assert fault is not None
    assert "wanted a mask of two values" in fault.detail


def test_a_right_folder_of_slices_has_no_fault(folder: Path) -> None:
    source = SliceStudySource(folder)

    assert verify_dataset(source).findings == ()
    assert verify_dataset(ChosenStudies(source, ["a"])).findings == ()


def test_a_slice_that_lacks_its_picture_or_shows_nothing_is_a_fault(tmp_path: Path) -> None:
    folder = write_slices(tmp_path, [CASE, fake_case("b"), fake_case("c")])
    (folder / IMAGES / "b.png").unlink()
    Image.new("L", (14, 12)).save(folder / IMAGES / "c.png")

    faults = verify_dataset(SliceStudySource(folder)).faults

    assert [(fault.study_id, fault.kind) for fault in faults] == [
        ("b", FaultKind.UNREADABLE),
        ("c", FaultKind.EMPTY_VOLUME),
    ]


@pytest.mark.realdata
def test_real_slices_have_no_fault_and_no_note(real_data: Path) -> None:
    verification = verify_dataset(SliceStudySource(real_data / "t1ce_slices"))

    assert verification.n_studies == 294
    assert verification.findings == ()
