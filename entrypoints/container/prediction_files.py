"""Backends that a table of settings declares: what files hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gliobench.adapters.nifti.predicted_mask_names import MaskFiles, ids_in
from gliobench.adapters.nifti.predicted_masks import PredictedMasks, integers_of
from gliobench.application.backends.imported import check_belongs, imported
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import first_fault
from gliobench.domain.labels.conventions import LabelConvention
from gliobench.domain.labels.proposal import convention_of_predictions
from gliobench.entrypoints.label_settings import declared_convention


class FileTable(BaseModel):
    """The table `[backend.NAME]` of `kind = "files"`: predictions that others made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    masks: str | None = Field(None, description="folder or URL of masks in NIfTI, one a study")
    pattern: str | None = Field(None, description="path of a mask, such as {study_id}_out.nii.gz")
    labels: str | None = Field(None, description="label convention of the masks: a name or a file")
    resample: bool = Field(False, description="take masks on other grids by the nearest voxel")
    family: str = Field("", description="model of which this is one of several sets of predictions")


def file_backend(
    name: str,
    table: Mapping[str, object],
    source: StudySource | None,
    *,
    open_path: Callable[[str], DatasetPath],
) -> Backend:
    """Build a backend that answers with what files hold.

    Args:
        name: Of the backend.
        table: Its options.
        source: The studies that it will be asked about; None where they are not known yet.
        open_path: Opens the folder of masks.

    Raises:
        NotFoundError: A file or folder is not there, or holds no prediction of these studies.
        InvalidInputError: An option is wrong, or a file cannot be used.
        UndeclaredLabelsError: The labels of the masks may mean several things.
    """
    try:
        options = FileTable.model_validate(dict(table))
    except ValidationError as error:
        raise InvalidInputError(f"backend.{name}: {first_fault(error)}") from error
    files: list[PredictionFiles] = []
    if options.masks is not None:
        files.append(_masks(options.masks, options, source, open_path))
    backend = imported(name, files, family=options.family)
    if source is not None:
        check_belongs(name, files, source)
    return backend


def _masks(
    folder: str,
    options: FileTable,
    source: StudySource | None,
    open_path: Callable[[str], DatasetPath],
) -> PredictionFiles:
    root = open_path(folder)
    study_ids = ids_in(root) if source is None else source.study_ids()
    files = MaskFiles.find(root, study_ids, pattern=options.pattern)
    return PredictedMasks(files, _convention(files, options, source), resample=options.resample)


def _convention(
    files: MaskFiles, options: FileTable, source: StudySource | None
) -> LabelConvention:
    if options.labels is not None:
        return declared_convention(options.labels)
    labels = None if source is None else source.labels
    return convention_of_predictions(integers_of(files), labels.convention if labels else None)
