"""Assignment of patients to cross-validation folds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from gliobench.domain.errors import InvalidInputError


def assign_folds(
    strata: Mapping[str, str], *, folds: int, seed: int, settled: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Assign patients to folds so that every stratum is spread as evenly as possible.

    Args:
        strata: Stratum (site×grade) by patient.
        folds: Number of folds.
        seed: Seed of the order within a stratum.
        settled: Folds already assigned to some patients by another cross-validation.

    Returns:
        Fold, from 0, by patient; independent of the order of the arguments.

    Raises:
        InvalidInputError: Fewer than two folds, more folds than patients, or an invalid settled fold.
    """
    if not 2 <= folds <= len(strata):
        raise InvalidInputError(f"{folds} folds of {len(strata)} patients: wanted 2 to as many")
    dealt = {patient: fold for patient, fold in (settled or {}).items() if patient in strata}
    for patient, fold in dealt.items():
        if not 0 <= fold < folds:
            raise InvalidInputError(f"{patient} is settled in fold {fold}: wanted 0 to {folds - 1}")
    rng = np.random.default_rng(seed)
    sizes = np.bincount(list(dealt.values()), minlength=folds)
    for patients in _by_stratum(strata).values():
        within = np.bincount([dealt[p] for p in patients if p in dealt], minlength=folds)
        for patient in rng.permutation([p for p in patients if p not in dealt]).tolist():
            fold = int(np.lexsort((sizes, within))[0])
            dealt[patient] = fold
            within[fold] += 1
            sizes[fold] += 1
    return dealt


def folds_by_site(strata: Mapping[str, str]) -> dict[str, int]:
    """Make every site a fold of its own, so that each is judged by a network that has not seen it.

    Args:
        strata: Stratum (site×grade) by patient.

    Returns:
        Fold, from 0 in the order of the sites' names, by patient.

    Raises:
        InvalidInputError: There are fewer than two sites.
    """
    site_of = {patient: stratum.rsplit("×", 1)[0] for patient, stratum in strata.items()}
    sites = sorted(set(site_of.values()))
    if len(sites) < 2:
        raise InvalidInputError(f"one site only, {sites[0]}: leave patients out instead")
    return {patient: sites.index(site) for patient, site in sorted(site_of.items())}


def _by_stratum(strata: Mapping[str, str]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for patient in sorted(strata):
        members[strata[patient]].append(patient)
    return dict(sorted(members.items()))
