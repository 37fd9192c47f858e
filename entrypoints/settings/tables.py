"""The tables of the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import NoDecode

# Larger numbers are typing errors that would exhaust memory or time.
MOST_REPLICATES = 1_000_000
"""Maximum number of bootstrap resamples."""
MOST_AT_ONCE = 1024
"""Maximum number of workers, threads, and studies of a batch."""
LONGEST_S = 1e7
"""Maximum waiting time: four months in seconds."""


class Table(BaseModel):
    """A table: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _endpoint(name: str) -> str:
    """Check that an endpoint can be primary."""
    from gliobench.domain.comparison.endpoints import Endpoint  # noqa: PLC0415 -- slow

    return Endpoint.parse(name).name


class CompareSettings(Table):
    """Settings of `gliobench compare`."""

    primary: Annotated[str, AfterValidator(_endpoint)] | None = Field(
        None,
        description="primary endpoint; counts as declared if set before scoring; none: by what the backends "
        "answer, balanced accuracy first",
    )
    replicates: int = Field(
        10_000, ge=100, le=MOST_REPLICATES, description="number of bootstrap resamples"
    )


def _cuts(value: object) -> object:
    """Read truth values, and numbers separated by commas, as on the command line."""
    if not isinstance(value, str):
        return value
    text = value.strip("[] ")
    if text in ("true", "false"):
        return text == "true"
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError("wanted true, or the numbers where bins begin, such as 40,60") from None


class ReportSettings(Table):
    """The user's table that a report is divided by."""

    metadata: str | None = Field(
        None, description="CSV, TSV or Parquet table about studies or patients, for subgroups"
    )
    id_column: str | None = Field(
        None,
        description="its column that names studies or patients; none: found by its usual names",
    )
    subgroups: dict[str, Annotated[bool | list[float], BeforeValidator(_cuts)]] = Field(
        default_factory=dict,
        description="its columns that divide the cohort: true, or the numbers where bins begin, e.g. "
        "age = [40, 60]; none: those that suit",
    )


class TargetSettings(Table):
    """What is graded in the place of LGG and HGG: two classes of the table `report.metadata`."""

    column: str | None = Field(None, description="column of the table; none: the grade, LGG or HGG")
    positive: str | tuple[str, ...] = Field(
        (), description='value or values of the positive class, or a cut of numbers: ">365"'
    )
    negative: str | tuple[str, ...] = Field(
        (), description="values of the other class; none: every other value"
    )
    died: str | None = Field(
        None, description="of survival times, the column that is 1 where the patient died then"
    )


class KeepSettings(Table):
    """Pictures that `gliobench evaluate` stores for reports."""

    pictures: int = Field(
        1000,
        ge=0,
        le=10**7,
        description="number of studies with a stored picture of the scoring plane; 0 stores no image",
    )
    volumes: int = Field(
        8,
        ge=0,
        le=10**7,
        description="number of studies with a stored small volume, for the 3D viewer",
    )


class RefusalSettings(Table):
    """When answers of one backend are refused: options of every table [backend.NAME]."""

    abstain_below: float | None = Field(
        None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="answers of a lower confidence become failures (low_confidence); none: never",
    )
    refuse_out_of_scope: bool = Field(
        False, description="studies out of scope become failures (out_of_scope)"
    )


def _items(value: object) -> object:
    """Read items separated by commas, as on the command line."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


class DicomSettings(Table):
    """How DICOM studies are read."""

    pseudonym_key: SecretStr | None = Field(
        None,
        description="key of the pseudonyms of patients and studies, 16 characters or more; none: one that is "
        "made for this user and kept",
    )
    series: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_items)] = Field(
        (),
        description="series that are declared, each MODALITY=SERIES, exclude=SERIES, or a CSV file with the "
        "columns series and modality",
    )
    allow_burned_in: bool = Field(
        False, description="read images with burnt-in annotations, which may name the patient"
    )


class PrepareSettings(Table):
    """How raw images are prepared: registered, and the brain extracted."""

    enabled: bool = Field(
        False, description="prepare the studies that are predicted or evaluated, as --prepare does"
    )
    brain_command: str | None = Field(
        None,
        description="program that extracts the brain, such as 'mri_synthstrip -i {t1c} -m {mask}'; none: the "
        "included template",
    )
    brain_mask: Path | None = Field(
        None, description="NIfTI file with the brain of the one study that is prepared"
    )
    timeout_s: float = Field(
        1800.0, gt=0, le=LONGEST_S, allow_inf_nan=False, description="time limit of brain_command"
    )
    env: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_items)] = Field(
        (), description="environment of brain_command: NAME to pass on, or NAME=value"
    )


class RaySettings(Table):
    """The cluster of `executor = "ray"`, and the resources of each worker."""

    address: str | None = Field(
        None, description="cluster to join, e.g. auto or ray://head:10001; none: a local one"
    )
    num_cpus: float = Field(1.0, gt=0, le=MOST_AT_ONCE, description="CPU cores of a worker")
    num_gpus: float = Field(
        0.0, ge=0, le=MOST_AT_ONCE, description="GPUs of a worker; 0.5 lets two workers share one"
    )
