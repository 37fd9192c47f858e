"""Hold the answers on altered images against those on the true ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from gliobench.application.evaluate.controlled_studies import ControlledStudies
from gliobench.application.evaluate.manifests import scored_keys
from gliobench.application.ports.run_store import RunStore
from gliobench.application.predict.failures import may_harm
from gliobench.domain.controls.motion import Motion
from gliobench.domain.controls.moves import moves
from gliobench.domain.errors import FaultError
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.predictions.prediction import Failure, LocalisationPrediction

AT_ONCE = 32
"""Studies whose masks are in memory, and for which the stores are gone through once."""


def score_control(studies: ControlledStudies, *, true: RunStore, altered: RunStore) -> None:
    """Add to the scores of a run over altered images how its answers moved, and keep them.

    Memory holds the keys of all true predictions, and a few cases. Studies that the control left as
    they were lose their scores: a shift finds no room where a brain fills its field.

    Args:
        studies: The altered ones.
        true: One backend's run over the true images, scored.
        altered: Its run over these studies, scored.

    Raises:
        NotFoundError: A run is not scored.
        JobError: A store or the studies cannot be read, or the store cannot be written.
    """
    altered.write_scores(_held(studies, true, altered))


def _held(studies: ControlledStudies, true: RunStore, altered: RunStore) -> Iterator[CaseScore]:
    keys = scored_keys(true.manifest(), true.scores())
    manifest, cases = altered.manifest(), altered.scores()
    while some := list(islice(cases, AT_ONCE)):
        before = _places(true, keys, some)
        after = _places(altered, scored_keys(manifest, some), some)
        for case in some:
            motion, grid = (Motion(), None) if may_harm(case) else _motion(studies, case.study_id)
            if grid is None:
                yield case  # what was not read has failed
            elif not (motion.is_still and studies.control.moves):
                one, other = before.get(case.study_id), after.get(case.study_id)
                found = moves(one, other, motion=motion, grid=grid, plane=case.plane)
                yield replace(case, moves=found)


def _motion(studies: ControlledStudies, study_id: str) -> tuple[Motion, Grid | None]:
    try:
        return studies.motion(study_id), studies.study(study_id).grid
    except FaultError:
        return Motion(), None


def _places(
    store: RunStore, keys: Mapping[str, str], cases: Sequence[CaseScore]
) -> dict[str, LocalisationPrediction | Failure | None]:
    wanted = {keys[case.study_id] for case in cases if case.study_id in keys}
    return {
        prediction.study_id: prediction.localisation for prediction in store.predictions(wanted)
    }
