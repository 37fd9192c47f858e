"""Reads the settings from their sources, and reports their values and origins."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError, TomlConfigSettingsSource

from gliobench.application.ports.backend import name_of
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import read_options
from gliobench.domain.messages import did_you_mean, shown
from gliobench.domain.secrets import HIDDEN, hidden, names_a_secret
from gliobench.entrypoints.settings.fields import (
    ENV_PREFIX,
    NESTED,
    OPTION_TABLES,
    SETTINGS_FILE,
    TABLES,
    Settings,
)
from gliobench.entrypoints.settings.tables import RefusalSettings


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


def with_table(settings: Settings, table: str, given: Mapping[str, object]) -> Settings:
    """Return settings with some of a table's changed by options of a command.

    Raises:
        InvalidInputError: A value is wrong.
    """
    own = getattr(settings, table).model_dump(exclude_unset=True)
    return changed(settings, {table: {**own, **given}})


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
    return read_options(RefusalSettings.model_validate, given, table=f"backend.{name}", known=known)


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
