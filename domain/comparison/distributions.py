"""Distributions of one backend's scores over studies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.metrics import measures
from gliobench.domain.predictions.prediction import Form

SHOWN = 500
"""Single scores that a picture shows at most."""
SPREAD = ((Form.POINT, measures.CENTRE_ERROR), (Form.BOX, measures.BOX_IOU))


@dataclass(frozen=True, slots=True)
class Distribution:
    """The scores of single studies in one endpoint.

    Args:
        endpoint: What was scored, on the scoring plane.
        n: Studies scored, failures among them.
        n_failed: Failures.
        n_not_found: Answers that there is no tumour; they score worst, as failures do.
        quartiles: Of all `n`, a failure with the worst score: three quarters, half and a quarter of
            the studies score at least so much.
        values: Scores of the places, in rising order; of more than `SHOWN`, as many evenly spread.
    """

    endpoint: Endpoint
    n: int
    n_failed: int
    quartiles: tuple[float, float, float]
    values: tuple[float, ...]
    n_not_found: int = 0


def distributions(cases: Cases) -> Iterator[Distribution]:
    """Spread out one backend's scores; an endpoint that it has no score in is left out."""
    table = CaseTable.of(cases)
    for form, measure in SPREAD:
        endpoint = Endpoint(measure, form)
        scores = endpoint.scores(table)
        there = ~np.isnan(scores)
        if not there.any():
            continue
        scored = scores[there]
        failed, none = (item[there] for item in (table.failed(form), table.found_none))
        answers = np.sort(scored[~failed & ~none])
        low, middle, high = np.quantile(scored, (0.25, 0.5, 0.75))
        kept = np.linspace(0, len(answers) - 1, min(len(answers), SHOWN)).round().astype(np.intp)
        yield Distribution(
            endpoint=endpoint,
            n=len(scored),
            n_failed=int(failed.sum()),
            n_not_found=int((none & ~failed).sum()),
            quartiles=(float(low), float(middle), float(high)),
            values=tuple(float(score) for score in answers[kept]),
        )
