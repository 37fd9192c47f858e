"""Every pod keeps to the profile `restricted`; a pod that does not is found out."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from integration.deploy.pod_security import faults
from integration.deploy.rendered import Object, pods

RELAXED = {
    "runAsNonRoot": ({"securityContext": {"runAsNonRoot": None}}, {}),
    "runAsUser 0": ({"securityContext": {"runAsUser": 0}}, {}),
    "seccompProfile": ({"securityContext": {"seccompProfile": {}}}, {}),
    "hostNetwork": ({"hostNetwork": True}, {}),
    "token of the cluster is mounted": ({"automountServiceAccountToken": True}, {}),
    "volume of hostPath": ({"volumes": [{"name": "tmp", "hostPath": {"path": "/"}}]}, {}),
    "allowPrivilegeEscalation": ({}, {"allowPrivilegeEscalation": True}),
    "privileged": ({}, {"privileged": True}),
    "capabilities kept": ({}, {"capabilities": {}}),
    "capabilities added": ({}, {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}),
    "root file system can be written": ({}, {"readOnlyRootFilesystem": False}),
    "procMount": ({}, {"procMount": "Unmasked"}),
}
"""What each fault is called, and how a pod and its container get it."""


def test_every_pod_is_restricted(objects: list[Object]) -> None:
    assert [fault for pod in pods(objects) for fault in faults(pod.spec)] == []


@pytest.mark.parametrize("fault", RELAXED)
def test_a_relaxed_pod_is_found_out(fault: str, manifests: dict[str, Any]) -> None:
    (pod,) = pods(manifests["sharded"])
    spec = deepcopy(pod.spec)
    of_pod, of_container = RELAXED[fault]
    security = {**spec["securityContext"], **of_pod.get("securityContext", {})}
    spec |= {**of_pod, "securityContext": security}
    spec["containers"][0]["securityContext"] |= of_container

    assert fault in faults(spec)


def test_the_namespace_holds_all_pods_to_the_profile(objects: list[Object]) -> None:
    (namespace,) = [one for one in objects if one["kind"] == "Namespace"]

    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {one["metadata"].get("namespace", "gliobench") for one in objects} == {"gliobench"}


def test_a_network_policy_holds_every_pod(objects: list[Object]) -> None:
    policies = [one["spec"] for one in objects if one["kind"] == "NetworkPolicy"]

    for pod in pods(objects):
        labels = pod.template["metadata"]["labels"].items()
        held = [one for one in policies if one["podSelector"]["matchLabels"].items() <= labels]
        assert {kind for one in held for kind in one["policyTypes"]} == {"Ingress", "Egress"}


def test_no_secret_is_in_the_manifests(objects: list[Object]) -> None:
    assert [one["metadata"]["name"] for one in objects if one["kind"] == "Secret"] == []
    names = {name for pod in pods(objects) for name in pod.environment}
    assert [name for name in names if "SECRET" in name or "TOKEN" in name or "KEY" in name] == []
