"""Audits of runs that qualify a comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from gliobench.domain.comparison.study_audits import audit_studies, ids_of, studies
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.case_table import Cases, CaseTable, align, differ_in_truth
from gliobench.domain.evaluation.findings import Consequence, Finding, FindingKind
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.metrics.measures import DICE
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.studies.grading_target import GRADE, GradingTarget
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import SliceChoice

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


def audit(runs: Sequence[ScoredRun]) -> list[Finding]:
    """Look for all that makes a comparison of runs unfair.

    Args:
        runs: At least one, of different backends.

    Returns:
        The gravest first: refused, stopped, stamped; within those in the order of `FindingKind`,
        then of the runs.
    """
    found = [
        *_different_cohorts(runs),
        *_different_references(runs),
        *_simulated(runs),
        *_partial_runs(runs),
        *_different_versions(runs),
        *_slices(runs),
        *_repeated_images(runs),
        *audit_studies(runs[0].cases),
    ]
    for run in runs:
        found += [*_leakage(run), *_unstated_training(run), *_oracle(run), *_declared(run)]
        found += _equal_to_references(run)
    gravity, order = list(Consequence), list(FindingKind)
    return sorted(
        found, key=lambda one: (gravity.index(one.kind.consequence), order.index(one.kind))
    )


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


def _different_cohorts(runs: Sequence[ScoredRun]) -> Iterator[Finding]:
    first = runs[0]
    for run in runs[1:]:
        if run.cohort != first.cohort:
            yield Finding(
                FindingKind.DIFFERENT_COHORTS,
                f"{run.backend} was run over cohort {run.cohort[:12]}, {first.backend} over "
                f"{first.cohort[:12]}: only runs over the same studies can be compared.",
                backend=run.backend,
            )


def _different_versions(runs: Sequence[ScoredRun]) -> Iterator[Finding]:
    versions = [f"{run.backend} by {run.version}" for run in runs if run.version]
    if len({run.version for run in runs if run.version}) > 1:
        yield Finding(
            FindingKind.DIFFERENT_VERSIONS,
            f"The runs were scored by several versions of gliobench ({', '.join(versions)}), which may "
            "measure differently: evaluate them again with one.",
        )


def _different_references(runs: Sequence[ScoredRun]) -> Iterator[Finding]:
    """Find studies that were scored against different references in two runs."""
    first = runs[0].cases
    for run in runs[1:]:
        if run.target != runs[0].target:
            yield Finding(
                FindingKind.DIFFERENT_REFERENCES,
                f"{run.backend} was scored for {_target(run)}, {runs[0].backend} for "
                f"{_target(runs[0])}: only runs of one target can be compared.",
                backend=run.backend,
            )
            continue
        if run.labels != runs[0].labels:
            yield Finding(
                FindingKind.DIFFERENT_REFERENCES,
                f"{run.backend} was scored with labels {_labels(run)}, {runs[0].backend} with "
                f"{_labels(runs[0])}: evaluate both with the same setting labels.",
                backend=run.backend,
            )
            continue
        one, other = align([first, run.cases])
        changed = other.study_ids[differ_in_truth(one, other)].tolist()
        if changed:
            yield Finding(
                FindingKind.DIFFERENT_REFERENCES,
                f"{run.backend} and {runs[0].backend} were scored against different references in "
                f"{studies(len(changed))}: evaluate both again.",
                backend=run.backend,
                study_ids=tuple(sorted(changed)),
            )


def _target(run: ScoredRun) -> str:
    return f"{run.target.name} ({run.target.positive} or {run.target.negative})"


def _labels(run: ScoredRun) -> str:
    return run.labels.convention.name if run.labels else "not recorded"


def _partial_runs(runs: Sequence[ScoredRun]) -> Iterator[Finding]:
    there = {run.backend: set(run.cases.study_ids.tolist()) for run in runs}
    for run in runs:
        alike = [there[other.backend] for other in runs if other.cohort == run.cohort]
        everyone, scored = set().union(*alike), there[run.backend]
        wanted = max(run.n_studies or 0, len(everyone))
        if len(scored) < wanted:
            yield Finding(
                FindingKind.PARTIAL_RUN,
                f"{run.backend} has scores of {len(scored)} of {studies(wanted)}: its run is not finished.",
                backend=run.backend,
                study_ids=tuple(sorted(everyone - scored)),
            )


def _repeated_images(runs: Sequence[ScoredRun]) -> Iterator[Finding]:
    """Find images under two patients' names: they count twice, and may be split apart."""
    whose: dict[str, str] = {}
    repeated = set()
    for run in runs:
        for image, patient in zip(run.cases.images, run.cases.patients, strict=True):
            if image is not None and whose.setdefault(image, patient) != patient:
                repeated.add(image)
    for image in sorted(repeated):
        same = [run.cases.take(run.cases.images == image) for run in runs]
        ids = tuple(sorted({item for table in same for item in table.study_ids.tolist()}))
        patients = {item for table in same for item in table.patients.tolist()}
        yield Finding(
            FindingKind.REPEATED_IMAGE,
            f"{' and '.join(ids)} are the same images under {len(patients)} patient names.",
            study_ids=ids,
        )


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


def _simulated(runs: Sequence[ScoredRun]) -> Iterator[Finding]:
    phantoms, everyone = _studies_where(runs, lambda table: table.simulated)
    if phantoms:
        of = "All" if len(phantoms) == everyone else f"{len(phantoms)} of the"
        yield Finding(
            FindingKind.SIMULATED,
            f"{of} {studies(everyone)} {'is' if everyone == 1 else 'are'} simulated (phantoms). "
            "Scores on them show that the program runs, not performance on patients, so no backend is "
            "ranked.",
            study_ids=phantoms,
        )


def _slices(runs: Sequence[ScoredRun]) -> Iterator[Finding]:
    """Find single-plane studies whose plane was selected with the reference, or is not stated."""
    for choice, kind, sentence in (
        (
            SliceChoice.ORACLE,
            FindingKind.ORACLE_SLICES,
            "Every backend was shown slices selected with the reference mask (oracle slices) in {}; in "
            "deployment the slice is unknown.",
        ),
        (
            SliceChoice.NOT_STATED,
            FindingKind.UNSTATED_SLICES,
            "The dataset does not state how the slices of {} were selected. They count as oracle slices, "
            "selected with the reference mask, for every backend; in deployment the slice is unknown. "
            "State the selection in the column slice_choice of cases.csv or by the setting "
            "slice_choice.",
        ),
    ):
        found, _ = _studies_where(runs, partial(CaseTable.chosen_as, choice=choice))
        if found:
            yield Finding(kind, sentence.format(studies(len(found))), study_ids=found)


def _studies_where(
    runs: Sequence[ScoredRun], holds: Callable[[CaseTable], BoolArray]
) -> tuple[tuple[str, ...], int]:
    """Return the studies with a property in any run, and count all studies."""
    found = {study_id for run in runs for study_id in ids_of(run.cases.take(holds(run.cases)))}
    return tuple(sorted(found)), len({study_id for run in runs for study_id in ids_of(run.cases)})


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
