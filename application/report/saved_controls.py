"""What is kept of controls, read back: which there are, and what a backend made of them."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunStore
from gliobench.domain.controls.controls import Control
from gliobench.domain.position.control_responses import Response, response
from gliobench.domain.statistics.means import RESAMPLES


def saved_controls(place: RunPlace, run: str = "") -> dict[Control, RunStore]:
    """Find the runs over altered images beside one over the true ones.

    Args:
        place: Where the runs are kept.
        run: The name of the one over the true images; the place itself by default.

    Raises:
        JobError: The place cannot be read.
    """
    within = f"{run}/controls" if run else "controls"
    there = frozenset(place.folders(within))
    return {
        control: place.store(f"{within}/{control.value}")
        for control in Control
        if control.value in there
    }


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
        controls: The runs over altered images; those that are not scored, or altered no study, tell
            nothing.
        replicates: Cohorts drawn for the intervals.
        seed: Of the draws.

    Raises:
        JobError: A store cannot be read.
    """
    found = (
        response(
            control,
            true=true.scores(),
            altered=store.scores(),
            replicates=replicates,
            seed=seed,
        )
        for control, store in controls.items()
        if store.is_scored()
    )
    return tuple(one for one in found if one.n)
