"""Cases and the values that the official BraTS programs gave for them; README.md names both."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import cache
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np

from gliobench.domain.metrics.mask_pair import MaskPair

HERE = Path(__file__).parent
Values = Mapping[str, Any]


@cache
def golden() -> Values:
    """Read the values of all cases, by name."""
    return json.loads(gzip.decompress((HERE / "values.json.gz").read_bytes()))


@cache
def _labels() -> dict[str, np.ndarray]:
    with np.load(HERE / "cases.npz") as file:
        return dict(file)


def pair_of(case: str, integers: tuple[int, ...]) -> MaskPair:
    """Take one region of a case: the voxels with these integers."""
    reference, prediction = np.isin(_labels()[case], integers)
    i, j, k = golden()["cases"][case]["spacing"]
    return MaskPair(reference, prediction, (i, j, k))


def number(value: float | str | None) -> float:
    """Read one value."""
    if value is None:
        return nan
    return inf if value == "inf" else float(value)


def differing(found: Mapping[str, float], wanted: Values) -> dict[str, tuple[float, float]]:
    """Return what differs by more than the tolerances, as (found, wanted)."""
    tolerances = golden()["tolerance"]
    return {
        name: (found[name], number(value))
        for name, value in wanted.items()
        if not np.isclose(
            found[name],
            number(value),
            rtol=0,
            atol=tolerances["hd95" if "hd95" in name.lower() else "overlap"],
            equal_nan=True,
        )
    }
