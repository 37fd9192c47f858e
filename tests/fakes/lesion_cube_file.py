"""Lesion cubes of studies in memory, in the two archives that the real ones come in."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gliobench.application.ports.study_source import StudySource
from gliobench.domain.intensity import IntensityRule
from gliobench.domain.network_input import MODALITY_ORDER
from gliobench.domain.regions import LabelConvention, Region
from gliobench.domain.resampling import linear_weights, resample

BRATS_MM = (240, 240, 155)
GRID = 128
EDGE = 32


def write_lesion_cubes(folder: Path, source: StudySource) -> tuple[Path, Path]:
    """Write the cubes and the masks of graded studies that lie on the BraTS grid at 2 mm."""
    rows = [_row(source, study_id) for study_id in source.study_ids()]
    grades, volumes, boxes, masks = (list(column) for column in zip(*rows, strict=True))
    folder.mkdir(parents=True, exist_ok=True)
    cubes, whole = folder / "lesion_cubes.npz", folder / "masks128.npz"
    ids = np.array(source.study_ids())
    np.savez(cubes, ids=ids, grade=np.array(grades), x=np.stack(volumes), bbox128=np.stack(boxes))
    np.savez(whole, ids=ids, grade=np.array(grades), seg=np.stack(masks))
    return cubes, whole


def _row(source: StudySource, study_id: str) -> tuple[str, np.ndarray, np.ndarray, np.ndarray]:
    study, reference = source.study(study_id), source.reference(study_id)
    assert study.grid.shape == (120, 120, 78)
    assert reference.grade is not None
    places = [
        (np.arange(GRID) * (n - 1) / (GRID - 1) + 0.5) / 2 - 0.5 for n in BRATS_MM
    ]  # of the voxels of 128³ on the study's
    seg = _labels(reference.regions, places)[::-1, ::-1]
    occupied = np.argwhere(seg)
    box = np.concatenate([occupied.min(0), occupied.max(0) + 1])
    start = (box[:3] + box[3:]) // 2 - EDGE // 2
    volumes = [_cube(study.volume(m), places, start) for m in MODALITY_ORDER]
    return reference.grade.value, np.stack(volumes).astype(np.float16), box, seg


def _labels(regions: dict[Region, np.ndarray], places: list[np.ndarray]) -> np.ndarray:
    labels = LabelConvention.BRATS_2020.labels(
        whole=regions[Region.WT], core=regions[Region.TC], enhancing=regions[Region.ET]
    )
    nearest = [
        np.clip(np.round(p).astype(int), 0, n - 1)
        for p, n in zip(places, labels.shape, strict=True)
    ]
    return labels[np.ix_(*nearest)]


def _cube(volume: np.ndarray, places: list[np.ndarray], start: np.ndarray) -> np.ndarray:
    scores = IntensityRule.of(volume).apply(volume)
    weights = [linear_weights(n, p) for n, p in zip(volume.shape, places, strict=True)]
    padded = np.pad(resample(scores, weights)[::-1, ::-1], EDGE)
    return padded[tuple(slice(s + EDGE, s + 2 * EDGE) for s in start)]
