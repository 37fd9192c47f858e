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


class ScoreControl:
    """Adds to the scores of a run over altered images how its answers moved, and keeps them.

    Memory holds the keys of all true predictions, and a few cases.
    """

    def __init__(self, studies: ControlledStudies) -> None:
        self._studies = studies

    def __call__(self, *, true: RunStore, altered: RunStore) -> None:
        """Hold one backend's answers against each other.

        Studies that the control left as they were lose their scores: a shift finds no room where a
        brain fills its field.

        Args:
            true: The run over the true images, scored.
            altered: The run over these studies, scored.

        Raises:
            NotFoundError: A run is not scored.
            JobError: A store or the studies cannot be read, or the store cannot be written.
        """
        altered.write_scores(self._held(true, altered))

    def _held(self, true: RunStore, altered: RunStore) -> Iterator[CaseScore]:
        keys = scored_keys(true.manifest(), true.scores())
        manifest, cases = altered.manifest(), altered.scores()
        while some := list(islice(cases, AT_ONCE)):
            before = _places(true, keys, some)
            yield from self._hold(some, before, _places(altered, scored_keys(manifest, some), some))

    def _hold(
        self, cases: Sequence[CaseScore], before: Mapping[str, Place], after: Mapping[str, Place]
    ) -> Iterator[CaseScore]:
        for case in cases:
            motion, grid = (Motion(), None) if may_harm(case) else self._motion(case.study_id)
            if grid is None:
                yield case  # what was not read has failed
            elif not (motion.is_still and self._studies.control.moves):
                one, other = before.get(case.study_id), after.get(case.study_id)
                found = moves(one, other, motion=motion, grid=grid, plane=case.plane)
                yield replace(case, moves=found)

    def _motion(self, study_id: str) -> tuple[Motion, Grid | None]:
        try:
            return self._studies.motion(study_id), self._studies.study(study_id).grid
        except FaultError:
            return Motion(), None


Place = LocalisationPrediction | Failure | None


def _places(
    store: RunStore, keys: Mapping[str, str], cases: Sequence[CaseScore]
) -> dict[str, Place]:
    wanted = {keys[case.study_id] for case in cases if case.study_id in keys}
    return {
        prediction.study_id: prediction.localisation for prediction in store.predictions(wanted)
    }
