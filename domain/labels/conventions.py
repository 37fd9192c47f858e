"""The label conventions that ship with gliobench, and the years in which BraTS used them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.convention import LONGEST_NAME, LabelConvention
from gliobench.domain.labels.regions import Region

OFFICIAL = "brats-evaluation 0.0.10 (2026), config {}"
OFFICIAL_2023 = "rachitsaluja/BraTS-2023-Metrics at 43c9052"


def _sets(**regions: tuple[int, ...]) -> dict[Region, frozenset[int]]:
    return {Region[name]: frozenset(integers) for name, integers in regions.items()}


_OF_2023 = _sets(WT=(1, 2, 3), TC=(1, 3), ET=(3,))
_GLIOMA = {1: "necrosis", 2: "oedema", 3: "enhancing tumour"}
_WITH_SNFH = {1: "non-enhancing tumour core", 2: "SNFH", 3: "enhancing tumour"}
_WITH_CAVITY = {**_WITH_SNFH, 4: "resection cavity"}

_ALL = (
    LabelConvention(
        "brats-gli-2012",
        "BraTS glioma, 2012 to 2016",
        {1: "necrosis", 2: "oedema", 3: "non-enhancing tumour", 4: "enhancing tumour"},
        _sets(WT=(1, 2, 3, 4), TC=(1, 3, 4), ET=(4,)),
        "SMIR, BraTS 2014 start page; Sensors 25(6) 1838",
    ),
    LabelConvention(
        "brats-gli-2017",
        "BraTS glioma, 2017 to 2021",
        {1: "necrosis and non-enhancing tumour", 2: "oedema", 4: "enhancing tumour"},
        _sets(WT=(1, 2, 4), TC=(1, 4), ET=(4,)),
        "Synapse syn27046444",
    ),
    LabelConvention(
        "brats-gli-2023", "BraTS glioma before surgery, 2023", _GLIOMA, _OF_2023, OFFICIAL_2023
    ),
    LabelConvention(
        "brats-ssa-2023",
        "BraTS glioma in Sub-Saharan Africa, from 2023",
        _GLIOMA,
        _OF_2023,
        OFFICIAL_2023,
    ),
    LabelConvention(
        "brats-men-2023",
        "BraTS meningioma before surgery, from 2023",
        {**_WITH_SNFH, 1: "non-enhancing core"},
        _OF_2023,
        f"{OFFICIAL_2023}; {OFFICIAL.format('MenPre')}",
    ),
    LabelConvention(
        "brats-met-2023", "BraTS metastases, 2023 and 2024", _WITH_SNFH, _OF_2023, OFFICIAL_2023
    ),
    LabelConvention(
        "brats-ped-2023",
        "BraTS paediatric glioma, 2023",
        {**_GLIOMA, 1: "non-enhancing tumour"},
        _OF_2023,
        OFFICIAL_2023,
    ),
    LabelConvention(
        "brats-goat-2024",
        "BraTS generalisability across tumours, from 2024",
        _GLIOMA,
        _OF_2023,
        OFFICIAL.format("GoAT"),
    ),
    LabelConvention(
        "brats-gli-2024",
        "BraTS glioma after treatment, 2024 to 2026",
        _WITH_CAVITY,
        {**_OF_2023, **_sets(NETC=(1,), SNFH=(2,), RC=(4,))},
        OFFICIAL.format("gli"),
    ),
    LabelConvention(
        "brats-met-2025",
        "BraTS metastases, 2025 and 2026",
        _WITH_CAVITY,
        {**_OF_2023, **_sets(RC=(4,))},
        OFFICIAL.format("mets"),
    ),
    LabelConvention(
        "brats-ped-2024",
        "BraTS paediatric glioma, 2024 to 2026",
        {1: "enhancing tumour", 2: "non-enhancing tumour core", 3: "cystic component", 4: "oedema"},
        _sets(WT=(1, 2, 3, 4), TC=(1, 2, 3), ET=(1,), NETC=(2,), CC=(3,), ED=(4,)),
        OFFICIAL.format("ped"),
    ),
    LabelConvention(
        "brats-men-rt-2024",
        "BraTS meningioma for radiotherapy, 2024 to 2026",
        {1: "gross tumour volume"},
        _sets(GTV=(1,)),
        OFFICIAL.format("MenRT"),
    ),
    LabelConvention(
        "nnunet-brats",
        "nnU-Net's order of BraTS labels",
        {1: "oedema", 2: "necrosis", 3: "enhancing tumour"},
        _sets(WT=(1, 2, 3), TC=(2, 3), ET=(3,)),
        "MIC-DKFZ/nnUNet, dataset_conversion of BraTS 2021",
    ),
    LabelConvention(
        "tumour",
        "whole tumour: every value but 0",
        {1: "tumour"},
        _sets(WT=(1,)),
        "two-valued masks",
        two_valued=True,
    ),
)

BUILT_IN: Mapping[str, LabelConvention] = {item.name: item for item in _ALL}
"""Every convention that ships with gliobench, by name."""

_LAST_YEARS = {
    "brats-gli-2012": 2016,
    "brats-gli-2017": 2021,
    "brats-gli-2023": 2023,
    "brats-met-2023": 2024,
    "brats-ped-2023": 2023,
}
_LATEST_YEAR = 2026
"""Of the others; no challenge of a later year is known."""
_BRATS = re.compile(r"brats(-(?P<task>[a-z]+(-rt)?))?-(?P<year>20\d\d)")


def built_in(name: str) -> LabelConvention:
    """Look a convention up by its name, or by task and any year in which BraTS used it.

    Without a task the year is one of glioma: `brats-2020` is `brats-gli-2017`.

    Raises:
        InvalidInputError: There is no such convention.
    """
    wanted = name.strip().lower().replace("_", "-")
    found = BUILT_IN.get(wanted) or _of_year(wanted)
    if found is None:
        known = ", ".join(BUILT_IN)
        raise InvalidInputError(
            f"labels {name[:LONGEST_NAME]!r}: no such convention: wanted one of {known}, or a TOML "
            "or YAML file of your own"
        )
    return found


def years_of(name: str) -> range:
    """Return the years in which BraTS used a convention; empty for any other convention."""
    if name not in BUILT_IN or _BRATS.fullmatch(name) is None:
        return range(0)
    return range(int(name[-4:]), _LAST_YEARS.get(name, _LATEST_YEAR) + 1)


def _of_year(name: str) -> LabelConvention | None:
    parts = _BRATS.fullmatch(name)
    if parts is None:
        return None
    prefix, year = f"brats-{parts['task'] or 'gli'}-", int(parts["year"])
    first_years = {int(key[-4:]): key for key in BUILT_IN if re.fullmatch(prefix + r"\d{4}", key)}
    key = first_years.get(
        max((first_year for first_year in first_years if first_year <= year), default=0)
    )
    return BUILT_IN[key] if key and year <= _LAST_YEARS.get(key, _LATEST_YEAR) else None
