"""Freeze a cohort as text that shows whether it was changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from gliobench.domain.cohort import Cohort, Member
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.study import Grade


def freeze(cohort: Cohort) -> str:
    """Write a cohort as JSON that ends in the sha256 of the rest."""
    content = asdict(cohort)
    return json.dumps({**content, "sha256": cohort_hash(cohort)}, indent=2) + "\n"


def thaw(text: str) -> Cohort:
    """Read a frozen cohort.

    The hash is of the values: indentation and the order of keys do not matter.

    Raises:
        InvalidInputError: It is no frozen cohort, or was changed after it was frozen.
    """
    try:
        content = json.loads(text)
        wanted = content.pop("sha256")
        cohort = _cohort(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInputError(f"not a frozen cohort: {error}") from error
    if _hash(content) != wanted:
        raise InvalidInputError(
            f"cohort {cohort.name} was changed after it was frozen: "
            f"its sha256 is {_hash(content)}, wanted {wanted}"
        )
    return cohort


def cohort_hash(cohort: Cohort) -> str:
    """Hash all that a cohort says (sha256, hex)."""
    return _hash(json.loads(json.dumps(asdict(cohort))))


def _hash(content: Mapping[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _cohort(content: Mapping[str, Any]) -> Cohort:
    members = [
        {**member, "grade": Grade(member["grade"]) if member["grade"] else None}
        for member in content["members"]
    ]
    parts = {name: tuple(part) for name, part in content["parts"].items()}
    rest = {key: value for key, value in content.items() if key not in ("members", "parts")}
    return Cohort(members=tuple(Member(**member) for member in members), parts=parts, **rest)
