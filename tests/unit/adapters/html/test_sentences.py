"""What the report says first: every claim follows from the numbers."""

from __future__ import annotations

from dataclasses import replace

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_report import COHORT, clever_backend, constant_backend, fake_report
from fakes.fake_study_source import fake_case
from gliobench.adapters.html.sentences import lead, methods, stamps
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.predictions.prediction import FailureReason, GradePrediction
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade


def test_the_lead_names_the_highest_accuracy_and_claims_no_difference_that_it_has_not_tested() -> (
    None
):
    said = lead(fake_report())

    assert "clever has the highest balanced accuracy of 0.83 (95 % CI 0.46 to 0.95)" in said
    assert "Use gliobench compare to test differences." in said
    assert "best" not in said


def test_the_lead_tells_what_answering_hgg_each_time_gives_and_how_few_the_rarer_grade_is() -> None:
    said = lead(fake_report())

    assert (
        "Always answering HGG would score an accuracy of 75 % at a balanced accuracy of 0.5" in said
    )
    assert "with only 2 LGG studies, one of them changes the balanced accuracy by 0.25" in said


def test_the_lead_tells_median_and_failures_first_and_what_the_mean_holds() -> None:
    said = lead(fake_report())

    assert (
        "clever has the smallest 3D centre error: median 0.0 mm (IQR 0.0 to 0.0; failed in 1 "
        "of 8; mean 46.6 mm"
    ) in said
    assert ", where 1 study counts as 373.13 mm)" in said
    assert "second is constant: median 8.6 mm (IQR 8.6 to 8.6; no failures; mean 8.6 mm)" in said


def test_a_grader_without_skill_is_not_called_the_best() -> None:
    said = lead(fake_report(constant_backend()))

    assert "No balanced accuracy exceeds 0.50" in said
    assert "highest" not in said
    assert "compare" not in said


def test_with_one_grade_among_the_references_no_grader_is_ranked() -> None:
    said = lead(fake_report(cases=COHORT[2:]))

    assert "All reference grades are equal" in said
    assert "highest" not in said


def test_one_study_of_the_rarer_grade_is_said_to_decide_half() -> None:
    assert "a single LGG study determines half of the balanced accuracy" in lead(
        fake_report(cases=COHORT[1:])
    )


def test_a_backend_that_does_not_localise_is_not_ranked_for_it() -> None:
    grader = fake_backend(
        "grader", classifier=FakeClassifier(lambda _: GradePrediction(Grade.HGG, 0.7))
    )

    assert "localises" not in lead(fake_report(grader))


def test_a_backend_that_learned_from_the_cohort_is_named_in_the_lead_and_stamped() -> None:
    report = fake_report(clever_backend(trained_on=["s1", "s2", "s3", "elsewhere"]))

    found = {stamp.title: stamp.text for stamp in stamps(report)}
    assert "clever was trained on patients of this cohort" in lead(report)
    assert found["Leakage"].startswith("clever was trained on 3 of the 8 patients")


def test_backends_that_learned_from_the_cohort_are_told_together() -> None:
    first, second = (clever_backend(name, trained_on=["s1"]) for name in ("first", "second"))

    said = lead(fake_report(first, second))

    assert "first and second were trained on patients of this cohort" in said


def test_a_backend_that_learned_elsewhere_is_said_to_be_unrelated() -> None:
    assert "none was trained on these patients" in lead(fake_report())


def test_a_backend_that_does_not_state_its_training_data_is_never_without_reservations() -> None:
    silent = replace(constant_backend("plugin"), trained_on=None)
    report = fake_report(silent)

    (stamp,) = stamps(report)
    assert stamp.warns
    assert stamp.title == "Training data not stated"
    assert stamp.text.startswith("plugin does not state the training data: it is unknown")
    assert lead(report).endswith("plugin does not state its training data.")
    assert report.backends[0].n_trained_on is None


def test_a_backend_whose_base_model_is_silent_is_stamped_though_its_adapter_is_not() -> None:
    report = fake_report(replace(constant_backend("lora"), unstated="its base model"))

    (stamp,) = stamps(report)
    assert "lora does not state the training data of its base model" in stamp.text
    assert report.backends[0].n_trained_on is None


def test_a_baseline_that_uses_averages_of_these_patients_is_called_conservative() -> None:
    rule = replace(
        constant_backend("prevalence"),
        facts=BackendFacts(baseline="a rule"),
        trained_on=frozenset({patient_hash("s1")}),
    )

    found = {stamp.title: stamp.text for stamp in stamps(fake_report(rule))}

    assert found == {
        "Baselines use these patients": "prevalence is a baseline that uses averages estimated from "
        "1 of the 8 patients (conservative: this makes it harder to beat)."
    }


def test_failures_are_stamped_with_their_counts() -> None:
    found = {stamp.title: stamp.text for stamp in stamps(fake_report())}

    assert found["Failures"] == "Counted as the worst answer: clever in 2 of 8 studies."


def test_a_report_without_reservations_says_so() -> None:
    (stamp,) = stamps(fake_report(constant_backend()))

    assert not stamp.warns
    assert stamp.title == "No warnings"


def test_sites_that_give_the_grade_away_are_stamped() -> None:
    cases = [
        fake_case("a", site="CBICA", grade=Grade.HGG),
        fake_case("b", site="CBICA", grade=Grade.HGG),
        fake_case("c", site="TCIA10", grade=Grade.LGG),
    ]

    found = {
        stamp.title: stamp.text for stamp in stamps(fake_report(constant_backend(), cases=cases))
    }

    assert found["Grade confounded with site"].startswith("In 3 of 3 studies the site alone")


def test_every_reason_for_a_failure_has_words() -> None:
    assert all(reason.words for reason in FailureReason)


def test_methods_tell_the_seed_and_the_penalty() -> None:
    told = " ".join(methods(fake_report()))

    assert "seed 0" in told
    assert "373.13 mm, gliobench's own penalty" in told
    assert "374 mm (2023) or 373 mm (2026)" in told
    assert "Normalised surface Dice at a tolerance of 1 mm" in told
