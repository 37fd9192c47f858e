"""How an evaluation is put together: passes over studies, then what readers see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gliobench.application.shards import Shard

if TYPE_CHECKING:
    from collections.abc import Callable

    from gliobench.application.evaluate_cohort import Run
    from gliobench.application.ports.run_store import RunStore
    from gliobench.application.ports.study_source import StudySource
    from gliobench.domain.evaluation.report import EvaluationReport
    from gliobench.entrypoints.recipe import EvaluationRecipe


@dataclass(frozen=True, slots=True)
class Reported:
    """A report, and where it was written.

    Args:
        report: What it says.
        places: The one to open first.
    """

    report: EvaluationReport
    places: Sequence[str]


def evaluate_studies(recipe: EvaluationRecipe) -> list[Run]:
    """Predict, score and keep what the recipe names; an interrupted pass goes on.

    Raises:
        StoppedError: SIGTERM came before all was done.
    """
    from gliobench.application.shards import run_name
    from gliobench.entrypoints.container import run_place, settings
    from gliobench.entrypoints.monitoring import watching
    from gliobench.entrypoints.stopping import terminating

    if recipe.shard is not None:
        from gliobench.application.merge_shards import check_division

        for backend in recipe.backends:
            check_division(run_place(recipe.out), run_name(backend), recipe.shard)
    source = recipe.source()
    batch_size = recipe.settings.batch_size
    with (
        terminating() as stop,
        watching(metrics_file=settings().metrics_file, batch_size=batch_size) as watch,
    ):
        runs = one_pass(recipe, source, watch=watch, stop=stop)
        keep_cases(recipe, source, runs)
    return runs
