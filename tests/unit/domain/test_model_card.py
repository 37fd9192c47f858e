from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.networks.model_card import ModelCard

CARD = ModelCard(
    kind="grader",
    architecture="three stages",
    input_shape=(32, 32, 32),
    spacing_mm=(1.9, 1.9, 1.2),
    training_data="0f" * 32,
    trained_on=("aa", "bb"),
    temperature=1.7,
)


def test_a_card_is_one_line() -> None:
    assert "\n" not in CARD.to_json()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "oracle"}, "kind 'oracle'"),
        ({"modalities": ("t1c", "t1n", "t2w", "t2f")}, "modalities"),
        ({"modalities": ("t1n",)}, "modalities"),
        ({"regions": ("ET", "TC", "WT")}, "regions"),
        ({"intensity_rule": "min-max"}, "intensity_rule 'min-max'"),
        ({"temperature": 0.0}, "temperature 0.0 is not positive"),
        ({"temperature": -1.0}, "temperature -1.0 is not positive"),
        ({"temperature": float("nan")}, "temperature nan is not positive"),
        ({"temperature": float("inf")}, "temperature inf is not positive"),
        ({"input_shape": (10**9, 10**9, 10**9)}, "wanted 1 to 512 voxels"),
        ({"input_shape": (32, 32, -1)}, "wanted 1 to 512 voxels"),
        ({"spacing_mm": (1.9, 1.9, float("nan"))}, "wanted 0.05 to 20"),
        ({"spacing_mm": (1.9, 1.9, 1e-9)}, "wanted 0.05 to 20"),
        ({"threshold": 1.0}, "threshold 1.0: wanted 0 to 1"),
        ({"threshold": float("nan")}, "threshold nan: wanted 0 to 1"),
        ({"smallest_enhancing_mm3": -1.0}, "smallest_enhancing_mm3 -1.0 is not a volume"),
        ({"smallest_enhancing_mm3": float("inf")}, "is not a volume"),
    ],
)
def test_a_network_that_wants_another_input_is_refused(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        replace(CARD, **change)
