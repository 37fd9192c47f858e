"""Trains and judges the grader of regions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import final

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter

from gliobench.adapters.monai.lesions import GRID, VOXEL_MM, mask_arrays
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Progress, Row, Trainer, TrainingData
from gliobench.application.train.learn_regions import CHOSEN, RegionTumour, learn_regions
from gliobench.application.train.training_studies import TrainingStudies, case_hash, hash_of
from gliobench.domain.errors import JobError
from gliobench.domain.files.whole import write_whole
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.networks.region_grader import REGION_GRADER, RegionGrader
from gliobench.domain.networks.region_measures import RegionMeasures
from gliobench.domain.studies.study import Grade

_FORM = TypeAdapter(RegionGrader)


class _Segmented(BaseModel):
    """A study that a localizer has segmented without having learned from the patient."""

    model_config = ConfigDict(strict=True, frozen=True)

    study_id: str
    measures: RegionMeasures | None


_SEGMENTED = TypeAdapter(list[_Segmented])
_MASK_GRID = Grid(shape=(GRID, GRID, GRID), affine=np.diag([*VOXEL_MM, 1.0]))


@final
class RegionTrainer(Trainer):
    """Learns grades from measured tumours; a fit takes no time."""

    def __init__(
        self, tumours: Sequence[RegionTumour], *, features: Sequence[str] = CHOSEN
    ) -> None:
        self._tumours = {tumour.patient_id: tumour for tumour in tumours}
        self._features = features

    def strata(self) -> Mapping[str, str]:
        """Name site and grade of every patient."""
        return {
            patient: f"{tumour.site}×{tumour.grade.value}"
            for patient, tumour in self._tumours.items()
        }

    def training_data(self, patients: Collection[str]) -> TrainingData:
        """Name these patients, and hash their tumours."""
        contents = hash_of(self._tumours[patient].sha256 for patient in patients)
        return TrainingData(tuple(sorted(patients)), contents)

    def fit(self, patients: Collection[str], folder: Path, progress: Progress) -> None:
        """Learn from these patients' tumours."""
        tumours = [self._tumours[patient] for patient in sorted(patients)]
        grader = learn_regions(tumours, features=self._features)
        write_whole(folder / REGION_GRADER, grader.to_json().encode())
        progress(1, 1, 0.0)

    def predict(self, patients: Collection[str], folder: Path) -> list[Row]:
        """Grade these patients' tumours, by the predicted mask where there is one."""
        grader = load_region_grader(folder)
        return [_row(grader, self._tumours[patient]) for patient in sorted(patients)]


def load_region_grader(folder: Path) -> RegionGrader:
    """Return the grader that a fit left in a folder.

    Raises:
        JobError: It cannot be read.
    """
    path = folder / REGION_GRADER
    try:
        return _FORM.validate_json(path.read_bytes(), strict=True)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise JobError(f"{path} cannot be read: {reason}: run gliobench train regions") from error


def load_mask_tumours(masks: Path, sites: Mapping[str, str]) -> list[RegionTumour]:
    """Measure the tumours of an archive of masks of 128³ voxels.

    Args:
        masks: Holds `ids`, `grade` and `seg`.
        sites: By patient.

    Raises:
        InvalidInputError: It cannot be read.
    """
    ids, grades, labels = mask_arrays(masks)
    return [
        _of_mask(str(one), Grade(str(grade)), voxels, sites.get(str(one)))
        for one, grade, voxels in zip(ids, grades, labels, strict=True)
        if voxels.any()
    ]


def load_study_tumours(source: StudySource, localizer_run: Path | None) -> list[RegionTumour]:
    """Measure the tumours of whole studies, the first of each patient.

    Args:
        source: Studies with grades and masks.
        localizer_run: A localizer's cross-validation, whose folds have segmented the patients that they
            held out; folds that have not been fitted are passed over. None measures reference masks
            only.

    Raises:
        InvalidInputError: There is no study with a grade and a mask.
        JobError: No fold of the run has been fitted, or what one found cannot be read.
    """
    studies = TrainingStudies.of(source, graded=True).by_patient
    tumours = {ids[0]: _of_study(source, ids[0]) for ids in studies.values()}
    if localizer_run is not None:
        found = _segmented_by(localizer_run)
        tumours |= {
            study_id: _segmented(tumour, found[study_id])
            for study_id, tumour in tumours.items()
            if study_id in found
        }
    return list(tumours.values())


def _segmented_by(localizer_run: Path) -> dict[str, RegionMeasures | None]:
    """Return what the folds of a localizer's run found in the studies that they held out."""
    folds = sorted(localizer_run.glob("fold-*/predictions.json"))
    if not folds:
        raise JobError(f"{localizer_run} has no fold: run gliobench train localizer")
    found: dict[str, RegionMeasures | None] = {}
    for path in folds:
        try:
            rows = _SEGMENTED.validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise JobError(
                f"{path} cannot be read: {reason}: delete it, and run the fold"
            ) from error
        found |= {row.study_id: row.measures for row in rows}
    return found


def _segmented(tumour: RegionTumour, predicted: RegionMeasures | None) -> RegionTumour:
    digest = sha256(f"{tumour.sha256} {predicted}".encode()).hexdigest()
    return replace(tumour, predicted=predicted, segmented=True, sha256=digest)


def _of_study(source: StudySource, study_id: str) -> RegionTumour:
    study, reference = source.study(study_id), source.reference(study_id)
    return RegionTumour(
        patient_id=study.patient_id,
        grade=reference.grade or Grade.LGG,
        reference=RegionMeasures.of(reference.regions, study.grid),
        site=study.site,
        sha256=case_hash(source, study_id),
    )


def _of_mask(
    patient_id: str,
    grade: Grade,
    labels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    site: str | None,
) -> RegionTumour:
    regions = BUILT_IN["brats-gli-2017"].split(labels)
    return RegionTumour(
        patient_id=patient_id,
        grade=grade,
        reference=RegionMeasures.of(regions, _MASK_GRID),
        site=site,
        sha256=sha256(f"{patient_id} {grade.value}\n".encode() + labels.tobytes()).hexdigest(),
    )


def _row(grader: RegionGrader, tumour: RegionTumour) -> Row:
    judged = tumour.judged
    return {
        "patient_id": tumour.patient_id,
        "site": tumour.site,
        "grade": tumour.grade.value,
        "segmented": tumour.segmented,
        "measures": None if judged is None else asdict(judged),
        "logit": None if judged is None else sum(grader.log_odds(judged).values()),
    }
