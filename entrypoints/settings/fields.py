"""Every setting, with its type, default and meaning."""

from __future__ import annotations

import inspect
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, PositiveInt, create_model
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gliobench.application.evaluate.shards import MOST_SHARDS
from gliobench.entrypoints.label_settings import OwnLabels, checked_table
from gliobench.entrypoints.settings.tables import (
    LONGEST_S,
    MOST_AT_ONCE,
    CompareSettings,
    DicomSettings,
    KeepSettings,
    PrepareSettings,
    RaySettings,
    ReportSettings,
    Table,
    TargetSettings,
)

SETTINGS_FILE = "gliobench.toml"
ENV_PREFIX = "GLIOBENCH_"
OPTIONS = "gliobench.options"
"""The entry-point group of option tables, which several backends may share."""
NESTED = "__"
"""Separates a table's name from a setting's in the environment."""


def _user_cache() -> Path:
    """Return the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(home) if home else Path.home() / ".cache") / "gliobench"
    except RuntimeError:  # a user without a home, as in containers
        return Path(tempfile.gettempdir()) / "gliobench-cache"


def _sets(value: object) -> object:
    """Read names of sets of measures, separated by commas as on the command line."""
    if value is None:
        return None
    from gliobench.domain.metrics.measures import MeasureSet  # noqa: PLC0415 -- slow

    if isinstance(value, str):
        value = value.strip("[] ").replace('"', "").split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError("wanted names separated by commas")
    return [item.value for item in MeasureSet.parse(value)]


def _table(kind: type[Table]) -> Any:  # noqa: ANN401 -- a field of that type
    return Field(default_factory=lambda: kind.model_validate({}))


class _Settings(BaseSettings):
    """All settings."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=NESTED,
        toml_file=SETTINGS_FILE,
        extra="forbid",
        frozen=True,
    )

    provider: Literal["cpu", "cuda", "tensorrt"] = Field(
        "cpu", description="ONNX Runtime's execution provider"
    )
    allow_cpu_fallback: bool = Field(
        False, description="use the CPU if the provider is unavailable"
    )
    threads: PositiveInt | None = Field(None, le=MOST_AT_ONCE, description="threads per inference")
    batch_size: PositiveInt = Field(
        2, le=MOST_AT_ONCE, description="number of studies predicted at once"
    )
    executor: Literal["in-process", "ray"] = Field(
        "in-process", description="where studies are processed: in-process or on Ray"
    )
    workers: PositiveInt = Field(
        1,
        le=MOST_AT_ONCE,
        description="number of parallel worker processes, each with its own model",
    )
    study_timeout_s: float | None = Field(
        None,
        gt=0,
        le=LONGEST_S,
        allow_inf_nan=False,
        description="time limit per study; longer counts as a failure",
    )
    shards: PositiveInt | None = Field(
        None,
        le=MOST_SHARDS,
        description="number of shards of a cohort; index: --shard or JOB_COMPLETION_INDEX",
    )
    metrics_file: Path | None = Field(
        None, description="Prometheus text file updated by evaluate, *.prom"
    )
    weights_dir: Path | None = Field(
        None, description="folder of other weights than the included ones"
    )
    cache_dir: Path = Field(
        default_factory=_user_cache, description="folder with copies of remote files"
    )
    cache_gib: float = Field(
        10.0,
        gt=0,
        le=1e6,
        allow_inf_nan=False,
        description="maximum size of cache_dir; least recently used files are removed first",
    )
    store_patience_s: float = Field(
        60.0,
        ge=0,
        le=LONGEST_S,
        allow_inf_nan=False,
        description="how long to retry on a failing store",
    )
    trust_checksums: bool = Field(
        True,
        description="identify remote studies by the store's checksums; false: download and hash them",
    )
    slice_spacing_mm: float = Field(
        1.0,
        gt=0,
        allow_inf_nan=False,
        description="pixel edge of slices, if their table does not state it",
    )
    private: bool = Field(True, description="make written files readable by their owner only")
    slice_choice: Literal["oracle", "independent"] | None = Field(
        None,
        description="how slices were selected, with the reference mask or independently, if their table "
        "does not state it",
    )
    bids_entities: str = Field(
        "",
        description="of several files of one modality in BIDS, use those with these entities, e.g. "
        "run-1_space-T1w",
    )
    labels: Annotated[str | OwnLabels | None, BeforeValidator(checked_table)] = Field(
        None,
        description="label convention of the masks: a name, a TOML or YAML file, or "
        "[labels]; none: inferred if unambiguous",
    )
    measures: Annotated[tuple[str, ...] | None, NoDecode, BeforeValidator(_sets)] = Field(
        None,
        description="scores of challenges to compute too: brats2023, brats2026, both or none; not set: those "
        "by which BraTS scored the task of the label convention",
    )
    cohort: str | None = Field(
        None, description="frozen cohort to use, FILE or FILE:PART, e.g. cohort.json:train"
    )
    index_root: str | None = Field(
        None,
        description="folder or URL of the dataset that an index lists, where it has moved since",
    )
    seed: int = Field(0, ge=0, lt=2**63, description="seed of the statistics")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="minimum level of logged events"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: json if stderr is not a terminal"
    )
    quiet: bool = Field(
        False, description="no progress on the terminal, and events of level error only"
    )
    compare: CompareSettings = _table(CompareSettings)
    keep: KeepSettings = _table(KeepSettings)
    report: ReportSettings = _table(ReportSettings)
    target: TargetSettings = _table(TargetSettings)
    dicom: DicomSettings = _table(DicomSettings)
    prepare: PrepareSettings = _table(PrepareSettings)
    ray: RaySettings = _table(RaySettings)
    backend: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="options of one backend, as [backend.NAME]"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - there is no .env file
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - nor a secrets folder
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources by precedence: flags, environment, file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def _option_tables() -> dict[str, Any]:
    """Load the option tables that installed packages offer for their backends."""
    tables: dict[str, Any] = {}
    for entry in entry_points(group=OPTIONS):
        # A package that fails here also fails to build its backend, which reports the error.
        with suppress(Exception):
            tables[entry.name] = entry.load()
    return {name: kind for name, kind in tables.items() if name not in _Settings.model_fields}


OPTION_TABLES = _option_tables()
"""By name: pydantic models with `checked` and the names of the `backends` that use them."""
if TYPE_CHECKING:
    Settings = _Settings
else:  # workers unpickle settings by this name
    Settings = create_model(
        "Settings",
        __base__=_Settings,
        __module__=__name__,
        **{name: (kind, Field(default_factory=kind)) for name, kind in OPTION_TABLES.items()},
    )
TABLES: Mapping[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel)
}
"""The settings that are tables."""
