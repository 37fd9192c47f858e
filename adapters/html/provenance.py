"""What a page was made of, in the order in which it is told."""

from __future__ import annotations

from collections.abc import Mapping


def made_of(cohort: str, versions: Mapping[str, str], **settings: object) -> dict[str, object]:
    """Tell what all backends share; an underscore in a setting's name stands for a space."""
    told = {name.replace("_", " "): value for name, value in settings.items()}
    return {"Cohort": cohort, **told, **dict(sorted(versions.items()))}


def origin(fingerprint: str, provenance: Mapping[str, str], **before: str) -> dict[str, str]:
    """Tell what one backend's predictions come from."""
    return {**before, "Fingerprint": fingerprint, **dict(sorted(provenance.items()))}
