"""A segmenter's errors, laid over reference tumours so that a grader learns them too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.networks.region_measures import RegionMeasures

SMALLEST_ML = 0.1
"""Volumes below are as good as none: added before logarithms are taken, and the bound of "enhances"."""
NOTHING_ML = 0.001
"""A voxel of 1 mm: less is rounding."""
SMALLEST_SHARE = 0.02
"""Shares are kept this far from 0 and 1 before log-odds are taken."""


@dataclass(frozen=True, eq=False, slots=True)
class SegmentationErrors:
    """Errors in the measures of tumours that have a reference and were held out.

    Volumes err by factors, shares by log-odds. Errors in tumours that enhance are kept apart from those
    in others: whether a segmenter misses enhancement or invents it depends on that.

    Args:
        enhancing: (N, 5) differences of the numbers of `_free`, of tumours that enhance.
        others: (M, 5) likewise.
    """

    enhancing: FloatArray
    others: FloatArray

    @classmethod
    def of(cls, pairs: Iterable[tuple[RegionMeasures, RegionMeasures]]) -> SegmentationErrors:
        """Compare the reference and the predicted measures of tumours that were found."""
        errors: dict[bool, list[FloatArray]] = {True: [], False: []}
        for truth, predicted in pairs:
            errors[_enhances(truth)].append(_free(predicted) - _free(truth))
        return cls(np.reshape(errors[True], (-1, 5)), np.reshape(errors[False], (-1, 5)))

    def over(self, reference: RegionMeasures) -> list[RegionMeasures]:
        """Return how the segmenter may measure a tumour: once with each error of its kind.

        Returns:
            One or more; the reference itself where no tumour of its kind is known.
        """
        errors = self.enhancing if _enhances(reference) else self.others
        return _bound(_free(reference) + errors) if len(errors) else [reference]


def _enhances(measures: RegionMeasures) -> bool:
    return measures.et_ml > SMALLEST_ML


def _free(measures: RegionMeasures) -> FloatArray:
    """Return (5,) numbers without bounds: logarithms of volumes, log-odds of shares."""
    volumes_ml = np.array([measures.wt_ml, measures.tc_ml, measures.et_ml])
    shares = np.clip([measures.rim, measures.enclosed], SMALLEST_SHARE, 1 - SMALLEST_SHARE)
    return np.concatenate([np.log(volumes_ml + SMALLEST_ML), logit(shares)])


def _bound(numbers: FloatArray) -> list[RegionMeasures]:
    """Return the measures of (N, 5) numbers: nested volumes, and shares of what is there."""
    volumes_ml = np.exp(numbers[:, :3]) - SMALLEST_ML
    volumes_ml[volumes_ml < NOTHING_ML] = 0.0
    volumes_ml[:, 0] = np.maximum(volumes_ml[:, 0], SMALLEST_ML)
    volumes_ml = np.minimum.accumulate(volumes_ml, axis=1)
    _, core_ml, enhancing_ml = volumes_ml.T
    shares = np.where(enhancing_ml[:, None] > 0, expit(numbers[:, 3:]), 0.0)
    spare = 1 - np.divide(enhancing_ml, core_ml, out=np.ones_like(core_ml), where=core_ml > 0)
    shares[:, 1] = np.minimum(shares[:, 1], spare)
    return [RegionMeasures(*row) for row in np.hstack([volumes_ml, shares]).tolist()]
