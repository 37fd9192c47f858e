"""Brain extraction by the template's brain, corrected by what the images themselves show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import scipy
from numpy.typing import NDArray

from gliobench.application.ports.brain_extractor import BrainExtractor, BrainTemplate
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.geometry.resampling import pulled
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.studies.study import Study

VERSION = 1
BINS, ROUNDS = 8, 3
REACH_MM = 12.0
"""How far from the template's brain a brain may reach."""
SURE_MM = 2.0
"""Voxels nearer to the border are no example of brain or of what surrounds it."""
PER_NAT_MM = 4.0
"""Depth in the template's brain that weighs as much as one nat of the intensities' evidence."""
MOST_NATS = 4.0
LEAN = 0.5
"""Nats in favour of the brain: a tumour at its surface is worse to lose than a rim of fluid to keep."""


@final
@dataclass(frozen=True, slots=True)
class TemplateBrainExtractor(BrainExtractor):
    """Weighs for each voxel how deep it lies in the template's brain, and how often its intensities occur in it.

    The intensities of all modalities together are counted inside and around the brain as far as it is
    known, first the template's, then the one found; nothing is learned beforehand.

    Args:
        template: Gives the template, on voxels of about 2 mm, in the place that heads are brought to.
    """

    template: Callable[[], BrainTemplate]

    @property
    def fingerprint(self) -> str:
        """The version of the method."""
        return f"template brain {VERSION}"

    def extract(self, head: Study) -> BoolArray:
        """Find the brain."""
        template = self.template()
        grid = template.scan.grid
        prior = _depth_mm(template.brain, grid.spacing_mm)
        near = prior > -REACH_MM
        images = [
            pulled(
                scipy.ndimage.uniform_filter(head.volumes[m], 2),
                source=head.grid,
                target=grid,
                motion=Rigid.none(),
            )
            for m in head.volumes
        ]
        codes = _codes(images, near)
        brain = template.brain
        for _ in range(ROUNDS):
            evidence = _evidence(codes, _depth_mm(brain, grid.spacing_mm), near, len(images))
            brain = _whole((evidence + prior / PER_NAT_MM + LEAN > 0) & near)
        smooth = pulled(
            scipy.ndimage.gaussian_filter(brain.astype(np.float32), 0.8),
            source=grid,
            target=head.grid,
            motion=Rigid.none(),
        )
        return _whole(smooth >= 0.5)


def _codes(images: Sequence[NDArray[np.float32]], near: BoolArray) -> NDArray[np.intp]:
    """Number the combinations of intensities, each by its rank in and about the brain."""
    codes = np.zeros(near.shape, dtype=np.intp)
    for image in images:
        edges = np.quantile(image[near], np.linspace(0, 1, BINS + 1)[1:-1])
        codes = codes * BINS + np.searchsorted(edges, image)
    return codes


def _evidence(
    codes: NDArray[np.intp], depth_mm: NDArray[np.float32], near: BoolArray, count: int
) -> NDArray[np.float32]:
    """Return in nats how much likelier a voxel's intensities are in the brain than around it."""
    inside, around = (
        _frequencies(codes[where], count)
        for where in (depth_mm > SURE_MM, near & (depth_mm < -SURE_MM))
    )
    odds = np.clip(np.log(inside / around), -MOST_NATS, MOST_NATS).astype(np.float32)
    smooth: NDArray[np.float32] = scipy.ndimage.gaussian_filter(odds[codes], 1.0)
    return smooth


def _frequencies(codes: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Return how often each combination of intensities occurs, with its neighbours' share."""
    counted = np.bincount(codes, minlength=BINS**count).reshape((BINS,) * count)
    shared = scipy.ndimage.gaussian_filter(counted.astype(np.float64), 0.6).ravel()
    found: NDArray[np.float64] = (shared / shared.sum() + 1e-6) / (1 + 1e-6 * shared.size)
    return found


def _depth_mm(mask: BoolArray, spacing_mm: tuple[float, float, float]) -> NDArray[np.float32]:
    """Return how deep voxels lie in a mask; negative: how far from it."""
    within = scipy.ndimage.distance_transform_edt(mask, sampling=spacing_mm)
    apart = scipy.ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    return np.asarray(within - apart, dtype=np.float32)


def _whole(mask: BoolArray) -> BoolArray:
    """Return the largest part without its holes."""
    parts, count = scipy.ndimage.label(mask)
    if not count:
        raise InvalidInputError("no brain was found")
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(scipy.ndimage.binary_fill_holes(parts == sizes.argmax()))
