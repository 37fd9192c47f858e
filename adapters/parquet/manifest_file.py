"""A run's manifest as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.errors import JobError
from gliobench.domain.prediction import Form

MANIFEST = "manifest.json"


def manifest_content(manifest: RunManifest) -> bytes:
    """Lay a manifest out as the content of its file."""
    fields = asdict(manifest) | {
        "forms": sorted(form.value for form in manifest.forms),
        "trained_on": sorted(manifest.trained_on),
    }
    return (json.dumps(fields, indent=2) + "\n").encode()


def read_manifest(content: bytes, *, place: str) -> RunManifest:
    """Read a manifest from the content of its file.

    Args:
        content: Of the file.
        place: Of the run, for messages.

    Raises:
        JobError: It is no manifest.
    """
    try:
        fields = json.loads(content)
        fields["forms"] = frozenset(map(Form, fields["forms"]))
        fields["trained_on"] = frozenset(fields["trained_on"])
        fields["missing_shards"] = tuple(fields.get("missing_shards", ()))
        return RunManifest(**fields)
    except (ValueError, KeyError, TypeError) as error:
        raise JobError(f"{place}/{MANIFEST} is no manifest of a run ({error})") from error
