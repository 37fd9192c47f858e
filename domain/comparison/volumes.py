"""Agreement of predicted and reference volumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gliobench.domain.comparison.distributions import evenly
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import VOLUME_ERROR_MM3
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import two_sided_z

MM3_PER_ML = 1000.0
FEWEST = 3
"""Volumes from which limits are computed at least."""


@dataclass(frozen=True, slots=True)
class VolumeAgreement:
    """Bland and Altman's limits of agreement, of the ratio of predicted to reference volume.

    Differences of volumes grow with the tumour, so their logarithms are analysed and converted back.

    Args:
        region: What the volumes are of.
        n: Studies in which both masks have the region.
        n_empty: Studies in which only one has; they have no ratio.
        bias: Geometric mean of the ratios; 1 is no bias.
        low: Lower limit: 95 % of ratios are expected between the limits.
        high: Upper limit.
        reference_ml: Reference volumes, of at most `SHOWN` studies.
        predicted_ml: Predicted volumes of the same studies.

    Source: Bland & Altman, Lancet 1986; on ratios, Stat Methods Med Res 1999, section 4.
    """

    region: Region
    n: int
    n_empty: int
    bias: float
    low: float
    high: float
    reference_ml: tuple[float, ...]
    predicted_ml: tuple[float, ...]


def volume_agreement(cases: Cases) -> VolumeAgreement | None:
    """Compare the volumes of one backend's masks with the reference; None with fewer than `FEWEST`."""
    table = CaseTable.of(cases)
    region = table.localised
    reference = table.reference_mm3(region)
    # Summing again may leave a rest far below a voxel.
    predicted = np.round(reference + table.scores(Form.MASK, VOLUME_ERROR_MM3, region), 6)
    answered = ~np.isnan(predicted) & ~table.failed(Form.MASK)
    both = answered & (predicted > 0) & (reference > 0)
    if both.sum() < FEWEST:
        return None
    ratios = np.log(predicted[both] / reference[both])
    middle, reach = ratios.mean(), two_sided_z(0.95) * ratios.std(ddof=1)
    order = np.argsort(reference[both], kind="stable")
    shown = order[evenly(len(order))]
    return VolumeAgreement(
        region=region,
        n=int(both.sum()),
        n_empty=int((answered & ((predicted > 0) != (reference > 0))).sum()),
        bias=float(np.exp(middle)),
        low=float(np.exp(middle - reach)),
        high=float(np.exp(middle + reach)),
        reference_ml=_in_ml(reference[both][shown]),
        predicted_ml=_in_ml(predicted[both][shown]),
    )


def _in_ml(volumes_mm3: FloatArray) -> tuple[float, ...]:
    return tuple(float(volume) for volume in volumes_mm3 / MM3_PER_ML)
