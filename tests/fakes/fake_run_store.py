"""A run in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Self, final

from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.domain.errors import JobError, NotFoundError
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.effort import Effort
from gliobench.domain.evaluation.saved_case import SavedCase
from gliobench.domain.evaluation.scores import CaseScore


@final
class FakeRunStore(RunStore):
    """Keeps a run in a dict; `breaks_at` makes the n-th batch fail as on a full disk."""

    def __init__(self, *, breaks_at: int | None = None) -> None:
        self._manifest: RunManifest | None = None
        self.kept: dict[str, StudyPrediction] = {}
        self._scores: list[CaseScore] | None = None
        self._is_finished = False
        self._effort: Effort | None = None
        self._kept_cases: list[SavedCase] = []
        self.batches: list[list[str]] = []
        self._breaks_at = breaks_at

    def open(self, manifest: RunManifest) -> None:
        for what in ("backend", "cohort"):
            kept = self._manifest
            if kept and getattr(kept, what) != getattr(manifest, what) and not kept.missing_shards:
                raise JobError(f"this store keeps a run over another {what}")
        if self._manifest != manifest:
            self._scores, self._is_finished = None, False
        self._manifest = manifest

    @property
    def has_begun(self) -> bool:
        return self._manifest is not None

    def manifest(self) -> RunManifest:
        if self._manifest is None:
            raise NotFoundError("no run is kept here")
        return self._manifest

    def keys(self) -> set[str]:
        return set(self.kept)

    def append(self, predictions: Sequence[StudyPrediction]) -> None:
        if len(self.batches) == self._breaks_at:
            self._breaks_at = None
            raise JobError("cannot write: no space left on device")
        if predictions:
            self.batches.append([prediction.study_id for prediction in predictions])
        self.kept |= {prediction.key: prediction for prediction in predictions}

    def predictions(self, keys: Collection[str]) -> Iterator[StudyPrediction]:
        return (self.kept[key] for key in self.kept if key in keys)

    def write_scores(self, scores: Iterable[CaseScore]) -> None:
        self._scores = list(scores)

    def write_scores_of(self, parts: Sequence[Self], *, at_once: int = 1) -> None:
        self.write_scores(case for part in parts for case in part.scores())

    def finish(self) -> None:
        self._is_finished = True

    def is_finished(self) -> bool:
        return self._is_finished

    def is_scored(self) -> bool:
        return self._scores is not None

    def scores(self, study_ids: Collection[str] | None = None) -> Iterator[CaseScore]:
        if self._scores is None:
            raise NotFoundError("no scores are kept here")
        return (one for one in self._scores if study_ids is None or one.study_id in study_ids)

    def contents(self) -> Iterator[tuple[str, str | None]]:
        return ((case.study_id, case.content_hash) for case in self.scores())

    def case_table(self) -> CaseTable:
        return CaseTable.of(self.scores())

    def write_effort(self, effort: Effort) -> None:
        self._effort = effort

    def effort(self) -> Effort | None:
        return self._effort

    def write_saved_cases(self, cases: Iterable[SavedCase]) -> None:
        self._kept_cases = list(cases)

    def saved_cases(self) -> Iterator[SavedCase]:
        return iter(self._kept_cases)
