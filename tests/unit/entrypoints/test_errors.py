from __future__ import annotations

import pytest

from gliobench.domain.errors import (
    GliobenchError,
    ImplausibleError,
    JobError,
    MissingExtraError,
    NotFoundError,
    StoppedError,
    StoreError,
)
from gliobench.entrypoints.errors import ExitCode, exit_code, reported_errors


def test_an_error_of_ours_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_, reported_errors():
        raise NotFoundError("study A is not\nin the folder")

    assert exit_.value.code == 1
    assert capsys.readouterr().err == "error: study A is not in the folder\n"


def test_a_missing_extra_names_the_pip_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), reported_errors():
        raise MissingExtraError(extra="phantom", purpose="A phantom cohort")

    assert "pip install 'gliobench[phantom]'" in capsys.readouterr().err


def test_want_of_memory_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_, reported_errors():
        raise MemoryError

    assert exit_.value.code == 1
    assert capsys.readouterr().err.startswith("error: out of memory")


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), reported_errors():
        _ = 1 / 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (JobError("a run over another cohort"), ExitCode.ERROR),
        (StoreError("connection reset"), ExitCode.TRY_AGAIN),
        (ImplausibleError("t1c shows scalp and skull"), ExitCode.WITH_RESERVATIONS),
        (StoppedError("stopped after 2 of 5"), ExitCode.TERMINATED),
    ],
)
def test_the_code_tells_whether_to_try_again(error: GliobenchError, code: ExitCode) -> None:
    assert exit_code(error) is code


def test_codes_are_those_that_shells_and_kubernetes_know() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "ERROR": 1,
        "USAGE": 2,
        "WITH_RESERVATIONS": 3,
        "TRY_AGAIN": 75,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }
