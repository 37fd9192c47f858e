from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import onnxruntime
import pytest
from dependency_injector import providers

from gliobench.entrypoints import checks
from gliobench.entrypoints.checks import Check, all_checks
from gliobench.entrypoints.container import container
from gliobench.entrypoints.settings import load_settings


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Versions by package: what a test puts in is installed, nothing else."""
    versions = {"gliobench": "0.1.0", "onnxruntime": "1.2"}

    def version(package: str) -> str:
        if package not in versions:
            raise PackageNotFoundError(package)
        return versions[package]

    required = [
        "numpy>=1.26",
        "torch>=2.4; extra == 'train'",
        'monai>=1.4 ; extra == "train"',
        "onnxruntime-gpu>=1.20; sys_platform == 'linux' and extra == 'gpu'",
    ]
    monkeypatch.setattr(checks, "version", version)
    monkeypatch.setattr(checks, "requires", lambda _: required)
    monkeypatch.setattr(checks, "extras", lambda: ["train", "gpu"])
    return versions


def found(name: str) -> Check:
    (check,) = (check for check in all_checks() if check.name == name)
    return check


@pytest.mark.usefixtures("installed")
def test_a_library_that_the_core_needs_and_lacks_is_wrong() -> None:
    assert found("numpy") == Check("numpy", False, "missing: pip install numpy")


def test_a_library_that_is_there_is_shown_with_its_version(installed: dict[str, str]) -> None:
    installed["numpy"] = "2.0"

    assert found("numpy") == Check("numpy", True, "2.0")


def test_an_extra_that_is_half_there_is_absent_with_the_pip_line(
    installed: dict[str, str],
) -> None:
    installed["torch"] = "2.5"

    assert found("extra train") == Check(
        "extra train", None, "without monai: pip install 'gliobench[train]'"
    )


def test_an_extra_that_is_there_is_ok(installed: dict[str, str]) -> None:
    installed.update(torch="2.5", monai="1.5")

    assert found("extra train").ok


def test_the_two_wheels_of_onnx_runtime_together_are_wrong(installed: dict[str, str]) -> None:
    installed["onnxruntime-gpu"] = "1.2"

    check = found("onnxruntime")

    assert check.ok is False
    assert "pip uninstall -y onnxruntime onnxruntime-gpu" in check.found


@pytest.mark.usefixtures("installed")
def test_one_wheel_of_onnx_runtime_is_shown_with_its_providers() -> None:
    check = found("onnxruntime")

    assert check.ok
    assert "CPUExecutionProvider" in check.found


@pytest.mark.usefixtures("installed")
def test_the_extra_for_gpus_is_installed_in_the_place_of_the_wheel_for_cpus() -> None:
    check = found("extra gpu")

    assert check.ok is None
    assert "pip uninstall -y onnxruntime onnxruntime-gpu" in check.found


@pytest.mark.usefixtures("installed")
def test_a_provider_that_is_set_and_not_offered_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    on_gpu = providers.Object(load_settings({"provider": "cuda"}))

    with container.settings.override(on_gpu):
        check = found("onnxruntime")

    assert check.ok is False
    assert "the setting provider is cuda: pip uninstall" in check.found
