"""Folders as BraTS, its mirrors and its users lay them out."""

import gc
import gzip
import os
import struct
import weakref
from pathlib import Path

import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from fakes.study_folder import OF_2017, image_of, write_image, write_name_mapping, write_study
from gliobench.adapters.nifti import BratsStudySource, StudyFiles
from gliobench.adapters.storage import file_version
from gliobench.application.predict.scope import scope_faults
from gliobench.domain.errors import FaultError, InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.studies.faults import Fault, FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Grade, Modality

ID_2020 = "BraTS20_Training_001"
ID_2023 = "BraTS-GLI-00003-001"
TCGA = "TCGA-DU-7294"


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    ("study_id", "convention"), [(ID_2020, "brats-gli-2017"), (ID_2023, "brats-gli-2023")]
)
def test_both_generations_of_names_are_read(
    tmp_path: Path, study_id: str, convention: str, suffix: str
) -> None:
    case = fake_case(study_id)
    write_study(tmp_path, case, convention=BUILT_IN[convention], suffix=suffix)

    source = BratsStudySource(tmp_path)
    study, reference = source.study(study_id), source.reference(study_id)

    assert source.study_ids() == [study_id]
    assert set(study.volumes) == set(Modality)
    for modality in Modality:
        wanted = case.study.volume(modality).astype(np.int16)
        np.testing.assert_array_equal(study.volume(modality), wanted)
    for region in NESTED:
        np.testing.assert_array_equal(reference.regions[region], case.reference.regions[region])


@pytest.mark.parametrize("name", ["T1GD", "CT1", "T1w_Gd", "t1-post", "T1wCE"])
def test_a_sequence_by_another_usual_name_is_read_where_the_study_lacks_it(
    tmp_path: Path, name: str
) -> None:
    case = fake_case("UPENN-GBM-00001_11")
    image = image_of(write_study(tmp_path, case), Modality.T1C)
    image.rename(image.with_name(f"UPENN-GBM-00001_11_{name}.nii.gz"))

    study = BratsStudySource(tmp_path).study("UPENN-GBM-00001_11")

    wanted = case.study.volume(Modality.T1C).astype(np.int16)
    np.testing.assert_array_equal(study.volume(Modality.T1C), wanted)


def test_another_name_of_a_sequence_that_is_there_is_read_over(tmp_path: Path) -> None:
    image = image_of(write_study(tmp_path, fake_case()), Modality.T1C)
    image.with_name("study-1_T1GD.nii.gz").write_bytes(b"not read")

    assert set(BratsStudySource(tmp_path).study("study-1").volumes) == set(Modality)


def test_two_other_names_of_a_sequence_are_ambiguous(tmp_path: Path) -> None:
    image = image_of(write_study(tmp_path, fake_case()), Modality.T1C)
    image.with_name("study-1_T1GD.nii.gz").write_bytes(image.read_bytes())
    image.rename(image.with_name("study-1_CT1.nii.gz"))

    with pytest.raises(FaultyStudyError, match=r"t1c: 2 files \(study-1_CT1"):
        BratsStudySource(tmp_path).study("study-1")


def test_a_study_in_any_orientation_comes_as_ras_and_keeps_its_own_grid(tmp_path: Path) -> None:
    case = fake_case()
    native = Grid(
        shape=(10, 12, 14),
        affine=np.array([[0, -1, 0, 11], [0, 0, 1, 0], [-1, 0, 0, 9], [0, 0, 0, 1]]),
    )
    write_study(tmp_path, case, native=native)

    study = BratsStudySource(tmp_path).study("study-1")

    assert study.grid == case.study.grid
    assert study.native_grid == native
    wanted = case.study.volume(Modality.T1C).astype(np.int16)
    np.testing.assert_array_equal(study.volume(Modality.T1C), wanted)


@pytest.mark.parametrize(("sform", "qform", "qfac"), [(0, 0, 1), (1, 1, -1)])
def test_a_study_whose_header_states_no_orientation_or_two_is_noted(
    tmp_path: Path, sform: int, qform: int, qfac: int
) -> None:
    path = image_of(write_study(tmp_path, fake_case()), Modality.T2W)
    assert list(scope_faults(BratsStudySource(tmp_path).study("study-1"))) == []
    content = bytearray(gzip.decompress(path.read_bytes()))
    struct.pack_into("<f", content, 76, qfac)
    struct.pack_into("<hh", content, 252, qform, sform)
    path.write_bytes(gzip.compress(bytes(content)))

    (note,) = scope_faults(BratsStudySource(tmp_path).study("study-1"))

    assert note.kind is FaultKind.NO_ORIENTATION
    assert note.kind.is_note


def test_a_folder_that_is_one_study_is_a_dataset_of_one(tmp_path: Path) -> None:
    folder = write_study(tmp_path, fake_case(TCGA))

    assert BratsStudySource(folder).study_ids() == [TCGA]


def test_the_working_directory_may_be_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_study(tmp_path, fake_case("patient 7")))

    assert BratsStudySource(".").study_ids() == ["patient 7"]


def test_files_of_many_studies_in_one_folder_are_told_apart(tmp_path: Path) -> None:
    for study_id in ("one", "two"):
        for path in write_study(tmp_path / "apart", fake_case(study_id)).iterdir():
            path.rename(tmp_path / path.name)

    source = BratsStudySource(tmp_path).labelled(OF_2017)

    assert source.study_ids() == ["one", "two"]
    assert source.reference("two").regions[Region.WT].any()


def test_a_folder_names_the_study_where_the_files_bear_no_id(tmp_path: Path) -> None:
    for name in ("anna", "ben"):
        folder = write_study(tmp_path, fake_case("scan"))
        folder.rename(tmp_path / name)

    assert BratsStudySource(tmp_path).study_ids() == ["anna", "ben"]


def test_files_named_by_modality_alone_are_read(tmp_path: Path) -> None:
    folder = write_study(tmp_path, fake_case("anna"))
    for path in folder.iterdir():
        path.rename(folder / path.name.removeprefix("anna_").upper())

    assert set(BratsStudySource(tmp_path).study("anna").volumes) == set(Modality)


def test_studies_are_found_below_grade_folders_and_hidden_files_are_not(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "TrainingData" / "HGG", fake_case(ID_2020))
    (folder / f"._{ID_2020}_flair.nii.gz").write_bytes(b"a resource fork")

    source = BratsStudySource(tmp_path)

    assert source.study_ids() == [ID_2020]
    assert source.study(ID_2020).volume(Modality.T2F).any()


def test_an_automatic_mask_is_no_reference(tmp_path: Path) -> None:
    folder = write_study(tmp_path, fake_case(TCGA))
    (folder / f"{TCGA}_seg.nii.gz").rename(folder / f"{TCGA}_autoseg_simple.nii.gz")

    assert BratsStudySource(tmp_path).reference(TCGA).regions == {}


@pytest.mark.parametrize("name", ["W39_1998.09.19_Segm.nii.gz", "W39_1998.09.19_seg.nii.gz"])
def test_a_misnamed_mask_is_read_and_noted(tmp_path: Path, name: str) -> None:
    study_id = "BraTS20_Training_355"
    folder = write_study(tmp_path, fake_case(study_id))
    (folder / f"{study_id}_seg.nii.gz").rename(folder / name)

    source = BratsStudySource(tmp_path)

    assert source.study_ids() == [study_id]
    assert source.reference(study_id).regions[Region.WT].any()
    (note,) = source.notes(study_id)
    assert (note.kind, name in note.detail) == (FaultKind.MISNAMED_MASK, True)


def test_a_well_named_mask_is_not_noted(tmp_path: Path) -> None:
    write_study(tmp_path, fake_case())

    assert BratsStudySource(tmp_path).notes("study-1") == []


def test_a_name_mapping_beside_above_or_in_tables_gives_grade_and_site(tmp_path: Path) -> None:
    row = f"LGG,Brats17_TCIA_637_1,Brats18_TCIA10_637_1,{TCGA},BraTS19_TCIA10_637_1,{ID_2020}"
    for place in ("brats", "brats/tables", ".", "tables"):
        root = tmp_path / place.replace("/", "-") / "home"
        write_study(root / "brats", fake_case(ID_2020))
        write_name_mapping(root / place, row)

        source = BratsStudySource(root / "brats")

        assert source.reference(ID_2020).grade is Grade.LGG
        assert source.study(ID_2020).site == "TCIA10"


def test_a_patient_has_one_id_under_every_name(tmp_path: Path) -> None:
    row = f"LGG,Brats17_TCIA_637_1,Brats18_TCIA10_637_1,{TCGA},BraTS19_TCIA10_637_1,{ID_2020}"
    write_name_mapping(tmp_path, row)
    names = (ID_2020, TCGA, f"{TCGA}_1998.01.01", "BraTS19_TCIA10_637_1", "Brats17_TCIA_637_1")
    for name in names:
        write_study(tmp_path, fake_case(name))

    source = BratsStudySource(tmp_path)

    assert {source.study(name).patient_id for name in names} == {ID_2020}


@pytest.mark.parametrize(
    ("id_of_2019", "site"),
    [
        ("BraTS19_CBICA_AOZ_1", "CBICA"),
        ("BraTS19_2013_20_1", "2013"),
        ("BraTS19_TMC_06290_1", "TMC"),
        ("NA", "BraTS20-new"),
    ],
)
def test_the_site_is_in_the_id_of_2019(tmp_path: Path, id_of_2019: str, site: str) -> None:
    write_study(tmp_path, fake_case(ID_2020))
    write_name_mapping(tmp_path, f"HGG,NA,NA,NA,{id_of_2019},{ID_2020}")

    assert BratsStudySource(tmp_path).study(ID_2020).site == site


def test_visits_of_one_patient_of_2023_share_the_patient(tmp_path: Path) -> None:
    for visit in ("BraTS-GLI-00003-000", "BraTS-GLI-00003-001"):
        write_study(tmp_path, fake_case(visit), convention=BUILT_IN["brats-gli-2023"])

    source = BratsStudySource(tmp_path)

    assert {source.study(one).patient_id for one in source.study_ids()} == {"BraTS-GLI-00003"}


HEAD = "Grade,BraTS_2019_subject_ID,BraTS_2020_subject_ID"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the table is empty"),
        ("Grade,Name\nHGG,x\n", "row 1: wanted columns Grade and"),
        ("study_id\nx\n", "row 1: wanted columns Grade and"),
        (f"{HEAD}\nHGG,NA,a\nIV,NA,{ID_2020}\n", "row 3: grade 'IV': wanted LGG or HGG"),
        (f"{HEAD}\n4,NA,{ID_2020}\n", "row 2: grade '4'"),
        (f"{HEAD}\nHGG,NA,a\0b\n", "row 2: study id 'a\\x00b' holds NUL"),
        (f"{HEAD}\nHGG,NA,..\n", "row 2: study id '..' is not a valid file name"),
        (f"{HEAD}\nHGG,NA,../../etc\n", "row 2: study id '../../etc' holds a slash"),
        (f"{HEAD}\nHGG,NA,{'a' * 300}\n", "is 300 bytes long, the most is 255"),
        (
            f"{HEAD}\nHGG,NA,{ID_2020}\nHGG,NA,b\nLGG,NA,{ID_2020}\n",
            f"row 4: {ID_2020} has grade LGG, in row 2 it has grade HGG: wanted one row",
        ),
        (
            f"{HEAD}\nHGG,NA,{ID_2020}\nNA,NA,{ID_2020}\n",
            f"row 3: {ID_2020} has no grade, in row 2 it has grade HGG",
        ),
        (
            f"patient,Grade,study_id\nanna,HGG,{ID_2020}\nben,HGG,{ID_2020}\n",
            f"row 3: {ID_2020} has patient ben, in row 2 it has patient anna",
        ),
        (
            f"{HEAD}\nHGG,BraTS19_TMC_1_1,{ID_2020}\nHGG,BraTS19_TMC_1_1,other\n",
            "row 3: BraTS19_TMC_1_1 has patient other, in row 2 it has patient",
        ),
        ("\0\xff", "the table is empty"),
    ],
)
def test_a_broken_name_mapping_is_told_in_one_line_by_its_row(
    tmp_path: Path, text: str, said: str
) -> None:
    write_study(tmp_path, fake_case(ID_2020))
    (tmp_path / "name_mapping.csv").write_text(text, encoding="latin-1")

    with pytest.raises(InvalidInputError) as caught:
        BratsStudySource(tmp_path)

    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'name_mapping.csv'}: ")


def test_rows_that_say_the_same_and_rows_of_nobody_do_no_harm(tmp_path: Path) -> None:
    write_study(tmp_path, fake_case(ID_2020))
    rows = ["NA,NA,NA", "LGG,NA,NA", f"hgg,NA,{ID_2020}", ",,", f"HGG,na,{ID_2020}"]
    (tmp_path / "name_mapping.csv").write_text("\n".join([HEAD, *rows]))

    source = BratsStudySource(tmp_path)

    assert source.reference(ID_2020).grade is Grade.HGG
    (note,) = source.notes(ID_2020)
    assert note.kind is FaultKind.REPEATED_ROW
    assert note.detail == "rows 4 and 6 of the name mapping say the same"


def test_a_patient_column_says_whose_studies_they_are(tmp_path: Path) -> None:
    for study_id in ("before", "after", "Case_01"):
        write_study(tmp_path, fake_case(study_id))
    rows = ["Grade;Patient ID;study_id", "LGG;anna;before", "HGG;anna;after", "HGG;NA;Case_01"]
    (tmp_path / "name_mapping.csv").write_text("\n".join(rows))

    source = BratsStudySource(tmp_path)

    patients = {one: source.study(one).patient_id for one in source.study_ids()}
    assert patients == {"before": "anna", "after": "anna", "Case_01": "Case_01"}


def test_visits_of_a_known_collection_share_patient_and_the_patients_row(tmp_path: Path) -> None:
    for visit in ("UPENN-GBM-00940_11", "UPENN-GBM-00940_21"):
        write_study(tmp_path, fake_case(visit))
    (tmp_path / "name_mapping.csv").write_text("Grade,study_id\nHGG,UPENN-GBM-00940\n")

    source = BratsStudySource(tmp_path)

    for study_id in source.study_ids():
        assert source.study(study_id).patient_id == "UPENN-GBM-00940"
        assert source.reference(study_id).grade is Grade.HGG


def test_no_study_is_lost_for_a_line_end_in_its_files_names(tmp_path: Path) -> None:
    write_study(tmp_path, fake_case("a\nb"))

    source = BratsStudySource(tmp_path)

    assert source.study_ids() == [r"a\nb"]
    assert set(source.study(r"a\nb").volumes) == set(Modality)
    assert source._folder(r"a\nb").mask_path() is not None


def test_bids_sessions_are_called_by_their_files(tmp_path: Path) -> None:
    for subject, session in (("01", "1"), ("01", "2"), ("02", "1")):
        folder = tmp_path / f"sub-{subject}" / f"ses-{session}"
        written = write_study(folder, fake_case(f"sub-{subject}_ses-{session}"))
        written.rename(folder / "anat")

    source = BratsStudySource(tmp_path)

    patients = {one: source.study(one).patient_id for one in source.study_ids()}
    assert patients == {
        "sub-01_ses-1": "sub-01",
        "sub-01_ses-2": "sub-01",
        "sub-02_ses-1": "sub-02",
    }


@pytest.mark.parametrize(
    ("places", "patients"),
    [
        (
            ["Patient-001/week-000-1", "Patient-001/week-044", "Patient-002/week-000-1"],
            {
                "Patient-001_week-000-1": "Patient-001",
                "Patient-001_week-044": "Patient-001",
                "Patient-002_week-000-1": "Patient-002",
            },
        ),
        (["anna/visit1/anat"], {"anna_visit1": "anna"}),
        (["anna/anat", "ben/anat"], {"anna": "anna", "ben": "ben"}),
        (
            ["P1/0", "P1/1", "P2/0"],
            {"P1_0": "P1", "P1_1": "P1", "P2_0": "P2"},
        ),
        (
            ["HGG/001", "HGG/002", "HGG/003", "LGG/001", "LGG/004"],
            {f"{one}": f"{one}" for one in ("HGG_001", "HGG_002", "HGG_003", "LGG_001", "LGG_004")},
        ),
        (["anna", "ben"], {"anna": "anna", "ben": "ben"}),
    ],
)
def test_folders_tell_studies_and_patients_apart(
    tmp_path: Path, places: list[str], patients: dict[str, str]
) -> None:
    for place in places:
        written = write_study(tmp_path / "written", fake_case("scan"))
        (tmp_path / "data" / place).parent.mkdir(parents=True, exist_ok=True)
        written.rename(tmp_path / "data" / place)

    source = BratsStudySource(tmp_path / "data")

    assert {one: source.origin(one).patient_id for one in source.study_ids()} == patients
    assert {one: source.study(one).patient_id for one in source.study_ids()} == patients


@pytest.mark.parametrize(
    ("name", "study_id"),
    [
        (os.fsdecode(b"Pati\xebnt_A"), r"Pati\xebnt_A"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\u202eb", r"a\u202eb"),
        ("a\nb", r"a\nb"),
        ("ж" * 50, "ж" * 50),
    ],
)
def test_a_study_of_an_odd_name_is_read_and_its_grade_found(
    tmp_path: Path, name: str, study_id: str
) -> None:
    write_study(tmp_path, fake_case(ID_2020))
    write_study(tmp_path, fake_case("plain", tumour=None)).rename(tmp_path / name)
    table = tmp_path / "name_mapping.csv"
    table.write_bytes(b'Grade,study_id\nLGG,"' + os.fsencode(name) + b'"\n')

    source = BratsStudySource(tmp_path)

    assert source.study_ids() == sorted([ID_2020, study_id])
    assert source.reference(study_id).grade is Grade.LGG
    assert source.study(study_id).volume(Modality.T1C).any()
    assert source.content_hash(study_id)
    kinds = [note.kind for note in source.notes(study_id)]
    assert (FaultKind.ODD_NAME in kinds) == ("\\" in study_id)


@pytest.mark.parametrize("is_indexed", [False, True])
def test_an_image_that_may_be_the_absent_sequence_is_noted(
    tmp_path: Path, is_indexed: bool
) -> None:
    for name in ("FLAIR", "T2", "POST", "ADC"):
        (tmp_path / f"P1_{name}.nii.gz").write_bytes(b"-")
    source = BratsStudySource(tmp_path)

    (study_id,) = source.study_ids()
    (row,) = source.indexed(tmp_path, file_version)
    (note,) = (
        [Fault(study_id, *note) for note in row.notes] if is_indexed else source.notes(study_id)
    )

    assert note.kind is FaultKind.UNUSED_IMAGE
    assert (
        note.detail == "P1_POST.nii.gz: called after no known sequence, and t1n, t1c is not there"
    )


def test_a_missing_modality_is_absent_and_the_rest_is_there(tmp_path: Path) -> None:
    folder = write_study(tmp_path, fake_case())
    image_of(folder, Modality.T2W).unlink()

    study = BratsStudySource(tmp_path).study("study-1")

    assert set(study.volumes) == set(Modality) - {Modality.T2W}
    with pytest.raises(NotFoundError, match="has no t2w"):
        study.volume(Modality.T2W)


def test_a_folder_without_its_images_is_a_study_that_cannot_be_opened(tmp_path: Path) -> None:
    write_study(tmp_path, fake_case())
    (tmp_path / ID_2020).mkdir()

    with pytest.raises(FaultyStudyError, match="has no image") as caught:
        BratsStudySource(tmp_path).study(ID_2020)

    assert caught.value.kind is FaultKind.MISSING_MODALITY


def test_a_folder_called_like_a_study_beside_it_is_one_that_cannot_be_opened(
    tmp_path: Path,
) -> None:
    write_study(tmp_path, fake_case("P1"))
    for name in ("P2/P2_t1.mha", "P3/P3_t1.nii.gz.part", "notes/4.txt", "docs_2/a.txt", "P1/fs2/a"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()

    source = BratsStudySource(tmp_path)

    assert source.study_ids() == ["P1", "P2", "P3"]
    for study_id in ("P2", "P3"):
        with pytest.raises(FaultyStudyError, match="has no image: .* in NIfTI or DICOM"):
            source.study(study_id)
        with pytest.raises(FaultyStudyError, match="no image"):  # not the content of another one
            source.content_hash(study_id)


def test_a_damaged_image_fails_alone_when_it_is_looked_at(tmp_path: Path) -> None:
    folder = write_study(tmp_path, fake_case())
    image_of(folder, Modality.T1N).write_bytes(b"not NIfTI")

    study = BratsStudySource(tmp_path).study("study-1")

    assert study.volume(Modality.T1C).any()
    with pytest.raises(FaultyStudyError, match="not a NIfTI file"):
        study.volume(Modality.T1N)


@pytest.mark.parametrize("is_link", [False, True])
def test_a_study_that_cannot_be_opened_still_has_its_reference(
    tmp_path: Path, is_link: bool
) -> None:
    case = fake_case(ID_2020)
    folder = write_study(tmp_path, case)
    write_name_mapping(tmp_path, f"LGG,NA,NA,NA,NA,{ID_2020}")
    for modality in Modality:
        image = image_of(folder, modality)
        image.write_bytes(b"not an image")
        if is_link:  # to a file that was not fetched, as of git-annex
            image.unlink()
            image.symlink_to(tmp_path / "annex")

    source = BratsStudySource(tmp_path)

    with pytest.raises(FaultError):
        source.study(ID_2020)
    found = source.reference(ID_2020)
    assert (found.grade, found.grid, found.fault) == (Grade.LGG, case.study.grid, None)
    assert found.tumour is not None
    assert case.reference.tumour is not None
    assert (found.tumour == case.reference.tumour).all()


@pytest.mark.parametrize(
    ("kind", "labels", "shift_mm"),
    [
        (FaultKind.UNKNOWN_LABEL, 7, 0.0),
        (FaultKind.UNKNOWN_LABEL, 0.25, 0.0),
        (FaultKind.AFFINE_MISMATCH, 1, 30.0),
    ],
)
def test_a_mask_that_cannot_be_used_is_the_references_fault_and_leaves_the_grade(
    tmp_path: Path, kind: FaultKind, labels: float, shift_mm: float
) -> None:
    case = fake_case(ID_2020)
    folder = write_study(tmp_path, case)
    write_name_mapping(tmp_path, f"LGG,NA,NA,NA,NA,{ID_2020}")
    affine = case.study.grid.affine.copy()
    affine[0, 3] += shift_mm
    grid = Grid(shape=case.study.grid.shape, affine=affine)
    write_image(folder / f"{ID_2020}_seg.nii.gz", np.full(grid.shape, labels, np.float32), grid)

    reference = BratsStudySource(tmp_path).reference(ID_2020)

    assert reference.fault is not None
    assert (reference.fault.study_id, reference.fault.kind) == (ID_2020, kind)
    assert (reference.grade, reference.regions) == (Grade.LGG, {})


def test_two_masks_of_one_study_are_the_references_fault(tmp_path: Path) -> None:
    folder = write_study(tmp_path, fake_case(ID_2020))
    write_name_mapping(tmp_path, f"LGG,NA,NA,NA,NA,{ID_2020}")
    (folder / f"{ID_2020}_seg.nii").write_bytes(b"another")

    reference = BratsStudySource(tmp_path).reference(ID_2020)

    assert reference.fault is not None
    assert reference.fault.kind is FaultKind.AMBIGUOUS_FILE
    assert reference.grade is Grade.LGG


def test_an_empty_mask_says_that_there_is_no_tumour(tmp_path: Path) -> None:
    case = fake_case(ID_2020)
    folder = write_study(tmp_path, case)
    nothing = np.zeros(case.study.grid.shape, np.uint8)
    write_image(folder / f"{ID_2020}_seg.nii.gz", nothing, case.study.grid)

    assert BratsStudySource(tmp_path).reference(ID_2020).has_tumour is False


def test_the_image_that_differs_from_the_others_is_the_faulty_one(tmp_path: Path) -> None:
    folder = write_study(tmp_path, fake_case())
    small = fake_case(shape=(6, 7, 5), tumour=None).study
    first = min(Modality)
    write_image(image_of(folder, first), small.volume(first), small.grid)

    study = BratsStudySource(tmp_path).study("study-1")

    assert study.grid.shape == (12, 14, 10)
    with pytest.raises(FaultyStudyError, match=r"shape \(6, 7, 5\)") as caught:
        study.volume(first)
    assert caught.value.kind is FaultKind.SHAPE_MISMATCH


def test_one_id_in_two_folders_is_neither_study(tmp_path: Path) -> None:
    for grade in ("HGG", "LGG"):
        write_study(tmp_path / grade, fake_case(ID_2020))

    source = BratsStudySource(tmp_path)

    assert source.study_ids() == [ID_2020]
    with pytest.raises(FaultyStudyError, match="is there twice") as caught:
        source.study(ID_2020)
    assert caught.value.kind is FaultKind.DUPLICATE_ID


def test_two_files_of_one_modality_are_not_chosen_from(tmp_path: Path) -> None:
    folder = write_study(tmp_path, fake_case())
    (folder / "study-1_t2f.nii").write_bytes(b"")

    with pytest.raises(FaultyStudyError, match="wanted one") as caught:
        BratsStudySource(tmp_path).study("study-1")

    assert caught.value.kind is FaultKind.AMBIGUOUS_FILE


def test_the_hash_is_of_the_images_and_not_of_mask_or_name(tmp_path: Path) -> None:
    folder = write_study(tmp_path, fake_case("anna"))
    before = BratsStudySource(tmp_path).content_hash("anna")

    (folder / "anna_seg.nii.gz").unlink()
    folder.rename(tmp_path / "ben")
    renamed = BratsStudySource(tmp_path)

    assert renamed.content_hash("ben") == before
    image_of(tmp_path / "ben", Modality.T1C).write_bytes(b"other")
    assert renamed.content_hash("ben") != before


def test_volumes_are_read_once_and_die_with_the_study(tmp_path: Path) -> None:
    write_study(tmp_path, fake_case())
    source = BratsStudySource(tmp_path)
    study = source.study("study-1")
    volume = study.volume(Modality.T1C)
    assert study.volume(Modality.T1C) is volume
    remembered = weakref.ref(volume)

    del study, volume
    gc.collect()

    assert remembered() is None


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("notes.txt", r"wanted files such as <study>_flair\.nii\.gz"),
        ("P1/P1_AX_5.nii.gz", r"'P1_AX_5\.nii\.gz' is not called <study>_<sequence>: .* by --t1c"),
        ("1/2/3/4/P1_t1.nii.gz", "lies 4 folders deep"),
        ("P1/P1_t1.mha", r"'P1_t1\.mha' is no NIfTI: convert it"),
        ("Anna.zip", "it holds an archive, which has to be unpacked"),
        ("imagesTr/P1_0000.nii.gz", r"imagesTr has no dataset\.json beside it"),
    ],
)
def test_a_folder_without_studies_says_what_is_there(tmp_path: Path, file: str, said: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("nothing")

    with pytest.raises(NotFoundError, match=f"no study in .*{said}"):
        BratsStudySource(tmp_path)


def test_a_file_in_place_of_a_folder_says_how_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "t1c.nii.gz").write_bytes(b"-")

    with pytest.raises(NotFoundError, match=r"t1c\.nii\.gz is a file: wanted a folder, .* --t1c"):
        BratsStudySource(tmp_path / "t1c.nii.gz")


def test_loose_files_make_a_study(tmp_path: Path) -> None:
    case = fake_case()
    folder = write_study(tmp_path, case)
    images = {modality: image_of(folder, modality) for modality in Modality}

    source = StudyFiles(images, study_id="visit")

    assert source.study_ids() == ["visit"]
    wanted = case.study.volume(Modality.T2F).astype(np.int16)
    np.testing.assert_array_equal(source.study("visit").volume(Modality.T2F), wanted)
    assert source.content_hash("visit") == BratsStudySource(folder).content_hash("study-1")
