from __future__ import annotations

import pytest

from gliobench.domain.errors import MissingExtraError, NotFoundError
from gliobench.entrypoints.errors import reported_errors


def test_an_error_of_ours_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_, reported_errors():
        raise NotFoundError("study A is not\nin the folder")

    assert exit_.value.code == 1
    assert capsys.readouterr().err == "error: study A is not in the folder\n"


def test_a_missing_extra_names_the_pip_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), reported_errors():
        raise MissingExtraError(extra="phantom", purpose="A phantom cohort")

    assert "pip install 'gliobench[phantom]'" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), reported_errors():
        _ = 1 / 0
