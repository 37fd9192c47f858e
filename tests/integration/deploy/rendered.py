"""The manifests as a cluster would get them: rendered by kubectl, taken apart into their pods."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[3] / "deploy"
OVERLAYS = sorted(folder.name for folder in (DEPLOY / "overlays").iterdir())
TEMPLATES = {
    "Job": ["spec.template"],
    "CronJob": ["spec.jobTemplate.spec.template"],
    "RayJob": [
        "spec.submitterPodTemplate",
        "spec.rayClusterSpec.headGroupSpec.template",
        "spec.rayClusterSpec.workerGroupSpecs.0.template",
    ],
}
"""Where an object of each kind has the pods that it starts."""

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that an object starts, and the environment of its one container."""

    owner: Object
    template: Object
    environment: dict[str, str]

    @property
    def spec(self) -> Object:
        return self.template["spec"]

    @property
    def container(self) -> Object:
        (container,) = self.spec["containers"]
        return container


def rendered(overlay: str) -> list[Object]:
    """Render an overlay as `kubectl apply -k` does."""
    command = ["kubectl", "kustomize", str(DEPLOY / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def pods(objects: list[Object]) -> list[Pod]:
    """List every pod that some objects start."""
    maps = {one["metadata"]["name"]: one["data"] for one in objects if one["kind"] == "ConfigMap"}
    return [
        Pod(owner, template, dict(_environment(owner, template["spec"], maps)))
        for owner in objects
        for path in TEMPLATES.get(owner["kind"], [])
        if (template := at(owner, path))
    ]


def command_lines(objects: list[Object]) -> list[list[str]]:
    """Give the arguments of every `gliobench` that some objects start, as its process sees them."""
    return [list(_arguments(pod)) for pod in pods(objects) if _runs_gliobench(pod)]


def _runs_gliobench(pod: Pod) -> bool:
    return "args" in pod.container or pod.container["name"] == "submitter"


def _arguments(pod: Pod) -> Iterator[str]:
    if "args" in pod.container:
        for argument in pod.container["args"]:  # Kubernetes puts in $(NAME)
            yield re.sub(r"\$\((\w+)\)", lambda found: pod.environment[found[1]], argument)
    else:  # a shell of the Ray head does
        entrypoint = Template(pod.owner["spec"]["entrypoint"]).substitute(pod.environment)
        command, *arguments = shlex.split(entrypoint)
        assert command == "gliobench"
        yield from arguments


def at(one: Any, path: str) -> Any:
    """Look up `a.b.0.c`."""
    for key in path.split("."):
        one = one[int(key)] if isinstance(one, list) else one[key]
    return one


def _environment(
    owner: Object, spec: Object, maps: dict[str, dict[str, str]]
) -> Iterator[tuple[str, str]]:
    (container,) = spec["containers"]
    for source in container.get("envFrom", []):
        if "configMapRef" in source:
            yield from maps.get(source["configMapRef"]["name"], {}).items()
    for variable in container.get("env", []):
        yield variable["name"], variable.get("value", owner["metadata"]["name"])
