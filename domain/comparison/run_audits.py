"""Audits of one backend's run: what it has learned from, was shown, and declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from gliobench.domain.comparison.doubt import confidence_is_reversed
from gliobench.domain.comparison.study_audits import ids_of, studies
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.evaluation.findings import Finding, FindingKind
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.metrics.measures import DICE
from gliobench.domain.position.another_frame import better_fit
from gliobench.domain.position.row_orders import row_orders
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.rankings import area_under_roc
from gliobench.domain.studies.grading_target import GRADE, NEGATIVE, POSITIVE, GradingTarget
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import SliceChoice

LEAST_WRONG = 0.75
"""Share of either class that is wrong where the classes may be exchanged."""
NO_SKILL, SKILL = 0.2, 0.8
"""Distance of an AUROC from 0.5 that shows nothing, and an AUROC that shows something."""
CHANCE = 4
"""Standard deviations of an AUROC without skill, of five orders of rows."""
MOST = 2_000
"""Studies whose rows are looked at."""
FEWEST_EQUAL = 3
"""Masks that are equal to their references: fewer may be by chance, of a small or an easy tumour."""


@dataclass(frozen=True, eq=False)
class ScoredRun:
    """One backend's scores over a cohort, with what its manifest says.

    Args:
        backend: Its name.
        cohort: Fingerprint of the cohort that it was asked about.
        cases: Its scores, one a study.
        n_studies: Studies of that cohort; None where the manifest does not state it.
        trained_on: Hashes of the patients (`patient_hash`) and of the images (`image_hash`) that it
            has learned from; None where it does not state that.
        provenance: What it says of itself.
        facts: What is special about it.
        unstated: The part of it whose training data are not stated, though the others' are.
        labels: What the labels of the reference masks mean; None where that is not recorded.
        target: What is graded.
        version: Of gliobench, which scored it; empty where the manifest does not state it.
    """

    backend: str
    cohort: str
    cases: CaseTable
    n_studies: int | None = None
    trained_on: frozenset[str] | None = None
    provenance: Mapping[str, str] | None = None
    facts: BackendFacts = field(default_factory=BackendFacts)
    unstated: str = ""
    labels: DatasetLabels | None = None
    target: GradingTarget = GRADE
    version: str = ""


def audit_run(run: ScoredRun) -> Iterator[Finding]:
    """Find what qualifies the scores of one backend."""
    yield from _leakage(run)
    yield from _unstated_training(run)
    yield from _oracle(run)
    yield from _declared(run)
    yield from _equal_to_references(run)
    yield from _finds_none(run)
    yield from _reversed(run)
    yield from _in_another_frame(run)
    yield from _opposite(run)
    yield from _no_p_positive(run)
    yield from _by_ranks(run)


def learned_from(cases: Cases, trained_on: frozenset[str] | None) -> CaseTable:
    """Keep the cases whose patient or image a backend is known to have learned from."""
    table = CaseTable.of(cases)
    if not trained_on:
        return table.take(np.zeros(len(table), dtype=np.bool_))
    known = [
        image in trained_on
        # Older versions took each study as its own patient, where names now identify visits.
        or not trained_on.isdisjoint((patient_hash(patient), patient_hash(study_id)))
        for patient, study_id, image in zip(
            table.patients, table.study_ids, table.images, strict=True
        )
    ]
    return table.take(np.array(known, dtype=np.bool_))


def _leakage(run: ScoredRun) -> Iterator[Finding]:
    """Find training patients; a baseline uses averages only, and does not stop a comparison."""
    known = learned_from(run.cases, run.trained_on)
    if not len(known):
        return
    patients, seen = (len(set(table.patients.tolist())) for table in (run.cases, known))
    learned, kind = f"{seen} of the {patients} patients", FindingKind.LEAKAGE
    guide = (run.provenance or {}).get("guide", "").partition(" ")[0]
    learner = f"{run.backend}{f', or {guide}, which chooses its slices,' if guide else ''}"
    sentence = f"{learner} was trained on {learned}: its scores do not estimate the performance on new patients."
    if run.facts.baseline:
        kind = FindingKind.PRIORS
        sentence = (
            f"{run.backend} is a baseline that uses averages estimated from {learned} (conservative: "
            "this makes it harder to beat)."
        )
    yield Finding(kind, sentence, backend=run.backend, study_ids=ids_of(known))


def _unstated_training(run: ScoredRun) -> Iterator[Finding]:
    if run.trained_on is not None and not run.unstated:
        return
    of = f" of {run.unstated}" if run.unstated else ""
    yield Finding(
        FindingKind.UNSTATED_TRAINING,
        f"{run.backend} does not state the training data{of}: it is unknown whether it was "
        "trained on these patients.",
        backend=run.backend,
    )


def n_learned_from(run: ScoredRun) -> int | None:
    """Count the patients on which a backend was trained; None where that is not stated."""
    known = len(set(learned_from(run.cases, run.trained_on).patients.tolist()))
    return known or (None if run.trained_on is None or run.unstated else 0)


def _oracle(run: ScoredRun) -> Iterator[Finding]:
    """Find the slices that a backend requested, in studies of more than one."""
    cases = run.cases
    chosen = cases.chosen_as(SliceChoice.ORACLE) | cases.chosen_as(SliceChoice.NOT_STATED)
    shown = cases.take(cases.oracle & ~chosen)
    if len(shown):
        yield Finding(
            FindingKind.ORACLE_SLICES,
            f"{run.backend} was shown slices selected with the reference mask (oracle slices) in "
            f"{studies(len(shown))}; in deployment the slice is unknown.",
            backend=run.backend,
            study_ids=ids_of(shown),
        )


def _declared(run: ScoredRun) -> Iterator[Finding]:
    """Report what a backend declares or a check of it showed."""
    name, facts = run.backend, run.facts
    if facts.stand_in:
        yield Finding(FindingKind.STAND_IN, f"{name}: {facts.stand_in}.", backend=name)
    if facts.misread:
        yield Finding(
            FindingKind.UNCONFIRMED_FRAME,
            f"{name}: {facts.misread}. Its places may be read otherwise than it means them.",
            backend=name,
        )
    if facts.held_out:
        yield Finding(FindingKind.HELD_OUT, f"{name} predicts {facts.held_out}.", backend=name)


def _equal_to_references(run: ScoredRun) -> Iterator[Finding]:
    """Find masks that are the references: one folder may have been taken for the other."""
    cases = run.cases
    answered = cases.has_plane & ~cases.failed(Form.MASK)
    dice = cases.scores(Form.MASK, DICE, cases.localised)[answered]
    if len(dice) >= FEWEST_EQUAL and (dice == 1).all():
        yield Finding(
            FindingKind.EQUAL_TO_REFERENCES,
            f"The masks of {run.backend} are equal to the references, voxel for voxel, in all "
            f"{len(dice)} studies with a tumour and an answer: check that they are predictions.",
            backend=run.backend,
        )


def _finds_none(run: ScoredRun) -> Iterator[Finding]:
    """Find answers of which none shows a tumour: probabilities may have been rounded down, for example."""
    cases = run.cases
    answered = cases.has_plane & (cases.found_tumour | cases.found_none)
    if answered.sum() >= FEWEST_EQUAL and not cases.found_tumour[answered].any():
        yield Finding(
            FindingKind.FINDS_NONE,
            f"{run.backend} finds no tumour in any of the {answered.sum()} studies with one and an answer: check "
            "that its masks hold labels, and no probabilities rounded down.",
            backend=run.backend,
        )


def _reversed(run: ScoredRun) -> Iterator[Finding]:
    """Find confidences that are uncertainties, perhaps."""
    if confidence_is_reversed(run.cases):
        yield Finding(
            FindingKind.REVERSED_CONFIDENCE,
            f"The surer {run.backend} is of a mask, the lower its Dice: check that its confidence rises with how "
            "sure it is, and is no uncertainty.",
            backend=run.backend,
        )


def _in_another_frame(run: ScoredRun) -> Iterator[Finding]:
    """Find places that fit the tumours changed in one way: the frame of their files may be another."""
    if fit := better_fit(run.cases):
        yield Finding(
            FindingKind.ANOTHER_FRAME,
            fit.sentence(f"The places of {run.backend}"),
            backend=run.backend,
        )


def _opposite(run: ScoredRun) -> Iterator[Finding]:
    """Find classes that are wrong more often than chance has it, of either kind: they may be exchanged."""
    cases = run.cases
    graded = cases.has_grade & cases.asked_grade & ~cases.failed_grade
    hgg, n = cases.hgg[graded], int(graded.sum())
    wrong = cases.called_hgg[graded] != hgg
    shares = [wrong[hgg], wrong[~hgg]]
    few = not all(len(share) and share.mean() >= LEAST_WRONG for share in shares)
    if few or 2 * wrong.sum() - n < 3 * n**0.5:  # three standard deviations of guessing
        return
    yield Finding(
        FindingKind.OPPOSITE_CLASSES,
        f"{run.backend} answers the opposite of the reference in {wrong.sum()} of {studies(n)}, of "
        f"{POSITIVE} and of {NEGATIVE}: check which of them its numbers mean.",
        backend=run.backend,
    )


def _no_p_positive(run: ScoredRun) -> Iterator[Finding]:
    """Find probabilities that are of the other class, or of whichever was predicted."""
    cases = run.cases
    known = cases.asked_grade & ~cases.failed_grade & np.isfinite(cases.probability_hgg)
    low, high = (
        cases.probability_hgg[known & (cases.called_hgg == called)] for called in (False, True)
    )
    if not (len(low) and len(high)):
        return
    of_predicted = min(low.min(), high.min()) >= 0.5 and low.max() > high.min()
    if of_predicted or low.min() > high.max():
        yield Finding(
            FindingKind.NO_P_POSITIVE,
            f"No cut of the probabilities of {run.backend} gives its classes: they may be those of "
            f"{'what was predicted' if of_predicted else NEGATIVE}, but AUROC and calibration read them as "
            f"those of {POSITIVE}.",
            backend=run.backend,
        )


def _by_ranks(run: ScoredRun) -> Iterator[Finding]:
    """Find grades that fit other studies, as those of shifted rows do, and a cut of 0.5 that separates nothing."""
    cases = run.cases
    is_graded = cases.has_grade & cases.asked_grade & ~cases.failed_grade
    graded = cases.take(np.flatnonzero(is_graded)[:MOST])
    n_hgg, n = int(graded.hgg.sum()), len(graded)
    if not 0 < n_hgg < n:
        return
    known, called = np.isfinite(graded.probability_hgg).all(), graded.called_hgg
    score = graded.probability_hgg if known else called.astype(np.float64)
    area = partial(area_under_roc, reference=graded.hgg)
    skill = max(SKILL, 0.5 + CHANCE * ((n + 1) / (12 * n_hgg * (n - n_hgg))) ** 0.5)
    as_is = area(score=score)
    best = max(area(score=score[order]) for order in row_orders(graded.study_ids.tolist()))
    if abs(as_is - 0.5) < NO_SKILL and best > skill:
        yield Finding(
            FindingKind.OTHER_PATIENTS,
            f"{run.backend} grades no better than chance, and with an AUROC of {best:.2f} where its rows are "
            "shifted by one, reversed or sorted otherwise (10 before 2): check the names of studies.",
            backend=run.backend,
        )
    if as_is > skill and called.all() == called.any():
        yield Finding(
            FindingKind.ONE_CLASS,
            f"{run.backend} answers {POSITIVE if called[0] else NEGATIVE} in all {studies(n)}, though its "
            f"probabilities separate the classes (AUROC {as_is:.2f}): check that they are on the scale of "
            "probabilities, and no sigmoid was applied twice.",
            backend=run.backend,
        )
