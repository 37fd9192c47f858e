from __future__ import annotations

import signal

import pytest

from gliobench.domain.errors import StoppedError
from gliobench.entrypoints.stopping import end_on_sigterm, terminating


def test_sigterm_is_a_wish_while_it_is_listened_for_and_is_not_forgotten_at_the_end() -> None:
    before = signal.getsignal(signal.SIGTERM)

    answers: list[bool] = []

    def work() -> None:
        with terminating() as stop:
            answers.append(stop())
            signal.raise_signal(signal.SIGTERM)
            answers.append(stop())

    with pytest.raises(StoppedError, match="the same command goes on"):
        work()

    assert answers == [False, True]
    assert signal.getsignal(signal.SIGTERM) is before


def test_at_other_times_sigterm_ends_the_process_with_its_exit_code() -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        end_on_sigterm()
        with terminating() as stop:
            pass
        with pytest.raises(SystemExit) as ended:
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert ended.value.code == 143
    assert not stop()
