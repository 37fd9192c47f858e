"""A backend that raises, hangs, leaks or dies costs its own answers, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.folder_job import FolderJob
from gliobench.adapters.executors import ProcessExecutor
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.predictions.prediction import Failure, FailureReason
from integration.faults.jobs import BACKENDS, IDS, evaluate, scores, with_ids

TROUBLES = {
    "hangs-1": FailureReason.TIMEOUT,
    "kills-1": FailureReason.BACKEND_ERROR,
    "leaks-1": FailureReason.BACKEND_ERROR,
    "raises-1": FailureReason.BACKEND_ERROR,
}
BESIDE = ("i-1", "l-1", "m-1")
"""Studies that lie between those, so that no batch of two has trouble twice."""
OTHERS = (*BESIDE, *IDS[len(TROUBLES) + len(BESIDE) :])


@pytest.fixture(scope="module")
def found(
    tmp_path_factory: pytest.TempPathFactory, loaded_workers: None
) -> dict[str, list[CaseScore]]:
    """What two workers leave of studies four of which are trouble."""
    troubled = with_ids(tmp_path_factory.mktemp("troubled") / "runs", *TROUBLES, *BESIDE)
    evaluate(troubled, ProcessExecutor(workers=2, study_timeout_s=2), batch_size=2)
    return scores(troubled.folder, troubled.ids)


@pytest.mark.parametrize(("study_id", "reason"), TROUBLES.items(), ids=TROUBLES)
def test_trouble_with_one_study_is_that_study_s_failure(
    found: dict[str, list[CaseScore]], study_id: str, reason: FailureReason
) -> None:
    (case,) = (case for case in found["moody"] if case.study_id == study_id)

    assert isinstance(case.grade, Failure)
    assert case.grade.reason == reason


@pytest.mark.parametrize("backend", BACKENDS)
def test_all_other_studies_are_scored_as_undisturbed(
    found: dict[str, list[CaseScore]], backend: str, tmp_path: Path
) -> None:
    undisturbed = FolderJob(tmp_path / "runs", OTHERS)

    evaluate(undisturbed)

    others = [case for case in found[backend] if case.study_id in OTHERS]
    assert others == scores(undisturbed.folder, OTHERS)[backend]


def test_nothing_else_fails_and_nothing_is_lost(found: dict[str, list[CaseScore]]) -> None:
    failed = [case.study_id for case in found["moody"] if isinstance(case.grade, Failure)]

    assert failed == sorted(TROUBLES)
    assert len(found["steady"]) == len(IDS)
