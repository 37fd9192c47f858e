"""What the shell completes: names of backends and of settings."""

from __future__ import annotations

from gliobench.domain.errors import GliobenchError


def backend_names(incomplete: str) -> list[tuple[str, str]]:
    """Complete the name of a backend, with where it comes from."""
    from gliobench.entrypoints.container import container  # noqa: PLC0415 -- slow

    try:
        origins: dict[str, str] = container.backend_origins()
    except GliobenchError:  # of the settings; the command reports it
        return []
    return [item for item in origins.items() if item[0].startswith(incomplete)]


def setting_names(incomplete: str) -> list[tuple[str, str]]:
    """Complete the name of a setting up to its value, with its meaning."""
    from gliobench.entrypoints.settings import described  # noqa: PLC0415 -- slow

    names = {f"{name}=": meaning for name, meaning in described().items()}
    return [item for item in names.items() if item[0].startswith(incomplete)]
