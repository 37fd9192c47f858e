from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")

from gliobench.adapters.phantom.anatomy import Anatomy, draw_anatomy
from gliobench.adapters.phantom.lesion import Head, grow
from gliobench.adapters.phantom.plan import Enhancement, LesionPlan, draw_plan
from gliobench.adapters.phantom.source import PhantomRecipe
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.studies.study import Grade

SPACING_MM = 3.0
RIGHT_FRONTAL_MM = np.array([28.0, 20.0, 30.0])


@pytest.fixture(scope="module")
def brain() -> Iterator[Anatomy]:
    grid = canonical(PhantomRecipe(seed=0, index=0, spacing_mm=SPACING_MM).native_grid)
    return draw_anatomy(np.random.default_rng(0), grid)


def plan(**changes: object) -> LesionPlan:
    drawn = draw_plan(np.random.default_rng(0), Grade.HGG)
    usual = {
        "seat_mm": RIGHT_FRONTAL_MM,
        "radius_mm": 18.0,
        "oedema_mm": 18.0,
        "push_mm": 4.0,
        "rim_mm": 5.0,
        "enhancement": Enhancement.RIM,
    }
    return replace(drawn, **{**usual, **changes})


def grown(brain: Anatomy, **changes: object) -> Head:
    return grow(np.random.default_rng(0), plan(**changes), brain)


def volume_ml(head: Head, *labels: int) -> float:
    return float(np.isin(head.lesion.labels, labels).sum()) * SPACING_MM**3 / 1000


def test_a_tumour_near_the_rim_lies_within_the_brain(brain: Anatomy) -> None:
    head = grown(brain, seat_mm=np.array([46.0, 10.0, 30.0]), radius_mm=26.0, roughness=2.0)

    assert not head.lesion.labels[~brain.brain[head.lesion.block]].any()


def test_a_tumour_lies_about_its_seat(brain: Anatomy) -> None:
    head = grown(brain)
    centre = np.argwhere(np.isin(head.lesion.labels, (1, 4))).mean(axis=0).round().astype(int)
    world_mm = [
        mm[cut][n] for mm, cut, n in zip(brain.axes_mm, head.lesion.block, centre, strict=True)
    ]
    seat_mm = [brain.placement.to_world(mni, n) for n, mni in enumerate(RIGHT_FRONTAL_MM)]

    assert np.linalg.norm(np.subtract(world_mm, seat_mm)) < 12


def test_a_larger_radius_makes_a_larger_core(brain: Anatomy) -> None:
    small, large = (grown(brain, radius_mm=mm) for mm in (10.0, 20.0))

    assert volume_ml(large, 1, 4) > 3 * volume_ml(small, 1, 4)


def test_oedema_runs_along_white_matter(brain: Anatomy) -> None:
    head = grown(brain, push_mm=0.0)
    white = head.anatomy.white[head.lesion.block]

    assert white[head.lesion.labels == 2].mean() > 0.6
    assert white[brain.brain[head.lesion.block]].mean() < 0.5


def test_a_tumour_that_does_not_enhance_has_no_enhancing_voxel(brain: Anatomy) -> None:
    assert volume_ml(grown(brain, enhancement=Enhancement.NONE), 4) == 0


def test_a_rim_encloses_the_necrosis(brain: Anatomy) -> None:
    head = grown(brain, rim_mm=6.0, unevenness=0.0)
    necrosis = np.argwhere(head.lesion.labels == 1)
    enhancing = np.argwhere(head.lesion.labels == 4)
    centre = np.argwhere(np.isin(head.lesion.labels, (1, 4))).mean(axis=0)

    spread = [np.linalg.norm(part - centre, axis=1).mean() for part in (necrosis, enhancing)]

    assert spread[0] < spread[1]


def test_a_tumour_stays_on_its_side_of_the_midline_but_for_white_matter(brain: Anatomy) -> None:
    head = grown(brain, seat_mm=np.array([14.0, 25.0, 35.0]), radius_mm=22.0)
    x_mm = brain.axes_mm[0][head.lesion.block[0]] - brain.midline_mm
    crossed = head.lesion.labels[x_mm < -4] > 0

    assert crossed.sum() < 0.1 * (head.lesion.labels > 0).sum()


def test_tissue_is_pushed_away_from_the_tumour_and_stays_put_far_from_it(brain: Anatomy) -> None:
    head = grown(brain, push_mm=6.0)
    moved = np.abs(head.anatomy.white - brain.white)
    outside = np.ones(moved.shape, dtype=bool)
    outside[head.lesion.block] = False

    assert moved[head.lesion.block].max() > 0.3
    assert moved[outside].max() == 0


def test_even_a_core_that_its_surface_would_swallow_is_there(brain: Anatomy) -> None:
    head = grown(brain, radius_mm=7.0, roughness=5.0, oedema_mm=0.0, enhancement=Enhancement.NONE)

    assert volume_ml(head, 1) > 0
