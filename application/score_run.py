"""Hold a run's predictions against the references; nothing is inferred."""

from __future__ import annotations

import numpy as np

from gliobench.application.evaluate_cohort import ORACLE, Run
from gliobench.application.ports.run_store import RunManifest, StudyPrediction
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.comparison.audits import learned_from
from gliobench.domain.errors import GliobenchError
from gliobench.domain.evaluation.report import BackendReport
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.evaluation.scoring import Target, score_localisation
from gliobench.domain.evaluation.summarise import summarise
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry import BoolArray, Grid
from gliobench.domain.prediction import LocalisationPrediction
from gliobench.domain.regions import Region
from gliobench.domain.study import Reference, Study


class ScoreRun:
    """Scores every study of a run, keeps the scores in its store, and sums them up.

    What it learns of a study's tumour it remembers, so that one image of a study is read once for
    any number of runs.

    Args:
        source: Where the studies and their references come from.
    """

    def __init__(self, source: StudySource) -> None:
        self._source = source
        self._facts: dict[str, TargetFacts] = {}

    def __call__(self, run: Run) -> BackendReport:
        """Score the predictions that are kept under the run's keys.

        Raises:
            JobError: The store cannot be read or written.
            InvalidInputError: A study's grid has changed since it was predicted.
        """
        predictions = run.store.predictions(frozenset(run.keys.values()))
        cases = sorted(
            (self._score(prediction, run) for prediction in predictions),
            key=lambda case: case.study_id,
        )
        run.store.write_scores(cases)
        return _report(run.manifest, cases)

    def _score(self, prediction: StudyPrediction, run: Run) -> CaseScore:
        study = self._study(prediction.study_id)
        reference = self._reference(prediction.study_id)
        place = prediction.localisation
        target = _target(reference, study)
        return CaseScore(
            study_id=prediction.study_id,
            patient_id=study.patient_id if study else prediction.study_id,
            site=study.site if study else None,
            reference_grade=reference.grade,
            grade=prediction.grade,
            localisation=score_localisation(place, asked=run.manifest.forms, target=target)
            if place is not None
            else {},
            plane=target.plane if target else None,
            oracle=ORACLE in run.manifest.settings
            or (isinstance(place, LocalisationPrediction) and place.oracle),
            target=self._target_facts(target, study) if target and study else None,
            content_hash=run.contents.get(prediction.study_id),
        )

    def _target_facts(self, target: Target, study: Study) -> TargetFacts:
        if study.id not in self._facts:
            self._facts[study.id] = TargetFacts.of(
                target.whole, grid=target.grid, plane=target.plane, brain=_brain(study)
            )
        return self._facts[study.id]

    def _study(self, study_id: str) -> Study | None:
        try:
            return self._source.study(study_id)
        except GliobenchError:
            return None

    def _reference(self, study_id: str) -> Reference:
        try:
            return self._source.reference(study_id)
        except GliobenchError:
            return Reference()


def _target(reference: Reference, study: Study | None) -> Target | None:
    whole = reference.regions.get(Region.WT)
    if whole is None:
        return None
    if study is None:
        # It failed for want of a grid, and what a failure scores asks for none.
        return Target.of(reference.regions, Grid(shape=whole.shape, affine=np.eye(4)))
    return Target.of(reference.regions, study.grid)


def _brain(study: Study) -> BoolArray | None:
    """Find the brain: what is not zero, after skull-stripping, in the first modality at hand."""
    for modality in study.volumes:
        try:
            brain = study.volume(modality) != 0
        except GliobenchError:
            continue
        if brain.any():
            return np.asarray(brain)
    return None


def _report(manifest: RunManifest, cases: list[CaseScore]) -> BackendReport:
    known = {case.patient_id for case in learned_from(cases, manifest.trained_on)}
    return BackendReport(
        name=manifest.backend,
        fingerprint=manifest.fingerprint,
        provenance=manifest.provenance,
        n_trained_on=len(known),
        oracle=any(case.oracle for case in cases),
        summary=summarise(cases, seed=manifest.seed),
        cases=tuple(cases),
    )
