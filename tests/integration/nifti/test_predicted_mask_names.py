from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gliobench.adapters.nifti.predicted_mask_names import MaskFiles, ids_in
from gliobench.domain.errors import InvalidInputError, NotFoundError

ID, OTHER = "BraTS-GLI-00001-000", "BraTS-GLI-00002-000"


def found(root: Path, *names: str, pattern: str | None = None) -> MaskFiles:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return MaskFiles.find(root, [ID, OTHER], pattern=pattern)


@pytest.mark.parametrize(
    "name",
    [
        f"{ID}.nii.gz",
        f"{ID}.nii",
        f"{ID}_pred.nii.gz",
        f"{ID}-seg.nii.gz",
        f"{ID}_seg_pred.NII.GZ",
        f"{ID} mask.nii",
        f"{ID}_t1c_seg.nii.gz",
        f"{ID}/{ID}_seg.nii.gz",
        f"{ID}/{ID}-t1c_trans.nii.gz",
        f"{ID}/{ID}_prediction.nii.gz",
        f"{ID}/seg.nii.gz",
        f"fold_0/{ID}.nii.gz",
        "00001-000.nii.gz",
    ],
)
def test_a_mask_is_found_by_the_usual_names(tmp_path: Path, name: str) -> None:
    files = found(tmp_path, name)

    assert files.paths == {ID: tmp_path / name}
    assert files.strays == files.no_masks == ()


def test_a_folder_named_like_an_image_is_the_image_in_it(tmp_path: Path) -> None:
    files = found(tmp_path, f"{ID}.nii.gz/anything.nii.gz")

    assert files.paths == {ID: tmp_path / f"{ID}.nii.gz" / "anything.nii.gz"}


def test_an_id_that_another_begins_with_does_not_take_its_mask(tmp_path: Path) -> None:
    for name in ("case-1.nii.gz", "case-10_pred.nii.gz", "case-100.nii.gz"):
        (tmp_path / name).touch()

    files = MaskFiles.find(tmp_path, ["case-1", "case-10"])

    assert {study_id: path.name for study_id, path in files.paths.items()} == {
        "case-1": "case-1.nii.gz",
        "case-10": "case-10_pred.nii.gz",
    }
    assert files.strays == ("case-100.nii.gz",)


def test_ids_that_differ_in_case_are_different_studies(tmp_path: Path) -> None:
    (tmp_path / "a1.nii.gz").touch()

    assert list(MaskFiles.find(tmp_path, ["A1", "a1"]).paths) == ["a1"]
    assert MaskFiles.find(tmp_path, ["A1"]).strays == ("a1.nii.gz",)


def test_maps_of_uncertainty_and_other_files_are_named_and_not_read(tmp_path: Path) -> None:
    files = found(
        tmp_path,
        f"{ID}.nii.gz",
        f"{ID}_unc_whole.nii.gz",
        f"{ID}_enhance.nii.gz",
        f"{ID}_prob.nii.gz",
        f"{ID}_mine.nii.gz",
        "elsewhere.nii.gz",
        "plans.json",
        ".hidden.nii.gz",
    )

    assert list(files.paths) == [ID]
    assert files.no_masks == tuple(f"{ID}_{end}.nii.gz" for end in ("enhance", "prob", "unc_whole"))
    assert files.strays == (f"{ID}_mine.nii.gz", "elsewhere.nii.gz")


def test_two_masks_of_one_study_are_refused_with_both_names(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=f"study {ID}, {ID}.nii.gz and {ID}_pred.nii.gz"):
        found(tmp_path, f"{ID}.nii.gz", f"{ID}_pred.nii.gz")


def test_masks_whose_names_lost_their_zeros_are_refused(tmp_path: Path) -> None:
    for name in ("7.nii.gz", "100.nii.gz"):
        (tmp_path / name).touch()

    with pytest.raises(InvalidInputError, match="7 is no study, but may be 007: wanted names with"):
        MaskFiles.find(tmp_path, ["007", "100"])
    assert MaskFiles.find(tmp_path, ["7", "100"]).strays == ()


def test_a_folder_of_studies_is_no_folder_of_predictions(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=f"holds images of studies, such as {ID}/{ID}-t1c"):
        found(tmp_path, f"{ID}/{ID}-seg.nii.gz", f"{ID}/{ID}-t1c.nii.gz")


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        (f"{ID}_out.nii.gz", "{study_id}_out.nii.gz"),
        (f"{ID}/final.nii.gz", "{study_id}/final.nii.gz"),
        (f"runs/{ID}/x-{ID}.nii", "./runs/{study_id}/x-{study_id}.nii"),
    ],
)
def test_a_pattern_names_the_mask_and_nothing_else_is_read(
    tmp_path: Path, name: str, pattern: str
) -> None:
    files = found(tmp_path, name, f"{ID}.nii.gz", pattern=pattern)

    assert files.paths == {ID: tmp_path / name}


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "out.nii.gz",
        "{study_id}",
        "{study_id}.png",
        "../{study_id}.nii.gz",
        "a/../../{study_id}.nii.gz",
        "/etc/{study_id}.nii.gz",
        "{study_id}_{fold}.nii.gz",
        "{}{study_id}.nii.gz",
        "a\\{study_id}.nii",
        "a\0{study_id}.nii",
    ],
)
def test_a_pattern_that_leaves_the_folder_or_names_no_study_is_refused(
    tmp_path: Path, pattern: str
) -> None:
    with pytest.raises(InvalidInputError, match="wanted a path within the folder of masks"):
        found(tmp_path, pattern=pattern)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no folder of masks"):
        MaskFiles.find(tmp_path / "none", [ID])


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["a_1.nii.gz", "a_2_pred.nii", "b-seg.nii.gz", "c_unc.nii.gz"], ["a_1", "a_2", "b"]),
        (["p1/seg.nii.gz", "p2/p2_seg.nii.gz", "p2/p2_t1c.nii.gz"], ["p1", "p2"]),
        (
            ["p1/p1_seg.nii", "p1/brain_mask.nii", "p2/p2_brain_mask.nii", "p2/seg.nii"],
            ["p1", "p2"],
        ),
        (["p1.nii", "p1_brain_mask.nii", "p1_edema_seg.nii", "p1_b.nii"], ["p1", "p1_b"]),
        (["labelsTr/Brain01.nii", "labelsTr/Brain02_seg.nii"], ["Brain01", "Brain02"]),
    ],
)
def test_masks_name_their_studies_where_no_dataset_does(
    tmp_path: Path, names: Sequence[str], ids: Sequence[str]
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert ids_in(tmp_path) == ids
