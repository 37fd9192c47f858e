"""Rigid registration by mutual information, from coarse to fine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import final

import numpy as np
import SimpleITK as sitk  # noqa: N813 -- as its users call it
from numpy.typing import NDArray

from gliobench.adapters.simpleitk.images import FINEST_MM, evened, mask_of, shrunken
from gliobench.application.ports.registrar import Registrar, Registration, Scan
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.geometry.placed_slices import LPS_TO_RAS
from gliobench.domain.geometry.rigid import Rigid

VERSION = 2
"""Increased whenever the same images give another motion than before."""
BINS, SEED = 32, 20_17
_LEVELS = ((8.0, 10_000), (4.0, 40_000), (FINEST_MM, 120_000))
"""Edges of the voxels in mm, and about how many are compared."""
_TURNS_DEG = (-22.0, 0.0, 22.0)
_LIFTS_MM = (-30.0, 0.0, 30.0)
_TRIED = (4, 2, 1)
"""How many poses are followed at each level."""
_SIGNS = tuple(product((-1.0, 1.0), repeat=3))
_TURNED_DEG = 45.0
"""Least angle between the position found and one that is turned."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two images, evened out, and what is compared of the first."""

    fixed: sitk.Image
    moving: sitk.Image
    within: sitk.Image | None

    def at(self, edge_mm: float) -> _Pair:
        return _Pair(shrunken(self.fixed, edge_mm), shrunken(self.moving, edge_mm), self.within)


@final
class SimpleItkRegistrar(Registrar):
    """Registers by Mattes' mutual information, on one thread and with fixed samples.

    It starts where the coordinates place the images and where the middles of the heads meet, turned and
    lifted; the best starts are followed.
    """

    @property
    def fingerprint(self) -> str:
        """The versions of this registration and of SimpleITK."""
        return f"mutual information {VERSION}, SimpleITK {sitk.Version.VersionString()}"

    def register(
        self,
        *,
        fixed: Scan,
        moving: Scan,
        within: BoolArray | None = None,
        turned_over: bool = False,
    ) -> Registration:
        """Find how the moving image lies to the fixed one."""
        # sums of several threads depend on which ends first; the metric heeds the global number alone
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
        mask = None if within is None else mask_of(within, fixed.grid)
        try:
            pair = _Pair(evened(fixed), evened(moving), mask)
            pose = _followed(pair, _starts(pair))
            found, elsewhere = _measured(pair.at(_LEVELS[1][0]), pose)
            turned = _turned_over(pair, pose) if turned_over else 0.0
        except RuntimeError as error:
            raise InvalidInputError(
                "images cannot be registered: they do not overlap enough"
            ) from error
        return Registration(
            _motion(pose), *(max(value, 0.0) for value in (found, elsewhere, turned))
        )


def _followed(
    pair: _Pair,
    starts: Iterable[sitk.Euler3DTransform],
    levels: Sequence[tuple[float, int]] = _LEVELS,
) -> sitk.Euler3DTransform:
    """Refine the best of many starts, fewer at each level."""
    coarse = pair.at(_LEVELS[0][0])
    poses = sorted(starts, key=lambda start: _value(coarse, start))
    for (edge_mm, samples), count in zip(levels, _TRIED, strict=False):
        level = pair.at(edge_mm)
        refined = [_refined(level, pose, samples) for pose in poses[:count]]
        poses = sorted(refined, key=lambda pose: _value(level, pose))
    return poses[0]


def _starts(pair: _Pair) -> Iterator[sitk.Euler3DTransform]:
    centre = _centre(pair)
    apart = _middle(pair.moving) - centre
    yield _pose(centre, (0.0, 0.0, 0.0), np.zeros(3))
    for *turn, lift in product(_TURNS_DEG, _TURNS_DEG, _TURNS_DEG, _LIFTS_MM):
        yield _pose(centre, np.radians(turn), apart + np.array([0.0, 0.0, lift]))


def _turned_over(pair: _Pair, pose: sitk.Euler3DTransform) -> float:
    """Return the mutual information in the best position about quarter and half turns from a pose."""
    centre = _centre(pair)
    straight = _pose(centre, (0.0, 0.0, 0.0), _middle(pair.moving) - centre)
    starts = (turned for each in (pose, straight) for turned in _turns(each))
    other = _followed(pair, starts, _LEVELS[:2])
    if _apart_deg(pose, other) < _TURNED_DEG:
        return 0.0  # all lead back to it
    return -_value(pair.at(_LEVELS[1][0]), other)


def _turns(pose: sitk.Euler3DTransform) -> Iterator[sitk.Euler3DTransform]:
    """Turn the head in a pose by quarter and half turns about its middle, and lift it."""
    turn, shift = np.array(pose.GetMatrix()).reshape(3, 3), np.array(pose.GetTranslation())
    for axes, signs, lift in product(permutations(range(3)), _SIGNS, _LIFTS_MM):
        quarter = np.diag(signs)[list(axes)]
        if np.linalg.det(quarter) > 0 and np.trace(quarter) < 3:
            other = sitk.Euler3DTransform(pose)
            other.SetMatrix((turn @ quarter).ravel().tolist(), 1e-6)
            other.SetTranslation((shift + np.array([0.0, 0.0, lift])).tolist())
            yield other


def _apart_deg(one: sitk.Euler3DTransform, other: sitk.Euler3DTransform) -> float:
    """Return the angle of the rotation between two poses."""
    first, second = (np.array(pose.GetMatrix()).reshape(3, 3) for pose in (one, other))
    return float(np.degrees(np.arccos(np.clip((np.trace(first.T @ second) - 1) / 2, -1, 1))))


def _pose(
    centre: NDArray[np.float64],
    turn: NDArray[np.float64] | tuple[float, ...],
    shift: NDArray[np.float64],
) -> sitk.Euler3DTransform:
    pose = sitk.Euler3DTransform()
    pose.SetCenter(centre.tolist())
    pose.SetRotation(*map(float, turn))
    pose.SetTranslation(shift.tolist())
    return pose


def _centre(pair: _Pair) -> NDArray[np.float64]:
    """Return the middle of what is compared of the fixed image."""
    return _middle(pair.within if pair.within is not None else pair.fixed)


def _middle(image: sitk.Image) -> NDArray[np.float64]:
    """Return the centre of all that is not background, in SimpleITK's world."""
    inside = np.argwhere(sitk.GetArrayViewFromImage(image) > 0)
    return np.array(
        image.TransformContinuousIndexToPhysicalPoint(inside.mean(axis=0)[::-1].tolist())
    )


def _method(pair: _Pair, pose: sitk.Euler3DTransform, samples: int) -> sitk.ImageRegistrationMethod:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    share = samples / pair.fixed.GetNumberOfPixels()
    if share < 1:
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(share, SEED)
    if pair.within is not None:
        method.SetMetricFixedMask(pair.within)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetInitialTransform(pose, inPlace=True)
    return method


def _refined(pair: _Pair, start: sitk.Euler3DTransform, samples: int) -> sitk.Euler3DTransform:
    pose = sitk.Euler3DTransform(start)
    method = _method(pair, pose, samples)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=1.0,
        minStep=1e-3,
        numberOfIterations=100,
        relaxationFactor=0.6,
        gradientMagnitudeTolerance=1e-7,
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.Execute(pair.fixed, pair.moving)
    return pose


def _value(pair: _Pair, pose: sitk.Euler3DTransform) -> float:
    """Return the negated mutual information; 0 where the images do not meet."""
    method = _method(pair, pose, _LEVELS[1][1])
    method.SetMetricUseMovingImageGradientFilter(False)  # a value needs no gradients
    try:
        return float(method.MetricEvaluate(pair.fixed, pair.moving))
    except RuntimeError:
        return 0.0


def _measured(pair: _Pair, pose: sitk.Euler3DTransform) -> tuple[float, float]:
    """Return the mutual information in a position, and its mean over positions 20 mm or degrees beside."""
    beside = []
    for axis, sign in product(range(6), (-1, 1)):
        parameters = np.array(pose.GetParameters())
        parameters[axis] += sign * (np.radians(20.0) if axis < 3 else 20.0)
        other = sitk.Euler3DTransform(pose)
        other.SetParameters(parameters.tolist())
        beside.append(-_value(pair, other))
    return -_value(pair, pose), float(np.mean(beside))


def _motion(pose: sitk.Euler3DTransform) -> Rigid:
    """Return the motion from the moving image's world to the fixed one's; SimpleITK's is the other way."""
    turn = np.array(pose.GetMatrix()).reshape(3, 3)
    centre, shift = np.array(pose.GetCenter()), np.array(pose.GetTranslation())
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = centre + shift - turn @ centre
    return Rigid(LPS_TO_RAS @ matrix @ LPS_TO_RAS).inverse
