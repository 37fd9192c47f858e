"""What a backend answered under the controls, from the runs that are saved."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.application.ports.run_store import RunStore
from gliobench.domain.controls.controls import Control
from gliobench.domain.position.control_responses import Response, response
from gliobench.domain.statistics.means import RESAMPLES


def responses(
    true: RunStore,
    controls: Mapping[Control, RunStore],
    *,
    replicates: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Response, ...]:
    """Hold a backend's scores of altered images against those of the true ones.

    Args:
        true: The run over the true images, scored.
        controls: The runs over altered images; those that are not scored, or altered no study, give
            nothing.
        replicates: Cohorts drawn for the intervals.
        seed: Of the draws.

    Raises:
        JobError: A store cannot be read.
    """
    found = (
        response(
            control, true=true.scores(), altered=store.scores(), replicates=replicates, seed=seed
        )
        for control, store in controls.items()
        if store.is_scored()
    )
    return tuple(item for item in found if item.n)
