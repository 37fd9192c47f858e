"""What is not head: the commonest value at the border of a volume, with the noise about it.

Every consumer takes for the head what is not zero, so that is what `Study.volume` gives. Most files
hold it already; those that were z-scored, shifted or left with noise do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliobench.domain.geometry.grids import BoolArray, FloatArray, ScalarT, extent

BORDER_SHARE = 0.2
"""Of the border's voxels, that a background covers at least: a tight crop leaves more."""
NEAR = 0.05
"""Of the volume's range: what lies nearer to the commonest value at the border may be noise."""
FEW = 0.01
"""Of the voxels of the commonest value: fewer near it are dark voxels of a head at the border."""
RIPPLE = 1e-3
"""Of the volume's range: interpolation leaves ripples of less about a head, and no border shows."""
MANY = 0.05
"""Of the voxels that are not the commonest value: fewer within a ripple are dark voxels."""
NOISE_WIDTH = 5.0
"""Standard deviations of the noise that are background; what reaches further is in small parts."""
WIDEST, NARROWEST = 0.25, 0.02
"""Of the volume's range: a wider background is tissue, in a volume cropped to the head. The lesser
holds where it is not the darkest of the volume."""
FEWEST = 500
"""Voxels of a border, below which noise is not told from tissue."""
SMALL_PART = 0.01
"""Of the largest part of the foreground: smaller ones are noise."""
FLOOR = (-0.1, 0.75)
"""Ranges of the head, that its darkest voxels may lie above a background that was its zero; in real
studies -0.04 to 0.33."""
_SAMPLE_STEP = 5
_RANGE = (0.1, 99.9)


@dataclass(frozen=True, slots=True)
class Background:
    """The intensities about a head.

    Args:
        level: The commonest at the border.
        tolerance: How far others lie from it at most; 0 where all are alike.
    """

    level: float
    tolerance: float = 0.0

    @classmethod
    def of(cls, volume: FloatArray) -> Background | None:
        """Measure the border of a volume.

        Args:
            volume: (I, J, K); an axis of one or two voxels has no border.

        Returns:
            None where no value is common there, because the head fills the volume, or where some
            are not finite.
        """
        border, sample = _border(volume), volume[_sampling(volume)]
        if not (np.isfinite(border).all() and np.isfinite(sample).all()):
            return None
        low, high = np.percentile(sample, _RANGE).tolist()
        span = max(high, float(border.max())) - min(low, float(border.min()))
        zeros = np.count_nonzero(border == 0)
        first, last = (0.0, 0.0) if zeros >= border.size / 2 else _densest(border)
        if first == last:
            level, tolerance = first, _noise(border, sample, level=first, span=span)
        elif border.size < FEWEST:
            return None
        else:
            level, tolerance = _grown(border, first, last)
        widest = WIDEST if level - low <= WIDEST * span else NARROWEST
        return cls(level, tolerance) if 2 * tolerance <= widest * span else None

    @property
    def is_zero(self) -> bool:
        """Tell whether it is 0 everywhere."""
        return self.level == 0 and self.tolerance == 0

    def head(self, volume: FloatArray) -> BoolArray:
        """Tell the voxels of the head: those that are as dark as noise, but within it, included."""
        if self.tolerance == 0 and self.level in (volume.min(), volume.max()):
            return np.asarray(volume != self.level)
        if self.tolerance == 0:
            foreground = np.asarray(volume != self.level)
        else:
            foreground = np.abs(volume - np.float32(self.level)) > self.tolerance
        parts, _ = ndimage.label(~_large_parts(foreground))
        outside = np.unique(_border(parts))
        return ~np.isin(parts, outside[outside > 0])


def on_zero(volume: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give a volume that is zero about the head and nowhere else.

    Where the darkest voxels of the head lie just above the background, that was its zero, and all
    is shifted. Where the background lies elsewhere it was put there, and the head stays as it is.
    Where zeros were padded about another background, both are zero afterwards.

    Args:
        volume: (I, J, K).

    Returns:
        The volume itself where its background is 0 already, or where the head fills it.
    """
    cleared = _cleared(volume)
    if not _is_padded(cleared):
        return cleared
    inner = extent(cleared != 0)
    whole = cleared.copy()
    whole[inner] = _cleared(cleared[inner])
    return whole


def odd_background(volume: FloatArray) -> str | None:
    """Tell of a background that `on_zero` makes zero, e.g. `-1024`; None where there is none."""
    found = Background.of(volume)
    if found is not None and not found.is_zero:
        return f"{found.level:g}" + f" ± {found.tolerance:g}" * (found.tolerance > 0)
    return "another within padded zeros" if _is_padded(volume) else None


def _cleared(volume: NDArray[np.float32]) -> NDArray[np.float32]:
    background = Background.of(volume)
    if background is None or background.is_zero:
        return volume
    head = background.head(volume)
    if not head.any():
        return volume
    shifted = volume - np.float32(_zero_of(volume[head], background))
    shifted[~head] = 0
    shifted[head & (shifted == 0)] = np.finfo(np.float32).eps
    return shifted


def _is_padded(volume: FloatArray) -> bool:
    """Tell whether zeros lie about another background: below 0, or noise; looked for coarsely."""
    sampling = _sampling(volume)
    coarse = volume[sampling] != 0
    if not coarse.any() or coarse.all():
        return False
    box = tuple(
        slice(span.start * one.step, (span.stop - 1) * one.step + 1)
        for span, one in zip(extent(coarse), sampling, strict=True)
    )
    inner = Background.of(volume[box])
    return inner is not None and (inner.level < 0 or (inner.level > 0 and inner.tolerance > 0))


def _zero_of(head: FloatArray, background: Background) -> float:
    """Tell which intensity was 0 before a background was shifted, or put there."""
    low, high = np.percentile(head, _RANGE)
    is_floor = FLOOR[0] <= (low - background.level) / max(high - low, 1e-9) <= FLOOR[1]
    holds_zero = abs(background.level) <= background.tolerance
    return background.level if is_floor and not holds_zero else 0.0


def _sampling(volume: FloatArray) -> tuple[slice, ...]:
    """Take every fifth voxel along each axis, or more of a short one."""
    return tuple(slice(None, None, min(_SAMPLE_STEP, 1 + n // 16)) for n in volume.shape)


def _border(volume: NDArray[ScalarT]) -> NDArray[ScalarT]:
    faces = [
        np.moveaxis(volume, axis, 0)[end].ravel()
        for axis, length in enumerate(volume.shape)
        if length > 2
        for end in (0, -1)
    ]
    return np.concatenate(faces) if faces else volume.ravel()


def _noise(border: FloatArray, sample: FloatArray, *, level: float, span: float) -> float:
    """Measure how far noise reaches about a value that is common; 0 where there is none."""
    near = _near(border, level, NEAR * span)
    if near.size > FEW * np.count_nonzero(border == level):
        return 1.5 * float(np.percentile(near, 99))
    ripples = _near(sample, level, RIPPLE * span)
    return RIPPLE * span if ripples.size > MANY * np.count_nonzero(sample != level) else 0.0


def _near(values: FloatArray, level: float, within: float) -> FloatArray:
    """Give the distances of what lies near a value, and is not it."""
    distances: FloatArray = np.abs(values - level)
    return distances[(distances > 0) & (distances <= within)]


def _densest(border: FloatArray) -> tuple[float, float]:
    """Give the shortest interval that holds `BORDER_SHARE` of the values."""
    values = np.sort(border)
    count = max(1, int(np.ceil(BORDER_SHARE * values.size)))
    widths = values[count - 1 :] - values[: values.size - count + 1]
    at = int(np.argmin(widths))
    return float(values[at]), float(values[at + count - 1])


def _grown(border: FloatArray, first: float, last: float) -> tuple[float, float]:
    """Let an interval grow over the noise that it is the middle of."""
    level, tolerance = (first + last) / 2, (last - first) / 2
    step = float(np.diff(np.unique(border)).min())  # of whole numbers 1
    for _ in range(20):
        inside = border[np.abs(border - level) <= tolerance]
        level = float(np.median(inside))
        deviation = 1.4826 * float(np.median(np.abs(inside - level))) + step / 2
        if NOISE_WIDTH * deviation <= tolerance:
            break
        tolerance = NOISE_WIDTH * deviation
    return level, tolerance


def _large_parts(foreground: BoolArray) -> BoolArray:
    parts, _ = ndimage.label(foreground)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    large: BoolArray = (sizes >= max(1.0, SMALL_PART * sizes.max()))[parts]
    return large
