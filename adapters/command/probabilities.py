"""Probabilities that nnU-Net saves beside its masks, one `.npz` a case."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import final
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from gliobench.application.backends.mask_answers import MasksAlone
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.content import content_of
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.networks.confidence import expected_dice
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.study import Study

ARRAY = "probabilities"
_MOST_BYTES_A_VOXEL = 64 * 8
_ROUNDED = 1e-3
"""Distance from [0, 1] that half precision may cause."""


@final
class NpzProbabilities(MasksAlone):
    """Makes masks of probabilities above a threshold.

    Args:
        folder: Holds `<case>.npz` with the array `probabilities`, (C, K, J, I) on the grid of the
            study's files, as nnU-Net writes it. C is one channel for background and each tissue, which
            sum to 1, or one for each nested region, the outer one first.
        convention: Of the tissues, and of their regions.
        threshold: A voxel belongs to a region above it.
    """

    def __init__(self, folder: Path, convention: LabelConvention, threshold: float) -> None:
        self._folder, self._convention, self._threshold = folder, convention, threshold

    @cached_property
    def fingerprint(self) -> str:
        """Hash the files and how they are read."""
        read = f"{self._convention.values()} {self._threshold}"
        return sha256(f"{read} {content_of(str(self._folder))}".encode()).hexdigest()

    @property
    def provenance(self) -> Mapping[str, str]:
        """Describe how masks are made."""
        return {"masks": f"probabilities above {self._threshold:g}, labels {self._convention.name}"}

    def holds(self, study_id: str) -> bool:
        """Return whether there is a file of a case."""
        return self._path(study_id).is_file()

    def localise(self, study: Study) -> LocalisationPrediction | Failure:
        """Read a case's mask, with the Dice that its probabilities expect."""
        if not self.holds(study.id):
            return Failure(
                FailureReason.MISSING_PREDICTION, f"no probabilities of study {study.id}"
            )
        path = self._path(study.id)
        try:
            found = self._regions(_read(path, study), study)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            return Failure(FailureReason.UNREADABLE_PREDICTION, f"{path}: {error}")
        regions = {region: values > self._threshold for region, values in found.items()}
        for inner in NESTED[:0:-1]:  # as nnU-Net, whose inner regions extend the outer ones
            outer = NESTED[NESTED.index(inner) - 1]
            if inner in regions and outer in regions:
                regions[outer] |= regions[inner]
        whole = found[Region.WT]
        said = f"P(WT) at most {whole.max():.3f}"
        if regions[Region.WT].any():
            said += f", on average {whole[regions[Region.WT]].mean():.3f} within the mask"
        sure = _confidence(found, regions)
        return LocalisationPrediction(
            {Form.MASK: Mask(study.grid, regions)},
            raw={Form.MASK: said},
            confidence=sure.get(Region.WT),
            region_confidence=sure,
        )

    def _path(self, case: str) -> Path:
        return self._folder / f"{case}.npz"

    def _regions(
        self, channels: NDArray[np.floating], study: Study
    ) -> dict[Region, NDArray[np.float32]]:
        """Return P of each region, (I, J, K) on the study's grid."""
        nested = [region for region in NESTED if region in self._convention.regions]
        tissues = sorted(self._convention.tissues)
        if len(channels) == len(nested):
            found = dict(zip(nested, channels, strict=True))
        elif len(channels) == 1 + len(tissues):
            by_tissue = dict(zip(tissues, channels[1:], strict=True))
            found = {
                region: np.sum([by_tissue[item] for item in integers], axis=0, dtype=np.float32)
                for region, integers in self._convention.regions.items()
            }
        else:
            raise InvalidInputError(
                f"{len(channels)} channels: wanted {1 + len(tissues)} of tissues or {len(nested)} of "
                f"regions, as {self._convention.name} has"
            )
        found.setdefault(Region.WT, found[self._convention.localised])
        return {
            region: reorient(
                values.astype(np.float32).transpose(2, 1, 0),
                source=study.file_grid,
                target=study.grid,
            )
            for region, values in found.items()
        }


def _confidence(
    found: Mapping[Region, NDArray[np.float32]], regions: Mapping[Region, BoolArray]
) -> dict[Region, float]:
    """Return the Dice that is expected of each region; none where numbers are no probabilities."""
    if any(values.min() < -_ROUNDED or values.max() > 1 + _ROUNDED for values in found.values()):
        return {}
    return {
        region: expected_dice(np.clip(values, 0, 1), regions[region])
        for region, values in found.items()
    }


def _read(path: Path, study: Study) -> NDArray[np.floating]:
    voxels = int(np.prod(study.grid.shape))
    with ZipFile(path) as archive:
        size = archive.getinfo(f"{ARRAY}.npy").file_size
    if size > _MOST_BYTES_A_VOXEL * voxels + 4096:
        raise InvalidInputError(f"{size} bytes for {voxels} voxels: wanted probabilities")
    with np.load(path, allow_pickle=False) as content:
        channels: NDArray[np.floating] = content[ARRAY]
    if channels.dtype.kind != "f" or channels.shape[1:] != study.file_grid.shape[::-1]:
        raise InvalidInputError(
            f"{ARRAY} are {channels.dtype} {channels.shape}: wanted floats (C, "
            f"{', '.join(map(str, study.file_grid.shape[::-1]))})"
        )
    if not np.isfinite(channels).all():
        raise InvalidInputError(f"{ARRAY} hold NaN or infinity")
    return channels
