"""Scores of studies whose tumours are boxes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gliobench.domain.evaluation.scores import CaseScore, FormOutcome, Place
from gliobench.domain.evaluation.scoring import worst_scores
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry.grids import Axis, Box, Grid, Plane, Point, Point3D, Polygon
from gliobench.domain.predictions.prediction import Failure, Form, GradePrediction
from gliobench.domain.studies.study import Grade

PLANE = Plane(Axis.AXIAL, 2)
GRID = Grid(shape=(41, 31, 5), affine=np.diag([2.0, 1.0, 3.0, 1.0]))
"""Its middle is voxel (20, 15, 2); a pixel is 2x1 mm."""


def fake_target(
    start: tuple[int, int] = (18, 13),
    stop: tuple[int, int] = (23, 18),
    *,
    volume_mm3: float = 30.0,
    brain: Point3D | None = Point3D(at=(20.0, 15.0, 2.0)),  # noqa: B008 -- frozen
    right_share: float | None = 0.5,
) -> TargetFacts:
    """Make a tumour that is a box on the scoring plane; by default it lies in the middle."""
    (i0, j0), (i1, j1) = start, stop
    at = ((i0 + i1 - 1) / 2, (j0 + j1 - 1) / 2)
    low, high = (i0 - 0.5, j0 - 0.5), (i1 - 0.5, j1 - 0.5)
    return TargetFacts(
        grid=GRID,
        volume_mm3=volume_mm3,
        centre=Point3D(at=(*at, 2.0)),
        point=Point(PLANE, at=at),
        box=Box(PLANE, start=start, stop=stop),
        polygon=Polygon(PLANE, vertices=(low, (high[0], low[1]), high, (low[0], high[1]))),
        area_mm2=2.0 * (i1 - i0) * (j1 - j0),
        brain=brain,
        right_share=right_share if brain else None,
    )


def fake_case_score(
    study_id: str = "s1",
    *,
    patient_id: str | None = None,
    site: str | None = "CBICA",
    reference: Grade | None = Grade.HGG,
    grade: GradePrediction | Failure | None = None,
    answers: Mapping[Form, Place | Failure] | None = None,
    target: TargetFacts | None = None,
    oracle: bool = False,
    image_hash: str | None = None,
) -> CaseScore:
    """Make a study's scores, worst where an answer failed."""
    outcomes = {
        form: FormOutcome(worst_scores(form), failure=answer)
        if isinstance(answer, Failure)
        else FormOutcome(worst_scores(form), answer=answer)
        for form, answer in (answers or {}).items()
    }
    return CaseScore(
        study_id=study_id,
        patient_id=patient_id or f"patient of {study_id}",
        site=site,
        reference_grade=reference,
        grade=grade,
        localisation=outcomes,
        plane=target.plane if target else None,
        oracle=oracle,
        target=target,
        image_hash=image_hash,
    )
