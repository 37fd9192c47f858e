"""Backends that track the tumour, and backends that answer the middle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gliobench.domain.position import bias as module
from gliobench.domain.position.bias import PositionBias, position_bias
from gliobench.domain.position.placements import Marks, Placements
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured, NotEstimable

N = 60
RNG = np.random.default_rng(7)
SIDE = RNG.choice([-1.0, 1.0], N)
REFERENCE = np.column_stack([SIDE * RNG.normal(35, 8, N), RNG.normal(5, 25, N)])
AREAS = RNG.uniform(100, 3000, N)
JITTER = RNG.normal(0, 3, (N, 2))


def placements(
    predicted: np.ndarray, reference: np.ndarray = REFERENCE, **changes: object
) -> Placements:
    made = Placements(
        study_ids=tuple(f"s{number}" for number in range(N)),
        patients=tuple(f"p{number}" for number in range(N)),
        predicted=Marks(predicted),
        reference=Marks(reference),
        brain_mm=np.tile((2.0, -4.0), (N, 1)),
    )
    return replace(made, **changes)


def measure(
    found: Placements, *, priors: dict[str, np.ndarray] | None = None, seed: int = 0
) -> PositionBias:
    bias = position_bias(found, priors=priors, replicates=400, shuffles=199, seed=seed)
    assert isinstance(bias, PositionBias)
    return bias


def value(measured: Measured) -> float:
    assert isinstance(measured, Estimate)
    return measured.value


def interval(measured: Measured) -> Interval:
    assert isinstance(measured, Estimate)
    assert isinstance(measured.interval, Interval)
    return measured.interval


def test_a_backend_that_clusters_at_the_middle_is_one() -> None:
    bias = measure(placements(JITTER))

    around = interval(bias.tracking)
    assert around.low < 0 < around.high
    assert around.high < 0.1
    assert abs(value(bias.x.slope)) < 0.05
    assert bias.predicted.from_middle_mm < 5 < bias.reference.from_middle_mm
    assert bias.predicted.entropy < 0.4 < bias.reference.entropy
    assert bias.shuffled.p_value > 0.05
    assert isinstance(bias.shuffled.survives, float)
    assert bias.shuffled.survives > 0.95


def test_a_backend_that_tracks_the_tumour_is_told_from_one_that_does_not() -> None:
    bias = measure(placements(REFERENCE + JITTER))

    assert interval(bias.tracking).low > 0.8
    assert value(bias.x.slope) == pytest.approx(1.0, abs=0.05)
    assert value(bias.y.r_squared) > 0.9
    assert bias.shuffled.p_value == 1 / 200
    assert value(bias.error_mm) == pytest.approx(np.linalg.norm(JITTER, axis=1).mean())


def test_a_constant_answer_tracks_nothing_and_leaves_no_doubt_of_it() -> None:
    bias = measure(placements(np.full((N, 2), 1 / 3)))

    assert value(bias.tracking) == pytest.approx(0.0, abs=1e-12)
    assert isinstance(bias.tracking, Estimate)
    assert isinstance(bias.tracking.interval, NotEstimable)
    assert value(bias.x.slope) == pytest.approx(0.0, abs=1e-12)
    assert bias.x.r_squared == NotEstimable("the answers are all the same")
    assert bias.predicted.entropy == 0.0
    assert bias.predicted.spread_mm == pytest.approx(0.0, abs=1e-12)


def test_areas_are_held_against_areas() -> None:
    boxes = replace(
        placements(JITTER),
        predicted=Marks(JITTER, areas_mm2=0.5 * AREAS + 10),
        reference=Marks(REFERENCE, areas_mm2=AREAS),
    )

    bias = measure(boxes)

    assert bias.area is not None
    assert value(bias.area.slope) == pytest.approx(0.5)
    assert value(bias.area.r_squared) == pytest.approx(1.0)
    assert measure(placements(JITTER)).area is None


def test_overlaps_are_shuffled_where_the_answers_are_boxes() -> None:
    corners = np.hstack([REFERENCE - 15, REFERENCE + 15])
    moved = np.hstack([REFERENCE + JITTER - 15, REFERENCE + JITTER + 15])
    boxes = replace(
        placements(JITTER),
        predicted=Marks(REFERENCE + JITTER, corners_mm=moved),
        reference=Marks(REFERENCE, corners_mm=corners),
    )

    bias = measure(boxes)

    assert bias.shuffled_iou is not None
    assert bias.shuffled_iou.observed > 0.6 > bias.shuffled_iou.shuffled
    assert bias.shuffled_iou.p_value == 1 / 200
    assert measure(placements(JITTER)).shuffled_iou is None


def test_a_backend_is_compared_with_the_priors_on_the_same_patients() -> None:
    answers = np.tile((2.0, -4.0), (N, 1)) + JITTER / 100
    mean_box = np.tile((1.0, 0.0), (N, 1))
    mean_box[:10] = np.nan

    bias = measure(placements(answers), priors={"mean box": mean_box})

    assert list(bias.priors) == ["image centre", "brain centroid", "mean box"]
    assert value(bias.priors["brain centroid"].answers_from_it_mm) < 0.1
    assert value(bias.priors["image centre"].error_mm) == pytest.approx(
        np.linalg.norm(REFERENCE, axis=1).mean()
    )
    gain = bias.priors["mean box"].gain_mm
    errors = np.linalg.norm(answers - REFERENCE, axis=1)
    assert value(gain) == pytest.approx(
        (np.linalg.norm(mean_box - REFERENCE, axis=1) - errors)[10:].mean()
    )


def test_an_unknown_brain_is_no_prior() -> None:
    unknown = placements(JITTER, brain_mm=np.full((N, 2), np.nan))

    assert list(measure(unknown).priors) == ["image centre"]


def test_references_in_one_place_cannot_be_tracked() -> None:
    bias = measure(placements(JITTER, np.full((N, 2), 12.0)))

    assert isinstance(bias.tracking, NotEstimable)
    assert "one place" in bias.tracking.reason
    assert bias.x.slope == NotEstimable("the references are all the same")
    assert bias.predicted.from_middle_mm > 0


def test_too_few_patients_tell_nothing() -> None:
    few = position_bias(placements(JITTER, patients=tuple(f"p{n % 19}" for n in range(N))))

    assert few == NotEstimable("19 patients were answered: wanted 20 or more")


def test_fewer_than_forty_patients_have_an_index_without_an_interval_or_a_p() -> None:
    answered = placements(REFERENCE + 8 * JITTER)

    few, enough = (measure(answered.take(range(n))) for n in (39, 40))

    assert value(few.tracking) > 0.2
    assert isinstance(few.tracking, Estimate)
    assert few.tracking.interval == few.tracking_p
    assert isinstance(few.tracking_p, NotEstimable)
    assert few.tracking_p.reason.startswith("fewer than 40 patients")
    assert isinstance(interval(enough.tracking), Interval)
    assert isinstance(enough.tracking_p, float)


def test_the_p_of_following_is_small_where_the_index_is_far_from_its_bounds() -> None:
    on_tumours = measure(placements(REFERENCE + JITTER))
    at_the_middle = measure(placements(JITTER))
    between = measure(placements(0.35 * REFERENCE + 3 * JITTER))

    assert isinstance(on_tumours.tracking_p, float)
    assert on_tumours.tracking_p < 1e-4
    assert isinstance(at_the_middle.tracking_p, float)
    assert at_the_middle.tracking_p < 1e-4
    assert 0.2 < value(between.tracking) < 0.5
    assert between.tracking_p == 1.0


def test_nobody_answered_tells_nothing() -> None:
    assert isinstance(position_bias(placements(JITTER).take([])), NotEstimable)


def test_studies_of_one_patient_are_drawn_together() -> None:
    alone = measure(placements(REFERENCE + 8 * JITTER))
    halves = np.arange(N) * 5 // 6
    doubled = placements(
        (REFERENCE + 8 * JITTER)[halves],
        REFERENCE[halves],
        patients=tuple(f"p{one}" for one in halves),
    )

    wide = interval(measure(doubled).tracking)
    narrow = interval(alone.tracking)
    assert wide.high - wide.low > 1.15 * (narrow.high - narrow.low)


def test_the_unanswered_are_told_of() -> None:
    assert measure(placements(JITTER, n_unanswered=5)).n_unanswered == 5


def test_the_same_seed_gives_the_same_numbers() -> None:
    assert measure(placements(JITTER), seed=3) == measure(placements(JITTER), seed=3)


def test_of_a_very_large_cohort_a_sample_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STUDIES", 40)

    bias = measure(placements(REFERENCE + JITTER))

    assert bias.n == 40
    assert interval(bias.tracking).low > 0.8
