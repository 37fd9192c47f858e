"""Folders as archives of several institutions publish them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gliobench.adapters.nifti import BratsStudySource
from gliobench.adapters.storage import file_version

Found = dict[str, tuple[str, list[str]]]


def under(place: str, *names: str) -> list[str]:
    """Name the files `<place><name>.nii.gz`."""
    return [f"{place}{name}.nii.gz" for name in names]


def found(paths: Sequence[str], root: Path) -> Found:
    """List a dataset: of each study its patient, and what each file is."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"-")
    rows = list(BratsStudySource(root).indexed(root, file_version))
    return {
        row.study_id: (
            row.subject.origin.patient_id if row.subject else "",
            sorted(f"{file.role}: {file.path.rpartition('/')[2]}" for file in row.files),
        )
        for row in rows
    }


UPENN = "UPENN-GBM-00001_11"
ARCHIVES: Mapping[str, tuple[list[str], Found]] = {
    "masks beside the images": (
        [
            *under(f"images_structural/{UPENN}/{UPENN}_", "T1", "T1GD"),
            *under("images_segm/", f"{UPENN}_segm"),
            *under("automated_segm/", f"{UPENN}_automated_approx_segm"),
        ],
        {
            UPENN: (
                "UPENN-GBM-00001",
                [
                    f"mask: {UPENN}_segm.nii.gz",
                    f"t1c: {UPENN}_T1GD.nii.gz",
                    f"t1n: {UPENN}_T1.nii.gz",
                ],
            )
        },
    ),
    "masks in a folder inside": (
        [
            *under("P1/", "t1ce", "masks/seg", "nnunet/seg"),
            *under("P2/anat/", "t1ce"),
            *under("P2/label/", "tumour"),
            *under("P3/", "t1ce", "rater_2/seg", "ses-2/seg"),
            *under("P4/P4_", "t1ce", "seg"),
            *under("P4/masks/", "P4_seg"),
        ],
        {
            "P1": ("P1", ["mask: seg.nii.gz", "other_mask: seg.nii.gz", "t1c: t1ce.nii.gz"]),
            "P2": ("P2", ["mask: tumour.nii.gz", "t1c: t1ce.nii.gz"]),
            "P3": ("P3", ["other_mask: seg.nii.gz", "t1c: t1ce.nii.gz"]),
            "P3_ses-2": ("P3", ["mask: seg.nii.gz"]),
            "P4": (
                "P4",
                ["mask: P4_seg.nii.gz", "other_mask: P4_seg.nii.gz", "t1c: P4_t1ce.nii.gz"],
            ),
        },
    ),
    "masks in a folder beside visits, and images beside patients": (
        [*under("P1/", "t1ce", "v2/t1ce", "masks/seg"), *under("P2/", "seg"), *under("", "MNI_t1")],
        {
            "P1": ("P1", ["t1c: t1ce.nii.gz"]),
            "P1_v2": ("P1", ["t1c: t1ce.nii.gz"]),
            "masks": ("masks", ["mask: seg.nii.gz"]),
            "P2": ("P2", ["mask: seg.nii.gz"]),
            "cohort": ("cohort", ["t1n: MNI_t1.nii.gz"]),
        },
    ),
    "masks that may be of the brain": (
        [
            *under("images/", "P1/t1", "P2/t1", "P3/t1"),
            *under("masks/", "P1", "P2_tumor", "P3_mask"),
        ],
        {
            "P1": ("P1", ["other_mask: P1.nii.gz", "t1n: t1.nii.gz"]),
            "P2": ("P2", ["mask: P2_tumor.nii.gz", "t1n: t1.nii.gz"]),
            "P3": ("P3", ["other_mask: P3_mask.nii.gz", "t1n: t1.nii.gz"]),
        },
    ),
    "masks that may be of the brain, by folders alone": (
        [*under("T1ce/", "001", "002"), *under("FLAIR/", "001"), *under("mask/", "001")],
        {
            "001": ("001", ["other_mask: 001.nii.gz", "t1c: 001.nii.gz", "t2f: 001.nii.gz"]),
            "002": ("002", ["t1c: 002.nii.gz"]),
        },
    ),
    "masks in a parallel folder": (
        [
            *under("images/", "P1/v1/t1ce", "P1/v2/t1ce", "P2/t1ce", "P3/t1ce", "P4/t1ce"),
            *under("labels/", "P1/v1/seg", "P1/v2/seg", "P2_mask", "P3", "P9/seg"),
            *under("nnunet_out/", "P2_seg"),
        ],
        {
            "P1_v1": ("P1", ["mask: seg.nii.gz", "t1c: t1ce.nii.gz"]),
            "P1_v2": ("P1", ["mask: seg.nii.gz", "t1c: t1ce.nii.gz"]),
            "P2": ("P2", ["mask: P2_mask.nii.gz", "other_mask: P2_seg.nii.gz", "t1c: t1ce.nii.gz"]),
            "P3": ("P3", ["mask: P3.nii.gz", "t1c: t1ce.nii.gz"]),
            "P4": ("P4", ["t1c: t1ce.nii.gz"]),
            "P9": ("P9", ["mask: seg.nii.gz"]),
        },
    ),
    "a folder of each sequence": (
        [
            *under("EGD-1/1_T1/NIFTI/", "T1"),
            *under("EGD-1/2_T1GD/NIFTI/", "T1GD"),
            *under("EGD-1/5_MASK/NIFTI/", "MASK"),
        ],
        {
            "EGD-1": (
                "EGD-1",
                ["other_mask: MASK.nii.gz", "t1c: T1GD.nii.gz", "t1n: T1.nii.gz"],
            )
        },
    ),
    "a folder of the only sequence": (
        under("P1/t1ce/", "P1_t1ce"),
        {"P1": ("P1", ["t1c: P1_t1ce.nii.gz"])},
    ),
    "a folder of each sequence of many": (
        [
            *under("IXI-T1/", "IXI002-Guys-T1", "IXI012-HH-T1"),
            *under("IXI-T2/", "IXI002-Guys-T2"),
            *under("tumor_masks/", "IXI002-Guys_mask"),
        ],
        {
            "IXI002-Guys": (
                "IXI002-Guys",
                [
                    "mask: IXI002-Guys_mask.nii.gz",
                    "t1n: IXI002-Guys-T1.nii.gz",
                    "t2w: IXI002-Guys-T2.nii.gz",
                ],
            ),
            "IXI012-HH": ("IXI012-HH", ["t1n: IXI012-HH-T1.nii.gz"]),
        },
    ),
    "sequences named by folders alone": (
        [*under("T1ce/", "001", "002"), *under("FLAIR/", "001"), *under("labels/", "001")],
        {
            "001": ("001", ["mask: 001.nii.gz", "t1c: 001.nii.gz", "t2f: 001.nii.gz"]),
            "002": ("002", ["t1c: 002.nii.gz"]),
        },
    ),
    "sequences of one study named by folders alone": (
        [*under("P1/T1ce/", "image"), *under("P1/FLAIR/a/", "im"), *under("P1/seg/", "image")],
        {"P1": ("P1", ["mask: image.nii.gz", "t1c: image.nii.gz", "t2f: im.nii.gz"])},
    ),
    "studies in folders of sequences": (
        [*under("T1ce/P1/", "im"), *under("T1ce/P2/", "im"), *under("FLAIR/P2/", "im")],
        {
            "P1": ("P1", ["t1c: im.nii.gz"]),
            "P2": ("P2", ["t1c: im.nii.gz", "t2f: im.nii.gz"]),
        },
    ),
    "images of other names in folders of sequences": (
        [*under("P1/FLAIR/", "a", "b"), *under("P1/T1/", "c"), *under("P2/", "flair")],
        {"P2": ("P2", ["t2f: flair.nii.gz"])},
    ),
    "as many grades as patients": (
        [path for grade in ("HGG", "LGG") for n in "12" for path in under(f"{grade}/P{n}/", "t1")],
        {
            f"{grade}_P{n}": (f"{grade}_P{n}", ["t1n: t1.nii.gz"])
            for grade in ("HGG", "LGG")
            for n in "12"
        },
    ),
    "visits in folders of dates": (
        [*under("2019/", "P1_flair", "P2_flair"), *under("2020/", "P1_t1c", "P2_t1c")],
        {
            "P1": ("P1", ["t2f: P1_flair.nii.gz"]),
            "P2": ("P2", ["t2f: P2_flair.nii.gz"]),
        },
    ),
    "spaces in names": (
        under("P1/", "P1 T1", "P1 T1 Gd", "P1 T2 FLAIR", "P1 seg"),
        {
            "P1": (
                "P1",
                [
                    "mask: P1 seg.nii.gz",
                    "t1c: P1 T1 Gd.nii.gz",
                    "t1n: P1 T1.nii.gz",
                    "t2f: P1 T2 FLAIR.nii.gz",
                ],
            )
        },
    ),
    "sequences described in words": (
        under("P1/P1_", "flair", "T1_nativ", "T1_MPRAGE_KM", "T2_tse_brain", "T2_map", "POST"),
        {
            "P1": (
                "P1",
                [
                    "t1c: P1_T1_MPRAGE_KM.nii.gz",
                    "t1n: P1_T1_nativ.nii.gz",
                    "t2f: P1_flair.nii.gz",
                    "t2w: P1_T2_tse_brain.nii.gz",
                ],
            )
        },
    ),
    "an enhanced T1 beside one described in words": (
        under("P1/P1_", "t1ce", "flair", "T1_MPRAGE_KM"),
        {"P1": ("P1", ["t1c: P1_t1ce.nii.gz", "t2f: P1_flair.nii.gz"])},
    ),
    "a T1 of unknown contrast, and masks on a sequence": (
        under("P1/P1_", "t1ce", "T1_mprage_sag", "flair_roi", "flair_lesion", "T2_sub"),
        {"P1": ("P1", ["other_mask: P1_flair_roi.nii.gz", "t1c: P1_t1ce.nii.gz"])},
    ),
    "times called T1 and T2": (
        [
            *under("P1/T1/", "flair", "seg"),
            *under("P1/T2/", "flair", "seg"),
            *under("P2/", "flair"),
        ],
        {
            "P1_T1": ("P1", ["mask: seg.nii.gz", "t2f: flair.nii.gz"]),
            "P1_T2": ("P1", ["mask: seg.nii.gz", "t2f: flair.nii.gz"]),
            "P2": ("P2", ["t2f: flair.nii.gz"]),
        },
    ),
    "T2-FLAIR beside T2": (
        under("P1/P1_", "T1", "T1_post", "T2", "T2_FLAIR", "T1-T1c", "seg"),
        {
            "P1": (
                "P1",
                [
                    "mask: P1_seg.nii.gz",
                    "t1c: P1_T1_post.nii.gz",
                    "t1n: P1_T1.nii.gz",
                    "t2f: P1_T2_FLAIR.nii.gz",
                    "t2w: P1_T2.nii.gz",
                ],
            )
        },
    ),
    "T2-FLAIR and T1c by other names": (
        under("P1/", "T1_post", "T2_FLAIR"),
        {"P1": ("P1", ["t1c: T1_post.nii.gz", "t2f: T2_FLAIR.nii.gz"])},
    ),
    "times called T1 and T2 in names": (
        under("all/", "P1_T1_flair", "P1_T2_flair", "P2_T2_t1c", "P2_T2_flair"),
        {
            "P1_T1": ("P1", ["t2f: P1_T1_flair.nii.gz"]),
            "P1_T2": ("P1", ["t2f: P1_T2_flair.nii.gz"]),
            "P2_T2": ("P2", ["t1c: P2_T2_t1c.nii.gz", "t2f: P2_T2_flair.nii.gz"]),
        },
    ),
    "numbered sequences": (
        under("P1/", "1_T1", "2_AX_T1GD", "6_T2_FLAIR", "7_seg"),
        {
            "P1": (
                "P1",
                [
                    "mask: 7_seg.nii.gz",
                    "t1c: 2_AX_T1GD.nii.gz",
                    "t1n: 1_T1.nii.gz",
                    "t2f: 6_T2_FLAIR.nii.gz",
                ],
            )
        },
    ),
    "stages of processing beside the images": (
        [
            *under("P1/P1_", "t1", "flair", "brain_flair", "brain_n4_t2", "seg_t1"),
            *under("P1/P1_", "synth_t2", "sub_t1", "t1ce_to_t1"),
            *under("P1/", "pred_t1ce"),
        ],
        {
            "P1": (
                "P1",
                [
                    "mask: P1_seg_t1.nii.gz",
                    "t1c: P1_t1ce_to_t1.nii.gz",
                    "t1n: P1_t1.nii.gz",
                    "t2f: P1_flair.nii.gz",
                    "t2w: P1_brain_n4_t2.nii.gz",
                ],
            )
        },
    ),
    "masks without the word for processing": (
        [*under("", "P1_brain_t1", "P1_seg", "P2_brain_t1", "P2_tumor_mask")],
        {
            f"P{n}_brain": (
                f"P{n}_brain",
                [f"mask: P{n}_{mask}.nii.gz", f"t1n: P{n}_brain_t1.nii.gz"],
            )
            for n, mask in ((1, "seg"), (2, "tumor_mask"))
        },
    ),
    "a plane in each name": (
        under("P1/", "AX_T1", "AX_FLAIR", "SAG_T1C", "COR_FLAIR"),
        {
            "P1": (
                "P1",
                [
                    "t1c: SAG_T1C.nii.gz",
                    "t1n: AX_T1.nii.gz",
                    "t2f: AX_FLAIR.nii.gz",
                    "t2f: COR_FLAIR.nii.gz",
                ],
            )
        },
    ),
    "registered times called T1 and T2": (
        under("all/", "P1_T1_reg_flair", "P1_T2_reg_flair"),
        {
            "P1_T1_reg": ("P1_T1_reg", ["t2f: P1_T1_reg_flair.nii.gz"]),
            "P1_T2_reg": ("P1_T2_reg", ["t2f: P1_T2_reg_flair.nii.gz"]),
        },
    ),
    "numbered patients": (
        under("all/", "1_T1", "2_T1", "2_FLAIR"),
        {"1": ("1", ["t1n: 1_T1.nii.gz"]), "2": ("2", ["t1n: 2_T1.nii.gz", "t2f: 2_FLAIR.nii.gz"])},
    ),
}


@pytest.mark.parametrize("archive", ARCHIVES.values(), ids=list(ARCHIVES))
def test_every_file_is_of_its_study(archive: tuple[list[str], Found], tmp_path: Path) -> None:
    paths, wanted = archive

    assert found(paths, tmp_path / "cohort") == wanted


@pytest.mark.parametrize("folder", ["nnunet_seg", "runs/masks/prediction_seg", "segs_of_ai"])
def test_masks_in_a_folder_of_predictions_are_no_references(folder: str, tmp_path: Path) -> None:
    paths = [*under("BraTS20_1/BraTS20_1_", "t1ce", "flair"), *under(f"{folder}/", "BraTS20_1_seg")]

    rows: Any = found(paths, tmp_path)

    assert not any(file.startswith("mask: ") for file in rows["BraTS20_1"][1])
