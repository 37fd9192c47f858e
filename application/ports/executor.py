"""The port of everything that puts workers to work on batches of studies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Protocol, TypeAlias

from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.evaluation.effort import Effort
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Plane
from gliobench.domain.predictions.prediction import Failure


class ReadLimit(Enum):
    """What is read of a study that is given up, to score its failure."""

    ALL = "the study and its reference"
    REFERENCE = "its reference"
    NOTHING = "nothing"

    @property
    def less(self) -> ReadLimit | None:
        """Return the next one, for where looking so closely does harm; None after the last."""
        return {ReadLimit.ALL: ReadLimit.REFERENCE, ReadLimit.REFERENCE: ReadLimit.NOTHING}.get(
            self
        )


class Stage(str, Enum):
    """What a worker's time goes to."""

    LOAD = "load"
    INFER = "infer"
    SCORE = "score"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Assignment:
    """The work on one study.

    Args:
        study_id: The study.
        content: Hash of its images; None where they cannot be read.
        keys: Keys of its predictions, by backend.
        waiting: The backends among them that have not predicted it yet.
        plane: What a backend that is an oracle is shown.
    """

    study_id: str
    content: str | None
    keys: Mapping[str, str]
    waiting: frozenset[str]
    plane: Plane | None = None

    def under(self, backend: str) -> Assignment:
        """Take the part of one backend."""
        waiting = self.waiting & {backend}
        return replace(self, keys={backend: self.keys[backend]}, waiting=waiting)


Batch: TypeAlias = tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch.

    Args:
        scores: By backend, one a study; what was predicted is in the stores.
        seconds: By stage; stages overlap, so they may sum up to more than the clock says.
        efforts: Of each backend that was asked.
    """

    scores: Mapping[str, tuple[CaseScore, ...]]
    seconds: Mapping[Stage, float] = field(default_factory=dict)
    efforts: Mapping[str, Effort] = field(default_factory=dict)


class Work(Protocol):
    """What a worker does; it lives where the worker does, with its source, models and stores.

    Contract:
        - `load` may run in another thread than the rest, beside it.
        - `finish` keeps what was predicted before it returns; a batch that is finished twice leaves
          what one finished once does.
        - Errors of ours end the job: what a study or a backend does wrong is a Failure in a score.
    """

    @property
    def manifests(self) -> tuple[RunManifest, ...]:
        """Describe the backends, in order; independent of the cohort."""
        ...

    def load(self, batch: Batch) -> Any:  # noqa: ANN401 -- known to the work alone
        """Read the studies that some backend waits for."""
        ...

    def finish(self, batch: Batch, loaded: Any) -> Outcome:  # noqa: ANN401 -- as `load` gave it
        """Predict what waits, score all, keep what was predicted."""
        ...

    def give_up(self, batch: Batch, failure: Failure, limit: ReadLimit) -> Outcome:
        """Keep a failure for all that waits, and score all.

        Args:
            batch: What could not be finished.
            failure: Why.
            limit: What may be looked at; with all, scores are what `finish` makes of kept failures.
        """
        ...


MakeWork: TypeAlias = Callable[[], Work]
"""Makes a worker's work, in the worker's process: to get there it can be pickled, save for an
executor that stays in this process."""


class WorkerPool(Protocol):
    """Workers that hold their models.

    Contract:
        - Each batch has its outcomes, in any order; one may come in parts.
        - Batches are drawn when a worker has room for one, two a worker at most; so memory does not
          grow with their number.
        - Where workers live in processes of their own: a batch that kills its worker, or takes
          longer than the limit, is done again study by study, then backend by backend; what does it
          alone gets a Failure, `timeout` or `backend_error`. While nothing is done, there is an
          outcome of nothing now and then: they are waited for.
        - Once `stop` is true, what a worker has begun to infer is finished, and no more.
        - An error of ours in a worker is raised here; its text is the same.
    """

    @property
    def manifests(self) -> tuple[RunManifest, ...]:
        """Describe the backends, in order."""
        ...

    def run(self, batches: Iterable[Batch], stop: Callable[[], bool]) -> Iterator[Outcome]:
        """Work on batches."""
        ...


class Executor(Protocol):
    """Starts workers, and ends them at the end of the `with`, whatever they are doing then."""

    def worker_pool(self, make_work: MakeWork) -> AbstractContextManager[WorkerPool]:
        """Start workers, each with the work that `make_work` makes."""
        ...
