"""The port of everything that keeps a run: one backend over one cohort."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from gliobench.domain.comparison.endpoints import Answers, PrimaryOrigin
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.effort import Effort
from gliobench.domain.evaluation.saved_case import SavedCase
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.metrics.measures import MeasureSet
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.predictions.tokens import Tokens
from gliobench.domain.studies.grading_target import GRADE, GradingTarget


@dataclass(frozen=True, slots=True)
class RunManifest:
    """What a run is.

    Args:
        cohort: Fingerprint of the cohort: the studies' ids and contents.
        backend: Its name.
        fingerprint: Hash of all that decides its predictions.
        provenance: What it says of itself: weights, execution provider, …
        facts: What is special about it.
        grades: Whether it grades.
        forms: The forms of localisation that it was asked for.
        settings: What else decides a prediction; part of every key.
        trained_on: Hashes of the patients (`patient_hash`) and of the images (`image_hash`) that it
            has learned from; None where the backend does not state that.
        seed: Seed of the statistics.
        versions: Of gliobench and the libraries that computed.
        n_studies: Studies of the cohort, or of a shard's part of it; None where an older run does
            not record it.
        name: What the user calls the cohort.
        shard: `I-of-N` where the run is over one part of a cohort.
        listing: Of a shard, the hash of all of the cohort's study ids.
        listed: Of a shard, the studies of the whole cohort.
        missing_shards: Of a run that was merged from shards, those that were not there.
        primary: The endpoint that was to decide comparisons when the run began, which nothing here
            depends on; None where none is recorded, or shards recorded several.
        primary_origin: Whether somebody had declared that endpoint or it was the default; None
            where an older run does not say.
        unstated: The part of the backend whose training data are not stated, see `Backend`; None
            where an older run does not say.
        labels: What the labels of the reference masks mean; scores are of it, predictions are not.
            None where there is no mask of labels, or an older run does not say.
        measures: Sets of measures that its scores have, beside what is always computed.
        target: What is graded; scores are of it.
    """

    cohort: str
    backend: str
    fingerprint: str
    provenance: Mapping[str, str]
    grades: bool
    forms: frozenset[Form]
    settings: Mapping[str, str]
    trained_on: frozenset[str] | None
    seed: int
    facts: BackendFacts = field(default_factory=BackendFacts)
    versions: Mapping[str, str] = field(default_factory=dict)
    n_studies: int | None = None
    name: str = ""
    shard: str | None = None
    listing: str | None = None
    listed: int | None = None
    missing_shards: tuple[str, ...] = ()
    primary: str | None = None
    primary_origin: PrimaryOrigin | None = None
    unstated: str | None = None
    labels: DatasetLabels | None = None
    measures: tuple[MeasureSet, ...] = ()
    target: GradingTarget = GRADE

    @property
    def answers(self) -> Answers:
        """What the backend answers."""
        return Answers(self.grades, self.forms, baseline=bool(self.facts.baseline))


@dataclass(frozen=True, slots=True)
class StudyPrediction:
    """All that a backend said of one study.

    Args:
        key: Hash of the study's content, the backend and the settings.
        study_id: The study.
        grade: None where the backend does not grade.
        localisation: None where it does not localise.
        tokens: That the answers took, those that a server had kept included; None where they are not
            counted, of backends that answer in no words, and of older runs.
    """

    key: str
    study_id: str
    grade: GradePrediction | Failure | None
    localisation: LocalisationPrediction | Failure | None
    tokens: Tokens | None = None


class RunStore(Protocol):
    """Keeps the predictions of one run.

    Contract:
        - `append` keeps all of its predictions or, with JobError, none: a process killed at any
          moment loses at most the batch in hand.
        - What is read equals what was appended, to the last bit.
        - A key appended twice is read once.
        - Scores are of the manifest that was opened by whoever kept them: with another, there are
          none, and the run is not finished.
        - A store that cannot be read or written raises JobError in one line that names the place.
        - What was never kept raises NotFoundError, likewise; predictions are just absent.
    """

    def open(self, manifest: RunManifest) -> None:
        """Begin a run, or go on with one; a changed manifest takes the place of the old.

        Raises:
            JobError: Another cohort's or another backend's run is kept here, and not merely some
                shards of one.
        """
        ...

    def manifest(self) -> RunManifest:
        """Read what run is kept here."""
        ...

    def keys(self) -> set[str]:
        """Name every prediction kept here."""
        ...

    def append(self, predictions: Sequence[StudyPrediction]) -> None:
        """Keep a batch of predictions."""
        ...

    def predictions(self, keys: Collection[str]) -> Iterator[StudyPrediction]:
        """Read the predictions of these keys that are kept here, one at a time, in any order."""
        ...

    def write_scores(self, scores: Iterable[CaseScore]) -> None:
        """Keep the scores, in the place of earlier ones."""
        ...

    def write_scores_of(self, parts: Sequence[Self], *, at_once: int = 1) -> None:
        """Keep the scores of other runs, one run after the other, as `write_scores` would keep them.

        Args:
            parts: Scored runs of the same place.
            at_once: How many of them may be read side by side, and be in memory, ≥ 1.
        """
        ...

    def finish(self) -> None:
        """Note that nothing more will be kept of the run as it is now."""
        ...

    def is_finished(self) -> bool:
        """Return whether that was noted."""
        ...

    def is_scored(self) -> bool:
        """Return whether there are scores, without reading them."""
        ...

    def scores(self, study_ids: Collection[str] | None = None) -> Iterator[CaseScore]:
        """Read the scores in the order they were kept in, one at a time; of these studies, or all."""
        ...

    def contents(self) -> Iterator[tuple[str, str | None]]:
        """Read of each score the study and its content hash, in order."""
        ...

    def case_table(self) -> CaseTable:
        """Read the scores as `CaseTable.of` would lay them out, but faster."""
        ...

    def write_effort(self, effort: Effort) -> None:
        """Note how long the backend has taken so far, which no prediction or score depends on."""
        ...

    def effort(self) -> Effort | None:
        """Read how long the backend has taken; None where it was not noted."""
        ...

    def write_saved_cases(self, cases: Iterable[SavedCase]) -> None:
        """Keep what readers will see of cases, in the place of earlier ones; none leaves none."""
        ...

    def saved_cases(self) -> Iterator[SavedCase]:
        """Read what is kept of cases, one at a time; nothing where nothing ever was."""
        ...
