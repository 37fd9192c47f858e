"""Inference of an undeclared label convention from masks and study names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gliobench.domain.errors import JobError
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.conventions import BUILT_IN

Integers: TypeAlias = frozenset[int]
"""The non-zero integers of a mask."""
DECLARED = "declared"
"""Ground of a convention that was declared by the user."""


class UndeclaredLabelsError(JobError):
    """The convention is not declared, and several or none are possible."""


@dataclass(frozen=True, slots=True)
class DatasetLabels:
    """The convention of a dataset's masks.

    Args:
        convention: The convention.
        ground: That it was declared, or what it was inferred from; not part of equality.
    """

    convention: LabelConvention
    ground: str = field(default=DECLARED, compare=False)

    def values(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return {"convention": self.convention.values(), "ground": self.ground}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What names and masks together imply for a dataset's convention.

    Args:
        candidates: All possible conventions, one for each distinct set of regions.
        ground: What they were inferred from.
        settled: The one to use; None where several or none are possible.
    """

    candidates: tuple[LabelConvention, ...]
    ground: str
    settled: LabelConvention | None = None

    def labels(self) -> DatasetLabels:
        """Return the only possible convention.

        Raises:
            UndeclaredLabelsError: Several or none are possible.
        """
        if self.settled is None:
            raise UndeclaredLabelsError(self.question)
        return DatasetLabels(self.settled, self.ground)

    def values(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "candidates": [candidate.name for candidate in self.candidates],
            "ground": self.ground,
            "settled": self.settled.name if self.settled else None,
        }

    @property
    def question(self) -> str:
        """The request for a declaration, in one line."""
        names = ", ".join(candidate.name for candidate in self.candidates)
        wanted = f"set labels to one of {names}" if names else "declare a convention of your own"
        return (
            f"the labels' meaning is not declared, and {self.ground}: {wanted} (--set labels=NAME)"
        )


def convention_of_predictions(
    found: Mapping[str, Integers], dataset: LabelConvention | None
) -> LabelConvention:
    """Take predicted masks to be labelled as the dataset is, if nothing else is likely.

    Together they must hold exactly the dataset's integers, and no built-in convention of exactly these
    may mean other regions by them: {1, 2, 3} is BraTS of 2023 or nnU-Net's order of the same tissues.

    Args:
        found: The integers of each mask by study id; they may be none.
        dataset: The convention of the references; None where they are no masks of labels.

    Raises:
        UndeclaredLabelsError: Another convention is as likely, or the dataset's does not fit.
    """
    held = frozenset[int]().union(*found.values())
    if not held:
        return dataset or BUILT_IN["tumour"]
    own = [] if dataset is None else [dataset]
    likely = _distinct([item for item in [*own, *BUILT_IN.values()] if item.tissues.keys() == held])
    rivals = [item.name for item in likely if dataset and _differ(item, dataset)]
    if dataset in likely and not rivals:
        return dataset
    meant = f"the dataset's are {dataset.name}" if dataset else "the dataset has none"
    also = f", which may be {' or '.join(item.name for item in likely)}" if likely else ""
    raise UndeclaredLabelsError(
        f"the predicted masks hold {_listed(held)}{also}, and {meant}: wanted labels, the convention "
        "of the predictions"
    )


def _differ(one: LabelConvention, other: LabelConvention) -> bool:
    shared = one.regions.keys() & other.regions.keys()
    return any(one.regions[region] != other.regions[region] for region in shared)


@dataclass(frozen=True, slots=True)
class _Naming:
    """A naming pattern of studies, and the conventions that it allows."""

    shown: str
    pattern: re.Pattern[str]
    allowed: tuple[str, ...]


_GLIOMA_BEFORE_SURGERY = ("brats-gli-2017", "brats-gli-2023", "brats-gli-2024")
"""Older studies were renamed in 2023: their labels may be the old ones."""
_NAMINGS = tuple(
    _Naming(shown, re.compile(pattern, re.IGNORECASE), allowed)
    for shown, pattern, allowed in (
        ("BraTS17_ to BraTS2021_", r"brats(20)?(1[789]|2[01])_", ("brats-gli-2017",)),
        ("brats_2013_pat", r"brats_(2013|tcia)_pat|brats_[hl]g\d", ("brats-gli-2012",)),
        ("BraTS-GLI-…-1xx", r"brats-gli-\d+-[1-9]\d\d", ("brats-gli-2024",)),
        ("BraTS-GLI-…-0xx", r"brats-gli-", _GLIOMA_BEFORE_SURGERY),
        ("BraTS-PED-…", r"brats-peds?-", ("brats-ped-2023", "brats-ped-2024")),
        ("BraTS-MET-…", r"brats-mets?-", ("brats-met-2023", "brats-met-2025")),
        ("BraTS-SSA-…", r"brats-ssa-", ("brats-ssa-2023",)),
        ("BraTS-MEN-RT-…", r"brats-men-rt-", ("brats-men-rt-2024",)),
        ("BraTS-MEN-…", r"brats-men-", ("brats-men-2023",)),
        ("BraTS-GoAT-…", r"brats-goat-", ("brats-goat-2024",)),
        ("UCSF-PDGM-…", r"ucsf-pdgm-\d", ("brats-gli-2017",)),
        ("UPENN-GBM-…", r"upenn-gbm-\d", ("brats-gli-2017",)),
        ("Phantom_…", r"phantom_\d{4}", ("brats-gli-2017",)),
    )
)
"""Naming patterns of BraTS, two public datasets in its layout and phantoms; the first match counts.
Visits of BraTS-GLI are numbered from 000 before surgery, from 100 after treatment."""

_TUMOUR = BUILT_IN["tumour"]
_SEVERAL_TISSUES = tuple(item for item in BUILT_IN.values() if not item.two_valued)


def propose(found: Mapping[str, Integers]) -> Proposal | None:
    """Infer a dataset's convention from all of its masks and study names.

    Names count if most studies with a mask have known ones, because a dataset has one convention; a
    few unknown names do not matter. A mask that fits no convention is faulty and ignored for the
    others. If all candidates give the same regions for every mask, the one with the fewest regions is
    taken.

    Args:
        found: The integers of each mask by study id.

    Returns:
        None without masks.
    """
    if not found:
        return None
    masks, namings = set(found.values()), _namings(found)
    holds = f"masks hold {_listed(frozenset().union(*masks))}"
    if not namings:
        return _nameless(masks, holds)
    names = f"studies are named {' and '.join(naming.shown for naming in namings)}"
    sound = [mask for mask in masks if any(other.fits(mask) for other in _SEVERAL_TISSUES)]
    allowed = set.intersection(*(set(naming.allowed) for naming in namings))
    possible = _fitting([item for item in BUILT_IN.values() if item.name in allowed], sound)
    if not possible:
        return Proposal(_distinct(_fitting(_SEVERAL_TISSUES, sound)), f"{names}, but {holds}")
    return Proposal(
        _distinct(possible), f"{names}, {holds}", _binary(_agreed(possible, sound), sound)
    )


def _namings(study_ids: Collection[str]) -> list[_Naming]:
    """List the known naming patterns; none if half of the studies or more have other names."""
    found = [
        next((naming for naming in _NAMINGS if naming.pattern.match(study_id)), None)
        for study_id in study_ids
    ]
    known = [naming for naming in found if naming is not None]
    return list(dict.fromkeys(known)) if 2 * len(known) > len(found) else []


def _nameless(masks: Collection[Integers], holds: str) -> Proposal:
    """Infer from masks alone; two-valued conventions are possible if all masks have one value."""
    values = frozenset().union(*masks)
    if not values:
        return Proposal((_TUMOUR,), holds, _TUMOUR)
    everyone = tuple(BUILT_IN.values()) if len(values) == 1 else _SEVERAL_TISSUES
    sound = [mask for mask in masks if any(other.fits(mask) for other in everyone)]
    possible = _fitting(everyone, sound) if any(sound) else []
    return Proposal(_distinct(possible), holds, _agreed(possible, sound))


def _binary(settled: LabelConvention | None, masks: Collection[Integers]) -> LabelConvention | None:
    """Allow only a whole tumour if all masks contain 1 alone: they may be binary."""
    if settled is None or len(settled.tissues) == 1 or frozenset().union(*masks) != {1}:
        return settled
    return _TUMOUR


def _fitting(
    conventions: Sequence[LabelConvention], masks: Collection[Integers]
) -> list[LabelConvention]:
    return [
        convention for convention in conventions if all(convention.fits(mask) for mask in masks)
    ]


def _agreed(
    possible: Sequence[LabelConvention], masks: Collection[Integers]
) -> LabelConvention | None:
    """Take the candidate with the fewest regions if all give the same regions for every mask."""
    if not possible:
        return None
    fewest = min(possible, key=lambda one: len(one.regions))
    agree = all(
        mask & integers == mask & other.regions.get(region, frozenset({None}))
        for other in possible
        for region, integers in fewest.regions.items()
        for mask in masks
    )
    return fewest if agree else None


def _distinct(conventions: Sequence[LabelConvention]) -> tuple[LabelConvention, ...]:
    """Keep the first of the conventions with the same regions."""
    kept: list[LabelConvention] = []
    for convention in conventions:
        if all(convention.regions != other.regions for other in kept):
            kept.append(convention)
    return tuple(kept)


def _listed(integers: Integers) -> str:
    shown = ", ".join(map(str, sorted(integers)[:10]))
    return f"labels {shown}" if shown else "no tumour"
