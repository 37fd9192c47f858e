"""KubeRay's own definition of a RayJob, as a schema that knows no other fields.

`rayjobs.crd.yaml.gz` is `config/crd/bases/ray.io_rayjobs.yaml` of KubeRay (Apache License 2.0).
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DEFINITION = Path(__file__).with_name("rayjobs.crd.yaml.gz")


@cache
def schema(version: str) -> dict[str, Any]:
    """Return the JSON schema of a version, closed: a cluster drops unknown fields without a word."""
    with gzip.open(DEFINITION) as file:
        definition = yaml.load(file, yaml.CSafeLoader)
    (structural,) = [
        its["schema"]["openAPIV3Schema"]
        for its in definition["spec"]["versions"]
        if its["name"] == version
    ]
    return {**_closed(structural), "required": ["apiVersion", "kind", "metadata", "spec"]}


def _closed(node: Any) -> Any:
    """Forbid what is not listed, wherever a cluster would drop it."""
    if isinstance(node, list):
        return [_closed(part) for part in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(part) for key, part in node.items()}
    if isinstance(node.get("properties"), dict) and "type" in node:
        closed.setdefault("additionalProperties", False)
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        closed["type"] = [node["type"], "null"]
    return closed
