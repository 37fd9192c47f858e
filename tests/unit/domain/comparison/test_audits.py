from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_case_score import PLANE, fake_case_score, fake_target
from gliobench.domain.comparison.audits import audit
from gliobench.domain.comparison.run_audits import ScoredRun, learned_from
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.findings import Consequence, Finding, FindingKind
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.geometry.grids import Point
from gliobench.domain.predictions.prediction import Form, GradePrediction
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.grading_target import GRADE
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade, Modality

CASES = [
    fake_case_score("s1", patient_id="anna", image_hash="a" * 16),
    fake_case_score("s2", patient_id="anna", image_hash="b" * 16),
    fake_case_score("s3", patient_id="berta", image_hash="c" * 16),
]


def run(backend: str = "cnn", **changes: object) -> ScoredRun:
    made = ScoredRun(
        backend=backend,
        cohort="c0ffee",
        cases=CaseTable.of(CASES),
        n_studies=3,
        trained_on=frozenset(),
    )
    cases = {"cases": CaseTable.of(changes.pop("cases"))} if "cases" in changes else {}
    return replace(made, **changes, **cases)


def only(findings: list[Finding]) -> Finding:
    (found,) = findings
    return found


def test_fair_runs_have_no_findings() -> None:
    assert audit([run(), run("llama"), run("centre")]) == []


def test_runs_over_different_cohorts_are_refused() -> None:
    found = only(audit([run(), run("llama", cohort="decaf")]))

    assert found.kind is FindingKind.DIFFERENT_COHORTS
    assert found.kind.consequence is Consequence.REFUSED
    assert found.sentence.startswith("llama was run over cohort decaf, cnn over c0ffee")


def test_a_study_held_against_two_truths_is_refused() -> None:
    changed = [CASES[0], replace(CASES[1], reference_grade=Grade.LGG), CASES[2]]

    found = only(audit([run(), run("llama", cases=changed)]))

    assert (found.kind, found.study_ids) == (FindingKind.DIFFERENT_REFERENCES, ("s2",))
    assert found.kind.consequence is Consequence.REFUSED


def test_a_tumour_of_another_size_is_another_truth() -> None:
    one, other = (
        [fake_case_score(target=fake_target(volume_mm3=volume))] for volume in (30.0, 31.0)
    )

    kinds = [one.kind for one in audit([run(cases=one, n_studies=1), run("b", cases=other)])]

    assert FindingKind.DIFFERENT_REFERENCES in kinds


def test_a_patient_that_a_backend_has_learned_from_stops_the_comparison() -> None:
    leaky = run("llama", trained_on=frozenset({patient_hash("anna"), patient_hash("nobody")}))

    found = only(audit([run(), leaky]))

    assert (found.kind, found.backend) == (FindingKind.LEAKAGE, "llama")
    assert found.kind.consequence is Consequence.STOPPED
    assert found.study_ids == ("s1", "s2")
    assert "trained on 1 of the 2 patients" in found.sentence


def test_patients_of_the_guide_of_a_backend_are_not_said_to_be_its_own() -> None:
    guided = run(
        "served",
        trained_on=frozenset({patient_hash("anna")}),
        unstated="the served model",
        provenance={"guide": "cnn c0ffee"},
    )

    leakage, _ = audit([run(), guided])

    assert leakage.sentence.startswith(
        "served, or cnn, which chooses its slices, was trained on 1 of the 2 patients"
    )


def test_an_image_that_a_backend_has_learned_from_under_another_name_is_found() -> None:
    unread = [replace(CASES[2], image_hash=None)]

    assert learned_from(CASES, frozenset({"c" * 16})).study_ids.tolist() == ["s3"]
    assert len(learned_from(unread, frozenset({"c" * 16}))) == 0


def test_runs_that_two_versions_have_scored_are_stamped() -> None:
    unstated = run("c")
    found = only(audit([run(version="0.1.0"), run("b", version="0.2.0"), unstated]))

    assert found.kind is FindingKind.DIFFERENT_VERSIONS
    assert "(cnn by 0.1.0, b by 0.2.0)" in found.sentence
    assert audit([run(version="0.1.0"), run("b", version="0.1.0"), unstated]) == []


def test_a_run_that_was_not_finished_is_stamped() -> None:
    found = only(audit([run(), run("llama", cases=CASES[:1])]))

    assert (found.kind, found.study_ids) == (FindingKind.PARTIAL_RUN, ("s2", "s3"))
    assert found.kind.consequence is Consequence.STAMPED
    assert "1 of 3 studies" in found.sentence


def test_a_run_is_partial_by_its_manifest_alone() -> None:
    found = only(audit([run(n_studies=8)]))

    assert found.kind is FindingKind.PARTIAL_RUN
    assert "3 of 8 studies" in found.sentence


def test_a_run_that_does_not_tell_its_size_is_held_against_the_others() -> None:
    found = only(audit([run(n_studies=None), run("llama", cases=CASES[:2], n_studies=None)]))

    assert (found.backend, found.study_ids) == ("llama", ("s3",))


def test_slices_chosen_with_the_reference_are_stamped() -> None:
    shown = [CASES[0], replace(CASES[1], oracle=True), CASES[2]]

    found = only(audit([run(cases=shown)]))

    assert (found.kind, found.study_ids) == (FindingKind.ORACLE_SLICES, ("s2",))
    assert "in 1 study" in found.sentence


def test_a_stand_in_is_stamped() -> None:
    found = only(audit([run(facts=BackendFacts(stand_in="stand-in, not LLaMA"))]))

    assert found == Finding(FindingKind.STAND_IN, "cnn: stand-in, not LLaMA.", backend="cnn")


def test_one_image_under_two_names_is_found_once_for_all_runs() -> None:
    twice = [CASES[0], CASES[1], replace(CASES[2], image_hash="a" * 16)]

    found = only(audit([run(cases=twice), run("llama", cases=twice)]))

    assert (found.kind, found.study_ids) == (FindingKind.REPEATED_IMAGE, ("s1", "s3"))
    assert found.backend is None


def test_one_image_of_one_patient_may_come_twice() -> None:
    assert audit([run(cases=[CASES[0], replace(CASES[1], image_hash="a" * 16), CASES[2]])]) == []


def test_the_gravest_findings_come_first() -> None:
    bad = run(
        "llama",
        cohort="decaf",
        cases=[replace(CASES[0], oracle=True)],
        trained_on=frozenset({patient_hash("anna")}),
    )

    kinds = [one.kind for one in audit([run(), bad])]

    assert kinds == [
        FindingKind.DIFFERENT_COHORTS,
        FindingKind.LEAKAGE,
        FindingKind.PARTIAL_RUN,
        FindingKind.ORACLE_SLICES,
    ]


def test_a_run_whose_folds_answer_for_those_they_held_out_is_told_and_stops_nothing() -> None:
    held_out = run(
        "llama", facts=BackendFacts(held_out="each patient by the fold that has not seen them")
    )

    found = only(audit([run(), held_out]))

    assert (found.kind, found.backend) == (FindingKind.HELD_OUT, "llama")
    assert found.kind.consequence is Consequence.STAMPED
    assert found.sentence == "llama predicts each patient by the fold that has not seen them."


def test_what_was_assumed_of_patients_is_noted_and_no_reservation() -> None:
    cases = [
        fake_case_score("Case_01", patient_id="Case_01"),
        fake_case_score("Case_02", patient_id="Case_02"),
    ]

    found = only(audit([run(cases=cases, n_studies=2)]))

    assert found.kind is FindingKind.ASSUMED_PATIENTS
    assert found.kind.consequence is Consequence.NOTED
    assert found.sentence.startswith(
        "2 studies whose names differ in the last number only (such as Case_01 and Case_02) are "
        "taken for different patients: a column patient_id"
    )


def test_what_studies_lack_is_counted_and_no_reservation() -> None:
    cases = [
        CASES[0],
        replace(CASES[1], absent=(Modality.T1N,)),
        replace(CASES[2], absent=(Modality.T1N, Modality.T2W)),
    ]

    found = only(audit([run(cases=cases), run("llama", cases=cases)]))

    assert found.kind is FindingKind.ABSENT_MODALITIES
    assert found.kind.consequence is Consequence.NOTED
    assert found.study_ids == ("s2", "s3")
    assert found.sentence == (
        "A modality is absent from 2 of 3 studies: t1n from 2, t2w from 1. A backend that needs it "
        "fails there; others answer without it."
    )


def test_swapped_sequences_are_stamped_by_study() -> None:
    note = Fault("s2", FaultKind.CONTRAST_ORDER, "are they swapped?")
    cases = [CASES[0], replace(CASES[1], image_note=note), CASES[2]]

    found = only(audit([run(cases=cases)]))

    assert (found.kind, found.study_ids) == (FindingKind.OUT_OF_SCOPE, ("s2",))
    assert found.kind.consequence is Consequence.STAMPED
    assert "s2: contrast_order: are they swapped?" in found.sentence


@pytest.mark.parametrize(("dice", "n"), [((1.0,) * 3, 1), ((1.0, 1.0, 0.99), 0), ((1.0,) * 2, 0)])
def test_masks_that_are_the_references_are_stamped(dice: tuple[float, ...], n: int) -> None:
    cases = [
        replace(
            fake_case_score(f"s{at}", target=fake_target(), answers={}),
            localisation={Form.MASK: FormOutcome({"WT_dice": value})},
        )
        for at, value in enumerate(dice)
    ]

    found = audit([run(cases=cases, n_studies=len(dice))])

    assert [item.kind for item in found] == [FindingKind.EQUAL_TO_REFERENCES] * n


@pytest.mark.parametrize(("found", "n"), [((False,) * 3, 1), ((False, True, False), 0)])
def test_answers_that_show_no_tumour_anywhere_are_stamped(found: tuple[bool, ...], n: int) -> None:
    cases = [
        replace(fake_case_score(f"s{at}", target=fake_target(), answers={}), found_tumour=one)
        for at, one in enumerate(found)
    ]

    kinds = [item.kind for item in audit([run(cases=cases, n_studies=3)])]

    assert kinds == [FindingKind.FINDS_NONE] * n


def test_a_confidence_that_falls_as_the_dice_rises_is_stamped() -> None:
    cases = [
        replace(
            fake_case_score(f"s{at}", answers={}),
            localisation={Form.MASK: FormOutcome({"WT_dice": at / 20})},
            confidence=1 - at / 20,
        )
        for at in range(12)
    ]

    found = only(audit([run(cases=cases, n_studies=12)]))

    assert found.kind is FindingKind.REVERSED_CONFIDENCE


def test_one_file_of_predictions_under_two_names_is_stamped() -> None:
    same, other = ({"grades": f"9 studies, sha256 {digest}"} for digest in ("a1", "b2"))
    runs = [
        run(name, provenance=said)
        for name, said in (("a", same), ("b", other), ("c", same), ("d", {"weights": "none"}))
    ]

    found = only(audit(runs))

    assert found.kind is FindingKind.SAME_FILE
    assert found.sentence.startswith("The grades of a and c were imported from equal files")


def test_a_visit_that_was_learned_from_as_a_patient_of_its_own_is_leakage() -> None:
    visit = fake_case_score("UPENN-GBM-00940_21", patient_id="UPENN-GBM-00940")

    for learned in ("UPENN-GBM-00940", "UPENN-GBM-00940_21"):
        assert len(learned_from([visit], frozenset({patient_hash(learned)}))) == 1


def test_references_that_are_unreadable_or_missing_are_told_apart() -> None:
    fault = Fault("s2", FaultKind.UNKNOWN_LABEL, "labels [7]")
    cases = [
        fake_case_score("s1", target=fake_target()),
        replace(fake_case_score("s2"), reference_fault=fault),
        fake_case_score("s3"),
        replace(fake_case_score("s4"), tumour_free=True),
    ]

    unreadable, missing = audit([run(cases=cases, n_studies=4)])

    assert (unreadable.kind, unreadable.study_ids) == (FindingKind.UNREADABLE_REFERENCES, ("s2",))
    assert unreadable.sentence.startswith(
        "Localisation is scored in 2 of 4 studies: the reference of 1 study"
    )
    assert "s2: unknown_label: labels [7]" in unreadable.sentence
    assert (missing.kind, missing.study_ids) == (FindingKind.MISSING_MASKS, ("s3",))


def test_places_that_follow_the_tumours_in_the_mirror_are_stamped() -> None:
    mirrored = [
        fake_case_score(
            f"s{i}",
            answers={Form.POINT: Point(PLANE, at=(40.0 - i, 15.0))},
            target=fake_target((i, 15), (i + 1, 16)),
        )
        for i in range(3, 38, 4)
    ]

    found = only(audit([run(cases=mirrored, n_studies=9)]))

    assert found.kind is FindingKind.ANOTHER_FRAME
    assert "follow the tumours of 9 studies where left and right are exchanged" in found.sentence
    assert found.kind.consequence is Consequence.STAMPED


def graded(n_right: int, n: int = 16) -> list[CaseScore]:
    references = [Grade.HGG, Grade.LGG] * (n // 2)
    other = {Grade.HGG: Grade.LGG, Grade.LGG: Grade.HGG}
    return [
        fake_case_score(
            f"s{at}",
            reference=grade,
            grade=GradePrediction(grade if at < n_right else other[grade], None),
        )
        for at, grade in enumerate(references)
    ]


def test_grades_that_are_the_opposite_of_most_references_are_stamped() -> None:
    found = only(audit([run(cases=graded(2), n_studies=16)]))

    assert found.kind is FindingKind.OPPOSITE_CLASSES
    assert "the opposite of the reference in 14 of 16 studies" in found.sentence


@pytest.mark.parametrize(
    "cases",
    [graded(3), graded(0, n=8), [replace(score, reference_grade=Grade.HGG) for score in graded(0)]],
)
def test_grades_that_are_wrong_as_guesses_may_be_or_of_one_grade_are_not_stamped(
    cases: list[CaseScore],
) -> None:
    assert audit([run(cases=cases, n_studies=len(cases))]) == []


NAMES = sorted(f"s{number}" for number in range(40))


def graded_by(order: Callable[[list[int]], list[int]]) -> list[CaseScore]:
    """Forty grades, 37 of them right, written into rows in another order."""
    rng = np.random.default_rng(5)
    references = [Grade.HGG if at < 20 else Grade.LGG for at in rng.permutation(40)]
    answers = [0.8 if grade is Grade.HGG else 0.2 for grade in references]
    answers[::14] = [1 - answer for answer in answers[::14]]
    rows = order(list(range(40)))
    return [
        fake_case_score(name, reference=grade, grade=GradePrediction.likelier(answers[row]))
        for name, grade, row in zip(NAMES, references, rows, strict=True)
    ]


@pytest.mark.parametrize(
    "order",
    [
        lambda rows: [*rows[1:], rows[0]],
        lambda rows: rows[::-1],
        lambda rows: sorted(rows, key=lambda at: int(NAMES[at][1:])),
    ],
    ids=["next-row", "reversed", "10-after-9"],
)
def test_grades_of_other_rows_are_stamped(order: Callable[[list[int]], list[int]]) -> None:
    found = only(audit([run(cases=graded_by(order), n_studies=40)]))

    assert found.kind is FindingKind.OTHER_PATIENTS
    assert "with an AUROC of 0.93 where its rows are shifted" in found.sentence


def test_probabilities_that_separate_the_classes_on_another_scale_are_stamped() -> None:
    cases = [
        replace(
            case, grade=GradePrediction.likelier(0.5 + 0.2 * (case.reference_grade is Grade.HGG))
        )
        for case in graded_by(lambda rows: rows)
    ]

    found = only(audit([run(cases=cases, n_studies=40)]))

    assert found.kind is FindingKind.ONE_CLASS
    assert "answers HGG in all 40 studies" in GRADE.in_words(found.sentence)


@pytest.mark.parametrize(
    "order",
    [lambda rows: rows, lambda rows: np.random.default_rng(1).permutation(rows).tolist()],
    ids=["right", "chance"],
)
def test_grades_that_are_right_or_chance_are_of_their_patients(
    order: Callable[[list[int]], list[int]],
) -> None:
    assert audit([run(cases=graded_by(order), n_studies=40)]) == []


def test_one_class_by_probabilities_that_separate_nothing_is_not_stamped() -> None:
    chance = np.random.default_rng(1).uniform(0.6, 0.9, 40).tolist()
    cases = [
        replace(case, grade=GradePrediction.likelier(probability))
        for case, probability in zip(graded_by(lambda rows: rows), chance, strict=True)
    ]

    assert audit([run(cases=cases, n_studies=40)]) == []


def sure(*answers: tuple[Grade, float]) -> list[CaseScore]:
    return [
        fake_case_score(f"s{at}", reference=Grade.HGG, grade=GradePrediction(grade, probability))
        for at, (grade, probability) in enumerate(answers)
    ]


@pytest.mark.parametrize(
    ("cases", "whose"),
    [
        (sure((Grade.HGG, 0.9), (Grade.LGG, 0.95), (Grade.HGG, 0.6)), "what was predicted"),
        (sure((Grade.HGG, 0.1), (Grade.LGG, 0.9), (Grade.HGG, 0.3)), "LGG"),
    ],
)
def test_probabilities_that_contradict_the_grades_by_every_cut_are_stamped(
    cases: list[CaseScore], whose: str
) -> None:
    found = only(audit([run(cases=cases, n_studies=3)]))

    assert found.kind is FindingKind.NO_P_POSITIVE
    assert f"may be those of {whose}," in GRADE.in_words(found.sentence)


def test_probabilities_cut_elsewhere_than_in_the_middle_are_not_stamped() -> None:
    cut_high = sure((Grade.HGG, 0.9), (Grade.LGG, 0.7), (Grade.LGG, 0.6))

    assert audit([run(cases=cut_high, n_studies=3)]) == []
