"""Which runs of a place belong into one report."""

from __future__ import annotations

from dataclasses import replace

from fakes.evaluation import evaluate
from fakes.fake_backend import fake_backend
from fakes.fake_run_place import FakeRunPlace
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.report.write_report import RunsBeside, runs_beside
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.studies.study import Case, Grade

CASES = [fake_case("s0"), fake_case("s1", grade=Grade.LGG)]


def run(place: FakeRunPlace, name: str, cases: list[Case], *, kept_as: str = "") -> None:
    evaluate(FakeStudySource(cases), [fake_backend(name)], lambda _: place.store(kept_as or name))


def test_runs_over_the_same_studies_and_references_belong_together() -> None:
    place = FakeRunPlace()
    for name in ("c", "a", "b"):
        run(place, name, CASES)

    found = runs_beside(place, ["b"])

    assert (found.alike, found.left_out) == (("a", "c"), ())


def test_the_scores_of_a_run_that_is_alone_are_not_read() -> None:
    scored, unscored = FakeRunPlace(), FakeRunPlace()
    run(scored, "a", CASES)
    unscored.store("a").open(scored.store("a").manifest())

    assert runs_beside(unscored, ["a"]) == RunsBeside((), ())


def test_a_run_over_another_cohort_is_named() -> None:
    place = FakeRunPlace()
    run(place, "a", CASES)
    run(place, "b", CASES[:1])

    found = runs_beside(place, ["a"])

    assert found.alike == ()
    assert found.left_out == ("b is not in the report: it is over another cohort",)


def test_a_run_that_was_held_against_other_references_is_named() -> None:
    place = FakeRunPlace()
    regraded = replace(CASES[0], reference=replace(CASES[0].reference, grade=Grade.LGG))
    run(place, "a", [regraded, CASES[1]])
    run(place, "b", CASES)

    found = runs_beside(place, ["b"])

    assert found.left_out == (
        "a is not in the report: the references have changed since: evaluate it again",
    )


def test_a_run_that_is_not_scored_or_not_merged_is_named() -> None:
    place = FakeRunPlace()
    run(place, "a", CASES)
    place.store("b").open(replace(place.store("a").manifest(), backend="b"))
    run(place, "c", CASES, kept_as="c/shards/0-of-2")

    found = runs_beside(place, ["a"])

    assert found.alike == ()
    assert found.left_out == (
        "b is not in the report: it is not finished: evaluate it again",
        "c is not in the report: its shards are not merged: see gliobench merge",
    )


def test_a_run_whose_masks_were_read_by_another_convention_is_named() -> None:
    place = FakeRunPlace()
    for name, labels in (("a", "brats-gli-2017"), ("b", "tumour")):
        source = FakeStudySource(CASES, labels=DatasetLabels(BUILT_IN[labels]))
        evaluate(source, [fake_backend(name)], lambda _, to=name: place.store(to))

    found = runs_beside(place, ["b"])

    assert found.left_out == (
        "a is not in the report: its masks were read by another label convention: evaluate it "
        "again",
    )
