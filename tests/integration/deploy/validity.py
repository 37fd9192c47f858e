"""What a cluster with the schemas of Kubernetes and KubeRay, and a restricted namespace, accepts."""

from __future__ import annotations

from functools import cache

import kubernetes_validate
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

from integration.deploy.custom_resource import schema
from integration.deploy.pod_security import faults
from integration.deploy.rendered import Object, pods

KUBERNETES = ("1.31", kubernetes_validate.latest_version())
"""The oldest whose fields the manifests use, and the newest known."""


def check(one: Object, version: str = KUBERNETES[-1]) -> None:
    """Check an object.

    Raises:
        jsonschema.ValidationError: A field is unknown, missing or wrong.
        ValueError: A pod of it is not restricted.
    """
    if one["kind"] == "RayJob":
        if error := best_match(_ray_job(one["apiVersion"]).iter_errors(one)):
            raise error
        for pod in pods([one]):
            template = {"apiVersion": "v1", "kind": "PodTemplate", "template": pod.template}
            kubernetes_validate.validate(template, version, strict=True)
    else:
        kubernetes_validate.validate(one, version, strict=True)
    if found := [fault for pod in pods([one]) for fault in faults(pod.spec)]:
        raise ValueError(f"not restricted: {', '.join(found)}")


@cache
def _ray_job(version: str) -> Validator:
    """Read KubeRay's schema, which is large, and check it, once."""
    found = schema(version.removeprefix("ray.io/"))
    kind = validator_for(found)
    kind.check_schema(found)
    return kind(found)
