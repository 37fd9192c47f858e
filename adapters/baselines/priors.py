"""The numbers that the baselines know, and where they come from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from gliobench.domain.studies.study import Grade

Fractions = tuple[float, float, float]


@dataclass(frozen=True)
class Priors:
    """What BraTS 2020's training studies say on average; `docs/results/fit_priors.py` made it.

    Args:
        sites: Studies by site and grade, of BraTS 2020's name_mapping.csv.
        box: Start and stop of the mean tumour box, as fractions of the brain's box in RAS+.
        graded: `patient_hash` of the patients that `sites` counts.
        boxed: `patient_hash` of the patients that `box` averages.
        sha256: Of the file.
    """

    sites: dict[str, dict[Grade, int]]
    box: tuple[Fractions, Fractions]
    graded: frozenset[str]
    boxed: frozenset[str]
    sha256: str

    @property
    def prevalence_hgg(self) -> float:
        """Share of HGG among all studies counted."""
        hgg = sum(counts[Grade.HGG] for counts in self.sites.values())
        return hgg / sum(sum(counts.values()) for counts in self.sites.values())


@cache
def load_priors() -> Priors:
    """Read the priors that ship with the package."""
    raw = (files("gliobench.adapters.baselines") / "priors.json").read_bytes()
    numbers = json.loads(raw)
    start, stop = (tuple(numbers["box"][end]) for end in ("start", "stop"))
    return Priors(
        sites={
            site: {grade: int(counts[grade.value]) for grade in Grade}
            for site, counts in numbers["sites"].items()
        },
        box=(start, stop),
        graded=frozenset(numbers["graded"]),
        boxed=frozenset(numbers["boxed"]),
        sha256=sha256(raw).hexdigest(),
    )
