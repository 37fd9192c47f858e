"""Distributions of one backend's scores over studies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics import measures
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.sampling import Indices

SHOWN = 500
"""Single scores that a picture shows at most."""
MASKED = (Region.GTV, *NESTED)
SPREAD: tuple[tuple[Endpoint, tuple[Region | None, ...]], ...] = (
    (Endpoint(measures.CENTRE_ERROR, Form.POINT), (None,)),
    (Endpoint(measures.BOX_IOU, Form.BOX), (None,)),
    (Endpoint(measures.DICE, Form.MASK), MASKED),
    (Endpoint(measures.HD95_MM, Form.MASK), MASKED),
)
"""What is spread out, and of masks in which regions; a region without scores is left out."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The scores of single studies in one endpoint.

    Args:
        endpoint: What was scored.
        n: Studies scored, failures among them.
        n_failed: Failures.
        n_not_found: Wrong answers that there is no tumour, and of distances regions that only one of
            two masks has; they score worst, as failures do.
        quartiles: Of all `n`, a failure with the worst score: three quarters, half and a quarter of
            the studies score at least so much.
        values: The other scores, in rising order; of more than `SHOWN`, as many evenly spread.
        region: Of a mask; None for other forms.
    """

    endpoint: Endpoint
    n: int
    n_failed: int
    quartiles: tuple[float, float, float]
    values: tuple[float, ...]
    n_not_found: int = 0
    region: Region | None = None


def distributions(cases: Cases) -> Iterator[Distribution]:
    """Spread out one backend's scores; an endpoint that it has no score in is left out."""
    table = CaseTable.of(cases)
    for endpoint, regions in SPREAD:
        for region in regions:
            if (found := _distribution(table, endpoint, region)) is not None:
                yield found


def _distribution(
    table: CaseTable, endpoint: Endpoint, region: Region | None
) -> Distribution | None:
    form, measure = endpoint.form or Form.POINT, endpoint.measure
    scores = table.scores(form, measure, region)
    there = ~np.isnan(scores)
    if not there.any():
        return None
    scored = scores[there]
    failed, none = (item[there] for item in (table.failed(form), table.found_none))
    lost = ~failed & (scored == measure.worst) & (none | measure.is_distance)
    answers = np.sort(scored[~failed & ~lost])
    low, middle, high = np.quantile(scored, (0.25, 0.5, 0.75))
    return Distribution(
        endpoint=endpoint,
        n=len(scored),
        n_failed=int(failed.sum()),
        quartiles=(float(low), float(middle), float(high)),
        values=tuple(float(score) for score in answers[evenly(len(answers))]),
        n_not_found=int(lost.sum()),
        region=region,
    )


def evenly(n: int) -> Indices:
    """Choose at most `SHOWN` of n, evenly spread."""
    return np.linspace(0, n - 1, min(n, SHOWN)).round().astype(np.intp)
