"""Settings: defaults, overridden by `gliobench.toml`, the environment and flags.

The first invalid setting is reported with its name and origin.
"""

from gliobench.entrypoints.settings.fields import (
    ENV_PREFIX,
    NESTED,
    SETTINGS_FILE,
    TABLES,
    Settings,
)
from gliobench.entrypoints.settings.sources import (
    backend_table,
    changed,
    described,
    load_settings,
    origins,
    refusals,
    values,
    with_defaults,
    with_table,
)
from gliobench.entrypoints.settings.tables import MOST_REPLICATES, PrepareSettings, RefusalSettings

__all__ = [
    "ENV_PREFIX",
    "MOST_REPLICATES",
    "NESTED",
    "SETTINGS_FILE",
    "TABLES",
    "PrepareSettings",
    "RefusalSettings",
    "Settings",
    "backend_table",
    "changed",
    "described",
    "load_settings",
    "origins",
    "refusals",
    "values",
    "with_defaults",
    "with_table",
]
