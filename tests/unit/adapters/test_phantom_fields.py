import numpy as np

from gliobench.adapters.phantom.fields import smooth_field

EXTENT_MM = ((0.0, 60.0),) * 3


def axes(spacing_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    axis = np.arange(0.0, 60.0, spacing_mm)
    return axis, axis, axis


def test_a_field_has_mean_0_and_deviation_1() -> None:
    field = smooth_field(np.random.default_rng(1), axes(2.0), scale_mm=2.5, extent_mm=EXTENT_MM)

    assert abs(field.mean()) < 0.05
    assert abs(field.std() - 1) < 0.05


def test_a_field_has_the_same_value_at_the_same_millimetre_whatever_the_spacing() -> None:
    fine, coarse = (
        smooth_field(np.random.default_rng(1), axes(mm), scale_mm=8.0, extent_mm=EXTENT_MM)
        for mm in (1.0, 3.0)
    )

    np.testing.assert_allclose(fine[::3, ::3, ::3], coarse, atol=1e-5)


def test_a_field_changes_over_its_scale_and_not_over_less() -> None:
    field = smooth_field(np.random.default_rng(1), axes(1.0), scale_mm=15.0, extent_mm=EXTENT_MM)

    assert np.abs(np.diff(field, axis=0)).max() < 0.3
