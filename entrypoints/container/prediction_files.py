"""Backends that a table of settings declares: what files hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, ValidationError

from gliobench.adapters.nifti.predicted_mask_names import MaskFiles, ids_in
from gliobench.adapters.nifti.predicted_masks import PredictedMasks, integers_of
from gliobench.adapters.prediction_files import (
    CONFIDENCES_FILE,
    FAILURES_FILE,
    read_answers,
    read_confidences,
    read_drawings,
    read_failures,
    read_grades,
    read_names,
    targets_in,
)
from gliobench.application.backends.imported import (
    check_belongs,
    check_grades,
    check_targets,
    imported,
    patients_named,
)
from gliobench.application.backends.mask_answers import MaskAnswers
from gliobench.application.backends.misplaced import check_tissues
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import read_options
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.proposal import convention_of_predictions
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.studies.grading_target import GRADE
from gliobench.entrypoints.container.dicom import holds_dicom
from gliobench.entrypoints.container.places import OpenPath, file_at
from gliobench.entrypoints.label_settings import declared_convention


class FileTable(BaseModel):
    """The table `[backend.NAME]` of `kind = "files"`: predictions that others made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    masks: str | None = Field(
        None, description="folder of NIfTI masks named by study, or of DICOM segmentations"
    )
    pattern: str | None = Field(None, description="path of a mask within it, {study_id}_out.nii.gz")
    labels: str | InstanceOf[LabelConvention] | None = Field(
        None, description="label convention of the masks: a name or a file"
    )
    exclude: tuple[str, ...] = Field((), description="DICOM segmentations to leave out, by series")
    resample: bool = Field(False, description="take masks on other grids by the nearest voxel")
    grades: str | None = Field(None, description="table of grades or P(HGG)")
    points: str | None = Field(None, description="table of points")
    boxes: str | None = Field(None, description="table of boxes, or COCO JSON")
    polygons: str | None = Field(None, description="table of polygons, or COCO JSON")
    answers: str | None = Field(None, description="JSON lines of answers in words")
    trained_on: str | None = Field(None, description="file of training patients, or none")
    family: str = Field("", description="model of which this is one of several sets of predictions")


ReadSegmentations: TypeAlias = Callable[..., PredictionFiles]


def file_backend(
    name: str,
    options: BackendOptions,
    source: StudySource | None,
    *,
    open_path: OpenPath,
    segmentations: ReadSegmentations,
) -> Backend:
    """Build a backend that answers with what files hold.

    Args:
        name: Of the backend.
        options: With its table.
        source: The studies that it will be asked about; None where they are not known yet.
        open_path: Opens a folder.
        segmentations: Reads a folder of DICOM segmentations.

    Raises:
        NotFoundError: A file or folder is not there, or holds no prediction of these studies.
        InvalidInputError: An option is wrong, or a file cannot be used.
        UndeclaredLabelsError: The labels of the masks may mean several things.
    """
    table = read_options(
        FileTable.model_validate,
        options.extra,
        table=f"backend.{name}",
        known=FileTable.model_fields,
    )
    files = list(_files(table, source, open_path, segmentations))
    backend = imported(
        name,
        files,
        trained_on=training_patients(table.trained_on, source, open_path),
        family=table.family,
        target=source.target if source and table.grades is not None else GRADE,
    )
    if source is not None:
        check_belongs(name, files, source)
        for item in files:
            if isinstance(item, PredictedMasks) and not isinstance(table.labels, str):
                check_tissues(name, item, source, filter(item.holds, source.study_ids()))
    return backend


def with_settled_labels(
    table: Mapping[str, object], source: StudySource, *, open_path: OpenPath
) -> Mapping[str, object]:
    """Return the options of a backend with what the labels of its masks mean: all masks are read once.

    Args:
        table: Options; wrong ones are left to `file_backend`.
        source: The studies that it will be asked about.
        open_path: Opens a folder.

    Raises:
        NotFoundError: The folder is not there, or holds no mask of these studies.
        UndeclaredLabelsError: The labels of the masks may mean several things.
    """
    try:
        options = FileTable.model_validate(dict(table))
    except ValidationError:
        return table
    if options.masks is None or options.labels is not None:
        return table
    root = open_path(options.masks)
    if holds_dicom(root):
        return table
    files = MaskFiles.find(root, source.study_ids(), pattern=options.pattern)
    return {**table, "labels": _convention(files, options, source)}


def training_patients(
    stated: str | None, source: StudySource | None, open_path: OpenPath
) -> frozenset[str] | None:
    """Return the hashes of training patients; None where they are not stated.

    Args:
        stated: A file with their names or those of their studies, or none.
        source: The studies that will be asked about.
        open_path: Opens the folder of the file.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It names nothing.
    """
    if stated is None:
        return None
    if stated.lower() == "none":
        return frozenset()
    return patients_named(read_names(file_at(stated, open_path)), source)


def _files(
    options: FileTable,
    source: StudySource | None,
    open_path: OpenPath,
    segmentations: ReadSegmentations,
) -> Iterator[PredictionFiles]:
    study_ids = None if source is None else source.study_ids()
    if options.masks is not None:
        yield _masks(open_path(options.masks), options, source, segmentations)
    if options.grades is not None:
        path = file_at(options.grades, open_path)
        target = source.target if source else GRADE
        grades = read_grades(path, study_ids=study_ids, target=target)
        if source is not None:
            check_targets(str(path), targets_in(path), source)
            check_grades(str(path), grades.said_grades or {}, source)
        yield grades
    places = {
        Form.POINT_3D: options.points,
        Form.BOX_3D: options.boxes,
        Form.POLYGON: options.polygons,
    }
    for form, place in places.items():
        if place is not None:
            yield read_drawings(file_at(place, open_path), form, study_ids=study_ids)
    if options.answers is not None:
        yield read_answers(file_at(options.answers, open_path), study_ids=study_ids)


def _masks(
    root: DatasetPath,
    options: FileTable,
    source: StudySource | None,
    segmentations: ReadSegmentations,
) -> PredictionFiles:
    failures, confidences = root / FAILURES_FILE, root / CONFIDENCES_FILE
    beside = MaskAnswers(
        read_failures(failures) if failures.is_file() else {},
        read_confidences(confidences) if confidences.is_file() else {},
    )
    if holds_dicom(root):
        _check_no_option(root, options, "pattern", "labels")
        return segmentations(
            root, source=source, excluded=options.exclude, beside=beside, resample=options.resample
        )
    _check_no_option(root, options, "exclude")
    study_ids = ids_in(root) if source is None else source.study_ids()
    files = MaskFiles.find(root, study_ids, pattern=options.pattern)
    convention = _convention(files, options, source)
    return PredictedMasks(files, convention, resample=options.resample, beside=beside)


def _check_no_option(root: DatasetPath, options: FileTable, *names: str) -> None:
    """Refuse options that would do nothing with the masks of a folder."""
    if given := [name for name in names if getattr(options, name)]:
        kind = "NIfTI masks" if "exclude" in names else "DICOM segmentations"
        raise InvalidInputError(f"{root}: holds {kind}, for which there is no {given[0]}")


def _convention(
    files: MaskFiles, options: FileTable, source: StudySource | None
) -> LabelConvention:
    if isinstance(options.labels, LabelConvention):
        return options.labels
    if options.labels is not None:
        return declared_convention(options.labels)
    labels = None if source is None else source.labels
    return convention_of_predictions(integers_of(files), labels.convention if labels else None)
