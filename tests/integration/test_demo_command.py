"""`gliobench demo`, wired, with backends in memory; and the phantoms that it copies."""

from __future__ import annotations

import importlib.util
import json
import webbrowser
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from dependency_injector import providers
from typer.testing import Result

from command_line import gliobench
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from gliobench.adapters.phantom import copy_included_phantoms
from gliobench.application.ports.backend import Backend
from gliobench.domain.predictions.prediction import Failure, FailureReason
from gliobench.entrypoints.container import container

SCRIPT = Path(__file__).parents[2] / "docs" / "results" / "demo_phantoms.py"


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command in an empty folder, with these backends."""
    monkeypatch.chdir(tmp_path)
    for images in ("PICTURES", "VOLUMES"):
        monkeypatch.setenv(f"GLIOBENCH_KEEP__{images}", "0")

    def run(*arguments: str, build: Callable[[str], Backend] = fake_backend) -> Result:
        backend = providers.Callable(lambda name, **_: build(name))
        with container.backend.override(backend):
            return gliobench("demo", *arguments)

    return run


def test_settings_about_other_studies_do_not_reach_the_included_ones(
    demo: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COHORT", "LABELS", "REPORT__METADATA"):
        monkeypatch.setenv(f"GLIOBENCH_{name}", "of-another-dataset.csv")

    done = demo("--json")

    assert done.exit_code == 0, done.output


def test_a_browser_is_not_opened_without_a_terminal(
    demo: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)

    assert demo("--open", "--json").exit_code == 0

    assert opened == []


def test_studies_that_fail_are_reported_by_the_exit_code(demo: Callable[..., Result]) -> None:
    failure = Failure(FailureReason.BACKEND_ERROR, "broken")
    broken = {
        "classifier": FakeClassifier(lambda _: failure),
        "localizer": FakeLocalizer(lambda _: failure),
    }

    done = demo("--json", build=lambda name: fake_backend(name, **broken))

    assert done.exit_code == 3
    assert json.loads(done.stdout)["report"]


def test_a_folder_that_is_a_file_is_refused_before_anything_is_written(
    demo: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("mine")

    done = demo("--out", "taken")

    assert done.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_the_included_phantoms_are_those_that_the_generator_draws(tmp_path: Path) -> None:
    pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")
    spec = importlib.util.spec_from_file_location("demo_phantoms", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    script.draw(tmp_path / "drawn")
    copy_included_phantoms(tmp_path / "copied")

    files = sorted((tmp_path / "drawn").rglob("*.nii.gz"))
    assert len(files) == 20
    for file in files:
        drawn, copied = (
            np.asarray(nibabel.load(path).dataobj, dtype=int)
            for path in (file, tmp_path / "copied" / file.relative_to(tmp_path / "drawn"))
        )
        assert np.abs(drawn - copied).max() <= 1, file
