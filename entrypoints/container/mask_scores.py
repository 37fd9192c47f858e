"""Two folders of masks, or two files, with what their labels or segments mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from gliobench.adapters.nifti.mask_file import read_integers
from gliobench.adapters.nifti.predicted_mask_names import MaskFiles
from gliobench.adapters.nifti.predicted_masks import PredictedMasks, integers_of
from gliobench.adapters.nifti.reference_masks import NiftiReferenceMasks
from gliobench.application.evaluate.score_masks import ScoredMasks, score_masks
from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.application.ports.reference_masks import ReferenceMasks
from gliobench.domain.errors import FaultError, NotFoundError
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.exchanged_tissues import PROBED, Regions, are_exchanged
from gliobench.domain.labels.proposal import convention_of_predictions, propose
from gliobench.domain.metrics.measures import EVERY_SET, MeasureSet
from gliobench.domain.predictions.prediction import Failure, Form, Mask
from gliobench.entrypoints.container.mask_folders import (
    FindSegmentations,
    FoundMasks,
    MaskPlaces,
    find_masks,
)
from gliobench.entrypoints.container.places import OpenPath
from gliobench.entrypoints.label_settings import OwnLabels, declared_convention
from gliobench.entrypoints.progress import tracked
from gliobench.entrypoints.settings import Settings


@dataclass(frozen=True, slots=True)
class MaskScores:
    """The scores, and what they are of.

    Args:
        scored: By study and by region.
        labels: Convention of the references.
        prediction_labels: Convention of the predictions.
        sets: Sets of measures that were computed.
        strays: Files or series of the predictions that belong to no reference.
        passed_over: Files beside the references that were not read: masks of the brain, say.
        exchanged: Whether tissues of the predictions lie where the references have others, and their labels
            are not declared.
    """

    scored: ScoredMasks
    labels: LabelConvention
    prediction_labels: LabelConvention
    sets: tuple[MeasureSet, ...]
    strays: tuple[str, ...]
    passed_over: tuple[str, ...] = ()
    exchanged: bool = False


@dataclass(frozen=True, slots=True)
class SegmentationReaders:
    """What reads DICOM segmentations; all of it needs the extra."""

    find: FindSegmentations
    references: Callable[..., ReferenceMasks]
    predictions: Callable[..., Any]


def score_places(
    places: MaskPlaces,
    *,
    settings: Settings,
    open_path: OpenPath,
    segmentations: SegmentationReaders,
) -> MaskScores:
    """Score the masks of two places.

    Raises:
        NotFoundError: A folder or file is not there, or there is no mask in the first.
        InvalidInputError: A folder holds something else, or an option is wrong.
        UndeclaredLabelsError: The labels may mean several things.
    """
    references, predictions = find_masks(places, open_path, segmentations.find)
    labels = _labels(places.labels or settings.labels, references)
    own = places.prediction_labels or places.labels
    dataset = labels if isinstance(references, MaskFiles) else None
    theirs = _prediction_labels(own, predictions, dataset)
    names = settings.measures if places.measures is None else places.measures.split(",")
    sets = EVERY_SET if names is None else MeasureSet.parse(names)
    answers = (
        PredictedMasks(predictions, theirs, resample=places.resample)
        if isinstance(predictions, MaskFiles)
        else segmentations.predictions(predictions, resample=places.resample)
    )
    experts = (
        NiftiReferenceMasks(references, labels)
        if isinstance(references, MaskFiles)
        else segmentations.references(references, answers.around)
    )
    scored = score_masks(
        experts,
        answers,
        regions=[region for region in labels.regions if region in theirs.regions],
        sets=sets,
        workers=settings.workers,
        track=partial(tracked, "scoring masks"),
    )
    maps = references.no_masks if isinstance(references, MaskFiles) else ()
    passed_over = (*references.strays, *maps)
    answered = [case.study_id for case in scored.cases if not case.failures][:PROBED]
    exchanged = own is None and are_exchanged(_regions(answered, experts, answers))
    return MaskScores(scored, labels, theirs, sets, predictions.strays, passed_over, exchanged)


def _regions(
    study_ids: Iterable[str], references: ReferenceMasks, predictions: PredictionFiles
) -> Iterator[tuple[Regions, Regions]]:
    for study_id in study_ids:
        reference = references.read(study_id)
        said = predictions.localise(reference.study)
        mask = None if isinstance(said, Failure) else said.answers[Form.MASK]
        if isinstance(mask, Mask):
            yield mask.regions, reference.regions


def _labels(declared: str | OwnLabels | None, found: FoundMasks) -> LabelConvention:
    if not isinstance(found, MaskFiles):
        return found.convention
    if declared is not None:
        return declared_convention(declared)
    proposal = propose(integers_of(found, track=partial(tracked, "reading labels")))
    if proposal is None:
        raise NotFoundError(f"no reference mask can be read{_why(found)}")
    return proposal.labels().convention


def _why(found: MaskFiles) -> str:
    """Return why the first mask cannot be read."""
    try:
        read_integers(found.paths[min(found.paths)])
    except FaultError as error:
        return f": {error}"
    return ""


def _prediction_labels(
    declared: str | None, found: FoundMasks, references: LabelConvention | None
) -> LabelConvention:
    if not isinstance(found, MaskFiles):
        return found.convention
    if declared is not None:
        return declared_convention(declared)
    integers = integers_of(found, track=partial(tracked, "reading labels of predictions"))
    return convention_of_predictions(integers, references)
