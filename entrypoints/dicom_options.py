"""The options of commands that read DICOM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.settings import changed

SeriesOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--series",
        metavar="MODALITY=SERIES",
        help="DICOM: declare which series a modality is, by its id of 'gliobench dataset series' or its UID; "
        "mask=SERIES a reference mask, exclude=SERIES leaves one out; or a CSV file with columns series and modality. May be repeated.",
    ),
]
ExcludeOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="SERIES",
        help="DICOM segmentation to leave out, by the id or UID of its series. May be repeated.",
    ),
]
BurnedInOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-burned-in",
        help="DICOM: read images with burnt-in annotations, which may name the patient.",
    ),
]


def adopt_dicom(series: Sequence[str] | None, allow_burned_in: bool) -> None:
    """Work under settings with these options from now on.

    Raises:
        InvalidInputError: A value is wrong.
    """
    settings = container.settings()
    given: dict[str, object] = {"series": [*settings.dicom.series, *series]} if series else {}
    if allow_burned_in:
        given["allow_burned_in"] = True
    if given:
        own = settings.dicom.model_dump(exclude_unset=True)
        adopt(changed(settings, {"dicom": {**own, **given}}))
