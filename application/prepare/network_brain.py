"""Brain extraction by a network, corrected by what the images themselves show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
import scipy
from numpy.typing import NDArray

from gliobench.application.ports.brain_extractor import BrainExtractor, BrainTemplate
from gliobench.application.ports.network import Network
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.resampling import pulled
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.networks.brain_input import BRAIN_GRID, brain_input
from gliobench.domain.studies.study import Modality, Study

Images: TypeAlias = Mapping[Modality, NDArray[np.float32]]

VERSION = 2
BINS, ROUNDS = 8, 3
REACH_MM = 12.0
"""How far from the network's brain a brain may reach."""
SURE_MM = 2.0
"""Voxels nearer to the border are no example of brain or of what surrounds it."""
PER_NAT_MM = 1.0
"""Depth in the network's brain that weighs as much as one nat of the intensities' evidence."""
MOST_NATS = 4.0
LEAN = 0.5
"""Nats in favour of the brain: a tumour at its surface is worse to lose than a rim of fluid to keep."""
BLUR_MM = 0.9
"""Before voxels of 3 mm are made, here as in training."""
_FAR_MM = 60.0


@final
@dataclass(frozen=True, slots=True)
class NetworkBrainExtractor(BrainExtractor):
    """Weighs for each voxel how deep it lies in the network's brain, and how often its intensities occur in it.

    The network sees voxels of 3 mm. The intensities of all modalities together are counted on 2 mm inside
    and around the brain as far as it is known, first the network's, then the one found.

    Args:
        network: Of kind `brain`: it outlines the brain.
        template: Gives the template, on voxels of about 2 mm, in the place that heads are brought to.
        weights: Hash of the network's file.
    """

    network: Network
    template: Callable[[], BrainTemplate]
    weights: str

    @property
    def fingerprint(self) -> str:
        """The version of the method, and the weights."""
        return f"network brain {VERSION}, {self.weights}"

    def extract(self, head: Study) -> BoolArray:
        """Find the brain."""
        template = self.template()
        grid = template.scan.grid
        images = {
            modality: pulled(
                scipy.ndimage.uniform_filter(volume, 2),
                source=head.grid,
                target=grid,
                motion=Rigid.none(),
            )
            for modality, volume in head.volumes.items()
        }
        brain = corrected(self._outlined(images, template), images, grid)
        smooth = pulled(
            scipy.ndimage.gaussian_filter(brain.astype(np.float32), 0.8),
            source=grid,
            target=head.grid,
            motion=Rigid.none(),
        )
        return _whole(smooth >= 0.5)

    def _outlined(self, images: Images, template: BrainTemplate) -> BoolArray:
        """Ask the network, on its own voxels, and interpolate between them."""
        grid = template.scan.grid
        widths = [BLUR_MM / edge for edge in grid.spacing_mm]
        seen = {
            modality: pulled(
                scipy.ndimage.gaussian_filter(image, widths),
                source=grid,
                target=BRAIN_GRID,
                motion=Rigid.none(),
            )
            for modality, image in images.items()
        }
        (logits,) = self.network.run(brain_input(seen, template_depth_mm(template))[np.newaxis])
        share = scipy.special.expit(logits[0])
        return _whole(pulled(share, source=BRAIN_GRID, target=grid, motion=Rigid.none()) >= 0.5)


def corrected(outlined: BoolArray, images: Images, grid: Grid) -> BoolArray:
    """Move the border of a brain to where the intensities are no longer the brain's.

    Args:
        outlined: (I, J, K) bool, the brain as far as it is known.
        images: Of the head, on the same voxels.
        grid: Of these voxels.

    Raises:
        InvalidInputError: Nothing of it is left.
    """
    prior = _depth_mm(outlined, grid.spacing_mm)
    near = prior > -REACH_MM
    codes = _codes(list(images.values()), near)
    brain = outlined
    for _ in range(ROUNDS):
        evidence = _evidence(codes, _depth_mm(brain, grid.spacing_mm), near, len(images))
        brain = _whole((evidence + prior / PER_NAT_MM + LEAN > 0) & near)
    return brain


def template_depth_mm(template: BrainTemplate) -> NDArray[np.float32]:
    """Return how deep the voxels of `BRAIN_GRID` lie in the template's brain; negative: how far from it."""
    grid = template.scan.grid
    depth = _depth_mm(template.brain, grid.spacing_mm)
    # zero is what lies beyond the template's grid: far from the brain
    return pulled(depth + _FAR_MM, source=grid, target=BRAIN_GRID, motion=Rigid.none()) - _FAR_MM


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
