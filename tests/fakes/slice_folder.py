"""Slice cohorts on disk: a table, pictures and masks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from gliobench.adapters.slices import CASES_FILE, IMAGES, MASKS
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Case, Modality


def write_slices(folder: Path, cases: Iterable[Case], *, plane: int = 3) -> Path:
    """Write one axial plane of each case's T1c, of whole grey levels, and of its mask."""
    for name in (IMAGES, MASKS):
        (folder / name).mkdir(parents=True)
    rows = ["study_id,grade,site"]
    for case in cases:
        study, reference = case.study, case.reference
        rows.append(f"{study.id},{reference.grade.value if reference.grade else ''},{study.site}")
        write_png(folder, IMAGES, study.id, study.volume(Modality.T1C)[:, :, plane])
        if Region.WT in reference.regions:
            write_png(folder, MASKS, study.id, 255 * reference.regions[Region.WT][:, :, plane])
    (folder / CASES_FILE).write_text("\n".join(rows) + "\n")
    return folder


def write_png(folder: Path, kind: str, study_id: str, plane: np.ndarray) -> None:
    """Write a plane of RAS+ axes as the files hold it: rows to the left, columns to the back."""
    grey = np.ascontiguousarray(plane[::-1, ::-1]).astype(np.uint8)
    Image.fromarray(grey).save(folder / kind / f"{study_id}.png")
