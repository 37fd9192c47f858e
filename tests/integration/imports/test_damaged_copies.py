"""One set of masks imported five times: as it is, again, and damaged in three ways."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy import ndimage

import gliobench as gb
from fakes.fake_study_source import fake_case
from fakes.study_folder import write_image, write_study
from gliobench.domain.labels.conventions import BUILT_IN

N = 15
CASES = [fake_case(f"BraTS20_Training_{n:03}") for n in range(1, N + 1)]
DAMAGED = {
    "tool": lambda labels: labels,
    "copy": lambda labels: labels,
    "eroded": lambda labels: np.where(ndimage.binary_erosion(labels > 0), labels, 0),
    "shifted": lambda labels: np.roll(labels, 3, axis=0),
    "missing": lambda labels: labels,
}


def test_they_rank_as_they_must_and_the_copy_is_no_other(tmp_path: Path) -> None:
    for case in CASES:
        write_study(tmp_path / "studies", case)
        labels = BUILT_IN["brats-gli-2017"].merge(case.reference.regions)
        labels[tuple(np.argwhere(labels)[-1])] = 0  # no mask is perfect
        for name, damage in DAMAGED.items():
            (tmp_path / name).mkdir(exist_ok=True)
            if name != "missing" or case not in CASES[::5]:
                path = tmp_path / name / f"{case.study.id}.nii.gz"
                write_image(path, damage(labels).astype(np.uint8), case.study.grid)

    tables = {name: {"kind": "files", "masks": str(tmp_path / name)} for name in DAMAGED}
    settings = {"backend": tables, "compare__primary": "mask.dice"}
    report = gb.evaluate(tmp_path / "studies", list(DAMAGED), tmp_path / "runs", **settings)

    dice = {name: mean_dice(report.cases(name)) for name in DAMAGED}
    assert dice["tool"] == dice["copy"]
    assert dice["copy"] > dice["missing"] > dice["shifted"] > dice["eroded"]
    claims = json.loads((tmp_path / "runs" / "report.json").read_text())["claims"]
    (said,) = (claim for claim in claims if claim.startswith("By Dice of masks"))
    assert "than shifted and eroded (Holm-adjusted p < 0.05)" in said
    assert "the differences from tool and missing are not statistically significant" in said


def mean_dice(cases: gb.Table) -> float:
    found = cases.to_arrow()
    return float(np.mean(found["mask_WT_dice"].to_numpy()))
