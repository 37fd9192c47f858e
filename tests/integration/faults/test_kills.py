"""kill -9 at random instants: the finished run always equals the undisturbed one."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from integration.faults.jobs import IDS, finish, left, start

RUNS = 100


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, float]:
    """What a job leaves that nobody disturbs, and how long it takes."""
    folder = tmp_path_factory.mktemp("undisturbed") / "runs"
    assert finish(folder / "warming") == 0
    began = time.monotonic()
    assert finish(folder) == 0
    return left(folder), time.monotonic() - began


def test_a_hundred_jobs_killed_at_random_instants_lose_and_double_nothing(
    tmp_path: Path, undisturbed: tuple[Any, float]
) -> None:
    expected, seconds = undisturbed
    instants = random.Random(0)
    kills = 0
    for number in range(RUNS):
        folder = tmp_path / str(number) / "runs"
        process = start(folder)
        while True:
            process.join(instants.uniform(0, seconds))
            if process.exitcode is not None:
                break
            process.kill()
            process.join()
            kills += 1
            process = start(folder)
            if instants.random() < 0.5:
                process.join()
                break
        assert process.exitcode == 0
        assert left(folder) == expected, f"job {number}"
    assert kills > RUNS / 4, "the jobs ended before they could be killed"
    assert len(expected["steady"]["rows"]) == 2 * len(IDS)


def test_two_writers_of_one_run_leave_what_one_leaves(
    tmp_path: Path, undisturbed: tuple[Any, float]
) -> None:
    folder = tmp_path / "runs"

    both = [start(folder), start(folder)]
    for process in both:
        process.join()

    assert [process.exitcode for process in both] == [0, 0]
    assert left(folder) == undisturbed[0]


def test_a_killed_writer_beside_another_does_no_harm(
    tmp_path: Path, undisturbed: tuple[Any, float]
) -> None:
    folder = tmp_path / "runs"

    victim, other = start(folder), start(folder)
    victim.join(undisturbed[1] / 2)
    victim.kill()
    other.join()

    assert other.exitcode == 0
    assert left(folder) == undisturbed[0]
