"""The profile `restricted` of the Pod Security Standards, and what we ask for beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SECCOMP = {"RuntimeDefault", "Localhost"}
MODULES = {"seLinuxOptions", "appArmorProfile", "windowsOptions"}
GIB = {"Mi": 2**-10, "Gi": 1.0}


def faults(spec: dict[str, Any]) -> list[str]:
    """List what of a pod breaks the profile or our own rules."""
    found = list(_of_the_pod(spec))
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        found += _of_a_container(container, spec.get("securityContext", {}))
        found += _beyond_the_profile(container, spec)
    return found


def gib(quantity: str) -> float:
    """Read an amount of memory or disk."""
    return float(quantity[:-2]) * GIB[quantity[-2:]]


def _of_the_pod(spec: dict[str, Any]) -> Iterator[str]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            yield name
    for volume in spec.get("volumes", []):
        yield from (f"volume of {kind}" for kind in set(volume) - {"name"} - VOLUMES)
    if spec.get("securityContext", {}).get("sysctls"):
        yield "sysctls"


def _of_a_container(container: dict[str, Any], pod: dict[str, Any]) -> Iterator[str]:
    own = container.get("securityContext", {})
    either = {**pod, **own}
    capabilities = own.get("capabilities", {})
    broken = {
        "privileged": bool(own.get("privileged")),
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
        "runAsNonRoot": either.get("runAsNonRoot") is not True,
        "runAsUser 0": either.get("runAsUser") == 0,
        "seccompProfile": either.get("seccompProfile", {}).get("type") not in SECCOMP,
        "capabilities kept": "ALL" not in capabilities.get("drop", []),
        "capabilities added": bool(set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}),
        "procMount": own.get("procMount", "Default") != "Default",
        "options of a security module": bool(set(either) & MODULES),
        "hostPort": any("hostPort" in port for port in container.get("ports", [])),
    }
    yield from (name for name, is_broken in broken.items() if is_broken)


def _beyond_the_profile(container: dict[str, Any], spec: dict[str, Any]) -> Iterator[str]:
    if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
        yield "root file system can be written"
    if spec.get("automountServiceAccountToken") is not False:
        yield "token of the cluster is mounted"
    limits = container.get("resources", {}).get("limits", {})
    yield from (f"no limit of {name}" for name in ("cpu", "memory") if name not in limits)
    volumes = {one["name"]: one for one in spec.get("volumes", [])}
    mounted = {one["name"] for one in container.get("volumeMounts", [])}
    yield from (f"no volume {name}" for name in mounted - set(volumes))
    disks = [one["emptyDir"] for one in volumes.values() if "emptyDir" in one]
    if any("sizeLimit" not in one for one in disks):
        yield "emptyDir without end"
    elif "ephemeral-storage" in limits:
        wanted = sum(gib(one["sizeLimit"]) for one in disks if one.get("medium") != "Memory")
        if wanted > gib(limits["ephemeral-storage"]):
            yield "emptyDirs above the limit of ephemeral-storage"
