"""What a page was computed from, in the order of the page."""

from __future__ import annotations

from collections.abc import Mapping


def made_of(cohort: str, versions: Mapping[str, str], **settings: object) -> dict[str, object]:
    """Return what all backends share; an underscore in a setting's name becomes a space."""
    shared = {name.replace("_", " "): value for name, value in settings.items()}
    return {"Cohort": cohort, **shared, **dict(sorted(versions.items()))}


def origin(fingerprint: str, provenance: Mapping[str, str], **before: str) -> dict[str, str]:
    """Return what one backend's predictions were computed from."""
    return {**before, "Fingerprint": fingerprint, **dict(sorted(provenance.items()))}
