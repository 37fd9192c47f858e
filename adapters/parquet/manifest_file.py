"""A run's manifest as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from gliobench.adapters.parquet.atomic import replacing
from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.errors import JobError
from gliobench.domain.prediction import Form


def write_manifest(manifest: RunManifest, path: Path) -> None:
    """Write a manifest whole or not at all.

    Raises:
        JobError: The file cannot be written.
    """
    fields = asdict(manifest) | {
        "forms": sorted(form.value for form in manifest.forms),
        "trained_on": sorted(manifest.trained_on),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")


def read_manifest(path: Path) -> RunManifest | None:
    """Read a manifest; None where there is none.

    Raises:
        JobError: The file is no manifest.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        fields["forms"] = frozenset(map(Form, fields["forms"]))
        fields["trained_on"] = frozenset(fields["trained_on"])
        return RunManifest(**fields)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JobError(f"{path} is no manifest of a run ({error})") from error
