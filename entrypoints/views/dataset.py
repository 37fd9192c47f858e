"""Output of `gliobench dataset`: tables and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from gliobench.application.datasets.fingerprint_dataset import Distribution, Fingerprint
from gliobench.application.datasets.index_dataset import IndexChange
from gliobench.application.datasets.verify_dataset import Verification
from gliobench.domain.studies.cohort import Cohort
from gliobench.entrypoints.terminal import plain, say


def verification_json(dataset: str, verification: Verification) -> dict[str, Any]:
    """Return what was found as JSON values."""
    return {
        "dataset": dataset,
        "n_studies": verification.n_studies,
        "n_without_tumour": verification.n_without_tumour,
        "labels": verification.labels.values() if verification.labels else None,
        "label_proposal": verification.proposal.values() if verification.proposal else None,
        "faults": [asdict(fault) for fault in verification.faults],
        "notes": [asdict(note) for note in verification.notes],
        "quarantine": verification.quarantine,
    }


def fingerprint_json(described: Fingerprint) -> dict[str, Any]:
    """Return a fingerprint as JSON values."""
    by_site = described.grades_by_site
    return {
        **asdict(described),
        "grades_by_site": {_name(site): _by_name(row) for site, row in by_site.items()},
        "shapes": _counts("shape", described.shapes),
        "spacings_mm": _counts("spacing_mm", described.spacings_mm),
    }


def print_index_change(change: IndexChange) -> None:
    """Print how many studies an index lists, and which ones have changed or vanished."""
    for what, study_ids in (("changed", change.changed), ("vanished", change.vanished)):
        for study_id in study_ids:
            say(f"{what} {study_id}")
    say(
        f"{change.studies} studies, {change.new} new, {len(change.changed)} changed, "
        f"{len(change.vanished)} vanished"
    )
    if n := change.pieces_taken_over:
        say(
            f"{n} {'piece' if n == 1 else 'pieces'} of an interrupted listing taken over, listed from "
            f"{change.taken_over_since} on: what changed there since is listed by the same command again"
        )


def print_verification(verification: Verification) -> None:
    """Print every fault and note, and the counts."""
    table = _table("study", "", "what", "detail")
    for finding in verification.findings:
        mark = "[yellow]note[/]" if finding.kind.is_note else "[red]fault[/]"
        table.add_row(plain(finding.study_id), mark, finding.kind.value, plain(finding.detail))
    _show(table)
    if line := labels_line(verification):
        say(line)
    say(
        f"{verification.n_studies} studies, {len(verification.quarantine)} to be left out, "
        f"{len(verification.faults)} faults, {len(verification.notes)} notes"
        + (
            f", {verification.n_without_tumour} without tumour"
            * bool(verification.n_without_tumour)
        )
    )


def labels_line(verification: Verification) -> str:
    """Describe the label convention of the masks, or ask for it; empty without masks."""
    if (labels := verification.labels) is not None:
        convention = labels.convention
        tissues = ", ".join(
            f"{tissue} {convention.tissues[tissue]}" for tissue in sorted(convention.tissues)
        )
        return f"labels {convention.name} ({labels.ground}): {tissues}"
    return verification.proposal.question if verification.proposal else ""


def print_fingerprint(described: Fingerprint) -> None:
    """Print a fingerprint."""
    prevalence = described.prevalence_hgg
    say(f"hash        {described.hash}")
    say(f"studies     {described.n_studies} of {described.n_patients} patients")
    if described.n_simulated:
        say(f"SIMULATED   {described.n_simulated} are phantoms")
    print_assumptions(described.assumptions)
    say(
        f"unreadable  {len(described.unreadable)} studies, "
        f"{len(described.unreadable_references)} references"
    )
    say(
        f"masks       {described.n_with_tumour} with a tumour, {described.n_without_tumour} "
        f"without, {described.n_unannotated} studies have no mask"
    )
    if described.absent:
        absent = (f"{modality.value} in {n}" for modality, n in described.absent.items())
        say(f"absent      {', '.join(absent)}")
    if noted := list(described.noted_references.items()):
        say(f"notes       {len(noted)} references, such as {': '.join(noted[0])}")
    say(f"HGG         {'unknown' if prevalence is None else f'{prevalence:.1%}'} of the graded")
    for shape, n in described.shapes.items():
        say(f"shape       {' x '.join(map(str, shape))} voxels: {n}")
    for spacing, n in described.spacings_mm.items():
        say(f"spacing     {' x '.join(f'{edge:g}' for edge in spacing)} mm: {n}")
    _print_sites(described)
    _print_distributions("99th percentile of intensity", described.intensities)
    _print_distributions("tumour volume, mm3", described.volumes_mm3)


def print_split(cohort: Cohort) -> None:
    """Print how each stratum is spread over the parts."""
    strata = sorted({member.stratum for member in cohort.members})
    table = _table("grade/site", *map(plain, cohort.parts))
    counts = {name: [m.stratum for m in cohort.part(name)] for name in cohort.parts}
    for stratum in strata:
        table.add_row(plain(stratum), *(str(part.count(stratum)) for part in counts.values()))
    table.add_row("all", *(str(len(part)) for part in counts.values()))
    _show(table)
    patients = len({member.patient_id for member in cohort.members})
    say(
        f"{len(cohort.members)} studies split, {len(cohort.exclusions)} left out, "
        f"{patients} patients"
    )
    print_assumptions(cohort.assumptions)


def print_assumptions(sentences: Iterable[str], *, err: bool = False) -> None:
    """Print what was assumed of a dataset."""
    for sentence in sentences:
        say(f"assumed: {sentence}", err=err)


def _counts(name: str, counts: Mapping[Any, int]) -> list[dict[str, Any]]:
    return [{name: value, "n": n} for value, n in counts.items()]


def _by_name(row: Mapping[Any, int]) -> dict[str, int]:
    return {_name(grade): n for grade, n in row.items()}


def _name(value: Any) -> str:  # noqa: ANN401 - a grade, a site or nothing
    return "unknown" if value is None else str(getattr(value, "value", value))


def _print_sites(described: Fingerprint) -> None:
    sites = {_name(site): _by_name(row) for site, row in described.grades_by_site.items()}
    grades = sorted({grade for row in sites.values() for grade in row})
    table = _table("site", *grades)
    for site, row in sorted(sites.items()):
        table.add_row(plain(site), *(str(row.get(grade, 0)) for grade in grades))
    _show(table)


def _print_distributions(title: str, distributions: Mapping[Any, Distribution]) -> None:
    table = _table(title, "n", "min", "25 %", "median", "75 %", "max")
    for kind, item in distributions.items():
        numbers = (item.smallest, *item.quartiles, item.largest)
        table.add_row(_name(kind), str(item.n), *(f"{number:.0f}" for number in numbers))
    _show(table)


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, header_style="bold")


def _show(table: Table) -> None:
    if table.row_count:
        Console().print(table)
