"""`gliobench dataset`: look at a dataset before anything is computed on it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gliobench.domain.errors import InvalidInputError
from gliobench.entrypoints.exit_codes import ExitCode
from gliobench.entrypoints.files import write_whole
from gliobench.entrypoints.outputs import output_file
from gliobench.entrypoints.progress import tracked
from gliobench.entrypoints.terminal import say

if TYPE_CHECKING:
    from gliobench.application.datasets.dataset_labels import Track
    from gliobench.application.ports.study_source import StudySource

app = typer.Typer(no_args_is_help=True, help="Verify, describe and split a dataset.")

DatasetArgument = Annotated[str, typer.Argument(help="Folder or URL of studies, or of one study.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def verify(
    dataset: DatasetArgument,
    as_json: JsonOption = False,
    quarantine: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            callback=output_file,
            help="Write the studies that should not be used, as JSON.",
        ),
    ] = None,
) -> None:
    """Read every file and tell every fault; exits with 3 where there is one."""
    from gliobench.application.datasets.verify_dataset import verify_dataset
    from gliobench.entrypoints.dataset_view import print_verification, verification_json
    from gliobench.entrypoints.inputs import open_source

    verification = verify_dataset(
        open_source(dataset),
        track=_progress_bar("verifying"),
        track_labels=_progress_bar("reading labels"),
    )
    if quarantine is not None:
        write_whole(
            Path(quarantine), (json.dumps(verification.quarantine, indent=2) + "\n").encode()
        )
    if as_json:
        typer.echo(json.dumps(verification_json(dataset, verification), indent=2))
    else:
        print_verification(verification)
    if verification.faults or verification.has_undeclared_labels:
        raise typer.Exit(ExitCode.WITH_RESERVATIONS)


@app.command()
def fingerprint(dataset: DatasetArgument, as_json: JsonOption = False) -> None:
    """Describe a dataset: prevalence, sites, grids, intensities, tumour volumes, hash."""
    from gliobench.application.datasets.fingerprint_dataset import fingerprint_dataset
    from gliobench.entrypoints.dataset_view import fingerprint_json, print_fingerprint
    from gliobench.entrypoints.inputs import open_labelled

    described = fingerprint_dataset(open_labelled(dataset), track=_progress_bar("reading"))
    if as_json:
        typer.echo(json.dumps(fingerprint_json(described), indent=2))
    else:
        print_fingerprint(described)


@app.command()
def split(
    dataset: DatasetArgument,
    *,
    folds: Annotated[
        int | None, typer.Option(min=2, metavar="K", help="Equal parts, for cross-validation.")
    ] = None,
    fractions: Annotated[
        str | None,
        typer.Option(metavar="PARTS", help="E.g. train=0.7,validation=0.1,test=0.2."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    exclude: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Studies to leave out, as 'verify --quarantine' wrote."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            callback=output_file,
            help="Where to write the cohort; else it is printed.",
        ),
    ] = None,
) -> None:
    """Split by patient, stratified by grade and site, and freeze the cohort with a hash."""
    from gliobench.application.datasets.frozen_cohort import freeze
    from gliobench.application.datasets.split_cohort import (
        draw_cohort,
        split_by_fractions,
        split_into_folds,
    )
    from gliobench.entrypoints.container import container
    from gliobench.entrypoints.dataset_view import print_assumptions, print_split
    from gliobench.entrypoints.inputs import cohort_name

    if (folds is None) == (fractions is None):
        raise typer.BadParameter("wanted either --folds or --fractions")
    shares = _fractions(fractions) if fractions is not None else {}
    cohort = draw_cohort(
        _labelled_if_clear(dataset),
        name=cohort_name(dataset),
        exclude=container.read_exclusions(exclude) if exclude else None,
        track=_progress_bar("reading"),
    )
    if folds is not None:
        cohort = split_into_folds(cohort, folds=folds, seed=seed)
    else:
        cohort = split_by_fractions(cohort, fractions=shares, seed=seed)
    if out is None:
        typer.echo(freeze(cohort), nl=False)
        print_assumptions(cohort.assumptions, err=True)
        return
    write_whole(Path(out), freeze(cohort).encode())
    print_split(cohort)


def _labelled_if_clear(dataset: str) -> StudySource:
    """Open a dataset; a split needs no mask, so doubt about labels is only said."""
    from gliobench.domain.labels.proposal import UndeclaredLabelsError
    from gliobench.entrypoints.inputs import open_labelled, open_source

    try:
        return open_labelled(dataset)
    except UndeclaredLabelsError as doubt:
        say(f"note: {doubt}; the cohort records no convention", err=True)
        return open_source(dataset)


def _progress_bar(title: str) -> Track:
    return partial(tracked, title)


def _fractions(text: str) -> dict[str, float]:
    from gliobench.application.datasets.split_cohort import exact_shares

    fractions: dict[str, float] = {}
    try:
        for item in text.split(","):
            name, _, number = item.partition("=")
            if not name.strip() or name.strip() in fractions:
                raise InvalidInputError(f"{item!r}: wanted each part once, as NAME=FRACTION")
            fractions[name.strip()] = float(number)
        exact_shares(fractions)
    except ValueError as error:
        raise typer.BadParameter(f"--fractions {text}: {error}") from error
    return fractions
