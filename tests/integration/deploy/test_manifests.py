"""What kubectl renders is valid, and says to gliobench what gliobench understands."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.main import get_command

from gliobench.entrypoints.cli import app
from gliobench.entrypoints.errors import ExitCode
from gliobench.entrypoints.settings import ENV_PREFIX, NESTED, Settings, described, load_settings
from integration.deploy.pod_security import gib
from integration.deploy.rendered import DEPLOY, TEMPLATES, Object, at, command_lines, pods
from integration.deploy.validity import KUBERNETES, check

RETRIED = {"Ignore", "Count"}
POLICIES = {"nightly": "spec.jobTemplate.spec", "sharded": "spec", "lora": "spec"}


def parse(arguments: list[str]) -> dict[str, Any]:
    """Parse a command line by the real command, without running it.

    Raises:
        Exception: click's usage error.
    """
    command, context = get_command(app), None
    while hasattr(command, "get_command"):
        context = command.make_context("gliobench", arguments, parent=context)
        name, command, arguments = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
    return command.make_context(name, arguments, parent=context).params


def job(objects: list[Object]) -> Object:
    (found,) = [one for one in objects if one["kind"] in ("Job", "CronJob")]
    return found


@pytest.mark.parametrize("version", KUBERNETES)
def test_every_object_is_valid(objects: list[Object], version: str) -> None:
    for one in objects:
        check(one, version)


@pytest.mark.parametrize(
    ("overlay", "place", "field"),
    [
        ("ray", "spec.rayClusterSpec.headGroupSpec", "replicas"),
        ("ray", "spec.rayClusterSpec.workerGroupSpecs.0.template.spec", "command"),
        ("ray", "spec.submitterPodTemplate.spec.containers.0.resources", "cpu"),
        ("ray", "spec", "suspended"),
        ("sharded", "spec.template.spec.containers.0", "mounts"),
        ("nightly", "spec.jobTemplate.spec", "completionIndex"),
    ],
)
def test_a_misplaced_field_is_found(
    overlay: str, place: str, field: str, manifests: dict[str, Any]
) -> None:
    (one,) = [one for one in deepcopy(manifests[overlay]) if one["kind"] in TEMPLATES]
    at(one, place)[field] = 1

    with pytest.raises(jsonschema.ValidationError, match=field):
        check(one)


def test_every_command_line_is_one_of_gliobench(objects: list[Object]) -> None:
    lines = command_lines(objects)

    assert lines
    for line in lines:
        parse(line)


def test_a_wrong_command_line_would_be_found() -> None:
    with pytest.raises(Exception, match="--shards-of"):
        parse(["evaluate", "cohort", "--backend=cnn-onnx", "--out=run", "--shards-of=3"])


def test_every_setting_named_exists(objects: list[Object]) -> None:
    known = {ENV_PREFIX + name.upper().replace(".", NESTED) for name in described()}
    named = {name for pod in pods(objects) for name in pod.environment}

    assert {name for name in named if name.startswith(ENV_PREFIX)} - known == set()


def test_every_pods_settings_can_be_read(
    objects: list[Object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    for pod in pods(objects):
        with monkeypatch.context() as environment:
            for name, value in pod.environment.items():
                environment.setenv(name, value)
            load_settings()


def test_as_many_shards_are_awaited_as_are_started(manifests: dict[str, Any]) -> None:
    (pod,) = pods(manifests["sharded"])
    spec = job(manifests["sharded"])["spec"]

    assert spec["completionMode"] == "Indexed"
    assert str(spec["completions"]) == pod.environment["GLIOBENCH_SHARDS"]


@pytest.mark.parametrize("overlay", POLICIES)
def test_every_exit_code_of_gliobench_is_answered(overlay: str, manifests: dict[str, Any]) -> None:
    policy = at(job(manifests[overlay]), POLICIES[overlay])["podFailurePolicy"]
    answers = {
        code: rule["action"]
        for rule in policy["rules"]
        for code in rule.get("onExitCodes", {}).get("values", [])
    }

    # Nobody presses Ctrl-C in a cluster, training has no reservations, success is no failure.
    silent = {ExitCode.DONE, ExitCode.INTERRUPTED} | (
        {ExitCode.WITH_RESERVATIONS} if overlay == "lora" else set()
    )
    assert set(answers) == set(ExitCode) - silent
    assert {code for code, action in answers.items() if action in RETRIED} == {
        ExitCode.TRY_AGAIN,
        ExitCode.TERMINATED,
    }


def test_a_shard_whose_studies_failed_ends_no_other_shard(manifests: dict[str, Any]) -> None:
    rules = job(manifests["sharded"])["spec"]["podFailurePolicy"]["rules"]
    (rule,) = [one for one in rules if 3 in one.get("onExitCodes", {}).get("values", [])]

    assert rule["action"] == "FailIndex"


@pytest.mark.parametrize("overlay", ["nightly", "sharded"])
def test_a_pod_that_is_told_to_stop_has_time_for_the_batch_in_hand(
    overlay: str, manifests: dict[str, Any]
) -> None:
    (pod,) = pods(manifests[overlay])
    batch = Settings.model_fields["batch_size"].default

    limit_s = batch * float(pod.environment["GLIOBENCH_STUDY_TIMEOUT_S"])
    assert pod.spec["terminationGracePeriodSeconds"] >= limit_s


@pytest.mark.parametrize("overlay", ["nightly", "sharded"])
def test_a_pod_has_the_cores_that_it_computes_on(overlay: str, manifests: dict[str, Any]) -> None:
    (pod,) = pods(manifests[overlay])
    cores = pod.container["resources"]["limits"]["cpu"]

    assert cores == pod.environment["GLIOBENCH_THREADS"] == pod.environment["OMP_NUM_THREADS"]


def test_a_node_of_ray_has_room_for_its_share_of_the_workers(manifests: dict[str, Any]) -> None:
    *_, node = pods(manifests["ray"])
    (group,) = at(node.owner, "spec.rayClusterSpec.workerGroupSpecs")
    workers = int(node.environment["GLIOBENCH_WORKERS"]) / group["replicas"]

    cores = workers * float(node.environment["GLIOBENCH_RAY__NUM_CPUS"])
    assert cores == float(node.container["resources"]["limits"]["cpu"])


def test_what_a_setting_writes_to_is_a_volume(objects: list[Object]) -> None:
    for pod in pods(objects):
        mounts = [one for one in pod.container["volumeMounts"] if not one.get("readOnly")]
        volumes = [one["mountPath"] for one in mounts]
        named = {"RUNS", "GLIOBENCH_CACHE_DIR", "HF_HOME"} & set(pod.environment)
        if pod.container["name"] == "submitter":  # it hands over a command line, and runs none
            named = set()
        places = ["/tmp", *(pod.environment[name] for name in named)]  # /tmp: HOME of the image
        local = [Path(one) for one in places if one.startswith("/")]
        assert [one for one in local if not any(map(one.is_relative_to, volumes))] == []


def test_the_cache_of_studies_fits_its_volume(objects: list[Object]) -> None:
    for pod in pods(objects):
        volumes = {one["name"]: one for one in pod.spec["volumes"]}
        if "GLIOBENCH_CACHE_GIB" in pod.environment and "cache" in volumes:
            size = gib(volumes["cache"]["emptyDir"]["sizeLimit"])
            assert float(pod.environment["GLIOBENCH_CACHE_GIB"]) < size


def test_rays_version_is_the_one_installed(manifests: dict[str, Any]) -> None:
    (ray_job,) = [one for one in manifests["ray"] if one["kind"] == "RayJob"]
    constraints = (DEPLOY.parent / "constraints.txt").read_text(encoding="utf-8").split()

    assert f"ray=={at(ray_job, 'spec.rayClusterSpec.rayVersion')}" in constraints
