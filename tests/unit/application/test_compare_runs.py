"""Runs are audited before they are compared."""

from __future__ import annotations

import pytest

from fakes.fake_comparison import looks, saved_run, says_hgg
from fakes.fake_report import in_words
from fakes.fake_run_store import FakeRunStore
from gliobench.adapters.html.page import render_report
from gliobench.adapters.html.sections.methods import method_paragraphs
from gliobench.adapters.html.stamps import stamps
from gliobench.application.report.open_runs import name_runs
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import BALANCED_ACCURACY, PrimaryChoice, PrimaryOrigin
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.studies.patients import patient_hash

FEW = BootstrapOptions(replicates=100)
compare = ReportRuns(primary=BALANCED_ACCURACY, fewest=2, refuses_leakage=True, bootstrap=FEW)
KNOWN = [patient_hash("p001"), patient_hash("p002")]


def test_runs_over_other_cohorts_are_refused() -> None:
    runs = {"a": saved_run("a", looks()), "b": saved_run("b", looks(), cohort="d" * 64)}

    with pytest.raises(InvalidInputError, match="only runs over the same studies"):
        compare(runs)


def test_one_run_is_no_comparison() -> None:
    with pytest.raises(InvalidInputError, match="runs given: 1, wanted 2 or more"):
        compare({"a": saved_run("a", looks())})


def test_a_backend_that_has_learned_from_these_patients_stops_it() -> None:
    runs = {"a": saved_run("a", looks(), trained_on=KNOWN), "b": saved_run("b", says_hgg())}

    with pytest.raises(InvalidInputError, match="a was trained on 2 of the 40 .*--allow-leakage"):
        compare(runs)


def test_leakage_that_is_allowed_is_told() -> None:
    runs = {"a": saved_run("a", looks(), trained_on=KNOWN), "b": saved_run("b", says_hgg())}

    comparison = ReportRuns(fewest=2, bootstrap=FEW)(runs)

    assert [finding.kind for finding in comparison.findings] == [FindingKind.LEAKAGE]
    assert comparison.arms[0].n_trained_on == 2


def test_a_baseline_that_knows_averages_stops_nothing_and_is_told() -> None:
    baseline = saved_run(
        "b", says_hgg(), trained_on=KNOWN, facts=BackendFacts(baseline="always HGG")
    )

    comparison = compare({"a": saved_run("a", looks()), "b": baseline})

    assert [finding.kind for finding in comparison.findings] == [FindingKind.PRIORS]
    assert comparison.arms[1].baseline


def test_partial_runs_and_stand_ins_are_told() -> None:
    runs = {
        "a": saved_run("a", looks(), n_studies=50),
        "b": saved_run(
            "b", says_hgg(), facts=BackendFacts(stand_in="stand-in, not LLaMA"), n_studies=40
        ),
    }

    kinds = {finding.kind for finding in compare(runs).findings}

    assert kinds == {FindingKind.PARTIAL_RUN, FindingKind.STAND_IN}


def test_runs_without_a_study_in_common_are_refused() -> None:
    runs = {"a": saved_run("a", looks()[:9]), "b": saved_run("b", looks()[9:])}

    with pytest.raises(InvalidInputError, match="no study in common"):
        compare(runs)


def test_runs_are_called_by_their_backends_and_where_those_are_one_by_their_places() -> None:
    stores = {"x/a": saved_run("a", []), "y/a": saved_run("a", []), "y/b": saved_run("b", [])}

    assert list(name_runs(stores)) == ["x/a", "y/a", "b"]


def test_a_run_that_was_never_scored_is_named() -> None:
    unscored = FakeRunStore()
    unscored.open(saved_run("a", []).manifest())

    with pytest.raises(NotFoundError, match="no scores"):
        compare({"a": unscored, "b": saved_run("b", looks())})


ACCURACY = ("balanced_accuracy", PrimaryOrigin.DECLARED)
DEFAULT = ("balanced_accuracy", PrimaryOrigin.DEFAULT)
OTHER = ("auroc", PrimaryOrigin.DECLARED)
OLDER = ("balanced_accuracy", None)


@pytest.mark.parametrize(
    ("first", "second", "choice"),
    [
        (ACCURACY, ACCURACY, PrimaryChoice.DECLARED),
        (DEFAULT, DEFAULT, PrimaryChoice.DEFAULT),
        (ACCURACY, DEFAULT, PrimaryChoice.PARTLY),
        (ACCURACY, OTHER, PrimaryChoice.PARTLY),
        (ACCURACY, (None, None), PrimaryChoice.PARTLY),
        (OLDER, OLDER, PrimaryChoice.UNKNOWN),
        (OLDER, DEFAULT, PrimaryChoice.UNKNOWN),
        (DEFAULT, OTHER, PrimaryChoice.LATER),
        (OTHER, OTHER, PrimaryChoice.LATER),
    ],
)
def test_an_endpoint_is_called_declared_only_where_every_run_records_that_somebody_set_it(
    first: tuple[str, PrimaryOrigin], second: tuple[str, PrimaryOrigin], choice: PrimaryChoice
) -> None:
    runs = {
        "a": saved_run("a", looks(), primary=first[0], primary_origin=first[1]),
        "b": saved_run("b", says_hgg(), primary=second[0], primary_origin=second[1]),
    }

    comparison = compare(runs)

    assert comparison.primary_choice is choice
    assert f"the primary endpoint ({choice.value})" in in_words(comparison)
    assert f"({choice.value})" in render_report(comparison)


def test_a_comparison_with_a_silent_backend_says_so_in_lead_stamps_and_methods() -> None:
    runs = {"a": saved_run("a", looks()), "b": saved_run("b", says_hgg(), trained_on=None)}

    comparison = compare(runs)

    assert comparison.arms[1].n_trained_on is None
    assert "b does not state its training data." in in_words(comparison)
    assert "b did not state the training data" in " ".join(method_paragraphs(comparison))
    assert stamps(comparison)[0].title == "Training data not stated"
