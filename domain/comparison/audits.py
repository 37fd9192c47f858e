"""Audits of runs that qualify a comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from gliobench.domain.comparison.run_audits import ScoredRun, audit_run
from gliobench.domain.comparison.study_audits import audit_studies, ids_of, studies
from gliobench.domain.evaluation.alignment import align, differ_in_truth
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.findings import Consequence, Finding, FindingKind
from gliobench.domain.files.content import HASHED
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.studies.study import SliceChoice


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
        *_same_files(runs),
        *audit_studies(runs[0].cases),
    ]
    for run in runs:
        found += audit_run(run)
    gravity, order = list(Consequence), list(FindingKind)
    return sorted(
        found, key=lambda one: (gravity.index(one.kind.consequence), order.index(one.kind))
    )


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


def _same_files(runs: Sequence[ScoredRun]) -> Iterator[Finding]:
    """Find predictions that were imported from one file under several names."""
    whose: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        for kind, text in (run.provenance or {}).items():
            if HASHED in text:
                whose.setdefault((kind, text), []).append(run.backend)
    for (kind, _), names in whose.items():
        if len(names) > 1:
            yield Finding(
                FindingKind.SAME_FILE,
                f"The {kind} of {' and '.join(names)} were imported from equal files: check that they are of "
                "different models.",
            )


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
