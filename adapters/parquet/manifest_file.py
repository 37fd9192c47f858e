"""A run's manifest as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import partial

from pydantic import TypeAdapter

from gliobench.application.evaluate.run_layout import MANIFEST
from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.errors import JobError
from gliobench.domain.files.documents import read_document

_FORM = TypeAdapter(RunManifest)


def manifest_content(manifest: RunManifest) -> bytes:
    """Lay a manifest out as the content of its file."""
    fields = asdict(replace(manifest, labels=None)) | {
        "labels": None if manifest.labels is None else manifest.labels.values(),
        "forms": sorted(form.value for form in manifest.forms),
        "trained_on": None if manifest.trained_on is None else sorted(manifest.trained_on),
    }
    return (json.dumps(fields, indent=2) + "\n").encode()


def read_manifest(content: bytes, *, place: str) -> RunManifest:
    """Read a manifest from the content of its file.

    Raises:
        JobError: It is no manifest.
    """
    manifest = read_document(
        partial(_FORM.validate_json, strict=True, extra="forbid"),
        content,
        name=f"{place}/{MANIFEST} is not a manifest of a run",
        raises=JobError,
    )
    manifest = _with_facts(manifest)
    return replace(manifest, trained_on=_stated(manifest))


def _with_facts(manifest: RunManifest) -> RunManifest:
    """Take a backend's facts from where older versions wrote them: provenance and settings."""
    provenance, settings = dict(manifest.provenance), dict(manifest.settings)
    keys = {"baseline": "baseline", "stand_in": "stand-in", "held_out": "held out"}
    said = {field: provenance.pop(key) for field, key in keys.items() if key in provenance}
    oracle = manifest.facts.oracle or settings.pop("oracle", None) is not None
    facts = replace(manifest.facts, oracle=oracle, **said)
    return replace(manifest, provenance=provenance, settings=settings, facts=facts)


def _stated(manifest: RunManifest) -> frozenset[str] | None:
    """Return what a backend has learned from.

    Versions that did not record `unstated` wrote an empty list where a backend stated nothing, too.
    Of those runs only baselines' and held-out backends' state an empty set of training patients.
    """
    untrained = manifest.facts.baseline or manifest.facts.held_out
    older = manifest.unstated is None and not untrained
    return None if older and not manifest.trained_on else manifest.trained_on
