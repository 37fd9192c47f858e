"""`gliobench dataset`: verify, describe, split and index a dataset, and list the series of DICOM."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gliobench.application.datasets.frozen_cohort import freeze
from gliobench.application.datasets.split_cohort import exact_shares
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.whole import write_whole
from gliobench.entrypoints.container import container
from gliobench.entrypoints.errors import ExitCode
from gliobench.entrypoints.options import (
    DicomOptions,
    JsonOption,
    file_option,
    grouped,
)
from gliobench.entrypoints.outputs import output_file, output_file_or_url
from gliobench.entrypoints.terminal import say
from gliobench.entrypoints.views.dataset import (
    fingerprint_json,
    print_assumptions,
    print_fingerprint,
    print_index_change,
    print_split,
    print_verification,
    verification_json,
)
from gliobench.entrypoints.views.series import print_series, series_csv, series_json

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Verify, describe, split and index a dataset."
)

DatasetArgument = Annotated[str, typer.Argument(help="Folder or URL of studies, or of one study.")]


@app.command()
@grouped
def verify(
    dataset: DatasetArgument,
    *,
    as_json: JsonOption = False,
    quarantine: Annotated[
        str | None, file_option(callback=output_file, help="Write the studies to exclude, as JSON.")
    ] = None,
    dicom: DicomOptions,
) -> None:
    """Read every file and list all faults; exit code 3 if there is one."""
    dicom.adopt()
    verification = container.verify_dataset(dataset)
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
@grouped
def fingerprint(
    dataset: DatasetArgument,
    *,
    as_json: JsonOption = False,
    dicom: DicomOptions,
) -> None:
    """Describe a dataset: prevalence, sites, grids, intensities, tumour volumes, hash."""
    dicom.adopt()
    described = container.fingerprint_dataset(dataset)
    if as_json:
        typer.echo(json.dumps(fingerprint_json(described), indent=2))
    else:
        print_fingerprint(described)


@app.command()
@grouped
def split(
    dataset: DatasetArgument,
    *,
    folds: Annotated[
        int | None,
        typer.Option(min=2, metavar="K", help="Number of equal parts, for cross-validation."),
    ] = None,
    fractions: Annotated[
        str | None, typer.Option(metavar="PARTS", help="E.g. train=0.7,validation=0.1,test=0.2.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 0,
    exclude: Annotated[
        Path | None, file_option(help="Studies to exclude, as written by 'verify --quarantine'.")
    ] = None,
    out: Annotated[
        str | None,
        file_option(callback=output_file, help="File for the cohort; default: print it."),
    ] = None,
    dicom: DicomOptions,
) -> None:
    """Split by patient, stratified by grade and site, and freeze the cohort with a hash."""
    if (folds is None) == (fractions is None):
        raise typer.BadParameter("wanted either --folds or --fractions")
    shares = _fractions(fractions) if fractions is not None else {}
    dicom.adopt()
    cohort = container.split_dataset(
        dataset,
        folds=folds,
        fractions=shares,
        seed=seed,
        exclude=exclude,
        warn=lambda doubt: say(f"note: {doubt}", err=True),
    )
    if out is None:
        typer.echo(freeze(cohort), nl=False)
        print_assumptions(cohort.assumptions, err=True)
        return
    write_whole(Path(out), freeze(cohort).encode())
    print_split(cohort)


@app.command()
def index(
    dataset: Annotated[str, typer.Argument(help="Folder or URL of a dataset of NIfTI files.")],
    out: Annotated[
        str,
        typer.Option(
            metavar="FILE.parquet",
            callback=output_file_or_url,
            help="File or URL of the index; an earlier one there is brought up to date.",
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """List a dataset once, in a file that every command takes in its place.

    A shard of `evaluate` reads its own rows of the index and no others. With the same --out later,
    studies that are new, have changed or have vanished since are reported.
    """
    change = container.index_dataset(dataset, out)
    if as_json:
        typer.echo(json.dumps(asdict(change), indent=2))
    else:
        print_index_change(change)


@app.command("series")
@grouped
def list_series(
    dataset: Annotated[str, typer.Argument(help="Folder, zip, DICOMDIR or URL of DICOM files.")],
    *,
    as_json: JsonOption = False,
    out: Annotated[
        str | None,
        file_option(
            callback=output_file,
            help="Write the table as CSV, to be completed and given to --series.",
        ),
    ] = None,
    dicom: DicomOptions,
) -> None:
    """List the series of DICOM studies and which modality each is, with the reason.

    Exit code 3 if a study cannot be used as it is: a series is in doubt, has a flaw, or is missing.
    """
    dicom.adopt()
    content = container.dicom_content(dataset)
    if out is not None:
        write_whole(Path(out), series_csv(content).encode())
    if as_json:
        typer.echo(json.dumps(series_json(content), indent=2))
    else:
        print_series(content)
    if not all(study.is_settled for study in content.studies):
        raise typer.Exit(ExitCode.WITH_RESERVATIONS)


def _fractions(text: str) -> dict[str, float]:
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
