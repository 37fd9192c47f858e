"""Detection of the background: the most frequent value at the border of a volume, with its noise.

All readers treat non-zero voxels as head, and `Study.volume` guarantees this. Most files fulfil it
already; z-scored, shifted or noisy ones do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray, FloatArray, ScalarT, extent
from gliobench.domain.geometry.parts import Parts, Touching

BORDER_SHARE = 0.2
"""Minimum share of the border's voxels that a background covers: a tight crop leaves more."""
NEAR = 0.05
"""Share of the volume's range around the most frequent border value that may be noise."""
FEW = 0.01
"""Minimum share of the most frequent value's voxels: fewer near it are dark voxels of a head."""
RIPPLE = 1e-3
"""Share of the volume's range: interpolation leaves smaller ripples around a head without a border."""
MANY = 0.05
"""Minimum share of the remaining voxels: fewer within a ripple are dark voxels."""
NOISE_WIDTH = 5.0
"""Standard deviations of noise that count as background; larger outliers form small components."""
WIDEST, NARROWEST = 0.25, 0.02
"""Maximum width of a background as a share of the volume's range: wider ones are tissue in a cropped
volume. The smaller value applies where the background is not the darkest part of the volume."""
FEWEST = 500
"""Below this number of border voxels, noise cannot be distinguished from tissue."""
SMALL_PART = 0.01
"""Components below this share of the largest foreground component are noise."""
FLOOR = (-0.1, 0.75)
"""Ranges of the head by which its darkest voxels may exceed a background that was its zero; −0.04 to
0.33 in real studies."""
_SAMPLE_STEP = 5
_RANGE = (0.1, 99.9)


@dataclass(frozen=True, slots=True)
class Background:
    """The intensities around a head.

    Args:
        level: The most frequent value at the border.
        tolerance: Largest deviation of background voxels; 0 where all are equal.
    """

    level: float
    tolerance: float = 0.0

    @classmethod
    def of(cls, volume: FloatArray) -> Background | None:
        """Measure the border of a volume.

        Args:
            volume: (I, J, K); an axis of one or two voxels has no border.

        Returns:
            None where no value is frequent there because the head fills the volume, or where values
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
        """Return whether the background is 0 everywhere."""
        return self.level == 0 and self.tolerance == 0

    def head(self, volume: FloatArray) -> BoolArray:
        """Return the voxels of the head, including voxels inside it that are as dark as noise."""
        if self.tolerance == 0 and self.level in (volume.min(), volume.max()):
            return np.asarray(volume != self.level)
        if self.tolerance == 0:
            foreground = np.asarray(volume != self.level)
        else:
            foreground = np.abs(volume - np.float32(self.level)) > self.tolerance
        parts = Parts.of(~_large_parts(foreground), Touching.FACES)
        return ~parts.having(np.isin(np.arange(parts.n + 1), _border(parts.labels)))


def on_zero(volume: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a volume that is zero around the head and nowhere else.

    If the darkest voxels of the head are just above the background, the volume was shifted, and the shift
    is undone. If the background is elsewhere, only the background is set to zero. If zeros are padded
    around another background, both become zero.

    Args:
        volume: (I, J, K).

    Returns:
        The volume itself if its background is already 0, or if the head fills it.
    """
    cleared = _cleared(volume)
    if not _is_padded(cleared):
        return cleared
    inner = extent(cleared != 0)
    whole = cleared.copy()
    whole[inner] = _cleared(cleared[inner])
    return whole


def odd_background(volume: FloatArray) -> str | None:
    """Describe a background that `on_zero` sets to zero, e.g. `-1024`; None where there is none."""
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
    """Return whether zeros surround another background, below 0 or noisy; tested on a sample."""
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
    """Return the intensity that was 0 before a background was shifted or set."""
    low, high = np.percentile(head, _RANGE)
    is_floor = FLOOR[0] <= (low - background.level) / max(high - low, 1e-9) <= FLOOR[1]
    holds_zero = abs(background.level) <= background.tolerance
    return background.level if is_floor and not holds_zero else 0.0


def _sampling(volume: FloatArray) -> tuple[slice, ...]:
    """Take every fifth voxel along each axis, or a finer sample of a short axis."""
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
    """Measure the extent of noise around a frequent value; 0 where there is none."""
    near = _near(border, level, NEAR * span)
    if near.size > FEW * np.count_nonzero(border == level):
        return 1.5 * float(np.percentile(near, 99))
    ripples = _near(sample, level, RIPPLE * span)
    return RIPPLE * span if ripples.size > MANY * np.count_nonzero(sample != level) else 0.0


def _near(values: FloatArray, level: float, within: float) -> FloatArray:
    """Return the distances of values near a value but different from it."""
    distances: FloatArray = np.abs(values - level)
    return distances[(distances > 0) & (distances <= within)]


def _densest(border: FloatArray) -> tuple[float, float]:
    """Return the shortest interval with a share of `BORDER_SHARE` of the values."""
    values = np.sort(border)
    count = max(1, int(np.ceil(BORDER_SHARE * values.size)))
    widths = values[count - 1 :] - values[: values.size - count + 1]
    at = int(np.argmin(widths))
    return float(values[at]), float(values[at + count - 1])


def _grown(border: FloatArray, first: float, last: float) -> tuple[float, float]:
    """Extend an interval over the noise around it."""
    level, tolerance = (first + last) / 2, (last - first) / 2
    step = float(np.diff(np.unique(border)).min())  # 1 for integers
    for _ in range(20):
        inside = border[np.abs(border - level) <= tolerance]
        level = float(np.median(inside))
        deviation = 1.4826 * float(np.median(np.abs(inside - level))) + step / 2
        if NOISE_WIDTH * deviation <= tolerance:
            break
        tolerance = NOISE_WIDTH * deviation
    return level, tolerance


def _large_parts(foreground: BoolArray) -> BoolArray:
    parts = Parts.of(foreground, Touching.FACES)
    return parts.having(parts.n_voxels >= max(1.0, SMALL_PART * parts.n_voxels.max()))
