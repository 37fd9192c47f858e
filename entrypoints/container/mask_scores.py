"""Two folders of masks, or two files, with what their labels mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gliobench.adapters.nifti.predicted_mask_names import MaskFiles
from gliobench.adapters.nifti.predicted_masks import PredictedMasks, integers_of
from gliobench.adapters.nifti.reference_masks import NiftiReferenceMasks
from gliobench.application.evaluate.score_masks import ScoredMasks, score_masks
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.labels.conventions import LabelConvention
from gliobench.domain.labels.proposal import convention_of_predictions, propose
from gliobench.domain.metrics.measures import EVERY_SET, MeasureSet
from gliobench.entrypoints.container.dicom import holds_dicom
from gliobench.entrypoints.label_settings import OwnLabels, declared_convention
from gliobench.entrypoints.progress import tracked
from gliobench.entrypoints.settings import Settings

ENDINGS = (".nii", ".nii.gz")
ONE = "prediction"
"""What the only study of two files is called, if the reference's name says nothing."""


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
        measures: Sets of measures by name, separated by commas; None takes the setting, or all.
    """

    references: str
    predictions: str
    labels: str | None = None
    prediction_labels: str | None = None
    reference_pattern: str | None = None
    pattern: str | None = None
    resample: bool = False
    measures: str | None = None


@dataclass(frozen=True, slots=True)
class MaskScores:
    """The scores, and what they are of.

    Args:
        scored: By study and by region.
        labels: Convention of the references.
        prediction_labels: Convention of the predictions.
        sets: Sets of measures that were computed.
        strays: Files of the predictions that belong to no reference.
    """

    scored: ScoredMasks
    labels: LabelConvention
    prediction_labels: LabelConvention
    sets: tuple[MeasureSet, ...]
    strays: tuple[str, ...]


def score_places(
    places: MaskPlaces, *, settings: Settings, open_path: Callable[[str], DatasetPath]
) -> MaskScores:
    """Score the masks of two places.

    Args:
        places: Where they lie.
        settings: Of this process.
        open_path: Opens a folder.

    Raises:
        NotFoundError: A folder or file is not there, or there is no mask in the first.
        InvalidInputError: A folder holds something else, or an option is wrong.
        UndeclaredLabelsError: The labels may mean several things.
    """
    references, predictions = _files(places, open_path)
    labels = _labels(places.labels or settings.labels, references)
    own = places.prediction_labels or places.labels
    theirs = _prediction_labels(own, predictions, labels)
    names = settings.measures if places.measures is None else places.measures.split(",")
    sets = EVERY_SET if names is None else MeasureSet.parse(names)
    return MaskScores(
        scored=score_masks(
            NiftiReferenceMasks(references, labels),
            PredictedMasks(predictions, theirs, resample=places.resample),
            sets=sets,
            workers=settings.workers,
            track=partial(tracked, "scoring masks"),
        ),
        labels=labels,
        prediction_labels=theirs,
        sets=sets,
        strays=predictions.strays,
    )


def _files(
    places: MaskPlaces, open_path: Callable[[str], DatasetPath]
) -> tuple[MaskFiles, MaskFiles]:
    both = places.references, places.predictions
    if all(place.lower().endswith(ENDINGS) for place in both):
        one, other = (_file(place, open_path) for place in both)
        name = one.name[: one.name.lower().index(".nii")] or ONE
        return MaskFiles({name: one}), MaskFiles({name: other})
    if any(place.lower().endswith(ENDINGS) for place in both):
        raise InvalidInputError(f"{' and '.join(both)}: wanted two folders or two files")
    root = open_path(places.references)
    if holds_dicom(root):
        raise InvalidInputError(
            f"{root}: holds DICOM: wanted NIfTI masks; 'gliobench import DATASET --masks DIR' scores DICOM "
            "segmentations against those of a DICOM dataset"
        )
    references = MaskFiles.find(root, None, pattern=places.reference_pattern, beside_images=True)
    if not references.paths:
        raise NotFoundError(f"{root}: holds no mask, *.nii or *.nii.gz")
    theirs = open_path(places.predictions)
    return references, MaskFiles.find(theirs, references.paths.keys(), pattern=places.pattern)


def _file(place: str, open_path: Callable[[str], DatasetPath]) -> DatasetPath:
    folder, slash, name = place.rpartition("/")
    path = open_path(folder or slash or ".") / name
    if not path.is_file():
        raise NotFoundError(f"no file {place}")
    return path


def _labels(declared: str | OwnLabels | None, files: MaskFiles) -> LabelConvention:
    if declared is not None:
        return declared_convention(declared)
    proposal = propose(integers_of(files, track=partial(tracked, "reading labels")))
    if proposal is None:
        raise NotFoundError("no reference mask can be read")
    return proposal.labels().convention


def _prediction_labels(
    declared: str | None, files: MaskFiles, references: LabelConvention
) -> LabelConvention:
    if declared is not None:
        return declared_convention(declared)
    found = integers_of(files, track=partial(tracked, "reading labels of predictions"))
    return convention_of_predictions(found, references)
