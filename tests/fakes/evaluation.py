"""An evaluation of backends in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fakes.fake_executor import FakeExecutor
from gliobench.application.evaluate.evaluate_batch import EvaluateBatch
from gliobench.application.evaluate.evaluate_cohort import EvaluateCohort, Run
from gliobench.application.evaluate.shards import Shard
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.executor import Executor
from gliobench.application.ports.run_store import RunStore
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.comparison.endpoints import PrimaryOrigin


def evaluate(
    source: StudySource,
    backends: Sequence[Backend],
    open_store: Callable[[str], RunStore],
    *,
    ids: Sequence[str] | None = None,
    executor: Executor | None = None,
    shard: Shard | None = None,
    name: str = "cohort",
    primary: str | None = None,
    primary_origin: PrimaryOrigin | None = None,
    **options: Any,
) -> list[Run]:
    """Evaluate, in this thread unless an executor is given."""
    evaluate_cohort = EvaluateCohort(
        source, executor or FakeExecutor(), open_store=open_store, **options
    )
    return evaluate_cohort(
        lambda: EvaluateBatch(source, backends, open_store=open_store),
        source.study_ids() if ids is None else ids,
        name=name,
        shard=shard,
        primary=primary,
        primary_origin=primary_origin,
    )
