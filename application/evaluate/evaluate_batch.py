"""What a worker does with a batch: load it, ask the backends, score and keep their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TypeAlias, final

from gliobench.application.evaluate.manifests import manifest_of
from gliobench.application.evaluate.score_study import ScoreStudy
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.executor import Assignment, Batch, Outcome, ReadLimit, Stage, Work
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.ask_backend import Answer, ask, tokens_of
from gliobench.application.predict.failures import failure_of
from gliobench.application.predict.load_modalities import load_modalities
from gliobench.domain.errors import FaultError, JobError
from gliobench.domain.evaluation.effort import Effort
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.metrics.measures import MeasureSet
from gliobench.domain.predictions.prediction import Failure
from gliobench.domain.predictions.tokens import Tokens
from gliobench.domain.studies.study import Study

Predictions: TypeAlias = dict[str, StudyPrediction]
"""Of one backend, by study id."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A batch in memory.

    Args:
        studies: Those that some backend waits for, by id.
        seconds: How long that took.
    """

    studies: Mapping[str, Study | Failure]
    seconds: float


@final
class EvaluateBatch(Work):
    """Predicts a batch by every backend that has not, each study loaded once for all.

    Args:
        source: Where the studies come from.
        backends: Of different names.
        open_store: Gives the store of the backend of this name.
        seed: Of the statistics, for the manifests.
        versions: Of gliobench and the libraries that compute, for the manifests.
        measures: Sets of measures that are asked for, beside what is always computed.
    """

    def __init__(
        self,
        source: StudySource,
        backends: Sequence[Backend],
        *,
        open_store: Callable[[str], RunStore],
        seed: int = 0,
        versions: Mapping[str, str] | None = None,
        measures: tuple[MeasureSet, ...] = (),
    ) -> None:
        self._source = source
        self._backends = {backend.name: backend for backend in backends}
        self._stores = {name: open_store(name) for name in self._backends}
        self._manifests = {
            name: manifest_of(backend, seed=seed, versions=versions or {}, measures=measures)
            for name, backend in self._backends.items()
        }

    @property
    def manifests(self) -> tuple[RunManifest, ...]:
        """The manifest of each backend, in order."""
        return tuple(self._manifests.values())

    def load(self, batch: Batch) -> Loaded:
        """Read the studies that some backend waits for."""
        start = perf_counter()
        studies = {
            assignment.study_id: self._load(assignment)
            for assignment in batch
            if assignment.waiting
        }
        return Loaded(studies, perf_counter() - start)

    def finish(self, batch: Batch, loaded: Loaded) -> Outcome:
        """Predict what waits, score all, keep what was predicted.

        Raises:
            StoreError: A source or a store cannot be read or written now.
            JobError: A store cannot be read.
            InvalidInputError: A study's grid has changed since it was predicted.
        """
        clock = _Clock({Stage.LOAD: loaded.seconds})
        new: dict[str, Predictions] = {}
        efforts: dict[str, Effort] = {}
        for name, manifest in self._manifests.items():
            if asked := [assignment for assignment in batch if name in assignment.waiting]:
                with clock.running(Stage.INFER) as seconds:
                    new[name] = self._predict(name, asked, loaded.studies)
                    opened = [loaded.studies[assignment.study_id] for assignment in asked]
                    readable = sum(isinstance(study, Study) for study in opened)
                    efforts[name] = Effort(manifest.fingerprint, readable, seconds())
        with clock.running(Stage.SCORE):
            scores = self._score(
                batch, new, lambda one: self._scorer(one, loaded.studies.get(one.study_id))
            )
        self._keep(new, clock)
        return Outcome(scores, clock.seconds, efforts)

    def give_up(self, batch: Batch, failure: Failure, limit: ReadLimit) -> Outcome:
        """Keep a failure for all that waits, and score all.

        Raises:
            StoreError: A source or a store cannot be read or written now.
            JobError: A store cannot be read.
        """
        clock = _Clock()
        new = {
            name: {
                assignment.study_id: _prediction(assignment, self._manifests[name], failure)
                for assignment in batch
                if name in assignment.waiting
            }
            for name in {name for assignment in batch for name in assignment.waiting}
        }
        with clock.running(Stage.SCORE):
            scores = self._score(batch, new, lambda one: self._scorer(one, limit=limit))
        self._keep(new, clock)
        return Outcome(scores, clock.seconds)

    def _load(self, one: Assignment) -> Study | Failure:
        """Read a study whole where a backend reads images: one that cannot be read fails all alike."""
        try:
            study = self._source.study(one.study_id)
            if self._read_images(one.waiting):
                load_modalities(study, study.volumes)
        except FaultError as error:
            return failure_of(error)
        return study

    def _predict(
        self, name: str, asked: Sequence[Assignment], studies: Mapping[str, Study | Failure]
    ) -> Predictions:
        backend, manifest = self._backends[name], self._manifests[name]
        readable = {
            assignment.study_id: replace(study, oracle_plane=assignment.plane)
            if backend.facts.oracle
            else study
            for assignment in asked
            if isinstance(study := studies[assignment.study_id], Study)
        }
        said: dict[str, Answer | Failure] = {
            study_id: study for study_id, study in studies.items() if isinstance(study, Failure)
        }
        said |= zip(readable, ask(backend, list(readable.values())), strict=True)
        tokens = {study_id: tokens_of(backend, study) for study_id, study in readable.items()}
        return {
            waiting.study_id: _prediction(
                waiting, manifest, said[waiting.study_id], tokens.get(waiting.study_id)
            )
            for waiting in asked
        }

    def _score(
        self,
        batch: Batch,
        new: Mapping[str, Predictions],
        scorer: Callable[[Assignment], ScoreStudy],
    ) -> dict[str, tuple[CaseScore, ...]]:
        kept = {name: self._kept(name, batch) for name in self._backends}
        cases: dict[str, list[CaseScore]] = {}
        for assignment in batch:
            score = scorer(assignment)
            for name in assignment.keys:
                found = (new if name in assignment.waiting else kept)[name].get(assignment.study_id)
                if found is None:
                    raise JobError(
                        f"the prediction of {assignment.study_id} by {name} is gone: run again"
                    )
                cases.setdefault(name, []).append(score(found, self._manifests[name]))
        return {name: tuple(scored) for name, scored in cases.items()}

    def _kept(self, name: str, batch: Batch) -> Predictions:
        keys = {
            assignment.keys[name]
            for assignment in batch
            if name in assignment.keys and name not in assignment.waiting
        }
        if not keys:
            return {}
        return {found.study_id: found for found in self._stores[name].predictions(keys)}

    def _scorer(
        self,
        one: Assignment,
        study: Study | Failure | None = None,
        limit: ReadLimit = ReadLimit.ALL,
    ) -> ScoreStudy:
        opened = study if isinstance(study, Study) else None
        return ScoreStudy.of(
            self._source,
            one.study_id,
            one.content,
            opened,
            limit,
            all_images=self._read_images(one.keys),
        )

    def _read_images(self, names: Iterable[str]) -> bool:
        return any(self._backends[name].reads_images for name in names)

    def _keep(self, new: Mapping[str, Predictions], clock: _Clock) -> None:
        with clock.running(Stage.STORE):
            for name, predictions in new.items():
                self._stores[name].append(list(predictions.values()))


def _prediction(
    one: Assignment, manifest: RunManifest, said: Answer | Failure, tokens: Tokens | None = None
) -> StudyPrediction:
    """Fill in a study's failure for what the backend offers."""
    answer: Answer = (
        (said if manifest.grades else None, said if manifest.forms else None)
        if isinstance(said, Failure)
        else said
    )
    return StudyPrediction(one.keys[manifest.backend], one.study_id, *answer, tokens)


@dataclass(frozen=True, slots=True)
class _Clock:
    seconds: dict[Stage, float] = field(default_factory=dict)

    @contextmanager
    def running(self, stage: Stage) -> Iterator[Callable[[], float]]:
        """Count the seconds of a block towards a stage; gives what returns those so far."""
        start = perf_counter()
        try:
            yield lambda: perf_counter() - start
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + perf_counter() - start
