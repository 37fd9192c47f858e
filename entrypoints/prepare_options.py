"""The options of commands that prepare raw images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.settings import changed

PrepareOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--prepare",
        help="Prepare raw images: register them, extract the brain. Answers are on the grid of the T1c as it "
        "was.",
    ),
]
BrainMaskOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--brain-mask",
        metavar="FILE",
        help="Prepare with this mask of the brain, NIfTI on the grid of one of the images.",
    ),
]


def adopt_prepare(enabled: bool, brain_mask: Path | None = None) -> None:
    """Work under settings with these options from now on.

    Raises:
        InvalidInputError: A value is wrong.
    """
    given: dict[str, object] = {"enabled": True} if enabled else {}
    if brain_mask is not None:
        given |= {"enabled": True, "brain_mask": str(brain_mask)}
    if given:
        settings = container.settings()
        own = settings.prepare.model_dump(exclude_unset=True)
        adopt(changed(settings, {"prepare": {**own, **given}}))
