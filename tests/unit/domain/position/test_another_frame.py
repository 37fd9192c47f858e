"""Ten tumours on an axial plane of 2x1 mm pixels, spread over both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_case_score import PLANE, fake_case_score, fake_target
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.geometry.grids import Box3D, Grid, Point, Point3D
from gliobench.domain.position.another_frame import better_fit
from gliobench.domain.predictions.prediction import Form

TUMOURS = [
    (5, 4),
    (33, 9),
    (8, 22),
    (30, 24),
    (12, 13),
    (25, 6),
    (17, 27),
    (36, 18),
    (4, 15),
    (21, 20),
]
Place = tuple[float, float]


def answered(answer: Callable[[float, float], Place], tumours: list[Place] = TUMOURS) -> CaseTable:
    return CaseTable.of(
        fake_case_score(
            f"s{number}",
            answers={Form.POINT: Point(PLANE, at=answer(i, j))},
            target=fake_target((i, j), (i + 1, j + 1)),
        )
        for number, (i, j) in enumerate(tumours)
    )


@pytest.mark.parametrize(
    ("answer", "change"),
    [
        (lambda i, j: (40 - i, j), "left and right are exchanged"),
        (lambda i, j: (i, 22 - j), "front and back are exchanged"),
        (lambda i, j: (37 - i, 30 - j), "left and right, and front and back, are exchanged"),
        (lambda i, j: (j / 2, 2 * i - 15), "the two axes are exchanged"),
    ],
)
def test_answers_of_a_mirrored_or_turned_frame_are_recognised(
    answer: Callable[[float, float], Place], change: str
) -> None:
    found = better_fit(answered(answer))

    assert found is not None
    assert (found.change, found.n) == (change, 10)
    assert found.index == pytest.approx(1.0)
    assert found.index_as_is < 0.6


@pytest.mark.parametrize(
    ("by", "words"), [(0.4, "2.50 and 2.50"), (224 / 240, "1.07 and 1.07"), (10.0, "0.10 and 0.10")]
)
def test_answers_on_another_scale_are_recognised(by: float, words: str) -> None:
    found = better_fit(answered(lambda i, j: (by * i, by * j)))

    assert found is not None
    assert found.change == f"their coordinates are multiplied by {words}"
    assert found.index == pytest.approx(1.0)


def test_answers_of_the_next_row_are_recognised() -> None:
    following = dict(zip(TUMOURS, [*TUMOURS[1:], TUMOURS[0]], strict=True))

    found = better_fit(answered(lambda i, j: (following[i, j][0] + 0.5, following[i, j][1])))

    assert found is not None
    assert (
        found.change
        == "they are taken for those of other patients, such as that of patient of s9 for patient of s0"
    )
    assert found.index > 0.9
    assert found.index_as_is < 0.2


def test_answers_that_half_of_the_patients_have_exchanged_are_recognised() -> None:
    apart = [(10 * n, 5 * n) for n in range(10)]
    other = dict(zip(apart, [*apart[:5], *apart[7:], *apart[5:7]], strict=True))

    found = better_fit(answered(lambda i, j: other[i, j], apart))

    assert found is not None
    assert found.change.endswith("such as that of patient of s8 for patient of s5")


def test_two_exchanged_patients_of_ten_are_left() -> None:
    apart = [(10 * n, 5 * n) for n in range(10)]
    other = dict(zip(apart, [apart[9], *apart[1:9], apart[0]], strict=True))

    assert better_fit(answered(lambda i, j: other[i, j], apart)) is None


def test_answers_that_are_all_moved_by_the_same_are_recognised() -> None:
    found = better_fit(answered(lambda i, j: (i + 5, j - 8)))

    assert found is not None
    assert found.change == "they are moved by -10 and +8 mm"
    assert found.index == pytest.approx(1.0)
    assert found.index_as_is < 0.65


def test_answers_that_are_drawn_to_the_middle_are_on_no_other_scale() -> None:
    rng = np.random.default_rng(0)

    def drawn(i: float, j: float) -> Place:
        return 15 + 0.7 * (i - 15) + rng.normal(0, 3), 15 + 0.7 * (j - 15) + rng.normal(0, 3)

    assert better_fit(answered(drawn)) is None


def test_answers_near_their_tumours_fit_best_as_they_are() -> None:
    assert better_fit(answered(lambda i, j: (i + 3, j - 2))) is None


def test_one_answer_for_all_patients_fits_by_no_change() -> None:
    assert better_fit(answered(lambda *_: (3.0, 20.0))) is None


def test_answers_at_random_fit_by_no_change() -> None:
    rng = np.random.default_rng(0)

    assert better_fit(answered(lambda *_: tuple(rng.uniform(0, 30, 2)))) is None


def test_seven_patients_are_too_few_to_know() -> None:
    assert better_fit(answered(lambda i, j: (40 - i, j), TUMOURS[:7])) is None


def in_volume(form: Form, answer: Callable[[float, float, float], tuple[float, ...]]) -> CaseTable:
    """Answers in the volume about tumours on slices of 3 mm, whose pixels are of 2x1 mm."""
    rng, cases = np.random.default_rng(0), []
    grid = Grid((40, 30, 30), np.diag([2.0, 1.0, 3.0, 1.0]))
    for number in range(10):
        i, j, k = rng.uniform(5, 25, 3)
        at = answer(i, j, k)
        place = Point3D((at[0], at[1], at[2])) if form is Form.POINT_3D else cube(at)
        target = replace(fake_target(), grid=grid, centre=Point3D((i, j, k)))
        cases.append(fake_case_score(f"s{number}", answers={form: place}, target=target))
    return CaseTable.of(cases)


def cube(at: tuple[float, ...]) -> Box3D:
    i, j, k = map(round, at)
    return Box3D((i - 1, j - 1, k - 1), (i + 2, j + 2, k + 2))


@pytest.mark.parametrize("form", [Form.POINT_3D, Form.BOX_3D])
@pytest.mark.parametrize(
    ("answer", "change"),
    [
        (lambda i, j, k: (k, j, i), "the axes are in the order k, j, i"),
        (lambda i, j, k: (j, k, i), "the axes are in the order j, k, i"),
        (
            lambda i, j, k: (k, j, 29 - i),
            "the axes are in the order k, j, i, some of them turned round",
        ),
        (lambda i, j, k: (i, j, 29 - k), "up and down are exchanged"),
        (lambda i, j, k: (39 - i, 29 - j, k), "left and right, and front and back are exchanged"),
    ],
)
def test_answers_in_the_volume_of_another_order_of_axes_are_recognised(
    form: Form, answer: Callable[[float, float, float], tuple[float, ...]], change: str
) -> None:
    found = better_fit(in_volume(form, answer))

    assert found is not None
    assert (found.change, found.n) == (change, 10)
    assert found.index > 0.9


def test_answers_in_the_volume_that_follow_the_tumours_or_none_fit_best_as_they_are() -> None:
    rng = np.random.default_rng(1)

    assert better_fit(in_volume(Form.POINT_3D, lambda i, j, k: (i + 1, j - 2, k))) is None
    assert better_fit(in_volume(Form.POINT_3D, lambda *_: tuple(rng.uniform(5, 25, 3)))) is None
    assert better_fit(in_volume(Form.POINT_3D, lambda *_: (9.0, 9.0, 9.0))) is None
