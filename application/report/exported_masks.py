"""Masks of a run as files: label maps, or objects of the studies' own DICOM images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeAlias, final

import numpy as np

from gliobench.application.ports.run_store import RunManifest, StudyPrediction
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.archived_findings import ArchivedFindings
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import NESTED
from gliobench.domain.predictions.prediction import GradePrediction, Mask
from gliobench.domain.studies.study import Study
from gliobench.domain.studies.study_ids import LONGEST_NAME

WriteMask: TypeAlias = Callable[[Path, Mask, Study, LabelConvention], None]
WriteObjects: TypeAlias = Callable[..., None]


class MaskWriter(Protocol):
    """Writes masks in one layout.

    Contract:
        - A mask is written as it is, to the last voxel, or InvalidInputError is raised.
        - `path` raises InvalidInputError where no file can bear a study's name.
    """

    @property
    def options(self) -> Mapping[str, str]:
        """The options of `gliobench import` that read the files."""
        ...

    @property
    def labels(self) -> LabelConvention | None:
        """What the labels mean; None where the files state it."""
        ...

    def path(self, study_id: str) -> Path:
        """Name the file of a study's mask."""
        ...

    def write(self, said: StudyPrediction, mask: Mask) -> None:
        """Write a mask."""
        ...

    def finish(self) -> None:
        """Write what is about all of them."""
        ...


@final
class LabelMaps(MaskWriter):
    """Writes NIfTI files.

    Args:
        out: Folder.
        manifest: Of the run.
        write_mask: Writes one mask.
        source: Of the studies, whose files' orientation masks are written in; None writes RAS+.
        labels: Convention of the masks; None takes one that has their regions and no others.
        first: The convention that is tried first; None for the run's own.
    """

    def __init__(
        self,
        out: Path,
        manifest: RunManifest,
        write_mask: WriteMask,
        *,
        source: StudySource | None,
        labels: LabelConvention | None,
        first: LabelConvention | None,
    ) -> None:
        self._out, self._manifest, self._write_mask = out, manifest, write_mask
        self._source, self._labels, self._first = source, labels, first

    @property
    def options(self) -> Mapping[str, str]:
        """Return the folder."""
        return {"--masks": str(self._out)}

    @property
    def labels(self) -> LabelConvention:
        """Return the convention that is used."""
        return self._labels or BUILT_IN["tumour"]

    def path(self, study_id: str) -> Path:
        """Name the file."""
        return self._out / file_name(study_id, ".nii.gz")

    def write(self, said: StudyPrediction, mask: Mask) -> None:
        """Write a mask."""
        self.write_to(self.path(said.study_id), said, mask)

    def write_to(self, path: Path, said: StudyPrediction, mask: Mask) -> None:
        """Write a mask to another file."""
        self._labels = self._labels or self._convention(mask)
        _check_lossless(said.study_id, mask, self._labels)
        study = (
            Study(said.study_id, said.study_id, mask.grid, {})
            if self._source is None
            else self._source.study(said.study_id)
        )
        self._write_mask(path, mask, study, self._labels)

    def finish(self) -> None:
        """Write nothing more."""

    def _convention(self, mask: Mask) -> LabelConvention:
        """Return the first convention that has the mask's regions and no others."""
        own = [self._manifest.labels.convention] if self._manifest.labels else []
        first = own if self._first is None else [self._first]
        usual = (BUILT_IN["brats-gli-2017"], BUILT_IN["tumour"])
        for convention in (*first, *usual, *BUILT_IN.values()):
            if convention.regions.keys() == mask.regions.keys():
                return convention
        raise InvalidInputError(
            f"masks of {self._manifest.backend} have the regions {', '.join(mask.regions)}: wanted labels, "
            "a convention of these"
        )


@final
class DicomObjects(MaskWriter):
    """Writes segmentations, each with a report."""

    labels = None

    def __init__(
        self, out: Path, manifest: RunManifest, source: StudySource, write_objects: WriteObjects
    ) -> None:
        self._out, self._manifest = out, manifest
        self._source, self._write_objects = source, write_objects

    @property
    def options(self) -> Mapping[str, str]:
        """Return the folder."""
        return {"--masks": str(self._out)}

    def path(self, study_id: str) -> Path:
        """Name the segmentation."""
        return self._out / file_name(study_id, "_seg.dcm")

    def write(self, said: StudyPrediction, mask: Mask) -> None:
        """Write a segmentation and a report."""
        _check_segments(said.study_id, mask)
        findings = ArchivedFindings.of_mask(
            said.study_id,
            mask,
            backend=self._manifest.backend,
            fingerprint=self._manifest.fingerprint,
            grade=said.grade if isinstance(said.grade, GradePrediction) else None,
        )
        self._write_objects(
            findings,
            self._source,
            segmentation=self.path(said.study_id),
            structured_report=self._out / file_name(said.study_id, "_sr.dcm"),
        )

    def finish(self) -> None:
        """Write nothing more."""


def file_name(study_id: str, ending: str) -> str:
    """Name a file after a study.

    Raises:
        InvalidInputError: None can bear its name.
    """
    name = f"{study_id}{ending}"
    if "\\" in study_id or len(name.encode()) > LONGEST_NAME:
        raise InvalidInputError(f"study {study_id}: no file can bear its name")
    return name


def _check_segments(study_id: str, mask: Mask) -> None:
    """Check that segments, of which inner ones extend outer ones, are the regions."""
    other = [region.value for region in mask.regions if region not in NESTED]
    inside = [mask.regions[region] for region in NESTED if region in mask.regions]
    for outer, inner in pairwise(inside):
        if (inner & ~outer).any():
            other.append("a region that reaches beyond the one around it")
    if other:
        raise InvalidInputError(f"study {study_id}: {other[0]} cannot be written as a segment")


def _check_lossless(study_id: str, mask: Mask, convention: LabelConvention) -> None:
    again = convention.split(convention.merge(mask.regions))
    lost = [
        region.value
        for region, voxels in mask.regions.items()
        if not np.array_equal(again.get(region, ~voxels), voxels)
    ]
    if lost:
        raise InvalidInputError(
            f"study {study_id}: {', '.join(lost)} cannot be written in {convention.name}: wanted labels "
            "of another convention"
        )
