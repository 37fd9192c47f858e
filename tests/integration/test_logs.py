"""What is logged: events for machines, and of patients nothing but the study's id."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dependency_injector import providers

from command_line import gliobench
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.predictions.prediction import Failure, FailureReason
from gliobench.domain.studies.study import Grade, Study
from gliobench.entrypoints.container import container

ROOT = Path(__file__).parents[2]
SECRETS = {
    "patient": "ANNA-BERGER-1961",
    "site": "Sankt-Gallen",
    "answer": "the tumour of Mrs Berger",
    "place": "/hospital/pacs/berger",
}
FIELDS = {
    "again_in_s",
    "attempt",
    "batch_size",
    "done",
    "failed",
    "place",
    "providers",
    "ready",
    "reason",
    "seconds",
    "study_ids",
    "total",
    "why",
    "workers",
}
"""What a log's event may have beside its name; none of it is about a patient."""
METHODS = {"log", "debug", "info", "warning", "error", "exception", "critical"}


@pytest.fixture
def _hospital() -> Iterator[None]:
    """A dataset and a backend that know much."""

    def talkative(study: Study) -> Failure:
        return Failure(FailureReason.REFUSAL, SECRETS["answer"], raw=SECRETS["answer"])

    cases = [
        fake_case(f"s{n}", patient_id=SECRETS["patient"], site=SECRETS["site"], grade=Grade.LGG)
        for n in range(4)
    ]
    torn = {"s9": InvalidInputError(f"{SECRETS['place']}/s9.nii.gz is torn")}
    source = FakeStudySource(cases, unreadable=torn)
    backend = fake_backend("talkative", classifier=FakeClassifier(talkative))
    with (
        container.brats_source.override(providers.Object(source)),
        container.backend.override(providers.Callable(lambda *_, **__: backend)),
    ):
        yield


@pytest.mark.usefixtures("_hospital")
def test_no_log_of_an_evaluation_tells_of_a_patient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIOBENCH_LOG_LEVEL", "debug")
    monkeypatch.setenv("GLIOBENCH_METRICS_FILE", str(tmp_path / "metrics.prom"))

    result = gliobench("evaluate", "cohort", "--backend", "talkative", "--out", tmp_path / "run")

    assert result.exit_code == 3, result.output
    told = result.stderr + (tmp_path / "metrics.prom").read_text()
    assert not [what for what, secret in SECRETS.items() if secret in told]
    assert Grade.LGG.value not in told


@pytest.mark.usefixtures("_hospital")
def test_an_evaluation_tells_how_far_it_is_and_where_the_time_goes(tmp_path: Path) -> None:
    result = gliobench("evaluate", "cohort", "--backend", "talkative", "--out", tmp_path)

    first, *_, last = map(json.loads, result.stderr.splitlines())
    assert (first["event"], first["done"], first["total"]) == ("evaluation_progressed", 0, 5)
    assert (last["done"], last["failed"], last["batch_size"]) == (5, 5, 2)
    assert set(last["seconds"]) == {"load", "infer", "score", "store"}


def _events() -> Iterator[tuple[str, ast.Call]]:
    """Find every call of a logger in our code."""
    for layer in ("application", "adapters", "entrypoints"):
        for path in sorted((ROOT / layer).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in METHODS
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id in ("log", "_log", "logger")
                ):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_every_field_of_every_event_is_known_to_be_about_no_patient() -> None:
    named = {
        f"{place} {keyword.arg}"
        for place, call in _events()
        for keyword in call.keywords
        if keyword.arg is not None and keyword.arg not in FIELDS
    }

    assert not named
    assert len(list(_events())) >= 4
