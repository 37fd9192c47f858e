"""Workers in processes of their own that hang, die, or lose their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command_line import loaded_python
from fakes.fake_executor import FakeExecutor
from fakes.folder_job import KILLED, FolderJob
from gliobench.adapters.executors import ProcessExecutor
from gliobench.application.evaluate.evaluate_cohort import EvaluateCohort
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.predictions.prediction import Failure, FailureReason, GradePrediction

pytestmark = pytest.mark.usefixtures("real_sizes", "loaded_workers")  # as in the workers

TESTS = Path(__file__).parents[2]


def evaluate(
    job: FolderJob, executor: ProcessExecutor, *, batch_size: int = 2
) -> dict[str, dict[str, CaseScore]]:
    EvaluateCohort(job.source(), executor, open_store=job.store, batch_size=batch_size)(
        job, job.ids
    )
    return {name: {case.study_id: case for case in job.store(name).scores()} for name in job.names}


def test_several_processes_leave_the_scores_of_one_thread_and_run_no_script_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "without_a_guard.py"
    script.write_text("raise SystemExit('run again')")
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
    ids = tuple(f"s{number}" for number in range(9))
    reference = FolderJob(tmp_path / "reference", ids)
    EvaluateCohort(reference.source(), FakeExecutor(), open_store=reference.store)(reference, ids)

    cases = evaluate(FolderJob(tmp_path / "run", ids), ProcessExecutor(workers=3))

    for name, by_study in cases.items():
        assert list(by_study.values()) == list(reference.store(name).scores())


def test_a_study_that_kills_fails_alone_under_the_backend_that_it_killed(tmp_path: Path) -> None:
    job = FolderJob(tmp_path, ("a", "kills-1", "z"))

    cases = evaluate(job, ProcessExecutor(workers=1), batch_size=3)

    killed = f"the worker ended with exit code {KILLED}"
    grades = {name: case.grade for name, case in cases["moody"].items()}
    assert grades.pop("kills-1") == Failure(FailureReason.BACKEND_ERROR, killed)
    assert sorted(grades) == ["a", "z"]
    assert all(isinstance(grade, GradePrediction) for grade in grades.values())
    assert sorted(cases["steady"]) == sorted(job.ids)
    assert not any(case.failures for case in cases["steady"].values())
    assert len(job.store("moody").keys()) == len(job.ids)


def test_where_no_process_can_be_copied_workers_import_for_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> None:
        raise OSError("AF_UNIX path too long")

    monkeypatch.setattr("multiprocessing.forkserver.ensure_running", refused)

    cases = evaluate(FolderJob(tmp_path, ("a",)), ProcessExecutor(workers=1))

    assert isinstance(cases["moody"]["a"].grade, GradePrediction)


def test_a_study_that_hangs_is_cut_and_the_rest_is_predicted(tmp_path: Path) -> None:
    job = FolderJob(tmp_path, ("a", "hangs-1", "z"), names=("moody",))

    cases = evaluate(job, ProcessExecutor(workers=1, study_timeout_s=2.0), batch_size=1)

    grades = {name: case.grade for name, case in cases["moody"].items()}
    assert grades.pop("hangs-1") == Failure(FailureReason.TIMEOUT, "not done after 2 s")
    assert sorted(grades) == ["a", "z"]
    assert all(isinstance(grade, GradePrediction) for grade in grades.values())


def test_a_backend_that_would_leave_python_fails_its_study_alone(
    tmp_path: Path,
) -> None:
    job = FolderJob(tmp_path, ("a", "leaves-1"), names=("moody",))

    cases = evaluate(job, ProcessExecutor(workers=1))

    left = Failure(FailureReason.BACKEND_ERROR, "backend moody raises SystemExit: no licence")
    assert cases["moody"]["leaves-1"].grade == left
    assert isinstance(cases["moody"]["a"].grade, GradePrediction)


def test_a_worker_ends_with_its_parent_though_it_hangs(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"""
from pathlib import Path
from fakes.folder_job import FolderJob
from gliobench.adapters.executors import ProcessExecutor
from gliobench.application.evaluate.evaluate_cohort import EvaluateCohort

job = FolderJob(Path({str(tmp_path)!r}), ("hangs-1",), pid_file=Path({str(pid_file)!r}))
EvaluateCohort(job.source(), ProcessExecutor(workers=1), open_store=job.store)(
    job, job.ids
)
"""
    parent = subprocess.Popen(
        loaded_python("-c", script), env={**os.environ, "PYTHONPATH": str(TESTS)}
    )
    patience = time.monotonic() + 120
    while not (pid_file.is_file() and pid_file.read_text()):
        assert parent.poll() is None, "ended before it could be killed"
        assert time.monotonic() < patience, "no worker came"
        time.sleep(0.05)
    worker = int(pid_file.read_text())

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    while is_running(worker):
        assert time.monotonic() < patience, "the worker lives on"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
