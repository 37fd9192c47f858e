"""Lesion-wise scores equal those of the official programs, each value of each case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan

import pytest

from gliobench.domain.metrics.lesionwise.brats2023 import (
    GLI_2023,
    MEN_2023,
    MET_2023,
    Lesion2023,
    Rule2023,
    scores_2023,
)
from gliobench.domain.metrics.lesionwise.brats2026 import (
    Hits2026,
    Lesion2026,
    Means2026,
    Scores2026,
    scores_2026,
)
from goldens.lesionwise import differing, golden, pair_of

CASES = tuple(golden()["cases"])
REGIONS_2023 = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}
RULES_2023 = {"GLI": GLI_2023, "MEN": MEN_2023, "MET": MET_2023}
REGIONS_2026 = {
    "gli": {"wt": (1, 2, 3), "tc": (1, 3), "et": (3,), "netc": (1,), "snfh": (2,), "rc": (4,)},
    "ped": {"wt": (1, 2, 3, 4), "tc": (1, 2, 3), "et": (1,), "netc": (2,), "cc": (3,), "ed": (4,)},
}
CONFIGURED = [(name, region) for name, regions in REGIONS_2026.items() for region in regions]


@pytest.mark.parametrize("region", REGIONS_2023)
@pytest.mark.parametrize(("task", "rule"), RULES_2023.items(), ids=RULES_2023)
@pytest.mark.parametrize("case", CASES)
def test_scores_are_those_of_the_program_of_2023(
    case: str, task: str, rule: Rule2023, region: str
) -> None:
    wanted = dict(golden()["cases"][case]["brats2023"][task][region])
    lesions = wanted.pop("lesions")

    found = scores_2023(pair_of(case, REGIONS_2023[region]), rule)

    assert not differing(
        {
            "Num_TP": found.n_found,
            "Num_FP": found.n_false_alarms,
            "Num_FN": found.n_missed,
            "Sensitivity": found.sensitivity,
            "Specificity": found.specificity,
            "Legacy_Dice": found.legacy_dice,
            "Legacy_HD95": found.legacy_hd95_mm,
            "GT_Complete_Volume": found.reference_mm3,
            "LesionWise_Score_Dice": found.dice,
            "LesionWise_Score_HD95": found.hd95_mm,
        },
        wanted,
    )
    assert len(found.lesions) == len(lesions)
    for one, row in zip(found.lesions, lesions, strict=True):
        assert not differing(row_of_2023(one), row)


@pytest.mark.parametrize(("config", "region"), CONFIGURED)
@pytest.mark.parametrize("case", CASES)
def test_scores_are_those_of_the_program_of_2026(case: str, config: str, region: str) -> None:
    wanted = golden()["cases"][case]["brats2026"][config]

    found = scores_2026(pair_of(case, REGIONS_2026[config][region]))

    assert not differing(dict(of_parser_seg(found)), of_region(wanted["seg"], region))
    if "mets" in wanted:
        assert not differing(dict(of_parser_mets(found)), of_region(wanted["mets"], region))
    if "instances" in wanted:
        rows = sorted(wanted["instances"][region], key=order_of_row)
        lesions = sorted(found.lesions, key=lambda one: order_of_row(row_of_2026(one)))
        assert len(lesions) == len(rows)
        for one, row in zip(lesions, rows, strict=True):
            mm3 = {name: value for name, value in row.items() if name != "voxel_count"}
            assert not differing(row_of_2026(one), mm3)


def row_of_2023(lesion: Lesion2023) -> dict[str, float]:
    return {
        "volume_mm3": lesion.volume_mm3,
        "n_matched_pred": lesion.n_matched,
        "dice": lesion.dice,
        "hd95": lesion.hd95_mm,
        "counted": lesion.counted,
    }


def row_of_2026(lesion: Lesion2026) -> dict[str, float]:
    return {
        "volume": lesion.volume_mm3,
        "is_matched": lesion.matched,
        "sq_dsc": lesion.dice,
        "sq_hd95": lesion.hd95_mm,
        "sq_nsd": lesion.nsd,
    }


def order_of_row(row: Mapping[str, float]) -> tuple[float, ...]:
    return row["volume"], row["is_matched"], round(row.get("sq_dsc", 0.0), 9)


def of_region(values: Mapping[str, object], region: str) -> dict[str, object]:
    end = f"_{region}"
    return {name.removesuffix(end): one for name, one in values.items() if name.endswith(end)}


def of_parser_seg(found: Scores2026) -> Iterator[tuple[str, float]]:
    yield from of_hits("all", found.hits)
    yield from of_means(found.matched)
    yield from of_whole(found)


def of_parser_mets(found: Scores2026) -> Iterator[tuple[str, float]]:
    yield from of_hits("all", found.hits)
    yield from of_hits("large", found.large_hits)
    yield from of_hits("small", found.small_hits)
    yield from of_means(found.large)
    yield from of_whole(found)


def of_whole(found: Scores2026) -> Iterator[tuple[str, float]]:
    yield "global_dsc", found.global_dice
    yield "global_nsd", found.global_nsd
    yield "global_hd95", found.global_hd95_vox


def of_hits(which: str, hits: Hits2026 | None) -> Iterator[tuple[str, float]]:
    yield f"{which}_instance_tp", hits.n_found if hits else nan
    yield f"{which}_instance_fp", hits.n_false_alarms if hits else nan
    yield f"{which}_instance_fn", hits.n_missed if hits else nan
    yield f"{which}_instance_prec", hits.precision if hits else nan
    yield f"{which}_instance_rec", hits.recall if hits else nan
    yield f"{which}_instance_f1", hits.f1 if hits else nan


def of_means(means: Means2026 | None) -> Iterator[tuple[str, float]]:
    for name, of in (("dsc", "dice"), ("nsd", "nsd"), ("hd95", "hd95_mm")):
        mean, deviation = getattr(means, of) if means else (nan, nan)
        yield f"lesionwise_{name}_mean", mean
        yield f"lesionwise_{name}_std", deviation
