"""The verdict says in few words who leads, and claims no more than its numbers do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_comparison import (
    compared,
    declines,
    looks,
    reading,
    saved_run,
    says_hgg,
)
from gliobench.adapters.html.claims import training_claims
from gliobench.adapters.html.verdict import MOST_WORDS, verdict
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import POINT_ERROR
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.studies.patients import patient_hash

# `looks` grades 26 of 30 HGG and all 10 LGG right: (26 / 30 + 1) / 2 = 0.93
FEW = ReportRuns(bootstrap=BootstrapOptions(replicates=100))


def test_the_first_leads_where_it_is_significantly_better_than_another() -> None:
    told = verdict(compared(looks=looks(), constant=says_hgg(), declining=declines()))

    assert told == (
        "looks leads: balanced accuracy 0.93 (0.77–0.97), significantly better than constant, not "
        "than declining."
    )


def test_equals_share_the_first_rank() -> None:
    told = verdict(compared(one=looks(), constant=says_hgg(), other=looks()))

    assert told == "one and other share the first rank: balanced accuracy 0.93 (0.77–0.97)."


def test_baselines_and_what_has_learned_do_not_lead_by_sharing_the_first_rank() -> None:
    rules = {name: saved_run(name, looks(), facts=BackendFacts(baseline="a rule")) for name in "ab"}
    learned = saved_run("c", looks(), trained_on=[patient_hash("p001")])

    assert verdict(FEW(rules)).startswith(
        "No model leads; a and b, baselines, share the first rank:"
    )
    assert verdict(FEW({**rules, "c": learned})).startswith(
        "a, b and c share the first rank (1 of them trained on these patients):"
    )


def test_the_first_that_is_no_better_than_the_next_only_ranks_first() -> None:
    told = verdict(compared(one=looks(), other=[*looks()[:-1], reading(39, hgg=True, says=False)]))

    assert told.startswith("one ranks first: balanced accuracy 0.93")
    assert told.endswith(", not significantly better than other.")


def test_one_backend_is_held_against_chance() -> None:
    assert verdict(FEW({"looks": saved_run("looks", looks())})).endswith(
        "; the 95 % CI excludes chance (0.5)."
    )


def test_a_backend_no_better_than_chance_does_not_lead() -> None:
    told = verdict(compared(constant=says_hgg(), same=says_hgg()))

    assert told.startswith(
        "No backend is shown to grade better than chance: balanced accuracy 0.50"
    )


def test_a_baseline_does_not_lead_either() -> None:
    rule = saved_run("rule", looks(), facts=BackendFacts(baseline="the site's commoner grade"))

    told = verdict(FEW({"rule": rule, "constant": saved_run("constant", says_hgg())}))

    assert told.startswith("No model leads; rule, a baseline, ranks first: balanced accuracy 0.93")


def test_one_that_was_trained_on_these_patients_does_not_lead() -> None:
    learned = saved_run("learned", looks(), trained_on=[patient_hash("p001")])

    told = verdict(FEW({"learned": learned, "constant": saved_run("constant", says_hgg())}))

    assert told.startswith("learned scores highest but was trained on these patients: ")


def test_what_the_guide_of_a_backend_has_learned_from_is_not_said_to_be_its_own() -> None:
    guided = saved_run(
        "guided", looks(), trained_on=[patient_hash("p001")], provenance={"guide": "cnn c0ffee"}
    )

    report = FEW({"guided": guided, "constant": saved_run("constant", says_hgg())})

    assert verdict(report).startswith(
        "guided scores highest but it, or what chooses its slices, was trained on these patients: "
    )
    assert next(training_claims(report)).startswith(
        "guided, or what chooses its slices, was trained on patients of this cohort: "
    )


def test_nobody_leads_on_phantoms() -> None:
    simulated = [replace(case, simulated=True) for case in looks()]

    told = verdict(compared(one=simulated, other=simulated))

    assert told == (
        "No backend is ranked on simulated studies: the scores only show that the program runs."
    )


def test_a_distance_is_told_with_its_unit() -> None:
    told = verdict(compared(primary=POINT_ERROR, looks=looks(), constant=says_hgg()))

    assert told.startswith("looks ranks first: centre error in mm of points on the scoring plane ")


def test_a_backend_that_is_better_in_the_typical_study_only_is_told_so() -> None:
    near, far = (
        [reading(number, hgg=True, points=(0, off + 0.1 * number)) for number in range(20)]
        for off in (1, 3)
    )

    told = verdict(compared(primary=POINT_ERROR, near=near, far=far, constant=far))

    # no failure is seen in 20 studies, too few to bound a mean in which one would count 373 mm
    assert told.startswith("near ranks first: ")
    assert told.endswith(", better in the typical study than far and constant.")


@pytest.mark.parametrize("n", [2, 5, 12])
def test_the_verdict_is_short_however_many_backends_there_are(n: int) -> None:
    many = {f"model_{at}_of_many": says_hgg() for at in range(n)}

    told = verdict(compared(looks=looks(), **many))

    assert len(told.split()) <= MOST_WORDS
