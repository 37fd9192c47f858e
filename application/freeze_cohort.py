"""Freeze a cohort as text that shows whether it was changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from gliobench.domain.cohort import Cohort


def freeze(cohort: Cohort) -> str:
    """Write a cohort as JSON that ends in the sha256 of the rest."""
    content = asdict(cohort)
    return json.dumps({**content, "sha256": cohort_hash(cohort)}, indent=2) + "\n"


def cohort_hash(cohort: Cohort) -> str:
    """Hash all that a cohort says (sha256, hex)."""
    return content_hash(json.loads(json.dumps(asdict(cohort))))


def content_hash(content: Mapping[str, Any]) -> str:
    """Hash the values of a cohort's file, but for the hash itself (sha256, hex)."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
