"""The masks of two folders, or of two files, before any voxel is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from gliobench.adapters.nifti.predicted_mask_names import MaskFiles
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.entrypoints.container.dicom import holds_dicom
from gliobench.entrypoints.container.places import OpenPath, file_at

if TYPE_CHECKING:  # of the extra dicom
    from gliobench.adapters.dicom.found_segmentations import FoundSegmentations

ENDINGS = (".nii", ".nii.gz")
ONE = "prediction"
"""What the only study of two files is called, if the reference's name says nothing."""
FoundMasks: TypeAlias = "MaskFiles | FoundSegmentations"


class FindSegmentations(Protocol):
    """Finds the DICOM segmentations of a folder."""

    def __call__(self, place: DatasetPath, **options: Any) -> FoundSegmentations:  # noqa: ANN401
        """Find them; the options are those of the adapter's function."""
        ...


@dataclass(frozen=True, slots=True)
class MaskPlaces:
    """Where masks lie and how they are read, as on the command line.

    Args:
        references: Folder or file of the experts' masks.
        predictions: Folder or file of the masks to score.
        labels: Convention of both; None infers it, if that is unambiguous.
        prediction_labels: Of the second, where that is another one.
        reference_pattern: Path of a mask within the first folder.
        pattern: Path of a mask within the second.
        resample: Take predictions on other grids by the nearest voxel.
        exclude: DICOM segmentations of either folder to leave out, by series.
        measures: Sets of measures by name, separated by commas; None takes the setting, or all.
    """

    references: str
    predictions: str
    labels: str | None = None
    prediction_labels: str | None = None
    reference_pattern: str | None = None
    pattern: str | None = None
    resample: bool = False
    exclude: Sequence[str] = ()
    measures: str | None = None


def find_masks(
    places: MaskPlaces, open_path: OpenPath, segmentations: FindSegmentations
) -> tuple[FoundMasks, FoundMasks]:
    """Find the references and the predictions, NIfTI files or DICOM segmentations each.

    Raises:
        NotFoundError: A folder or file is not there, or there is no mask in the first.
        InvalidInputError: A folder holds something else, or an option is wrong.
    """
    both = places.references, places.predictions
    if all(place.lower().endswith(ENDINGS) for place in both):
        one, other = (_file(place, open_path) for place in both)
        name = one.name[: one.name.lower().index(".nii")] or ONE
        return MaskFiles({name: one}), MaskFiles({name: other})
    if any(place.lower().endswith(ENDINGS) for place in both):
        raise InvalidInputError(f"{' and '.join(both)}: wanted two folders or two files")
    first, second = map(open_path, both)
    are_dicom = holds_dicom(first), holds_dicom(second)
    _check_options(places, *are_dicom)
    options = {"excluded": places.exclude, "all_here": False}
    references: FoundMasks = (
        segmentations(first, by_series={}, known=None, **options)
        if are_dicom[0]
        else MaskFiles.find(first, None, pattern=places.reference_pattern, beside_images=True)
    )
    ids = studies_of(references)
    if not ids:
        raise NotFoundError(f"{first}: holds no mask, *.nii or *.nii.gz, and no DICOM segmentation")
    by_series = {} if isinstance(references, MaskFiles) else references.by_series
    predictions: FoundMasks = (
        segmentations(second, by_series=by_series, known=ids, **options)
        if are_dicom[1]
        else MaskFiles.find(second, ids, pattern=places.pattern)
    )
    _check_excluded(places, references, predictions)
    return references, predictions


def studies_of(found: FoundMasks) -> frozenset[str]:
    """Name the studies that have a mask."""
    return frozenset(found.paths if isinstance(found, MaskFiles) else found.masks)


def _check_options(places: MaskPlaces, references: bool, predictions: bool) -> None:
    """Refuse options that would do nothing with the kinds of masks that there are."""
    idle = {
        "--reference-pattern": references and places.reference_pattern,
        "--pattern": predictions and places.pattern,
        "--prediction-labels": predictions and places.prediction_labels,
        "--labels": references and predictions and places.labels,
    }
    if given := [option for option, value in idle.items() if value]:
        raise InvalidInputError(f"{given[0]}: is of NIfTI masks, and these are DICOM segmentations")
    if places.exclude and not (references or predictions):
        raise InvalidInputError("--exclude: is of DICOM segmentations, and these are NIfTI masks")


def _check_excluded(places: MaskPlaces, *found: FoundMasks) -> None:
    names = {name for item in found if not isinstance(item, MaskFiles) for name in item.names}
    if unknown := set(places.exclude) - names:
        raise InvalidInputError(
            f"--exclude: {len(unknown)} of {len(set(places.exclude))} series are in neither folder: "
            "wanted ids such as series-0123456789abcdef, or UIDs"
        )


def _file(place: str, open_path: OpenPath) -> DatasetPath:
    path = file_at(place, open_path)
    if not path.is_file():
        raise NotFoundError(f"no file {place}")
    return path
