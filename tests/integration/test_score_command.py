"""`gliobench score`: two folders of masks, as files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from typer.testing import Result

import goldens.lesionwise
from command_line import gliobench
from goldens.lesionwise import golden

GOLDENS = Path(goldens.lesionwise.__file__).parent
OFFICIAL_2023 = {
    "brats2023_dice": "LesionWise_Score_Dice",
    "brats2023_hd95_mm": "LesionWise_Score_HD95",
    "brats2023_found": "Num_TP",
    "brats2023_missed": "Num_FN",
    "brats2023_false_alarms": "Num_FP",
    "brats2023_sensitivity": "Sensitivity",
    "brats2023_specificity": "Specificity",
}
OFFICIAL_2026 = {
    "brats2026_f1": "all_instance_f1",
    "brats2026_precision": "all_instance_prec",
    "brats2026_recall": "all_instance_rec",
    "brats2026_missed": "all_instance_fn",
    "brats2026_false_alarms": "all_instance_fp",
    "brats2026_dice": "lesionwise_dsc_mean",
    "brats2026_nsd": "lesionwise_nsd_mean",
    "brats2026_hd95_mm": "lesionwise_hd95_mean",
    "brats2026_global_nsd": "global_nsd",
    "brats2026_global_hd95_vox": "global_hd95",
}
SHAPE = (30, 12, 12)
STUDIES = ("BraTS20_Training_001", "BraTS20_Training_002", "BraTS20_Training_003")


def labels(start: int, stop: int) -> np.ndarray:
    """Paint necrosis, enhancing tumour and oedema, one after the other."""
    found = np.zeros(SHAPE, np.uint8)
    found[start:stop, 2:10, 2:10] = 4
    found[start, 2:10, 2:10] = 1
    found[stop - 1, 2:10, 2:10] = 2
    return found


def write(path: Path, values: np.ndarray, *, spacing: float = 1.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(values, np.diag([spacing, spacing, spacing, 1.0])), path)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Three references, the first predicted exactly, the second shifted, the third not at all."""
    references, predictions = tmp_path / "references", tmp_path / "predictions"
    for name in STUDIES:
        write(references / f"{name}.nii.gz", labels(4, 14))
    write(predictions / f"{STUDIES[0]}.nii.gz", labels(4, 14))
    write(predictions / f"{STUDIES[1]}_pred.nii.gz", labels(6, 16))
    return references, predictions


def score(*arguments: object) -> Result:
    return gliobench("score", *arguments)


def test_every_measure_is_printed_by_region_and_a_missing_mask_counts_as_worst(
    folders: tuple[Path, Path],
) -> None:
    result = score(*folders, "--json")

    assert result.exit_code == 3, result.output
    found = json.loads(result.stdout)
    assert (found["n_studies"], found["n_failed"]) == (3, 1)
    whole = found["intention_to_treat"]["WT"]["measures"]
    assert whole["dice"]["value"] == pytest.approx((1 + 0.8 + 0) / 3)
    assert whole["dice"]["n"] == 3
    assert whole["brats2023_dice"]["value"] == pytest.approx((1 + 0.8 + 0) / 3)
    assert whole["brats2026_f1"]["value"] == pytest.approx(2 / 3)
    assert found["answered_only"]["WT"]["measures"]["dice"]["value"] == pytest.approx(0.9)
    assert found["labels"]["name"] == "brats-gli-2017"
    assert [study["failure"] for study in found["studies"]] == ["", "", "missing_prediction"]


def test_the_table_has_a_column_a_region_and_says_what_failed(folders: tuple[Path, Path]) -> None:
    result = score(*folders)

    assert "3 studies, 1 failed" in result.stdout
    assert result.stdout.split("\n")[0].split()[-3:] == ["WT", "TC", "ET"]
    assert "Dice (BraTS 2023)" in result.stdout
    assert f"{STUDIES[2]}: no mask" in result.stdout


def test_where_no_reference_can_be_read_the_fault_of_the_first_is_printed(tmp_path: Path) -> None:
    sheared = np.eye(4)
    sheared[0, 1] = 0.2
    nib.save(nib.Nifti1Image(labels(4, 14), sheared), tmp_path / f"{STUDIES[0]}.nii.gz")

    result = score(tmp_path, tmp_path)

    assert result.exit_code == 1
    assert "no reference mask can be read: " in result.stderr
    assert "a sheared grid" in result.stderr


def test_masks_that_are_the_references_are_pointed_out(folders: tuple[Path, Path]) -> None:
    references, predictions = folders
    same, other = (score(references, item) for item in (references, predictions))

    assert "All masks are equal to the references, voxel for voxel" in " ".join(same.stdout.split())
    assert "equal to the references" not in other.stdout
    assert json.loads(score(references, references, "--json").stdout)["equal_to_references"] is True


def test_masks_that_are_all_empty_are_pointed_out(folders: tuple[Path, Path]) -> None:
    references, predictions = folders
    write(predictions / f"{STUDIES[0]}.nii.gz", np.zeros(SHAPE, np.uint8))
    write(predictions / f"{STUDIES[1]}_pred.nii.gz", np.zeros(SHAPE, np.uint8))

    assert "All masks are empty, where" in " ".join(score(*folders).stdout.split())
    assert json.loads(score(references, references, "--json").stdout)["finds_no_tumour"] is False


def test_masks_whose_arrays_are_flipped_are_pointed_out(tmp_path: Path) -> None:
    for number in range(9):
        name, start = f"BraTS20_Training_{number:03}.nii.gz", 1 + number * 3
        mask = labels(start, start + 3)
        write(tmp_path / "experts" / name, mask)
        write(tmp_path / "flipped" / name, mask[::-1])

    shown = score(tmp_path / "experts", tmp_path / "flipped")
    written = json.loads(score(tmp_path / "experts", tmp_path / "flipped", "--json").stdout)

    assert (
        "The masks follow the tumours of 9 studies where left and right are exchanged"
        in " ".join(shown.stdout.split())
    )
    assert "(tracking index 1.00" in written["another_frame"]


def test_masks_whose_labels_are_in_another_order_are_pointed_out_unless_declared(
    tmp_path: Path,
) -> None:
    mask = labels(4, 14)
    write(tmp_path / "experts" / f"{STUDIES[0]}.nii.gz", mask)
    write(tmp_path / "theirs" / f"{STUDIES[0]}.nii.gz", np.array([0, 2, 1, 3, 4], np.uint8)[mask])
    folders = tmp_path / "experts", tmp_path / "theirs"

    shown = score(*folders)
    declared = score(*folders, "--prediction-labels", "brats-gli-2017", "--json")

    assert "as if their labels were in nnU-Net's order" in " ".join(shown.stdout.split())
    assert json.loads(score(*folders, "--json").stdout)["tissues_exchanged"] is True
    assert json.loads(declared.stdout)["tissues_exchanged"] is False


def test_no_number_is_cut_off_in_a_narrow_terminal(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    result = score(*folders)

    assert "…" not in result.stdout
    assert result.stdout.count("3 studies, 1 failed") == 2


def test_the_csv_has_a_row_a_study_and_the_folder_both_files(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    score(*folders, "--csv", tmp_path / "own.csv", "--out", tmp_path / "out")

    rows = list(csv.DictReader((tmp_path / "own.csv").read_text("utf-8").splitlines()))
    assert [row["study_id"] for row in rows] == list(STUDIES)
    assert [float(row["WT_dice"]) for row in rows] == pytest.approx([1, 0.8, 0])
    assert [row["failure"] for row in rows] == ["", "", "missing_prediction"]
    assert (tmp_path / "out" / "scores.csv").read_text() == (tmp_path / "own.csv").read_text()
    assert json.loads((tmp_path / "out" / "scores.json").read_text())["n_studies"] == 3


def test_sets_of_measures_are_chosen_or_left_out(folders: tuple[Path, Path]) -> None:
    one = json.loads(score(*folders, "--json", "--measures", "brats2026").stdout)
    none = json.loads(score(*folders, "--json", "--measures", "").stdout)

    keys = one["intention_to_treat"]["WT"]["measures"]
    assert "brats2026_f1" in keys
    assert "brats2023_dice" not in keys
    assert not [key for key in none["definitions"] if key.startswith("brats")]


def test_two_files_are_scored_alone(tmp_path: Path) -> None:
    write(tmp_path / "expert.nii.gz", labels(4, 14))
    write(tmp_path / "model.nii", labels(4, 14))

    result = score(
        tmp_path / "expert.nii.gz", tmp_path / "model.nii", "--labels", "brats-2020", "--json"
    )

    assert result.exit_code == 0, result.output
    (study,) = json.loads(result.stdout)["studies"]
    assert study["study_id"] == "expert"
    assert study["scores"]["ET_dice"] == 1.0


def test_a_dataset_in_brats_layout_is_read_past_its_images(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    _, predictions = folders
    for name in STUDIES:
        write(tmp_path / "brats" / name / f"{name}_seg.nii.gz", labels(4, 14))
        write(tmp_path / "brats" / name / f"{name}_t1ce.nii.gz", labels(4, 14))

    found = json.loads(score(tmp_path / "brats", predictions, "--json").stdout)

    assert (found["n_studies"], found["n_failed"]) == (3, 1)


def test_patterns_name_the_masks_of_other_layouts(tmp_path: Path) -> None:
    write(tmp_path / "a" / "p7" / "truth.nii.gz", labels(4, 14))
    write(tmp_path / "b" / "out_p7_x.nii.gz", labels(4, 14))

    result = score(
        *(tmp_path / "a", tmp_path / "b", "--labels", "brats-2020", "--json"),
        *("--reference-pattern", "{study_id}/truth.nii.gz", "--pattern", "out_{study_id}_x.nii.gz"),
    )

    (study,) = json.loads(result.stdout)["studies"]
    assert (study["study_id"], study["failure"]) == ("p7", "")


def test_another_convention_of_the_predictions_is_declared(tmp_path: Path) -> None:
    write(tmp_path / "a" / f"{STUDIES[0]}.nii.gz", labels(4, 14))
    write(tmp_path / "b" / f"{STUDIES[0]}.nii.gz", np.where(labels(4, 14) == 4, 3, labels(4, 14)))

    refused = score(tmp_path / "a", tmp_path / "b")
    result = score(tmp_path / "a", tmp_path / "b", "--prediction-labels", "brats-2023", "--json")

    assert refused.exit_code == 1
    assert json.loads(result.stdout)["intention_to_treat"]["ET"]["measures"]["dice"]["value"] == 1.0


def test_strays_and_what_cannot_be_read_are_named_and_counted(
    folders: tuple[Path, Path],
) -> None:
    references, predictions = folders
    write(predictions / "somebody_else.nii.gz", labels(4, 14))
    write(predictions / f"{STUDIES[2]}.nii.gz", labels(4, 14), spacing=2.0)
    (references / f"{STUDIES[0]}.nii.gz").write_bytes(b"not an image")

    found = json.loads(score(*folders, "--json").stdout)

    assert found["predictions_of_no_reference"] == ["somebody_else.nii.gz"]
    assert list(found["unreadable_references"]) == [STUDIES[0]]
    failures = {study["study_id"]: study["failure"] for study in found["studies"]}
    assert failures == {STUDIES[1]: "", STUDIES[2]: "wrong_grid"}


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("references", "nowhere", "no folder"),
        ("empty", "predictions", "holds no mask"),
        (f"references/{STUDIES[0]}.nii.gz", "predictions", "two folders or two files"),
        ("references/gone.nii.gz", "references/gone.nii.gz", "no file"),
    ],
)
def test_what_is_not_there_is_one_line(
    folders: tuple[Path, Path], tmp_path: Path, first: str, second: str, message: str
) -> None:
    (tmp_path / "empty").mkdir()

    result = score(tmp_path / first, tmp_path / second)

    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.strip().split("\n")) == 1


@pytest.mark.parametrize(
    ("labels", "task", "config", "parser"),
    [
        ("brats-gli-2024", "GLI", "gli", "seg"),
        ("brats-met-2025", "MET", "gli", "mets"),
        ("brats-ped-2024", None, "ped", "seg"),
    ],
)
@pytest.mark.parametrize("case", ["resection_cavity", "scattered_3"])
def test_every_region_of_a_task_has_the_official_numbers(
    tmp_path: Path, case: str, labels: str, task: str | None, config: str, parser: str
) -> None:
    with np.load(GOLDENS / "cases.npz") as cases:
        for name, values in zip(("reference", "prediction"), cases[case], strict=True):
            write(tmp_path / f"{name}.nii.gz", values)

    result = score(
        *(tmp_path / "reference.nii.gz", tmp_path / "prediction.nii.gz"),
        *("--labels", labels, "--json"),
    )

    (study,) = json.loads(result.stdout)["studies"]
    official = golden()["cases"][case]
    of_2026, of_2023 = official["brats2026"][config][parser], official["brats2023"].get(task, {})
    regions = json.loads(result.stdout)["labels"]["regions"]
    assert set(regions) >= ({"WT", "TC", "ET", "RC"} if task else {"WT", "TC", "ET", "CC", "ED"})
    for region in regions:
        for key, name in OFFICIAL_2026.items():
            wanted = of_2026[f"{name}_{region.lower()}"]
            wanted = 373.0 if wanted == "inf" else wanted
            assert study["scores"].get(f"{region}_{key}") == pytest.approx(wanted), (region, key)
        for key, name in OFFICIAL_2023.items() if region in of_2023 else ():
            found = study["scores"][f"{region}_{key}"]
            assert found == pytest.approx(of_2023[region][name]), (region, key)
