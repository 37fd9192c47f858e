"""Lesion cubes: crops of many studies about their largest lesion, with masks to match.

Two numpy archives. The cubes' holds `ids, grade, x (N, 4, 32, 32, 32), bbox128`; the masks'
holds `ids, seg (N, 128, 128, 128)` with labels of 2020. Both lie on the BraTS grid of
240 x 240 x 155 voxels at 1 mm brought to 128³ corner to corner, first two axes against RAS+.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import extent
from gliobench.domain.geometry.resampling import linear_weights, resample
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import NESTED
from gliobench.domain.networks.grader_input import GraderGeometry
from gliobench.domain.studies.study import Grade

GRID = 128
EDGE = 32
MARGIN = 4
"""Voxels about a lesion that a cube holds at least; beyond, small lesions are padded with zeros."""
VOXEL_MM = GraderGeometry().spacing_mm


@dataclass(frozen=True, eq=False)
class LesionCube:
    """One lesion with its surroundings.

    Args:
        patient_id: Whose it is.
        grade: Its reference grade.
        start: First voxel of the cube on the RAS+ grid of 128³, possibly negative.
        volumes: (4, 32, 32, 32) float32 z-scores, modalities as networks want them.
        labels: (32, 32, 32) uint8 of 2020.
    """

    patient_id: str
    grade: Grade
    start: tuple[int, int, int]
    volumes: NDArray[np.float32]
    labels: NDArray[np.uint8]

    def regions(self) -> NDArray[np.float32]:
        """Return (3, 32, 32, 32) float32, WT, TC and ET."""
        regions = BUILT_IN["brats-gli-2017"].split(self.labels)
        return np.stack([regions[region] for region in NESTED]).astype(np.float32)

    def sha256(self) -> str:
        """Hash whose it is, its grade, its place and its voxels."""
        digest = sha256(f"{self.patient_id} {self.grade.value} {self.start}\n".encode())
        digest.update(self.volumes.tobytes())
        digest.update(self.labels.tobytes())
        return digest.hexdigest()

    def on_spacing(
        self, spacing_mm: float
    ) -> tuple[tuple[int, int, int], NDArray[np.float32], NDArray[np.uint8]]:
        """Bring the part of the cube that holds the study to the study's cubic voxels.

        Returns:
            First voxel on the RAS+ study grid of that spacing; volumes (4, i, j, k); labels.
        """
        first, linear, nearest = [], [], []
        for axis, held in enumerate(extent(np.any(self.volumes, axis=0))):
            low = max(self.start[axis] + held.start, 0) * VOXEL_MM[axis]
            high = min(self.start[axis] + held.stop - 1, GRID - 1) * VOXEL_MM[axis]
            index = np.arange(
                np.ceil((low + 0.5) / spacing_mm - 0.5), np.floor((high + 0.5) / spacing_mm + 0.5)
            )
            positions = ((index + 0.5) * spacing_mm - 0.5) / VOXEL_MM[axis] - self.start[axis]
            first.append(int(index[0]))
            linear.append(linear_weights(EDGE, positions))
            nearest.append(np.clip(np.round(positions).astype(int), 0, EDGE - 1))
        volumes = np.stack([resample(volume, linear) for volume in self.volumes])
        return (first[0], first[1], first[2]), volumes, self.labels[np.ix_(*nearest)]


def load_lesion_cubes(cubes: Path, masks: Path) -> list[LesionCube]:
    """Read all lesion cubes.

    Raises:
        InvalidInputError: An archive cannot be read, or the two are not of the same studies.
    """
    try:
        ids, grades, x, boxes = _arrays(cubes, "ids", "grade", "x", "bbox128")
        mask_ids, labels = _arrays(masks, "ids", "seg")
        _check_cubes(len(ids), grades, x, boxes)
        _check_shape("seg", labels, (len(mask_ids), GRID, GRID, GRID), "iu")
    except Exception as error:  # NumPy passes on whatever its parsers raise
        raise InvalidInputError(f"lesion cubes cannot be read: {error}") from error
    if ids.tolist() != mask_ids.tolist():
        raise InvalidInputError(f"{cubes} and {masks} are not of the same studies")
    return [_cube(str(ids[n]), str(grades[n]), x[n], boxes[n], labels[n]) for n in range(len(ids))]


def mask_arrays(masks: Path) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Read the masks of all lesions: (N,) ids, (N,) grades, (N, 128, 128, 128) labels of 2020.

    Raises:
        InvalidInputError: The archive cannot be read.
    """
    try:
        ids, grades, labels = _arrays(masks, "ids", "grade", "seg")
        _check_shape("grade", grades, (len(ids),), "U")
        _check_shape("seg", labels, (len(ids), GRID, GRID, GRID), "iu")
        _check_grades(grades)
    except Exception as error:  # NumPy passes on whatever its parsers raise
        raise InvalidInputError(f"masks cannot be read: {error}") from error
    return ids, grades, labels


def _check_cubes(n: int, grades: NDArray[Any], x: NDArray[Any], boxes: NDArray[Any]) -> None:
    _check_shape("grade", grades, (n,), "U")
    _check_shape("x", x, (n, 4, EDGE, EDGE, EDGE), "f")
    _check_shape("bbox128", boxes, (n, 6), "iu")
    if boxes.size and not (boxes.min() >= 0 and boxes.max() <= GRID):
        raise InvalidInputError(f"bbox128 beyond its grid: wanted 0 to {GRID}")
    _check_grades(grades)


def _check_grades(grades: NDArray[Any]) -> None:
    if unknown := sorted(set(grades.tolist()) - {grade.value for grade in Grade}):
        raise InvalidInputError(f"grade {unknown[0]!r}: wanted LGG or HGG")


def _check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...], kinds: str) -> None:
    if array.shape != shape or array.dtype.kind not in kinds:
        raise InvalidInputError(f"{name} of {array.shape} {array.dtype}: wanted {shape}")


def _arrays(archive: Path, *names: str) -> list[NDArray[Any]]:
    with archive.open("rb") as file:  # numpy leaves a file open that turns out to be no archive
        arrays = np.load(file)
        return [arrays[name] for name in names]


def _cube(
    patient_id: str,
    grade: str,
    volumes: NDArray[np.float16],
    box: NDArray[np.int64],
    labels: NDArray[np.uint8],
) -> LesionCube:
    start = _starts(box[:3], box[3:] - box[:3])
    padded = np.pad(labels, EDGE)
    cut = padded[tuple(slice(s + EDGE, s + 2 * EDGE) for s in start)]
    return LesionCube(
        patient_id=patient_id,
        grade=Grade(grade),
        start=(GRID - EDGE - int(start[0]), GRID - EDGE - int(start[1]), int(start[2])),
        volumes=np.ascontiguousarray(volumes[:, ::-1, ::-1], dtype=np.float32),
        labels=np.ascontiguousarray(cut[::-1, ::-1]),
    )


def _starts(low: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Compute where cubes begin: a lesion with its margin was cropped or padded about its middle.

    An odd voxel fell to the far side when a small lesion was padded, and when a large one was cut.
    """
    padded = low - (EDGE - size) // 2
    cropped = low + size // 2 - EDGE // 2
    starts: NDArray[np.int64] = np.where(size + 2 * MARGIN < EDGE, padded, cropped)
    return starts
