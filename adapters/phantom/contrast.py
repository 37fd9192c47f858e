"""Simulated scanning of a brain with its tumour: four contrasts, a bias field, noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
import scipy

from gliobench.adapters.phantom.anatomy import HEAD_MM, Anatomy
from gliobench.adapters.phantom.fields import Float32Array, smooth_field
from gliobench.adapters.phantom.lesion import Head
from gliobench.adapters.phantom.plan import Enhancement, LesionPlan
from gliobench.domain.studies.study import Modality


class Tissue(Enum):
    """The tissue of a voxel."""

    FLUID = "fluid"
    GREY = "grey"
    WHITE = "white"
    BLOOD = "blood"
    NECROSIS = "necrosis"
    SOLID = "solid"
    OEDEMA = "oedema"
    ENHANCING = "enhancing"


INTENSITY: Mapping[Modality, Mapping[Tissue, float]] = {
    modality: dict(zip(Tissue, values, strict=True))
    for modality, values in {
        Modality.T1N: (0.30, 0.86, 1.14, 0.70, 0.66, 0.70, 0.93, 0.87),
        Modality.T1C: (0.34, 0.88, 1.10, 1.90, 0.74, 0.74, 0.92, 1.60),
        Modality.T2W: (2.70, 1.12, 0.84, 1.60, 2.30, 1.90, 1.75, 1.70),
        Modality.T2F: (0.32, 1.10, 0.92, 0.70, 1.90, 1.90, 2.05, 2.15),
    }.items()
}
"""Relative to the median of healthy brain, modelled on BraTS 2020."""
SPREAD = 0.06
"""Deviation of the logarithm of each intensity between studies."""
LABELLED = {2: Tissue.OEDEMA, 4: Tissue.ENHANCING}
EDGE_MM = {Tissue.NECROSIS: 0.7, Tissue.SOLID: 1.3, Tissue.OEDEMA: 1.5, Tissue.ENHANCING: 0.6}
"""Blur of the boundary of each tumour tissue."""
GRAIN = 0.025
"""Deviation of the fine inhomogeneity of all tissue."""
OEDEMA_UNEVENNESS = 0.10


@dataclass(frozen=True, slots=True)
class Scanner:
    """Common properties of a site's images.

    Args:
        median: Intensity of healthy brain, by modality.
        noise: Deviation of the noise, relative to healthy brain.
        slice_mm: Maximum slice thickness.
        flatness: Share of the difference between grey and white matter that is lost.
    """

    median: Mapping[Modality, float]
    noise: float
    slice_mm: float
    flatness: float


SCANNERS: Mapping[str, Scanner] = {
    "phantom-A": Scanner(
        median=dict(zip(Modality, (350.0, 400.0, 450.0, 190.0), strict=True)),
        noise=0.025,
        slice_mm=2.0,
        flatness=0.0,
    ),
    "phantom-B": Scanner(
        median=dict(zip(Modality, (270.0, 310.0, 140.0, 240.0), strict=True)),
        noise=0.04,
        slice_mm=5.0,
        flatness=0.4,
    ),
}
"""Scanners by site. Each site has as many LGG as HGG, so site and grade are independent."""


def scan(rng: np.random.Generator, head: Head, scanner: Scanner) -> dict[Modality, Float32Array]:
    """Simulate the four images of a head.

    Returns:
        (I, J, K) float32 by modality, on the study's grid: integers, at least 1 in the brain and 0
        outside it.
    """
    shares = _shares(head)
    images = {}
    for modality in Modality:
        values = _drawn(rng, scanner, modality, head.plan)
        image = _contrast(values, modality, head, shares)
        images[modality] = _exposed(rng, scanner, modality, head.anatomy, image)
    return images


def _shares(head: Head) -> dict[Tissue, Float32Array]:
    """Return the share of each tumour tissue in each voxel around the tumour."""
    ring = head.plan.enhancement is Enhancement.RIM
    tissues = {1: Tissue.NECROSIS if ring else Tissue.SOLID, **LABELLED}
    edge_mm = head.anatomy.axes_mm[0][1] - head.anatomy.axes_mm[0][0]
    blurred = {
        tissue: scipy.ndimage.gaussian_filter(
            (head.lesion.labels == label).astype(np.float32), EDGE_MM[tissue] / edge_mm
        )
        for label, tissue in tissues.items()
    }
    crowding = np.maximum(sum(blurred.values()), 1)
    return {tissue: share / crowding for tissue, share in blurred.items()}


def _drawn(
    rng: np.random.Generator, scanner: Scanner, modality: Modality, plan: LesionPlan
) -> dict[Tissue, np.float32]:
    """Draw a study's intensities around those of the modality."""
    values = {t: v * np.exp(rng.normal(0.0, SPREAD)) for t, v in INTENSITY[modality].items()}
    middle = (values[Tissue.GREY] + values[Tissue.WHITE]) / 2
    for tissue in (Tissue.GREY, Tissue.WHITE):
        values[tissue] += scanner.flatness * (middle - values[tissue])
    if modality is Modality.T1C:
        values[Tissue.ENHANCING] = plan.uptake
    if modality is Modality.T2F:
        values[Tissue.NECROSIS] *= rng.uniform(0.6, 1.15)
        values[Tissue.SOLID] *= 0.6 if plan.mismatch else 1.0
    return {tissue: np.float32(value) for tissue, value in values.items()}


def _contrast(
    value: Mapping[Tissue, np.float32],
    modality: Modality,
    head: Head,
    shares: Mapping[Tissue, Float32Array],
) -> Float32Array:
    """Mix the intensities of the tissues in each voxel."""
    anatomy, lesion = head.anatomy, head.lesion
    image = value[Tissue.FLUID] + (value[Tissue.GREY] - value[Tissue.FLUID]) * anatomy.grey
    image += (value[Tissue.WHITE] - value[Tissue.FLUID]) * anatomy.white
    if modality is Modality.T1C:
        image += (value[Tissue.BLOOD] - image) * anatomy.vessels
    image *= 1 + np.float32(GRAIN) * anatomy.grain
    about = image[lesion.block]
    about *= 1 - sum(shares.values())
    for tissue, share in shares.items():
        spread = OEDEMA_UNEVENNESS if tissue is Tissue.OEDEMA else head.plan.unevenness
        about += value[tissue] * share * (1 + np.float32(spread) * lesion.texture)
    return image


def _exposed(
    rng: np.random.Generator,
    scanner: Scanner,
    modality: Modality,
    anatomy: Anatomy,
    image: Float32Array,
) -> Float32Array:
    """Add scanner effects: thick slices, bias field, noise, intensity scale."""
    edge_mm = anatomy.axes_mm[2][1] - anatomy.axes_mm[2][0]
    thickness = round(rng.uniform(1.0, scanner.slice_mm) / edge_mm)
    if thickness > 1:
        image = scipy.ndimage.uniform_filter1d(image, thickness, axis=2, mode="nearest")
    bias = smooth_field(rng, anatomy.axes_mm, scale_mm=60.0, extent_mm=HEAD_MM)
    median = scanner.median[modality] * np.exp(rng.normal(0.0, 0.15))
    voxels = image[anatomy.brain] * np.exp(np.float32(0.06) * bias[anatomy.brain])
    voxels += np.float32(scanner.noise) * rng.standard_normal(len(voxels), dtype=np.float32)
    exposed = np.zeros(anatomy.grid.shape, dtype=np.float32)
    exposed[anatomy.block][anatomy.brain] = np.clip(np.rint(voxels * np.float32(median)), 1, 32767)
    return exposed
