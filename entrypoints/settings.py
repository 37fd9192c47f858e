"""Settings: defaults, overridden by `gliobench.toml`, the environment and flags.

The first invalid setting is reported with its name and origin.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    SecretStr,
    ValidationError,
    create_model,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from gliobench.application.evaluate.shards import MOST_SHARDS
from gliobench.application.ports.backend import name_of
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import option_fault
from gliobench.domain.messages import did_you_mean, shown
from gliobench.domain.secrets import HIDDEN, hidden, names_a_secret
from gliobench.entrypoints.label_settings import OwnLabels, checked_table

# Larger numbers are typing errors that would exhaust memory or time.
MOST_REPLICATES = 1_000_000
"""Maximum number of bootstrap resamples."""
MOST_AT_ONCE = 1024
"""Maximum number of workers, threads, and studies of a batch."""
LONGEST_S = 1e7
"""Maximum waiting time: four months in seconds."""
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


def _endpoint(name: str) -> str:
    """Check that an endpoint can be primary."""
    from gliobench.domain.comparison.endpoints import Endpoint  # noqa: PLC0415 -- slow

    return Endpoint.parse(name).name


class CompareSettings(BaseModel):
    """Settings of `gliobench compare`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    primary: Annotated[str, AfterValidator(_endpoint)] | None = Field(
        None,
        description="primary endpoint; counts as declared if set before scoring; none: by what the backends "
        "answer, balanced accuracy first",
    )
    replicates: int = Field(
        10_000, ge=100, le=MOST_REPLICATES, description="number of bootstrap resamples"
    )


def _sets(value: object) -> object:
    """Read names of sets of measures, separated by commas as on the command line."""
    from gliobench.domain.metrics.measures import MeasureSet  # noqa: PLC0415 -- slow

    if value is None:
        return None
    if isinstance(value, str):
        value = value.strip("[] ").replace('"', "").split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError("wanted names separated by commas")
    return [item.value for item in MeasureSet.parse(value)]


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


class ReportSettings(BaseModel):
    """The user's table that a report is divided by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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


class TargetSettings(BaseModel):
    """What is graded in the place of LGG and HGG: two classes of the table `report.metadata`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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


class KeepSettings(BaseModel):
    """Pictures that `gliobench evaluate` stores for reports."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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


class RefusalSettings(BaseModel):
    """When answers of one backend are refused: options of every table [backend.NAME]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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


class DicomSettings(BaseModel):
    """How DICOM studies are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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


class PrepareSettings(BaseModel):
    """How raw images are prepared: registered, and the brain extracted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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


class RaySettings(BaseModel):
    """The cluster of `executor = "ray"`, and the resources of each worker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str | None = Field(
        None, description="cluster to join, e.g. auto or ray://head:10001; none: a local one"
    )
    num_cpus: float = Field(1.0, gt=0, le=MOST_AT_ONCE, description="CPU cores of a worker")
    num_gpus: float = Field(
        0.0, ge=0, le=MOST_AT_ONCE, description="GPUs of a worker; 0.5 lets two workers share one"
    )


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
    compare: CompareSettings = Field(
        default_factory=lambda: CompareSettings.model_validate({}),
        description="comparisons, as [compare] or compare.NAME",
    )
    keep: KeepSettings = Field(
        default_factory=lambda: KeepSettings.model_validate({}),
        description="pictures stored for reports, as [keep] or keep.NAME",
    )
    report: ReportSettings = Field(
        default_factory=lambda: ReportSettings.model_validate({}),
        description="reports, as [report] or report.NAME",
    )
    target: TargetSettings = Field(
        default_factory=lambda: TargetSettings.model_validate({}),
        description="what is graded, as [target] or target.NAME",
    )
    dicom: DicomSettings = Field(
        default_factory=lambda: DicomSettings.model_validate({}),
        description="DICOM studies, as [dicom] or dicom.NAME",
    )
    prepare: PrepareSettings = Field(
        default_factory=lambda: PrepareSettings.model_validate({}),
        description="preparation of raw images, as [prepare] or prepare.NAME",
    )
    ray: RaySettings = Field(
        default_factory=lambda: RaySettings.model_validate({}),
        description="workers on Ray, as [ray] or ray.NAME",
    )
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
TABLES: Mapping[str, type[BaseModel]] = {
    "compare": CompareSettings,
    "keep": KeepSettings,
    "report": ReportSettings,
    "target": TargetSettings,
    "dicom": DicomSettings,
    "prepare": PrepareSettings,
    "ray": RaySettings,
    **OPTION_TABLES,
}
"""The settings that are tables."""
if TYPE_CHECKING:
    Settings = _Settings
else:  # workers unpickle settings by this name
    Settings = create_model(
        "Settings",
        __base__=_Settings,
        __module__=__name__,
        **{
            name: (kind, Field(default_factory=kind, description=f"as [{name}] or {name}.NAME"))
            for name, kind in OPTION_TABLES.items()
        },
    )


def load_settings(flags: Mapping[str, object] | None = None) -> Settings:
    """Read the settings from every source.

    Args:
        flags: Settings given on the command line, by name (`table.name` for those in a table); text
            is read as in the environment.

    Raises:
        InvalidInputError: A source cannot be read, or sets an unknown name or a wrong value.
    """
    given = _nested(flags or {})
    try:
        settings = Settings(**given)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError(f"{SETTINGS_FILE} is not TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{SETTINGS_FILE} cannot be read: {error}") from error
    except SettingsError as error:
        raise InvalidInputError(f"{error}: wanted JSON") from error
    except ValidationError as error:
        raise InvalidInputError(_first_fault(error, given)) from error
    except (ValueError, RecursionError) as error:  # an integer too long, a table too deep
        raise InvalidInputError(f"{SETTINGS_FILE} cannot be read: {error}") from error
    for kind in OPTION_TABLES.values():
        for name in kind.backends:
            kind.checked(backend_table(settings, name), backend=name)
    for name in settings.backend:
        refusals(settings, name)
    return settings


def changed(settings: Settings, flags: Mapping[str, object]) -> Settings:
    """Return settings with some of them changed by options of a command.

    Raises:
        InvalidInputError: A value is wrong.
    """
    try:
        # Unset values stay unset: a default is reported as one.
        return Settings.model_validate({**settings.model_dump(exclude_unset=True), **flags})
    except ValidationError as error:
        raise InvalidInputError(_first_fault(error, flags)) from error


def with_defaults(settings: Settings, names: Iterable[str]) -> Settings:
    """Return settings with some of them as they are where no source sets them."""
    fields = Settings.model_fields
    return settings.model_copy(
        update={name: fields[name].get_default(call_default_factory=True) for name in names}
    )


def described() -> dict[str, str]:
    """List every setting, in a table as `table.name`, with its description."""
    meanings: dict[str, str] = {}
    for name, field in Settings.model_fields.items():
        if name in TABLES:
            inner = TABLES[name].model_fields.items()
            meanings |= {f"{name}.{key}": item.description or "" for key, item in inner}
        else:
            meanings[name] = field.description or ""
    return meanings


def values(settings: Settings) -> dict[str, Any]:
    """Return the values of all settings as JSON without credentials, by the names of `described`."""
    dumped = settings.model_dump(mode="json")
    return {name: _shown(_look_up(dumped, name)) for name in described()}


def origins(flags: Mapping[str, object] | None = None) -> dict[str, str]:
    """Return the origin of each setting: default, file, env or flag.

    Raises:
        InvalidInputError: As `load_settings`.
    """
    load_settings(flags)
    given = _nested(flags or {})
    return {name: _origin(name, given) for name in described()}


def refusals(settings: Settings, name: str) -> RefusalSettings:
    """Return when answers of a backend are refused.

    Raises:
        InvalidInputError: A value is wrong.
    """
    known = RefusalSettings.model_fields
    given = {key: item for key, item in _own_table(settings, name).items() if key in known}
    try:
        return RefusalSettings.model_validate(given)
    except ValidationError as error:
        raise InvalidInputError(
            option_fault(error, table=f"backend.{name}", known=known)
        ) from error


def backend_table(settings: Settings, name: str) -> dict[str, Any]:
    """Return the options of one backend: its own table over the one shared with other backends."""
    name = name_of(name)
    own = {
        key: item
        for key, item in _own_table(settings, name).items()
        if key not in RefusalSettings.model_fields
    }
    for table, kind in OPTION_TABLES.items():
        if name in kind.backends:
            own = getattr(settings, table).model_dump(exclude_unset=True) | own
    return own


def _own_table(settings: Settings, name: str) -> dict[str, Any]:
    """Return a backend's table; flags and the environment have no hyphens, and precede the file."""
    name = name_of(name)
    own: dict[str, Any] = settings.backend.get(name, {})
    return own | settings.backend.get(name.replace("-", "_"), {})


def _nested(flags: Mapping[str, object]) -> dict[str, Any]:
    """Nest `table.name` and `backend.NAME.option` in their tables, as in other sources."""
    given: dict[str, Any] = {}
    for name in sorted(flags):  # a table precedes its settings
        *tables, key = name.split(".")
        inner = given
        for table in tables:
            held = inner.get(table)
            if not isinstance(held, dict | None):
                raise InvalidInputError(f"--set {table}: got {shown(held)}: wanted {table}.NAME")
            inner[table] = dict(held or {})
            inner = inner[table]
        inner[key] = flags[name]
    return given


def _look_up(source: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 -- JSON holds anything
    table, _, key = name.partition(".")
    return source[table][key] if key else source[table]


def _shown(value: Any) -> Any:  # noqa: ANN401 -- JSON holds anything
    """Hide credentials of URLs, and options of plugins with secret names."""
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {k: HIDDEN if names_a_secret(k) else _shown(item) for k, item in value.items()}
    return value


def _origin(name: str, flags: Mapping[str, object]) -> str:
    sources = {
        "flag": flags,
        "env": EnvSettingsSource(Settings)(),
        "file": TomlConfigSettingsSource(Settings)(),
    }
    for origin, source in sources.items():
        with suppress(KeyError, TypeError):
            _look_up(source, name)
            return origin
    return "default"


def _first_fault(error: ValidationError, flags: Mapping[str, object]) -> str:
    fault = error.errors(include_url=False)[0]
    path = [str(part) for part in fault["loc"]]
    name = ".".join(path[:2] if path[0] in TABLES else path[:1])
    place = _place(name, _origin(name, flags))
    if fault["type"] == "extra_forbidden":
        known = ", ".join((TABLES[path[0]] if "." in name else Settings).model_fields)
        meant = did_you_mean(name, described())
        return f"{place}: there is no such setting: wanted one of {known}{meant}"
    got = HIDDEN if names_a_secret(name) else shown(fault["input"])
    return f"{place}: got {got}: {fault['msg'].removeprefix('Value error, ')}"


def _place(name: str, origin: str) -> str:
    return {
        "flag": f"--set {name}",
        "env": f"{ENV_PREFIX}{name.upper().replace('.', NESTED)}",
        "file": f"{SETTINGS_FILE}: {name}",
    }.get(origin, name)
