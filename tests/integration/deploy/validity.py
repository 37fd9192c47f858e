"""What a cluster with the schemas of Kubernetes and KubeRay, and a restricted namespace, accepts."""

from __future__ import annotations

import jsonschema
import kubernetes_validate

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
        jsonschema.validate(one, schema(one["apiVersion"].removeprefix("ray.io/")))
        for pod in pods([one]):
            template = {"apiVersion": "v1", "kind": "PodTemplate", "template": pod.template}
            kubernetes_validate.validate(template, version, strict=True)
    else:
        kubernetes_validate.validate(one, version, strict=True)
    if found := [fault for pod in pods([one]) for fault in faults(pod.spec)]:
        raise ValueError(f"not restricted: {', '.join(found)}")
