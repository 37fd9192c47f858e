"""Score a folder of masks against another: no images, no backend, no run."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import isnan

from gliobench.application.datasets.dataset_labels import Track
from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.application.ports.reference_masks import ReferenceMasks
from gliobench.domain.errors import FaultError
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.localisation_rows import localisation_rows
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.evaluation.scoring import Target, score_localisation
from gliobench.domain.evaluation.summary import FormSummary
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.lesionwise.tasks import Task, task_of
from gliobench.domain.metrics.measures import DICE, MeasureSet
from gliobench.domain.position.another_frame import BetterFit, better_fit
from gliobench.domain.predictions.prediction import Form, LocalisationPrediction


@dataclass(frozen=True, slots=True)
class ScoredMasks:
    """What became of two folders of masks.

    Args:
        cases: One a study, in the order of their names.
        rows: By region, over all studies, failures as the worst answer.
        answered: Likewise, over the studies with a usable prediction.
        unread: Why a reference could not be read, by study; such a study is not scored.
        fit: A mirror image or a turn by which the masks follow the tumours better; None as a rule.
    """

    cases: tuple[CaseScore, ...]
    rows: tuple[FormSummary, ...]
    answered: tuple[FormSummary, ...]
    unread: dict[str, str] = field(default_factory=dict)
    fit: BetterFit | None = None

    @property
    def n_failed(self) -> int:
        """Studies without a usable prediction."""
        return sum(bool(case.failures) for case in self.cases)

    @property
    def equal_to_references(self) -> bool:
        """Whether there are masks of tumours, and all are the references, voxel for voxel."""
        names = {DICE.score_name(region) for region in Region}
        answered = [case for case in self.cases if not (case.failures or case.tumour_free)]
        scores = [case.localisation[Form.MASK].scores for case in answered]
        dice = [value for found in scores for name, value in found.items() if name in names]
        return bool(answered) and all(value == 1 for value in dice if not isnan(value))

    @property
    def finds_none(self) -> bool:
        """Whether there are masks of studies with a tumour, and all are empty."""
        shown = [case.found_tumour for case in self.cases if not case.tumour_free]
        return False in shown and True not in shown


def score_masks(
    references: ReferenceMasks,
    predictions: PredictionFiles,
    *,
    regions: Collection[Region] | None = None,
    sets: Collection[MeasureSet] = (),
    workers: int = 1,
    track: Track = iter,
) -> ScoredMasks:
    """Score every reference; one without a prediction is a failure and scores worst.

    Args:
        references: The experts' masks.
        predictions: The masks to score.
        regions: Those that the predictions answer, all of which a failure scores worst in; None takes those
            that some mask answers.
        sets: Measures that are asked for, beside what is always computed.
        workers: Studies that are read and scored side by side.
        track: Wraps the study ids, e.g. in a progress bar.

    Raises:
        JobError: A store cannot be read.
    """
    task = task_of(references.convention.name)

    def score(study_id: str) -> CaseScore | str:
        try:
            return _score(study_id, references, predictions, sets, task)
        except FaultError as error:
            return str(error)

    study_ids = references.study_ids()
    with ThreadPoolExecutor(workers) as pool:
        found = dict(zip(track(study_ids), pool.map(score, study_ids), strict=True))
    placed = [item for item in found.values() if isinstance(item, CaseScore)]
    cases = tuple(map(_masks_alone, placed))
    masks = CaseTable.of(cases).of_forms(Form.MASK)
    return ScoredMasks(
        cases=cases,
        rows=localisation_rows(masks, answered_only=False, regions=regions),
        answered=localisation_rows(masks, answered_only=True, regions=regions),
        unread={study_id: item for study_id, item in found.items() if isinstance(item, str)},
        fit=better_fit(CaseTable.of(placed)),
    )


def _score(
    study_id: str,
    references: ReferenceMasks,
    predictions: PredictionFiles,
    sets: Collection[MeasureSet],
    task: Task,
) -> CaseScore:
    reference = references.read(study_id)
    study = reference.study
    target = Target.of(reference.regions, study.grid, task)
    said = predictions.localise(study)
    scored = score_localisation(said, asked=[Form.MASK], target=target, sets=sets)
    if not reference.is_whole:
        scored[Form.MASK] = scored[Form.MASK].without_background
    return CaseScore(
        study_id=study_id,
        patient_id=study.patient_id,
        site=None,
        reference_grade=None,
        localisation=scored,
        plane=target.plane if target else None,
        found_tumour=said.finds_tumour if isinstance(said, LocalisationPrediction) else None,
        target=None
        if target is None or target.plane is None
        else TargetFacts.of(target.whole, grid=study.grid, plane=target.plane),
        tumour_free=target is not None and target.plane is None,
    )


def _masks_alone(case: CaseScore) -> CaseScore:
    """Leave out what a mask yields besides: points and boxes show its frame only."""
    return replace(case, localisation={Form.MASK: case.localisation[Form.MASK]}, target=None)
