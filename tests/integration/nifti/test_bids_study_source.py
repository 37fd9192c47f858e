"""Studies in folders of BIDS."""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from fakes.layouts import BIDS_NAMES, DSEG, write_bids, write_json
from fakes.study_folder import write_image
from gliobench.adapters.nifti import BidsStudySource, holds_bids
from gliobench.application.datasets.verify_dataset import verify_dataset
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels, UndeclaredLabelsError
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Grade, Modality

CASE = fake_case("sub-01")
TUMOUR = CASE.reference.regions[Region.WT]
ANAT = Path("sub-01/anat")
MASK = Path("derivatives/manual/sub-01/anat/sub-01_desc-tumor_dseg.nii.gz")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One subject with a mask."""
    return write_bids(tmp_path / "bids", [CASE])


def _image(root: Path, name: str, *, brighter: int = 1) -> Path:
    """Write an image of another brightness into the subject's folder."""
    grid, volume = CASE.study.grid, CASE.study.volume(Modality.T1N).astype(np.int16)
    path = root / ANAT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, volume + np.int16(brighter) * (volume > 0), grid)
    return path


def _moved(root: Path, name: str) -> Path:
    """Give the mask another place or name in the dataset."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (root / MASK).rename(path)
    return path


def _region(root: Path, study_id: str = "sub-01", **options: str) -> object:
    return BidsStudySource(root, **options).reference(study_id).regions.get(Region.WT)


def test_a_subject_is_a_study_with_grade_and_mask(root: Path) -> None:
    source = BidsStudySource(root)

    reference = source.reference("sub-01")
    assert source.study_ids() == ["sub-01"]
    assert set(source.study("sub-01").volumes) == set(Modality)
    for modality in Modality:
        expected = CASE.study.volume(modality).astype(np.int16)
        np.testing.assert_array_equal(source.study("sub-01").volume(modality), expected)
    assert reference.grade is Grade.HGG
    assert source.labels == DatasetLabels(BUILT_IN["brats-gli-2017"])
    for region, voxels in CASE.reference.regions.items():
        np.testing.assert_array_equal(reference.regions[region], voxels)


def test_sessions_are_studies_of_one_patient(tmp_path: Path) -> None:
    cases = [fake_case(f"sub-01_ses-{n}") for n in ("pre", "post")]
    source = BidsStudySource(write_bids(tmp_path, [*cases, fake_case("sub-2")]))

    assert source.study_ids() == ["sub-01_ses-post", "sub-01_ses-pre", "sub-2"]
    assert [source.origin(name).patient_id for name in source.study_ids()] == [
        *("sub-01", "sub-01"),
        "sub-2",
    ]
    assert all(source.grade(name) is Grade.HGG for name in source.study_ids())


@pytest.mark.parametrize("inside", ["", "sub-01", "sub-01/ses-pre", "sub-01/ses-pre/anat"])
def test_a_part_of_a_dataset_is_read_with_its_tables_and_masks(tmp_path: Path, inside: str) -> None:
    cases = [fake_case("sub-01_ses-pre"), fake_case("sub-02_ses-pre")]
    root = write_bids(tmp_path, cases)

    assert holds_bids(root / inside)
    source = BidsStudySource(root / inside)

    assert source.study_ids() == [case.study.id for case in cases][: 1 if inside else 2]
    assert source.reference("sub-01_ses-pre").grade is Grade.HGG
    assert source.reference("sub-01_ses-pre").has_tumour


@pytest.mark.parametrize(
    ("name", "modality"),
    [
        ("sub-01_acq-mprage_run-1_T1w.nii.gz", Modality.T1N),
        ("sub-01_space-SRI24_desc-brain_T2w.nii.gz", Modality.T2W),
        ("sub-01_ce-Gd_rec-norm_echo-1_T1w.nii", Modality.T1C),
        ("sub-01_acq-postcontrast_T1w.nii.gz", Modality.T1C),
        ("sub-01_ce-none_T1w.nii.gz", Modality.T1N),
        ("sub-01_part-mag_FLAIR.nii.gz", Modality.T2F),
        ("sub-01_ce-gad_FLAIR.nii.gz", Modality.T2F),
        ("sub-01_t1ce.nii.gz", Modality.T1C),
        ("T2w.nii.gz", Modality.T2W),
    ],
)
def test_an_image_alone_is_taken_whatever_its_other_entities(
    tmp_path: Path, name: str, modality: Modality
) -> None:
    _image(tmp_path, name)

    assert set(BidsStudySource(tmp_path).study("sub-01").volumes) == {modality}


@pytest.mark.parametrize(
    "name",
    [
        "sub-01_part-phase_T2w.nii.gz",
        "sub-01_T2starw.nii.gz",
        "sub-01_T1map.nii.gz",
        "sub-01_PDw.nii.gz",
        "sub-01_desc-brain_mask.nii.gz",
        "._sub-01_T2w.nii.gz",
        "sub-01_T2w.json",
    ],
)
def test_other_files_are_no_images(tmp_path: Path, name: str) -> None:
    _image(tmp_path, "sub-01_FLAIR.nii.gz")
    shutil.copy(tmp_path / ANAT / "sub-01_FLAIR.nii.gz", tmp_path / ANAT / name)

    assert set(BidsStudySource(tmp_path).study("sub-01").volumes) == {Modality.T2F}


@pytest.mark.parametrize(
    "other", ["sub-01_run-2_T1w.nii.gz", "sub-01_rec-norm_T1w.nii.gz", "sub-01_T1w.nii"]
)
def test_of_two_images_of_a_sequence_none_is_guessed(root: Path, other: str) -> None:
    _image(root, other)
    source = BidsStudySource(root)

    with pytest.raises(FaultyStudyError, match=r"t1n: 2 files .*bids_entities") as fault:
        source.study("sub-01")

    assert fault.value.kind is FaultKind.AMBIGUOUS_FILE
    assert other in str(fault.value)
    assert source.reference("sub-01").grade is Grade.HGG


def test_the_setting_decides_between_two_images_and_masks(root: Path) -> None:
    _image(root, "sub-01_run-2_T1w.nii.gz", brighter=7)
    other = root / MASK.parent / "sub-01_run-2_desc-tumor_dseg.nii.gz"
    write_image(other, np.zeros(CASE.study.grid.shape, np.uint8), CASE.study.grid)

    source = BidsStudySource(root, entities="run-2")

    expected = CASE.study.volume(Modality.T1N).astype(np.int16)
    assert (source.study("sub-01").volume(Modality.T1N) - expected).max() == 7
    assert set(source.study("sub-01").volumes) == set(Modality)
    assert source.reference("sub-01").has_tumour is False


def test_the_setting_may_ask_for_the_absence_of_an_entity(root: Path) -> None:
    _image(root, "sub-01_space-MNI152_T1w.nii.gz", brighter=7)

    study = BidsStudySource(root, entities="space-none").study("sub-01")

    expected = CASE.study.volume(Modality.T1N).astype(np.int16)
    np.testing.assert_array_equal(study.volume(Modality.T1N), expected)


@pytest.mark.parametrize("entities", ["run", "T1w", "run-1_T1w", "x y", "-"])
def test_a_setting_without_entities_is_refused(root: Path, entities: str) -> None:
    with pytest.raises(InvalidInputError, match="bids_entities"):
        BidsStudySource(root, entities=entities)


@pytest.mark.parametrize("key", ["ContrastBolusIngredient", "ContrastBolusAgent"])
def test_a_json_file_states_the_contrast_agent_that_a_name_leaves_out(
    tmp_path: Path, key: str
) -> None:
    _image(tmp_path, "sub-01_run-1_T1w.nii.gz", brighter=3)
    _image(tmp_path, "sub-01_run-2_T1w.nii.gz", brighter=5)
    write_json(tmp_path / ANAT / "sub-01_run-2_T1w.json", {key: "GADOLINIUM"})
    (tmp_path / ANAT / "sub-01_run-1_T1w.json").write_text("{")

    study = BidsStudySource(tmp_path).study("sub-01")

    assert study.volume(Modality.T1C).max() - study.volume(Modality.T1N).max() == 2


def test_a_file_belongs_to_the_subject_of_its_name(root: Path) -> None:
    _image(root, "sub-02_T2w.nii.gz")

    source = BidsStudySource(root)

    assert source.study_ids() == ["sub-01", "sub-02"]
    assert set(source.study("sub-02").volumes) == {Modality.T2W}


def test_a_subject_without_images_is_not_lost(root: Path) -> None:
    (root / "sub-02" / "func").mkdir(parents=True)
    (root / "sub-03" / "ses-1" / "anat").mkdir(parents=True)
    source = BidsStudySource(root)

    assert source.study_ids() == ["sub-01", "sub-02", "sub-03_ses-1"]
    for study_id in ("sub-02", "sub-03_ses-1"):
        with pytest.raises(FaultyStudyError, match=f"{study_id} has no image"):
            source.study(study_id)


def test_an_image_on_another_grid_is_a_fault_of_one_line(root: Path) -> None:
    other = fake_case("sub-01", shape=(6, 7, 5))
    path = root / ANAT / "sub-01_FLAIR.nii.gz"
    write_image(path, other.study.volume(Modality.T2F).astype(np.int16), other.study.grid)

    faults = verify_dataset(BidsStudySource(root)).faults

    kinds = [fault.kind for fault in faults]
    assert FaultKind.SHAPE_MISMATCH in kinds
    assert all("\n" not in fault.detail for fault in faults)


def test_skull_stripped_derivatives_are_a_dataset_with_the_raw_ones_tables(root: Path) -> None:
    prepared = root / "derivatives" / "prep"
    anat = prepared / ANAT
    anat.mkdir(parents=True)
    for name in BIDS_NAMES.values():
        target = f"sub-01_space-SRI24_desc-brain_{name}.nii.gz".replace("desc-brain_ce", "ce")
        (root / ANAT / f"sub-01_{name}.nii.gz").rename(anat / target)
    write_json(prepared / "dataset_description.json", {"DatasetType": "derivative"})

    source = BidsStudySource(prepared)

    assert set(source.study("sub-01").volumes) == set(Modality)
    assert source.grade("sub-01") is Grade.HGG
    np.testing.assert_array_equal(source.reference("sub-01").regions[Region.WT], TUMOUR)


@pytest.mark.parametrize(
    "name",
    [
        "sub-01/anat/sub-01_desc-tumor_dseg.nii.gz",
        "sub-01/anat/sub-01_dseg.nii.gz",
        "sub-01/anat/sub-01_seg.nii.gz",
        "derivatives/sub-01/anat/sub-01_dseg.nii.gz",
        "derivatives/masks/sub-01/anat/sub-01_dseg.nii.gz",
        "derivatives/masks/sub-01/anat/sub-01_space-T1w_label-lesion_desc-manual_dseg.nii.gz",
        "derivatives/masks/sub-01/sub-01_dseg.nii",
    ],
)
def test_a_segmentation_is_the_reference_unless_its_name_says_otherwise(
    root: Path, name: str
) -> None:
    _moved(root, name if name.endswith(".gz") else f"{name}.gz")
    source = BidsStudySource(root).labelled(DatasetLabels(BUILT_IN["brats-gli-2017"]))

    np.testing.assert_array_equal(source.reference("sub-01").regions[Region.WT], TUMOUR)


@pytest.mark.parametrize(
    "name",
    [
        "derivatives/fmriprep/sub-01/anat/sub-01_dseg.nii.gz",
        "derivatives/manual/sub-01/anat/sub-01_desc-aseg_dseg.nii.gz",
        "derivatives/manual/sub-01/anat/sub-01_label-GM_dseg.nii.gz",
        "derivatives/manual/sub-01/anat/sub-01_label-ET_dseg.nii.gz",
        "derivatives/manual/sub-01/anat/sub-01_desc-tumorcore_dseg.nii.gz",
        "derivatives/nnunet/sub-01/anat/sub-01_desc-tumor_dseg.nii.gz",
        "derivatives/manual/sub-01/anat/sub-01_desc-tumorpred_dseg.nii.gz",
        "derivatives/manual/sub-01/anat/sub-01_mask.nii.gz",
        "derivatives/manual/sub-01/anat/sub-01_desc-brain_mask.nii.gz",
    ],
)
def test_a_mask_of_something_else_is_noted_and_not_used(root: Path, name: str) -> None:
    _moved(root, name)
    source = BidsStudySource(root)

    assert source.reference("sub-01").has_tumour is None
    assert [note.kind for note in source.notes("sub-01")] == [FaultKind.UNUSED_MASK]


@pytest.mark.parametrize("generated", [[{"Name": "fMRIPrep"}], [{"Name": "gliobench"}]])
def test_a_derivative_is_known_by_its_program_whatever_its_folder(
    root: Path, generated: list[dict[str, str]]
) -> None:
    path = _moved(root, "derivatives/x/sub-01/anat/sub-01_dseg.nii.gz")
    write_json(path.parents[2] / "dataset_description.json", {"GeneratedBy": generated})

    assert BidsStudySource(root).reference("sub-01").has_tumour is None


@pytest.mark.parametrize(
    "rows", ["1\tGM\n2\tWM\n4\tCSF\n", "".join(f"{n}\tarea{n}\n" for n in range(400))]
)
def test_a_segmentation_whose_table_lists_tissues_is_not_the_tumours(root: Path, rows: str) -> None:
    path = _moved(root, "derivatives/x/sub-01/anat/sub-01_dseg.nii.gz")
    path.with_name("sub-01_dseg.tsv").write_text(f"index\tname\n{rows}")

    assert BidsStudySource(root).reference("sub-01").has_tumour is None


def test_a_label_of_a_subject_may_hold_what_bids_forbids(tmp_path: Path) -> None:
    anat = tmp_path / "sub-P_01" / "ses-1-a" / "anat"
    anat.mkdir(parents=True)
    for name in ("ce-gd_T1w", "T1w"):
        path = anat / f"sub-P_01_ses-1-a_{name}.nii.gz"
        volume = CASE.study.volume(Modality.T1C).astype(np.int16)
        write_image(path, volume, CASE.study.grid)

    source = BidsStudySource(tmp_path)

    assert source.study_ids() == ["sub-P_01_ses-1-a"]
    assert source.origin("sub-P_01_ses-1-a").patient_id == "sub-P_01"
    assert set(source.study("sub-P_01_ses-1-a").volumes) == {Modality.T1N, Modality.T1C}


@pytest.mark.parametrize("name", ["label-L_mask", "desc-tumor_mask", "label-WT_desc-manual_mask"])
def test_a_mask_of_the_tumour_has_one_value_whatever_the_labels_are(root: Path, name: str) -> None:
    (root / MASK).unlink()
    path = root / MASK.with_name(f"sub-01_{name}.nii.gz")
    write_image(path, 4 * TUMOUR.astype(np.uint8), CASE.study.grid)
    source = BidsStudySource(root).labelled(DatasetLabels(BUILT_IN["brats-ped-2024"]))

    regions = source.reference("sub-01").regions

    assert regions.keys() == {Region.WT}
    np.testing.assert_array_equal(regions[Region.WT], TUMOUR)
    assert source.mask_integers("sub-01") is None


def test_a_mask_is_a_lesions_where_its_json_file_says_so(root: Path) -> None:
    path = _moved(root, "derivatives/x/sub-01/anat/sub-01_mask.nii.gz")
    write_image(path, TUMOUR.astype(np.uint8), CASE.study.grid)
    assert _region(root) is None

    write_json(path.with_name("sub-01_mask.json"), {"Type": "Lesion"})

    np.testing.assert_array_equal(_region(root), TUMOUR)
    write_json(path.with_name("sub-01_mask.json"), {"Type": 5})
    assert _region(root) is None


def test_several_labels_in_a_mask_of_one_structure_are_a_fault(root: Path) -> None:
    _moved(root, "derivatives/x/sub-01/anat/sub-01_desc-tumor_mask.nii.gz")

    fault = BidsStudySource(root).reference("sub-01").fault

    assert fault is not None
    assert fault.kind is FaultKind.UNKNOWN_LABEL
    assert "labels 1, 2, 4 in a mask of one structure" in fault.detail


def test_a_segmentation_goes_before_a_mask_in_its_folder(root: Path) -> None:
    beside = root / MASK.with_name("sub-01_label-WT_mask.nii.gz")
    write_image(beside, TUMOUR.astype(np.uint8), CASE.study.grid)

    assert BidsStudySource(root).reference("sub-01").regions.keys() == CASE.reference.regions.keys()


def test_of_two_raters_none_is_chosen(root: Path) -> None:
    shutil.copytree(root / "derivatives" / "manual", root / "derivatives" / "rater2")

    fault = BidsStudySource(root).reference("sub-01").fault

    assert fault is not None
    assert fault.kind is FaultKind.AMBIGUOUS_FILE


def test_the_mask_in_the_images_space_is_taken(root: Path) -> None:
    other = root / MASK.with_name("sub-01_space-MNI152_desc-tumor_dseg.nii.gz")
    write_image(other, np.ones((3, 3, 3), np.uint8), CASE.study.grid)

    np.testing.assert_array_equal(_region(root), TUMOUR)


@pytest.mark.parametrize(
    "place",
    [
        "derivatives/manual/dseg.tsv",
        "derivatives/manual/desc-tumor_dseg.tsv",
        "derivatives/manual/sub-01/sub-01_dseg.tsv",
        str(MASK).replace(".nii.gz", ".tsv"),
    ],
)
def test_a_table_is_inherited_from_above(root: Path, place: str) -> None:
    (root / "derivatives/manual/dseg.tsv").rename(root / place)

    source = BidsStudySource(root)

    assert source.labels is not None
    assert source.labels.convention.name == "brats-gli-2017"


def test_a_json_file_may_have_the_table(root: Path) -> None:
    (root / "derivatives/manual/dseg.tsv").unlink()
    labels = {"necrosis": 1, "edema": 2, "enhancing tumor": 4}
    write_json(root / "derivatives/manual/dseg.json", {"LabelMap": labels})

    assert BidsStudySource(root).labels == DatasetLabels(BUILT_IN["brats-gli-2017"])


@pytest.mark.parametrize(
    "table",
    [
        "index\tname\n1\tlabel1\n2\tedema\n",
        "index\tname\n1\tedema\n1\tnecrosis\n",
        "index\tname\nx\tedema\n",
        "number\tname\n1\tedema\n",
        "index\tname\n1\tedema\tx\n",
        "",
        "\x00",
    ],
)
def test_a_table_that_is_not_understood_asks_for_a_declaration(root: Path, table: str) -> None:
    (root / "derivatives/manual/dseg.tsv").write_text(table)
    source = BidsStudySource(root)

    assert source.labels is None
    assert set(source.study("sub-01").volumes) == set(Modality)
    with pytest.raises(UndeclaredLabelsError, match=r"dseg\.tsv.*labels"):
        source.reference("sub-01")
    with pytest.raises(UndeclaredLabelsError):
        source.mask_integers("sub-01")
    declared = source.labelled(DatasetLabels(BUILT_IN["brats-gli-2017"]))
    np.testing.assert_array_equal(declared.reference("sub-01").regions[Region.WT], TUMOUR)


def test_tables_that_differ_ask_for_a_declaration(tmp_path: Path) -> None:
    root = write_bids(tmp_path, [CASE, fake_case("sub-02")])
    second = root / str(MASK).replace("sub-01", "sub-02").replace(".nii.gz", ".tsv")
    second.write_text(DSEG.replace("1\tnecrosis", "1\tcyst").replace("2\tedema", "3\tedema"))

    with pytest.raises(UndeclaredLabelsError, match="differ"):
        BidsStudySource(root).reference("sub-01")


def test_without_a_table_the_masks_are_asked_about(tmp_path: Path) -> None:
    root = write_bids(tmp_path, [CASE], table="")

    with pytest.raises(UndeclaredLabelsError, match="not declared"):
        BidsStudySource(root).reference("sub-01")


def _participants(root: Path, content: str | bytes) -> BidsStudySource:
    data = content if isinstance(content, bytes) else content.encode()
    (root / "participants.tsv").write_bytes(data)
    return BidsStudySource(root)


@pytest.mark.parametrize(
    "content",
    [
        "participant_id\tage\tgrade\nsub-01\t40\tLGG\n",
        "participant_id\tgrade\r\nsub-01\tlgg\r\n",
        "grade\tparticipant_id\nLGG\t01\n",
        "participant_id\tgrade\tnote\nsub-01\tLGG\tM\xfcller\n".encode("latin-1"),
        "\ufeffparticipant_id\tgrade\nsub-01\tLGG\n\nsub-99\tHGG\n",
        "participant_id\tgrade\nsub-01\tLGG\nsub-01\tLGG\n",
    ],
)
def test_participants_have_grades(root: Path, content: str | bytes) -> None:
    assert _participants(root, content).grade("sub-01") is Grade.LGG


@pytest.mark.parametrize("content", ["participant_id\tage\nsub-01\t40\n", "participant_id\n"])
def test_a_table_without_grades_gives_none(root: Path, content: str) -> None:
    source = _participants(root, content)

    assert source.grade("sub-01") is None
    assert source.notes("sub-01") == []


@pytest.mark.parametrize("grade", ["3", "IV", "glioblastoma"])
def test_a_who_grade_is_noted_and_not_used(root: Path, grade: str) -> None:
    source = _participants(root, f"participant_id\tgrade\nsub-01\t{grade}\n")

    assert source.grade("sub-01") is None
    (note,) = source.notes("sub-01")
    assert note.kind is FaultKind.MISSING_GRADE
    assert "participants.tsv: row 2" in note.detail


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id\tgrade\nsub-01\tLGG\n", "row 1: wanted a column participant_id"),
        ("participant_id\tgrade\nsub-01\tLGG\nsub-01\tHGG\n", "row 3: sub-01 has grade HGG"),
        ("participant_id\tgrade\nsub-01\n", "row 2 has 1 cells"),
        ("participant_id\tgrade\tgrade\nsub-01\tLGG\tHGG\n", "two columns"),
        ("", "empty"),
    ],
)
def test_a_table_of_participants_that_contradicts_itself_is_refused(
    root: Path, content: str, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message) as error:
        _participants(root, content)
    assert "participants.tsv" in str(error.value)


def test_two_equal_rows_are_noted(root: Path) -> None:
    source = _participants(root, "participant_id\tgrade\nsub-01\tLGG\nsub-01\tLGG\n")

    (note,) = source.notes("sub-01")
    assert note.kind is FaultKind.REPEATED_ROW
    assert note.detail == "rows 2 and 3 of participants.tsv say the same"


def test_participants_have_patients_and_sites_and_sessions_their_own_grade(tmp_path: Path) -> None:
    cases = [fake_case("sub-01_ses-1"), fake_case("sub-01_ses-2"), fake_case("sub-02")]
    root = write_bids(tmp_path, cases)
    table = "participant_id\tgrade\tsite\tpatient_id\nsub-01\tLGG\tA\tP7\nsub-02\tHGG\tB\tP7\n"
    (root / "participants.tsv").write_text(table)
    (root / "sub-01" / "sub-01_sessions.tsv").write_text(
        "session_id\tgrade\tsite\nses-1\tn/a\tC\n2\tHGG\tn/a\n"
    )

    source = BidsStudySource(root)

    found = {name: (source.grade(name), source.origin(name)) for name in source.study_ids()}
    grades = {name: grade for name, (grade, _) in found.items()}
    assert grades == {"sub-01_ses-1": Grade.LGG, "sub-01_ses-2": Grade.HGG, "sub-02": Grade.HGG}
    assert {origin.patient_id for _, origin in found.values()} == {"P7"}
    assert [origin.site for _, origin in found.values()] == ["C", "A", "B"]


def test_a_name_mapping_serves_where_there_are_no_participants(root: Path) -> None:
    (root / "participants.tsv").unlink()
    (root / "name_mapping.csv").write_text("study_id,grade\nsub-01,LGG\n")

    assert BidsStudySource(root).grade("sub-01") is Grade.LGG


def _description(root: Path) -> None:
    (root / "dataset_description.json").unlink()


def _flat(root: Path) -> None:
    for path in (root / ANAT).iterdir():
        path.rename(root / path.name)
    shutil.rmtree(root / "sub-01")
    _description(root)


@pytest.mark.parametrize("change", [lambda _: None, _description, _flat])
def test_a_folder_is_bids_by_its_description_folders_or_names(
    root: Path, change: Callable[[Path], object]
) -> None:
    change(root)

    assert holds_bids(root)
    assert BidsStudySource(root).study_ids() == ["sub-01"]


@pytest.mark.parametrize(
    "names",
    [
        ("BraTS20_Training_001/BraTS20_Training_001_t1.nii.gz",),
        ("sub-01/sub-01_t1ce.nii.gz", "sub-01/sub-01_flair.nii.gz"),
        ("dataset_description.json",),
        (),
    ],
)
def test_other_folders_are_not_bids(tmp_path: Path, names: Iterable[str]) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    assert not holds_bids(tmp_path)


def test_a_folder_without_a_subject_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="sub-01_T1w"):
        BidsStudySource(tmp_path)
    with pytest.raises(NotFoundError, match="no folder"):
        BidsStudySource(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["{", "[]", "\ud800".encode("utf-8", "surrogatepass"), b"\xff"])
def test_a_description_that_cannot_be_read_is_refused_in_one_line(
    root: Path, content: str | bytes
) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (root / "derivatives" / "manual" / "dataset_description.json").write_bytes(data)

    with pytest.raises(InvalidInputError, match=r"dataset_description\.json"):
        BidsStudySource(root)


def test_hostile_values_of_a_description_are_passed_over(root: Path) -> None:
    for value in (None, 1, "x", [1, None, {"Name": 5}], {"Name": "fMRIPrep"}):
        path = root / "derivatives" / "manual" / "dataset_description.json"
        path.write_text(json.dumps({"GeneratedBy": value}))

        assert BidsStudySource(root).reference("sub-01").has_tumour
