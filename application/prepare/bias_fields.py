"""The bias fields of a study's images, on voxels that suffice for what changes slowly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gliobench.application.ports.bias_field import BiasFieldEstimator
from gliobench.application.ports.registrar import Scan
from gliobench.application.prepare.preparation import BIAS_EVERY, BIAS_GRID
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.resampling import Float32Array, pulled
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.studies.study import Modality


def bias_fields(
    estimator: BiasFieldEstimator,
    scans: Mapping[Modality, Scan],
    motions: Mapping[Modality, Rigid],
    brain: BoolArray,
) -> dict[Modality, Float32Array]:
    """Estimate the logarithm of the bias field of each image within the brain.

    Args:
        estimator: Does it.
        scans: The images.
        motions: From the world of each to that of the template.
        brain: On the prepared grid.

    Returns:
        (I, J, K) float32 on `BIAS_GRID`, by modality.

    Raises:
        InvalidInputError: A field cannot be estimated.
    """
    within = brain[BIAS_EVERY, BIAS_EVERY, BIAS_EVERY]
    fields = {}
    for modality, scan in scans.items():
        coarse = pulled(scan.voxels, source=scan.grid, target=BIAS_GRID, motion=motions[modality])
        fields[modality] = estimator.log_field(Scan(coarse, BIAS_GRID), within=within)
    return fields


def unbiased(
    laid: Float32Array, log_field: Float32Array, *, grid: Grid, motion: Rigid
) -> Float32Array:
    """Divide an image by its bias field.

    Args:
        laid: (I, J, K) on `grid`.
        log_field: On `BIAS_GRID`.
        grid: The grid of the image.
        motion: From the world of the template to that of the grid.
    """
    field = np.exp(pulled(log_field, source=BIAS_GRID, target=grid, motion=motion))
    return np.asarray(laid / field, dtype=np.float32)
