"""A backend that raises, hangs, leaks or dies costs its own answers, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from gliobench.adapters.executors import ProcessExecutor
from gliobench.domain.predictions.prediction import Failure, FailureReason
from integration.faults.jobs import IDS, evaluate, scores, with_ids


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("hangs", FailureReason.TIMEOUT),
        ("kills", FailureReason.BACKEND_ERROR),
        ("leaks", FailureReason.BACKEND_ERROR),
        ("raises", FailureReason.BACKEND_ERROR),
    ],
)
def test_trouble_with_one_study_is_that_study_s_failure(
    tmp_path: Path, trouble: str, reason: FailureReason
) -> None:
    undisturbed, troubled = tmp_path / "undisturbed", with_ids(tmp_path / "runs", f"{trouble}-1")
    evaluate(with_ids(undisturbed, "s00"))

    evaluate(troubled, ProcessExecutor(workers=2, study_timeout_s=2), batch_size=2)

    found = scores(troubled.folder, troubled.ids)
    failed = [case for case in found["moody"] if isinstance(case.grade, Failure)]
    assert [(case.study_id, case.grade.reason) for case in failed] == [(f"{trouble}-1", reason)]
    expected = scores(undisturbed)
    for backend in ("steady", "moody"):
        others = [case for case in found[backend] if case.study_id in IDS]
        assert others == [case for case in expected[backend] if case.study_id != "s00"]
    assert len(found["steady"]) == len(IDS)
