"""Lesion cubes of studies in memory, in the two archives that the real ones come in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gliobench.application.ports.study_source import StudySource
from gliobench.domain.geometry.resampling import linear_weights, resample
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.input import MODALITY_ORDER
from gliobench.domain.networks.intensity import IntensityRule

BRATS_MM = (240, 240, 155)
GRID = 128
EDGE = 32
MARGIN = 4


def write_lesion_cubes(folder: Path, source: StudySource) -> tuple[Path, Path]:
    """Write the cubes and the masks of graded studies that lie on the BraTS grid at 2 mm."""
    rows = [_row(source, study_id) for study_id in source.study_ids()]
    grades, volumes, boxes, masks = (list(column) for column in zip(*rows, strict=True))
    folder.mkdir(parents=True, exist_ok=True)
    cubes, whole = folder / "lesion_cubes.npz", folder / "masks128.npz"
    ids = np.array([source.study(study_id).patient_id for study_id in source.study_ids()])
    np.savez(cubes, ids=ids, grade=np.array(grades), x=np.stack(volumes), bbox128=np.stack(boxes))
    np.savez(whole, ids=ids, grade=np.array(grades), seg=np.stack(masks))
    return cubes, whole


def _row(source: StudySource, study_id: str) -> tuple[str, np.ndarray, np.ndarray, np.ndarray]:
    study, reference = source.study(study_id), source.reference(study_id)
    assert study.grid.shape == (120, 120, 78)
    assert reference.grade is not None
    seg = _labels(reference.regions)
    occupied = np.argwhere(seg)
    low, high = occupied.min(0), occupied.max(0) + 1
    cubes = []
    for modality in MODALITY_ORDER:
        volume = study.volume(modality)
        cubes.append(_cube(IntensityRule.of(volume).apply(volume), low, high))
    x = np.stack(cubes).astype(np.float16)
    return reference.grade.value, x, np.concatenate([low, high]), seg


def _places(axis: int) -> np.ndarray:
    """Tell where the 128 voxels of an axis of the archives, which is LPS, lie on the study's."""
    mm = np.arange(GRID) * (BRATS_MM[axis] - 1) / (GRID - 1)
    return ((mm if axis == 2 else mm[::-1]) + 0.5) / 2 - 0.5


def _labels(regions: Mapping[Region, np.ndarray]) -> np.ndarray:
    labels = BUILT_IN["brats-gli-2017"].merge(regions)
    nearest = [
        np.clip(np.round(_places(axis)).astype(int), 0, labels.shape[axis] - 1) for axis in range(3)
    ]
    return labels[np.ix_(*nearest)]


def _cube(scores: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Cut the lesion with its margin, then crop or pad it about its middle."""
    weights, pads = [], []
    for axis in range(3):
        held = np.arange(max(low[axis] - MARGIN, 0), min(high[axis] + MARGIN, GRID))
        spare = len(held) - EDGE
        if spare > 0:
            held = held[spare // 2 : spare // 2 + EDGE]
        before = max(EDGE - len(held), 0) // 2
        pads.append((before, EDGE - len(held) - before))
        weights.append(linear_weights(scores.shape[axis], _places(axis)[held]))
    return np.pad(resample(scores, weights), pads)
