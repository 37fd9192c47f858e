"""A full disk, a place that cannot be written, parts that rot, clocks that jump."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from integration.faults.jobs import FAILED, fill_up, finish, jump, left, told


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("undisturbed") / "runs"
    assert finish(folder) == 0
    return left(folder)


@pytest.mark.parametrize("limit", [100, 1_500, 9_000], ids="{} bytes".format)
def test_a_full_disk_costs_the_batch_in_hand(tmp_path: Path, undisturbed: Any, limit: int) -> None:
    folder = tmp_path / "runs"

    assert finish(folder, partial(fill_up, limit)) == FAILED
    assert "\n" not in told(folder)
    assert str(tmp_path) in told(folder)

    assert finish(folder) == 0
    assert left(folder) == undisturbed


@pytest.mark.parametrize("place", ["steady", "steady/predictions", "moody/masks"])
def test_a_place_that_cannot_be_written_is_told_in_one_line(
    tmp_path: Path, undisturbed: Any, place: str
) -> None:
    folder = tmp_path / "runs"
    blocked = folder / place
    blocked.parent.mkdir(parents=True)
    blocked.write_text("in the way")

    if place != "moody/masks":  # who answers no mask writes none
        assert finish(folder) == FAILED
        assert "\n" not in told(folder)
        assert "steady" in told(folder)

    blocked.unlink()
    assert finish(folder) == 0
    assert left(folder) == undisturbed


@pytest.mark.parametrize("rot", [b"", b"PAR1", b"\0" * 4096], ids=["empty", "torn", "zeros"])
def test_a_rotten_part_is_named_and_made_again(
    tmp_path: Path, undisturbed: Any, rot: bytes
) -> None:
    folder = tmp_path / "runs"
    assert finish(folder) == 0
    part = sorted((folder / "steady" / "predictions").glob("part-*"))[3]
    part.write_bytes(rot)

    assert finish(folder) == FAILED
    assert part.name in told(folder)

    part.unlink()
    assert finish(folder) == 0
    assert left(folder) == undisturbed


def test_a_half_written_file_of_a_killed_writer_is_not_looked_at(
    tmp_path: Path, undisturbed: Any
) -> None:
    folder = tmp_path / "runs"
    assert finish(folder) == 0
    part = sorted((folder / "steady" / "predictions").glob("part-*"))[0]
    part.with_name(f".{part.name}.1.tmp").write_bytes(part.read_bytes()[:100])

    assert finish(folder) == 0
    assert left(folder) == undisturbed


def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, undisturbed: Any) -> None:
    folder = tmp_path / "runs"

    assert finish(folder, jump) == 0
    for number, file in enumerate(sorted(folder.rglob("part-*"))):
        os.utime(file, (0, 4e9 if number % 2 else 1))
    assert finish(folder, jump) == 0

    assert left(folder) == undisturbed
