"""Fit adapters/baselines/priors.json: python docs/results/fit_priors.py DATA

DATA holds BraTS 2020's studies and tables:
    tables/name_mapping.csv   grade and site of all 369 training studies
    masks128/masks128.npz     masks of 293 of them, resized to 128^3 voxels, axes as in the files
    brats_2mm/                32 whole studies, for the brain's box (all lie in SRI24 space)
Only counts, two mean corners and hashes of patient ids are kept.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from gliobench.adapters.nifti import BratsStudySource
from gliobench.application.datasets.name_mapping import NameMapping
from gliobench.domain.predictions.forms import box_in_volume
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade, Modality

OUT = Path(__file__).parents[2] / "adapters" / "baselines" / "priors.json"


def main(data: Path) -> None:
    names = NameMapping.read(data / "tables" / "name_mapping.csv")
    subjects = {s.patient_id: s for s in names.subjects.values()}.values()
    with np.load(data / "masks128" / "masks128.npz") as masks:
        boxed, boxes = masks["ids"].tolist(), _boxes(masks["seg"])
    brain = _brain_box(BratsStudySource(data / "brats_2mm"))
    start, stop = ((boxes - brain[0]) / (brain[1] - brain[0])).mean(axis=0)
    priors = {
        "origin": "BraTS 2020 training studies; made by docs/results/fit_priors.py",
        "sites": _counts(subjects),
        "box": {"start": start.round(4).tolist(), "stop": stop.round(4).tolist()},
        "graded": sorted(patient_hash(s.patient_id) for s in subjects),
        "boxed": sorted(patient_hash(names.subject(item).patient_id) for item in boxed),
    }
    OUT.write_text(json.dumps(priors, indent=1) + "\n")


def _counts(subjects) -> dict[str, dict[str, int]]:
    counts = defaultdict(lambda: dict.fromkeys((g.value for g in Grade), 0))
    for subject in subjects:
        counts[subject.site][subject.grade.value] += 1
    return dict(sorted(counts.items()))


def _boxes(masks) -> np.ndarray:
    """Box each mask: (N, start or stop, axis), fractions of the RAS+ image."""
    boxes = []
    for mask in masks:
        # BraTS files are stored from right to left and front to back: turned, they are RAS+.
        box = box_in_volume(mask[::-1, ::-1] > 0)
        boxes.append((box.start, box.stop))
    return np.array(boxes) / 128


def _brain_box(source: BratsStudySource) -> np.ndarray:
    """Average the brains' boxes: (start or stop, axis), fractions of the RAS+ image."""
    boxes = []
    for study_id in source.study_ids():
        study = source.study(study_id)
        box = box_in_volume(study.volume(Modality.T2F) != 0)
        boxes.append(np.array([box.start, box.stop]) / study.grid.shape)
    return np.mean(boxes, axis=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
