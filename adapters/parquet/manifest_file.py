"""A run's manifest as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from gliobench.application.ports.run_store import RunManifest
from gliobench.application.ports.storage import Storage
from gliobench.domain.errors import JobError, NotFoundError
from gliobench.domain.prediction import Form

MANIFEST = "manifest.json"


def write_manifest(manifest: RunManifest, storage: Storage) -> None:
    """Write a manifest whole or not at all.

    Raises:
        JobError: The file cannot be written.
    """
    fields = asdict(manifest) | {
        "forms": sorted(form.value for form in manifest.forms),
        "trained_on": sorted(manifest.trained_on),
    }
    storage.write(MANIFEST, (json.dumps(fields, indent=2) + "\n").encode())


def read_manifest(storage: Storage) -> RunManifest | None:
    """Read a manifest; None where there is none.

    Raises:
        JobError: The file cannot be read, or is no manifest.
    """
    try:
        content = storage.read(MANIFEST)
    except NotFoundError:
        return None
    try:
        fields = json.loads(content)
        fields["forms"] = frozenset(map(Form, fields["forms"]))
        fields["trained_on"] = frozenset(fields["trained_on"])
        fields["missing_shards"] = tuple(fields.get("missing_shards", ()))
        return RunManifest(**fields)
    except (ValueError, KeyError, TypeError) as error:
        raise JobError(f"{storage.url}/{MANIFEST} is no manifest of a run ({error})") from error
