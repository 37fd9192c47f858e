"""Run backends over a cohort, so that a killed run goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TypeAlias

from gliobench.application.ask_backend import Answer, ask
from gliobench.application.failures import failure_of
from gliobench.application.load_modalities import load_modalities
from gliobench.application.oracle_plane import oracle_plane
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import GliobenchError
from gliobench.domain.geometry import Plane
from gliobench.domain.prediction import Failure, Form, LocalisationPrediction
from gliobench.domain.study import Study

Progress: TypeAlias = Callable[[int, int, int], None]
"""Told the predictions done, the predictions wanted and the failed ones among the done."""

ORACLE = "oracle"
"""The setting of a run whose backend was shown planes chosen with the reference."""
UNREADABLE = "unreadable"
"""Stands for the content of a study whose files cannot be hashed."""


@dataclass(frozen=True, slots=True)
class Run:
    """One backend over one cohort.

    Args:
        manifest: What the run is.
        backend: Whom it asks.
        store: Where it is kept.
        keys: Of each study's prediction, by study id.
        oracle_planes: Shown to a backend that is an oracle, by study id; empty for any other.
        contents: Hash of each study's images, by study id; those that cannot be read are absent.
    """

    manifest: RunManifest
    backend: Backend
    store: RunStore
    keys: Mapping[str, str]
    oracle_planes: Mapping[str, Plane | None] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)


class EvaluateCohort:
    """Predicts every study of a cohort by every backend, each study loaded once for all.

    While a batch is inferred the next one is loaded, so two batches are in memory at most.

    Args:
        source: Where the studies come from.
        open_store: Gives the store of the backend of this name.
        batch_size: Studies that are loaded, inferred and kept together, ≥ 1.
        seed: Of the statistics, for the manifest.
        versions: Of gliobench and the libraries that compute, for the manifest.
    """

    def __init__(
        self,
        source: StudySource,
        *,
        open_store: Callable[[str], RunStore],
        batch_size: int = 2,
        seed: int = 0,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        self._source = source
        self._open_store = open_store
        self._batch_size = batch_size
        self._seed = seed
        self._versions = dict(versions or {})

    def __call__(
        self,
        backends: Sequence[Backend],
        study_ids: Sequence[str],
        progress: Progress = lambda *_: None,
    ) -> list[Run]:
        """Predict what is not predicted yet.

        Args:
            backends: Of different names.
            study_ids: The cohort.
            progress: Told after each batch of each backend.

        Raises:
            JobError: A store keeps another cohort's run, or cannot be read or written.
        """
        hashes = {study_id: self._content_hash(study_id) for study_id in study_ids}
        runs = [self._begin(backend, hashes) for backend in backends]
        waiting = {run.manifest.backend: _waiting(run) for run in runs}
        tally = _Tally(progress, total=len(runs) * len(study_ids))
        tally.add(tally.total - sum(map(len, waiting.values())))
        needed = [one for one in study_ids if any(one in left for left in waiting.values())]
        for batch in self._batches(needed):
            for run in runs:
                asked = {one: batch[one] for one in batch if one in waiting[run.manifest.backend]}
                predictions = _predict(run, asked)
                run.store.append(predictions)
                tally.add(len(predictions), failed=sum(map(_has_failed, predictions)))
        return runs

    def _content_hash(self, study_id: str) -> str:
        try:
            return self._source.content_hash(study_id)
        except GliobenchError:
            return UNREADABLE

    def _begin(self, backend: Backend, hashes: Mapping[str, str]) -> Run:
        forms = backend.localizer.forms if backend.localizer else frozenset[Form]()
        planes = {one: oracle_plane(self._source, one) for one in hashes if backend.oracle}
        manifest = RunManifest(
            cohort=cohort_fingerprint(hashes),
            backend=backend.name,
            fingerprint=backend.fingerprint,
            provenance=dict(backend.provenance),
            grades=backend.classifier is not None,
            forms=forms,
            settings={"forms": " ".join(sorted(form.value for form in forms))}
            | ({ORACLE: "largest tumour"} if backend.oracle else {}),
            trained_on=backend.trained_on,
            seed=self._seed,
            versions=self._versions,
            n_studies=len(hashes),
        )
        store = self._open_store(backend.name)
        store.open(manifest)
        keys = {
            one: prediction_key(one, content, manifest, planes.get(one))
            for one, content in hashes.items()
        }
        contents = {one: content for one, content in hashes.items() if content != UNREADABLE}
        return Run(manifest, backend, store, keys, oracle_planes=planes, contents=contents)

    def _batches(self, study_ids: Sequence[str]) -> Iterator[dict[str, Study | Failure]]:
        """Load batch after batch, each while the one before is used."""
        size = self._batch_size
        with ThreadPoolExecutor(max_workers=1) as loader:
            ahead: Future[dict[str, Study | Failure]] | None = None
            for start in range(0, len(study_ids), size):
                loading = loader.submit(self._load, study_ids[start : start + size])
                if ahead is not None:
                    yield ahead.result()
                ahead = loading
            if ahead is not None:
                yield ahead.result()

    def _load(self, study_ids: Sequence[str]) -> dict[str, Study | Failure]:
        return {study_id: self._load_one(study_id) for study_id in study_ids}

    def _load_one(self, study_id: str) -> Study | Failure:
        """Read a study whole: one that cannot be read fails all backends alike."""
        try:
            study = self._source.study(study_id)
            load_modalities(study, study.volumes)
        except GliobenchError as error:
            return failure_of(error)
        return study


def cohort_fingerprint(hashes: Mapping[str, str]) -> str:
    """Hash a cohort's study ids with their contents, whatever their order."""
    return sha256(json.dumps(sorted(hashes.items())).encode()).hexdigest()


def prediction_key(
    study_id: str, content_hash: str, manifest: RunManifest, oracle: Plane | None = None
) -> str:
    """Hash all that a prediction depends on; two studies with one content have two keys.

    Args:
        study_id: The study.
        content_hash: Of its images.
        manifest: The run's.
        oracle: The plane that the backend is shown, where the reference has chosen it.
    """
    decisive = [study_id, content_hash, manifest.fingerprint, sorted(manifest.settings.items())]
    shown = [oracle.axis, oracle.index] if oracle else []
    return sha256(json.dumps(decisive + shown).encode()).hexdigest()


class _Tally:
    def __init__(self, progress: Progress, *, total: int) -> None:
        self.total = total
        self._progress, self._done, self._failed = progress, 0, 0

    def add(self, done: int, *, failed: int = 0) -> None:
        self._done += done
        self._failed += failed
        self._progress(self._done, self.total, self._failed)


def _waiting(run: Run) -> set[str]:
    kept = run.store.keys()
    return {study_id for study_id, key in run.keys.items() if key not in kept}


def _predict(run: Run, loaded: Mapping[str, Study | Failure]) -> list[StudyPrediction]:
    readable = {
        study_id: replace(one, oracle_plane=run.oracle_planes[study_id])
        if run.backend.oracle
        else one
        for study_id, one in loaded.items()
        if isinstance(one, Study)
    }
    said = dict(zip(readable, ask(run.backend, list(readable.values())), strict=True))
    grades, localises = run.manifest.grades, bool(run.manifest.forms)
    answers: dict[str, Answer] = {
        study_id: (one if grades else None, one if localises else None)
        if isinstance(one, Failure)
        else said[study_id]
        for study_id, one in loaded.items()
    }
    return [StudyPrediction(run.keys[one], one, *answer) for one, answer in answers.items()]


def _has_failed(prediction: StudyPrediction) -> bool:
    place = prediction.localisation
    forms = place.answers.values() if isinstance(place, LocalisationPrediction) else ()
    return any(isinstance(one, Failure) for one in (prediction.grade, place, *forms))
