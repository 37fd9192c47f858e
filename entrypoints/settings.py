"""Settings: defaults, then `gliobench.toml`, then the environment, then flags.

The first line that goes wrong is reported, by its name and where it was set.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from gliobench.domain.errors import InvalidInputError

SETTINGS_FILE = "gliobench.toml"
ENV_PREFIX = "GLIOBENCH_"


class Settings(BaseSettings):
    """What a user may set, once and for every command."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, toml_file=SETTINGS_FILE, extra="forbid", frozen=True
    )

    provider: Literal["cpu", "cuda", "tensorrt"] = Field(
        "cpu", description="ONNX Runtime's execution provider"
    )
    allow_cpu_fallback: bool = Field(
        False, description="run on the CPU where the provider cannot be had"
    )
    threads: PositiveInt | None = Field(None, description="threads for one inference")
    batch_size: PositiveInt = Field(2, description="studies that are predicted at once")
    weights_dir: Path | None = Field(None, description="folder of other weights than ours")
    seed: int = Field(0, ge=0, description="seed of the statistics")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="least severe event that is logged"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: json where stderr is no terminal"
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
        """Rank the sources: flags, environment, file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(flags: Mapping[str, object] | None = None) -> Settings:
    """Read the settings from every source.

    Args:
        flags: Settings given on the command line, by name; text is read as in the environment.

    Raises:
        InvalidInputError: A source cannot be read, or sets an unknown name or a wrong value.
    """
    given: dict[str, Any] = dict(flags or {})
    try:
        return Settings(**given)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError(f"{SETTINGS_FILE} is not TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{SETTINGS_FILE} cannot be read: {error}") from error
    except SettingsError as error:
        raise InvalidInputError(f"{error}: wanted JSON") from error
    except ValidationError as error:
        raise InvalidInputError(_first_fault(error, given)) from error


def origins(flags: Mapping[str, object] | None = None) -> dict[str, str]:
    """Say where each setting's value comes from: default, file, env or flag.

    Raises:
        InvalidInputError: As `load_settings`.
    """
    load_settings(flags)
    return {name: _origin(name, flags or {}) for name in Settings.model_fields}


def _origin(name: str, flags: Mapping[str, object]) -> str:
    if name in flags:
        return "flag"
    if name in EnvSettingsSource(Settings)():
        return "env"
    if name in TomlConfigSettingsSource(Settings)():
        return "file"
    return "default"


def _first_fault(error: ValidationError, flags: Mapping[str, object]) -> str:
    fault = error.errors(include_url=False)[0]
    path = [str(part) for part in fault["loc"]]
    place = _place(path[0], _origin(path[0], flags))
    if fault["type"] == "extra_forbidden":
        known = ", ".join(Settings.model_fields)
        return f"{place}: there is no such setting: wanted one of {known}"
    return f"{place}: got {fault['input']!r}: {fault['msg']}"


def _place(name: str, origin: str) -> str:
    return {
        "flag": f"--set {name}",
        "env": f"{ENV_PREFIX}{name.upper()}",
        "file": f"{SETTINGS_FILE}: {name}",
    }.get(origin, name)
