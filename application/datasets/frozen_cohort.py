"""Freeze a cohort as text that shows whether it was changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

from gliobench.domain.studies.cohort import Cohort


def freeze(cohort: Cohort) -> str:
    """Write a cohort as JSON that ends in the sha256 of the rest."""
    content = _content(cohort)
    return json.dumps({**content, "sha256": cohort_hash(cohort)}, indent=2) + "\n"


def cohort_hash(cohort: Cohort) -> str:
    """Hash all that a cohort says (sha256, hex)."""
    return content_hash(json.loads(json.dumps(_content(cohort))))


def content_hash(content: Mapping[str, Any]) -> str:
    """Hash the values of a cohort's file, but for the hash itself (sha256, hex)."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _content(cohort: Cohort) -> dict[str, Any]:
    """Return a cohort as JSON values; labels only where they are known, as older versions wrote it."""
    content = asdict(replace(cohort, labels=None))
    del content["labels"]
    return content if cohort.labels is None else {**content, "labels": cohort.labels.values()}
