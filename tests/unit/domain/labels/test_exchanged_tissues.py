"""Tumours of six voxels in a row: two of oedema, two of core without enhancement, two that enhance."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.labels.exchanged_tissues import Regions, are_exchanged
from gliobench.domain.labels.regions import Region


def regions(tissues: str) -> Regions:
    """Read a row of voxels: e oedema, n core without enhancement, E enhancing, . nothing."""
    row = np.array(list(tissues)).reshape(-1, 1, 1)
    core = np.isin(row, ["n", "E"])
    return {Region.WT: row != ".", Region.TC: core, Region.ET: row == "E"}


REFERENCE = regions("eennEE..")


@pytest.mark.parametrize(
    ("predicted", "exchanged"),
    [
        ("nneeEE..", True),
        ("nneeEEEE", True),
        ("..eennEE", False),
        (".nneeEE.", False),
        ("eennEE..", False),
        ("nnnnEE..", False),
        ("........", False),
    ],
)
def test_tissues_are_exchanged_where_most_of_each_lies_in_the_other_one(
    predicted: str, exchanged: bool
) -> None:
    assert are_exchanged([(regions(predicted), REFERENCE)]) is exchanged


def test_all_studies_decide_together_and_masks_without_parts_do_not() -> None:
    whole = {Region.WT: REFERENCE[Region.WT]}

    assert not are_exchanged([(whole, REFERENCE)])
    assert not are_exchanged([(regions("nneeEE.."), REFERENCE), (REFERENCE, REFERENCE)])
    assert are_exchanged([(regions("nneeEE.."), REFERENCE)] * 2 + [(whole, REFERENCE)])
