"""A study and what a backend says of it, in the orientation of the study's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.observations import (
    DISCLAIMER,
    FileSlice,
    file_slice,
    observations,
    warnings_of,
)
from gliobench.application.predict.study_reading import (
    NoPlace,
    OnSlice,
    Place,
    StudyReading,
    without_images,
)
from gliobench.domain.geometry.grids import Box3D, Voxel
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.messages import printable
from gliobench.domain.position.lesion import Lesion
from gliobench.domain.predictions.prediction import GradePrediction, Mask
from gliobench.domain.predictions.reasons import Reason
from gliobench.domain.studies.study import Modality, Study
from gliobench.entrypoints.container import container
from gliobench.entrypoints.views.prediction import prediction_json


@final
@dataclass(frozen=True, eq=False, repr=False)
class LoadedStudy:
    """A study that is open; its images are read when they are looked at.

    Args:
        source: Of this one study.
        study: Its images on a RAS+ grid.
        again: Opens it anew, as another process that is sent it does.
    """

    source: StudySource
    study: Study
    again: Callable[[], LoadedStudy]

    @property
    def id(self) -> str:
        """What the study is called."""
        return self.study.id

    @property
    def modalities(self) -> list[str]:
        """The modalities that are there: t1n, t1c, t2w, t2f."""
        return [modality.value for modality in self.study.volumes]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along each axis of the study's files."""
        return self.study.file_grid.shape

    @property
    def affine(self) -> NDArray[np.float64]:
        """(4, 4): takes voxels of the study's files to millimetres in RAS+ world space."""
        return self.study.file_grid.affine

    def volume(self, modality: str) -> NDArray[np.float32]:
        """Read an image, in the orientation of the study's files.

        Args:
            modality: t1n, t1c, t2w or t2f, or BraTS's older names.

        Raises:
            InvalidInputError: There is no modality of this name, or the file cannot be read.
            NotFoundError: The study lacks it.
        """
        volume = self.study.volume(Modality.parse(modality))
        return reorient(volume, source=self.study.grid, target=self.study.file_grid)

    def __repr__(self) -> str:
        spacing = " × ".join(f"{edge:g}" for edge in self.study.file_grid.spacing_mm)
        shape = " × ".join(map(str, self.shape))
        simulated = ", SIMULATED" if self.study.is_simulated else ""
        return f"study {self.id}: {', '.join(self.modalities)}; {shape} voxels of {spacing} mm{simulated}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>"

    def __reduce__(self) -> tuple[Callable[[], LoadedStudy], tuple[()]]:
        return self.again, ()


@final
@dataclass(frozen=True, eq=False, repr=False)
class PredictedMask:
    """A predicted mask in the orientation of the study's files; numpy reads it as its labels.

    Args:
        mask: On the study's RAS+ grid.
        study: What was predicted.
        convention: What the labels mean.
    """

    mask: Mask
    study: Study
    convention: LabelConvention

    @property
    def labels(self) -> NDArray[np.uint8]:
        """(I, J, K) labels of the convention; 0 is no tumour."""
        return self.mask.labels_in(self.study, self.convention)

    @property
    def affine(self) -> NDArray[np.float64]:
        """(4, 4): that of the study's files."""
        return self.study.file_grid.affine

    @property
    def shape(self) -> tuple[int, int, int]:
        """That of the study's files."""
        return self.study.file_grid.shape

    def to_nifti(self, path: str | PathLike[str]) -> Path:
        """Write the labels as NIfTI; shape and affine are those of the study's files.

        Args:
            path: Ends in .nii or .nii.gz.

        Raises:
            InvalidInputError: It ends otherwise.
            JobError: It cannot be written.
        """
        container.write_mask(Path(path), self.mask, self.study, self.convention)
        return Path(path)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.labels, dtype=dtype)

    def __reduce__(self) -> tuple[type[PredictedMask], tuple[Mask, Study, LabelConvention]]:
        return PredictedMask, (self.mask, without_images(self.study), self.convention)

    def __repr__(self) -> str:
        voxels = int(self.mask.whole.sum())
        return f"mask of {' × '.join(map(str, self.shape))}: {voxels} voxels of tumour"


@final
@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """What a backend says of a study; what it does not offer, or failed on, is None.

    Voxels are those of the study's files, from zero; millimetres are of RAS+ world space.

    Args:
        reading: The answer, on the study's RAS+ grid.
        convention: What the labels of its mask mean.
    """

    reading: StudyReading
    convention: LabelConvention

    @property
    def study_id(self) -> str:
        """The study."""
        return self.reading.study.id

    @property
    def backend(self) -> str:
        """Who answers."""
        return self.reading.backend.name

    @property
    def grade(self) -> str | None:
        """LGG or HGG."""
        grade = self.reading.grade
        return grade.grade.value if isinstance(grade, GradePrediction) else None

    @property
    def probability_hgg(self) -> float | None:
        """P(HGG) in [0, 1]."""
        grade = self.reading.grade
        return grade.probability_hgg if isinstance(grade, GradePrediction) else None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The findings behind the grade, whose weights add up to the log-odds of HGG."""
        grade = self.reading.grade
        return grade.reasons if isinstance(grade, GradePrediction) else ()

    @property
    def grade_set(self) -> tuple[str, ...] | None:
        """The grades that are not excluded: one, both or none; None where the backend does not say."""
        grade = self.reading.grade
        kept = grade.grade_set if isinstance(grade, GradePrediction) else None
        return None if kept is None else tuple(item.value for item in kept.grades)

    @property
    def tumour_found(self) -> bool | None:
        """Whether a tumour was found; None where the backend does not localise, or failed to."""
        if isinstance(self.reading.place, NoPlace):
            return False
        return True if self._place or self.on_slice else None

    @property
    def centre_mm(self) -> Voxel | None:
        """The tumour's centre in the world."""
        return self._place.centre_mm if self._place else None

    @property
    def centre_vox(self) -> Voxel | None:
        """The tumour's centre in voxels."""
        return self._place.centre_vox if self._place else None

    @property
    def box(self) -> Box3D | None:
        """The tumour's box in voxels; its start is inside, its stop is not."""
        return self._place.box_vox if self._place else None

    @property
    def size_mm(self) -> Voxel | None:
        """The box's edges."""
        return self._place.size_mm if self._place else None

    @property
    def volumes_mm3(self) -> Mapping[str, float]:
        """The volume of each region of the mask."""
        found = self._place.volumes_mm3 if self._place else {}
        return {region.value: volume for region, volume in found.items()}

    @property
    def confidence(self) -> float | None:
        """How sure the backend is of where the tumour is, in [0, 1]; None where it does not say."""
        place = self.reading.place
        return place.confidence if isinstance(place, Place | NoPlace) else None

    @property
    def lesion(self) -> Lesion | None:
        """The tumour as a radiologist describes it: side, regions, diameters, distance to the midline."""
        return self.reading.lesion

    @property
    def axial_slice(self) -> FileSlice | None:
        """The axial slice to look at, as the study's files count it."""
        return file_slice(self.reading.study, self.lesion.plane) if self.lesion else None

    @property
    def mask(self) -> PredictedMask | None:
        """The mask, in the orientation of the study's files."""
        place = self.reading.place
        mask = place.mask if isinstance(place, Place | NoPlace) else None
        return PredictedMask(mask, self.reading.study, self.convention) if mask else None

    @property
    def on_slice(self) -> OnSlice | None:
        """What a backend that is shown one slice drew on it."""
        return self.reading.on_slice

    @property
    def failures(self) -> list[str]:
        """Why what was asked for is not there, a line each."""
        return [f"{failure.reason.value}: {failure.detail}" for failure in self.reading.failures]

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values, as `gliobench predict --json` prints them."""
        return prediction_json(self.reading, {})

    def __reduce__(self) -> tuple[type[Prediction], tuple[StudyReading, LabelConvention]]:
        alone = replace(self.reading, study=without_images(self.reading.study))
        return Prediction, (alone, self.convention)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<12}{value}" for name, value in self._facts())

    def _repr_html_(self) -> str:
        rows = (
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self._facts()
        )
        return f"<table><tbody>{''.join(rows)}</tbody></table>"

    @property
    def _place(self) -> Place | None:
        return self.reading.place if isinstance(self.reading.place, Place) else None

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "Study", self.study_id
        yield "Backend", printable(self.backend)
        for warning in warnings_of(self.reading):
            yield "Warning", printable(warning)
        for item in observations(self.reading):
            yield item.title, printable(item.text)
        yield "", DISCLAIMER
