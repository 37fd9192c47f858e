from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakes.fake_study_source import fake_case
from fakes.slice_folder import write_png, write_slices
from gliobench.adapters.slices import CASES_FILE, IMAGES, MASKS, SliceStudySource
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Grade, Modality, SliceChoice


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_slices(tmp_path, [fake_case("a"), fake_case("b", grade=Grade.LGG, tumour=None)])


def table(folder: Path, *rows: str) -> Path:
    (folder / CASES_FILE).write_text("\n".join(rows) + "\n")
    return folder


def test_the_picture_comes_out_as_one_ras_plane_in_whole_grey_levels(folder: Path) -> None:
    plane = fake_case("a").study.volume(Modality.T1C)[:, :, 3]

    volume = SliceStudySource(folder).study("a").volume(Modality.T1C)

    np.testing.assert_array_equal(volume[:, :, 0], np.floor(plane))


def test_rows_run_to_the_left_and_columns_to_the_back(folder: Path) -> None:
    dot = np.zeros((12, 14))
    dot[10, 2] = 200  # on the patient's right, towards the back
    write_png(folder, IMAGES, "a", dot)

    study = SliceStudySource(folder, spacing_mm=2.0).study("a")

    (at,) = np.argwhere(study.volume(Modality.T1C))
    right, front, _ = study.grid.to_mm(tuple(at.astype(float)))  # type: ignore[arg-type]
    assert tuple(at) == (10, 2, 0)
    assert (right, front) == (-1 * 2.0, -11 * 2.0)


def test_the_mask_is_the_whole_tumour_and_nothing_finer(folder: Path) -> None:
    reference = SliceStudySource(folder).reference("a")

    assert reference.grade is Grade.HGG
    assert set(reference.regions) == {Region.WT}
    expected = fake_case("a").reference.regions[Region.WT][:, :, 3:4]
    np.testing.assert_array_equal(reference.regions[Region.WT], expected)


def test_without_a_mask_the_grade_stays(folder: Path) -> None:
    reference = SliceStudySource(folder).reference("b")

    assert reference.grade is Grade.LGG
    assert not reference.regions


def test_the_table_may_tell_patient_spacing_and_nothing_of_grade_or_site(folder: Path) -> None:
    table(folder, "study_id,patient_id,grade,site,spacing_mm", "a,P1,,,1.5", "b,,,,")

    source = SliceStudySource(folder, spacing_mm=2.0)

    a, b = source.study("a"), source.study("b")
    assert (a.patient_id, a.site, a.grid.spacing_mm) == ("P1", None, (1.5, 1.5, 1.0))
    assert (b.patient_id, b.site, b.grid.spacing_mm) == ("b", None, (2.0, 2.0, 1.0))
    assert source.reference("a").grade is None


def test_a_slice_larger_than_any_head_is_refused_unread(folder: Path) -> None:
    with pytest.raises(FaultyStudyError, match=r"a\.png: 12 voxels of 500 mm"):
        SliceStudySource(folder, spacing_mm=500.0).study("a")


def test_another_spacing_is_another_study(folder: Path) -> None:
    def hashes(**given: float) -> list[str]:
        source = SliceStudySource(folder, **given)
        return [source.content_hash(one) for one in ("a", "b")]

    first, wider = hashes(spacing_mm=1.0), hashes(spacing_mm=1.5)
    table(folder, "study_id,spacing_mm", "a,1.50", "b,")

    assert not set(first) & set(wider)
    assert hashes(spacing_mm=1.0) == [wider[0], first[1]]


def test_the_pictures_may_show_another_modality(folder: Path) -> None:
    study = SliceStudySource(folder, modality=Modality.T2F).study("a")

    assert set(study.volumes) == {Modality.T2F}
    assert Modality.T1C not in study.volumes
    with pytest.raises(NotFoundError, match="study a has no t1c"):
        study.volume(Modality.T1C)


def test_a_mask_that_cannot_be_read_leaves_the_grade(folder: Path) -> None:
    (folder / MASKS / "a.png").write_bytes(b"no picture")

    reference = SliceStudySource(folder).reference("a")

    assert reference.fault is not None
    assert (reference.grade, reference.regions) == (Grade.HGG, {})


def test_sixteen_bits_of_grey_are_kept(folder: Path) -> None:
    levels = np.full((12, 14), 40_000, dtype=np.uint16)
    Image.fromarray(levels).save(folder / IMAGES / "a.png")

    assert SliceStudySource(folder).study("a").volume(Modality.T1C).max() == 40_000


def test_a_mask_of_another_size_is_a_fault_of_that_study(folder: Path) -> None:
    write_png(folder, MASKS, "a", np.ones((5, 5)))

    reference = SliceStudySource(folder).reference("a")

    assert reference.fault is not None
    assert reference.fault.kind is FaultKind.SHAPE_MISMATCH
    assert "(5, 5) pixels: wanted (12, 14)" in reference.fault.detail
    assert (reference.grade, reference.regions) == (Grade.HGG, {})


def test_a_picture_that_cannot_be_read_is_no_fault_of_the_reference(folder: Path) -> None:
    (folder / IMAGES / "a.png").write_bytes(b"no picture")

    reference = SliceStudySource(folder).reference("a")

    assert (reference.grade, reference.fault) == (Grade.HGG, None)
    assert reference.grid is not None
    assert reference.grid.shape == (12, 14, 1)
    assert reference.has_tumour  # on the mask's own grid, so that the failure is counted


def test_a_colour_picture_is_refused(folder: Path) -> None:
    Image.new("RGB", (14, 12)).save(folder / IMAGES / "a.png")

    with pytest.raises(FaultyStudyError, match="of mode RGB: wanted grey"):
        SliceStudySource(folder).study("a")


def test_a_picture_larger_than_any_scan_is_refused_by_its_header(folder: Path) -> None:
    Image.new("1", (5000, 2)).save(folder / IMAGES / "a.png")

    with pytest.raises(FaultyStudyError, match="5000 x 2 pixels"):
        SliceStudySource(folder).study("a")


def test_what_is_no_picture_is_refused(folder: Path) -> None:
    (folder / IMAGES / "a.png").write_bytes(b"no picture")

    with pytest.raises(FaultyStudyError, match="no PNG"):
        SliceStudySource(folder).study("a")


def test_a_picture_cut_short_is_refused_when_it_is_looked_at(folder: Path) -> None:
    path = folder / IMAGES / "a.png"
    path.write_bytes(path.read_bytes()[:-60])
    study = SliceStudySource(folder).study("a")

    with pytest.raises(FaultyStudyError, match=r"a\.png"):
        study.volume(Modality.T1C)


def test_a_picture_that_is_missing_is_told_by_its_path(folder: Path) -> None:
    (folder / IMAGES / "a.png").unlink()
    source = SliceStudySource(folder)

    for ask in (source.study, source.content_hash):
        with pytest.raises(FaultyStudyError, match=r"image/a\.png"):
            ask("a")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["id,grade", "a,HGG"], "wanted a column study_id"),
        (["study_id,grade"], "the table has no row"),
        (["study_id,grade", "a,high"], "grade 'high': wanted LGG or HGG"),
        (["study_id,grade", "a,HGG", "b,LGG", "a,LGG"], "row 4: a is in row 2 already"),
        (["study_id", "a", "../a"], "row 3: study id '../a' holds a slash"),
        (["study_id,patient_id", "a,p", "a,q"], "row 3: a is in row 2 already"),
        (["study_id,spacing_mm", "a,-1"], "spacing of '-1' mm"),
        (["study_id,spacing_mm", "a,wide"], "spacing of 'wide' mm"),
        (["study_id,Pixel spacing", "a,0.5"], "'Pixel spacing' is not read: wanted spacing_mm"),
    ],
)
def test_a_table_that_is_not_in_order_is_refused(folder: Path, rows: list[str], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        SliceStudySource(table(folder, *rows))


def test_a_folder_without_a_table_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=CASES_FILE):
        SliceStudySource(tmp_path)


@pytest.mark.realdata
def test_real_slices_show_a_tumour_within_the_brain(real_data: Path) -> None:
    source = SliceStudySource(real_data / "t1ce_slices", spacing_mm=240 / 224)

    study_id = source.study_ids()[0]
    volume = source.study(study_id).volume(Modality.T1C)
    whole = source.reference(study_id).regions[Region.WT]

    assert len(source.study_ids()) == 294
    assert volume.shape == whole.shape == (224, 224, 1)
    assert whole.any()
    assert (volume[whole] > 0).mean() > 0.99


def test_the_table_states_how_each_slice_was_chosen_and_the_setting_where_it_does_not(
    folder: Path,
) -> None:
    table(folder, "study_id,slice_choice", "a,oracle", "b,")

    source = SliceStudySource(folder, choice=SliceChoice.INDEPENDENT)

    assert source.study("a").plane_choice is SliceChoice.ORACLE
    assert source.study("b").plane_choice is SliceChoice.INDEPENDENT


def test_where_nobody_states_how_a_slice_was_chosen_it_counts_as_an_oracles(folder: Path) -> None:
    choice = SliceStudySource(folder).study("a").plane_choice

    assert choice is SliceChoice.NOT_STATED
    assert choice.counts_as_oracle


def test_another_word_for_how_a_slice_was_chosen_is_an_error(folder: Path) -> None:
    table(folder, "study_id,slice_choice", "a,middle")

    with pytest.raises(InvalidInputError, match="slice_choice .*middle.*: wanted oracle or indep"):
        SliceStudySource(folder)
