"""Run backends over a cohort, so that a killed run goes on where it stopped."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import KW_ONLY, dataclass, replace
from itertools import islice
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import Any, TypeAlias
from weakref import finalize

from gliobench.application.evaluate.manifests import prediction_key
from gliobench.application.evaluate.progress import Tally, Watch
from gliobench.application.evaluate.shards import Shard, listing_hash
from gliobench.application.ports.executor import Assignment, Batch, Executor, MakeWork, WorkerPool
from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.read_reference import oracle_plane
from gliobench.domain.comparison.endpoints import PrimaryOrigin, default_primary
from gliobench.domain.errors import FaultError, JobError, NotFoundError, StoppedError, StoreError
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Plane
from gliobench.domain.studies.cohort import UNREADABLE, cohort_fingerprint

HASHED_AT_ONCE = 4
"""Studies whose files are hashed side by side."""

Stopping: TypeAlias = Callable[[], AbstractContextManager[Callable[[], bool]]]
"""While entered, listens for a request to stop; gives the function that returns whether one came."""
IN_MEMORY = 2**22
"""Bytes that are held before a temporary file is made."""


@dataclass(frozen=True, slots=True)
class Run:
    """One backend over one cohort, or over a shard of one.

    Args:
        manifest: What the run is.
        store: Where it is kept.
        keys: Of each study's prediction, by study id.
    """

    manifest: RunManifest
    store: RunStore
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EvaluateCohort:
    """Has every study of a cohort predicted and scored by every backend, and keeps the scores.

    Args:
        source: Where the studies come from.
        executor: Starts the workers.
        open_store: Gives the store of the backend of this name, the one that workers write to.
        batch_size: Studies that are loaded, inferred and kept together, ≥ 1.
        stopping: Entered while batches are worked on; gives what is asked before one begins, and
            once that is true, none does.
        watch: Called with the progress.
    """

    source: StudySource
    executor: Executor
    _: KW_ONLY
    open_store: Callable[[str], RunStore]
    batch_size: int = 2
    stopping: Stopping = lambda: nullcontext(lambda: False)
    watch: Watch = lambda _: None

    def __call__(
        self,
        make_work: MakeWork,
        study_ids: Sequence[str],
        *,
        name: str = "",
        shard: Shard | None = None,
        primary: str | None = None,
        primary_origin: PrimaryOrigin | None = None,
    ) -> list[Run]:
        """Predict what is not predicted yet, and score all.

        Args:
            make_work: Makes a worker's work, over the same source, stores and backends.
            study_ids: The cohort.
            name: What the user calls it.
            shard: The part of it that is wanted here; None wants all.
            primary: The endpoint that is to decide comparisons; None for `default_primary`. It is
                recorded where a run begins, and stays as it was where one goes on.
            primary_origin: Whether somebody declared it; recorded and kept with it.

        Raises:
            JobError: A store keeps another cohort's run, or cannot be read or written.
            StoppedError: It was asked to stop before all was done.
        """
        wanted = shard.take(study_ids) if shard else sorted(study_ids)
        with ExitStack() as files:
            with self.executor.worker_pool(make_work) as pool:
                tally = Tally(pool.manifests, len(wanted), self.watch)
                hashes = dict(self._hashes(wanted, tally))
                about = _About(hashes, self._planes(pool.manifests, wanted))
                part = {
                    "cohort": cohort_fingerprint(hashes),
                    "n_studies": len(wanted),
                    "name": name,
                    "primary": primary
                    or default_primary([item.answers for item in pool.manifests]).name,
                    "primary_origin": primary_origin,
                    "labels": self.source.labels,
                    "target": self.source.target,
                    **(_of_shard(shard, study_ids) if shard else {}),
                }
                runs = [
                    self._begin(replace(manifest, **part), about) for manifest in pool.manifests
                ]
                spools = {run.manifest.backend: files.enter_context(ScoreSpool()) for run in runs}
                self._work(pool, self._batches(runs, about), tally, spools)
            for run in runs:
                run.store.write_scores(spools[run.manifest.backend])
        return runs

    def _hashes(self, study_ids: Sequence[str], tally: Tally) -> Iterator[tuple[str, str]]:
        with ThreadPoolExecutor(HASHED_AT_ONCE) as pool:
            for hashed in zip(study_ids, pool.map(self._content_hash, study_ids), strict=True):
                tally.report()
                yield hashed

    def _content_hash(self, study_id: str) -> str:
        try:
            return self.source.content_hash(study_id)
        except FaultError:
            return UNREADABLE

    def _planes(
        self, manifests: Sequence[RunManifest], study_ids: Sequence[str]
    ) -> dict[str, Plane | None]:
        if not any(manifest.facts.oracle for manifest in manifests):
            return {}
        return {study_id: oracle_plane(self.source, study_id) for study_id in study_ids}

    def _begin(self, manifest: RunManifest, about: _About) -> Run:
        store = self.open_store(manifest.backend)
        manifest = _with_first_primary(store, manifest)
        store.open(manifest)
        planes = about.planes if manifest.facts.oracle else {}
        keys = {
            one: prediction_key(one, content, manifest, planes.get(one))
            for one, content in about.hashes.items()
        }
        return Run(manifest, store, keys)

    def _work(
        self,
        pool: WorkerPool,
        batches: Iterator[Batch],
        tally: Tally,
        spools: Mapping[str, ScoreSpool],
    ) -> None:
        with self.stopping() as stop:
            for outcome in pool.run(batches, stop):
                for backend, cases in outcome.scores.items():
                    spools[backend].add(cases)
                tally.add(outcome)
            for backend, effort in tally.efforts.items():
                store = self.open_store(backend)
                store.write_effort(effort.beside(store.effort()))
            if tally.done < tally.wanted:
                raise _early_end(tally, stopped=stop())

    def _batches(self, runs: Sequence[Run], about: _About) -> Iterator[Batch]:
        kept = {run.manifest.backend: run.store.keys() for run in runs}
        assignments = (_assignment(study_id, runs, kept, about) for study_id in about.hashes)
        return iter(lambda: tuple(islice(assignments, self.batch_size)), ())


@dataclass(frozen=True, slots=True)
class _About:
    """What is known of the studies: the hash of each one's content, and the planes for oracles."""

    hashes: Mapping[str, str]
    planes: Mapping[str, Plane | None]


def _early_end(tally: Tally, *, stopped: bool) -> JobError:
    if not stopped:
        return JobError(f"workers scored {tally.done} of {tally.wanted} predictions: run again")
    return StoppedError(
        f"stopped after {tally.done} of {tally.wanted} predictions, which are kept: the same "
        "command goes on"
    )


def _with_first_primary(store: RunStore, manifest: RunManifest) -> RunManifest:
    """Keep the endpoint that was recorded when a run began: later, its scores may have been seen."""
    try:
        first = store.manifest()
    except NotFoundError:
        return manifest
    return replace(manifest, primary=first.primary, primary_origin=first.primary_origin)


def _of_shard(shard: Shard, study_ids: Sequence[str]) -> dict[str, Any]:
    return {"shard": shard.name, "listing": listing_hash(study_ids), "listed": len(study_ids)}


def _assignment(
    study_id: str, runs: Sequence[Run], kept: Mapping[str, set[str]], about: _About
) -> Assignment:
    keys = {run.manifest.backend: run.keys[study_id] for run in runs}
    content = about.hashes[study_id]
    return Assignment(
        study_id=study_id,
        content=None if content == UNREADABLE else content,
        keys=keys,
        waiting=frozenset(name for name, key in keys.items() if key not in kept[name]),
        plane=about.planes.get(study_id),
    )


class ScoreSpool:
    """Takes scores as they come and gives them by study id; memory holds ids and places only.

    What it does raises StoreError where the disk of temporary files is full.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 -- closed at the exit
        self._places: dict[str, int] = {}
        finalize(self, self._file.close)

    def __enter__(self) -> ScoreSpool:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # of what could not be written and is wanted no more
            self._file.close()

    def add(self, cases: Iterable[CaseScore]) -> None:
        """Take scores; a study's second one takes the place of its first."""
        with _room():
            for case in cases:
                self._places[case.study_id] = self._file.seek(0, SEEK_END)
                pickle.dump(case, self._file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[CaseScore]:
        for study_id in sorted(self._places):
            with _room():
                self._file.seek(self._places[study_id])
                case = pickle.load(self._file)  # noqa: S301 -- written above, by this process
            yield case


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"scores cannot be put in order in a temporary file: {error.strerror or error}: make "
            "room, or set TMPDIR"
        ) from error
