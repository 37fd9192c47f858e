"""The table `[backend.NAME]` of a program, with `kind = "command"`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from gliobench.domain.answers.questions import Question
from gliobench.domain.files.documents import read_options
from gliobench.domain.studies.study import Modality

LONGEST_S = 1e7
MOST_GIB = 1e6


def _listed(given: object) -> object:
    """Read one text as a list of it."""
    return (given,) if isinstance(given, str) else given


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class CommandOptions(BaseModel):
    """What is run, what it is given, what it gives, and what it may use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str = Field(description="the program and its arguments; no shell is involved")
    check: str | None = Field(None, description="command by which `gliobench doctor` tries it")
    input: Literal["nnunet", "brats", "brats-2023", "brats-2024", "monai", "files"] = Field(
        "brats-2023", description="names of the files that it is given"
    )
    modalities: Annotated[tuple[Modality, ...], BeforeValidator(Modality.parse_several)] = Field(
        tuple(Modality), min_length=1, description="those that it wants, in its order of channels"
    )
    file_ending: Literal[".nii.gz", ".nii"] = Field(
        ".nii.gz", description="of the files that it is given"
    )
    output: Texts = Field(
        ("masks",), min_length=1, description="what it writes: masks, grades.csv, points.csv, …"
    )
    labels: str | dict[str, Any] | None = Field(
        None, description="convention of its masks, as the setting labels"
    )
    probabilities: Literal["npz"] | None = Field(
        None, description="make its masks of the probabilities that nnU-Net writes beside them"
    )
    threshold: float = Field(
        0.5, gt=0, lt=1, description="probability above which a voxel belongs to a region"
    )
    on_plane: bool = Field(False, description="whether its points and boxes lie on one plane")
    questions: Annotated[tuple[Question, ...], BeforeValidator(_listed)] = Field(
        tuple(Question), min_length=1, description="those that it answers in answers.jsonl"
    )
    version: str = Field("", description="of the program: a text, or a file or folder to hash")
    trained_on: str | None = Field(
        None, description="file with its training patients, or none; not set: not stated"
    )
    family: str = Field("", description="model of which it is one of several")
    batch: bool = Field(False, description="whether it takes a folder of several studies at once")
    env: Texts = Field((), description="of its environment: NAME to pass on, or NAME=value")
    network: bool = Field(False, description="whether it may reach the network")
    timeout_s: float = Field(
        3600.0, gt=0, le=LONGEST_S, allow_inf_nan=False, description="time limit per study"
    )
    memory_gib: float | None = Field(
        None, gt=0, le=MOST_GIB, allow_inf_nan=False, description="limit of all its processes"
    )

    @field_validator("output")
    @classmethod
    def _once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("wanted each once")
        return names

    @field_validator("env")
    @classmethod
    def _named(cls, items: tuple[str, ...]) -> tuple[str, ...]:
        if any(not item.partition("=")[0] or "\0" in item for item in items):
            raise ValueError("wanted NAME or NAME=value")
        return items

    @classmethod
    def checked(cls, table: Mapping[str, object], *, backend: str) -> Self:
        """Check the table of a backend.

        Raises:
            InvalidInputError: There is no such option, or it has a wrong value.
        """
        return read_options(
            cls.model_validate, table, table=f"backend.{backend}", known=cls.model_fields
        )
