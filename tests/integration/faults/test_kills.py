"""kill -9 at random instants: the finished run always equals the undisturbed one."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from integration.faults.jobs import IDS, finish, left, start

pytestmark = pytest.mark.slow
DOSE, FULL_DOSE = 4, 100


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, float]:
    """What a job leaves that nobody disturbs, and how long it takes."""
    folder = tmp_path_factory.mktemp("undisturbed") / "runs"
    assert finish(folder / "warming") == 0
    began = time.monotonic()
    assert finish(folder) == 0
    return left(folder), time.monotonic() - began


def test_jobs_killed_at_random_instants_lose_and_double_nothing(
    tmp_path: Path, undisturbed: tuple[Any, float], full: bool
) -> None:
    expected, seconds = undisturbed
    runs = FULL_DOSE if full else DOSE

    kills = [
        killed_and_finished(tmp_path / str(number) / "runs", seconds, number)
        for number in range(runs)
    ]

    assert sum(kills) > runs / 4, "the jobs ended before they could be killed"
    assert len(expected["steady"]["rows"]) == 2 * len(IDS)
    for number in range(runs):
        assert left(tmp_path / str(number) / "runs") == expected, f"job {number}"


def killed_and_finished(folder: Path, seconds: float, seed: int) -> int:
    """Kill a job once or twice, each at a random instant, then let it end; count the kills."""
    instants = random.Random(seed)
    kills = 0
    for _ in range(instants.randint(1, 2)):
        process = start(folder)
        process.join(instants.uniform(0, seconds))
        if process.exitcode is not None:
            break
        process.kill()
        process.join()
        kills += 1
    assert finish(folder) == 0
    return kills


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
