"""What every estimator of bias fields keeps to."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from fakes.head import SHAPE, SPACING_MM, brain
from gliobench.application.ports.bias_field import BiasFieldEstimator
from gliobench.application.ports.registrar import Scan
from gliobench.domain.geometry.grids import BoolArray, Grid

pytest.importorskip("SimpleITK")

from gliobench.adapters.simpleitk import N4BiasField

EVERY = (slice(None, None, 2),) * 3
GRID = Grid((SHAPE[0] // 2, SHAPE[1] // 2, SHAPE[2] // 2), np.diag([*[2 * SPACING_MM] * 3, 1.0]))
ACROSS = np.linspace(-0.3, 0.3, GRID.shape[0])[:, None, None]
"""Logarithm of a coil's shading, from left to right."""


@pytest.fixture(params=[N4BiasField])
def estimator(request: pytest.FixtureRequest) -> BiasFieldEstimator:
    return request.param()  # type: ignore[no-any-return]


def tissues(tumour: float = 300) -> tuple[NDArray[np.float32], BoolArray, BoolArray]:
    """Draw grey and white matter with a large tumour: the image, the brain and the tumour."""
    inside = brain()[EVERY] != 0
    folds = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=GRID.shape), 1.2)
    drawn = np.where(folds > 0, 300.0, 200.0) + np.random.default_rng(1).normal(0, 8, GRID.shape)
    there = np.zeros(GRID.shape, bool)
    there[14:19, 10:16, 8:14] = True
    return np.where(inside, np.where(there, tumour, drawn), 0).astype(np.float32), inside, there


def test_a_shaded_image_divided_by_its_field_is_as_even_as_before(
    estimator: BiasFieldEstimator,
) -> None:
    image, inside, _ = tissues()
    shaded = (image * np.exp(ACROSS)).astype(np.float32)

    field = estimator.log_field(Scan(shaded, GRID), within=inside)

    true = np.broadcast_to(ACROSS, GRID.shape)
    apart = (field - true)[inside]
    assert apart.std() < 0.15 * true[inside].std()
    assert field[inside].mean() == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("brightness", [60, 600])
def test_a_dark_or_bright_tumour_stays_what_it_is(
    estimator: BiasFieldEstimator, brightness: float
) -> None:
    image, inside, there = tissues(brightness)

    field = estimator.log_field(Scan(image, GRID), within=inside)

    assert abs(field[there].mean()) < 0.1 * abs(np.log(brightness / 250))


def test_a_tumour_that_fades_into_the_brain_keeps_nine_tenths_of_its_brightness(
    estimator: BiasFieldEstimator,
) -> None:
    image, inside, _ = tissues(250)
    places_mm = np.stack(np.indices(GRID.shape), axis=-1) * 2 * SPACING_MM
    apart_mm = np.linalg.norm(places_mm - (128, 100, 88), axis=-1)
    brighter = np.exp(-((apart_mm / 15) ** 2) / 2)
    shown = (image * (1 + brighter)).astype(np.float32)

    field = estimator.log_field(Scan(shown, GRID), within=inside)

    tumour = brighter > 0.5
    assert field[tumour].mean() < 0.1 * np.log1p(brighter[tumour]).mean()


def test_the_same_image_has_the_same_field_bit_for_bit(estimator: BiasFieldEstimator) -> None:
    image, inside, _ = tissues()

    first, second = (estimator.log_field(Scan(image, GRID), within=inside) for _ in range(2))

    assert np.array_equal(first, second)
    assert first.dtype == np.float32


@pytest.mark.parametrize("value", [0, -5, 7])
def test_an_image_of_one_value_has_no_field(estimator: BiasFieldEstimator, value: float) -> None:
    _, inside, _ = tissues()

    field = estimator.log_field(
        Scan(np.full(GRID.shape, value, dtype=np.float32), GRID), within=inside
    )

    assert not field.any()


def test_a_huge_value_leaves_a_finite_field(estimator: BiasFieldEstimator) -> None:
    image, inside, _ = tissues()
    image[13, 15, 11] = 1e30

    field = estimator.log_field(Scan(image, GRID), within=inside)

    assert np.isfinite(field).all()
    assert np.abs(field).max() < 0.2
