"""A task is scored by the rule that BraTS scored it by."""

from __future__ import annotations

import pytest

from gliobench.domain.metrics.lesionwise.tasks import default_sets


@pytest.mark.parametrize(
    ("convention", "sets"),
    [
        ("brats-gli-2017", []),
        ("brats-gli-2023", ["brats2023"]),
        ("brats-met-2023", ["brats2023"]),
        ("brats-ssa-2023", ["brats2023", "brats2026"]),
        ("brats-gli-2024", ["brats2023", "brats2026"]),
        ("brats-met-2025", ["brats2023", "brats2026"]),
        ("nnunet-brats", []),
        ("tumour", []),
        ("a hospital's own", []),
        (None, []),
    ],
)
def test_the_sets_of_a_task_are_those_of_its_years(convention: str | None, sets: list[str]) -> None:
    assert [item.value for item in default_sets(convention)] == sets
