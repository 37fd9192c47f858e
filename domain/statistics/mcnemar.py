"""McNemar's paired test of two backends on the same studies."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import bdtr

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.statistics.estimate import NO_STUDY, NotEstimable


@dataclass(frozen=True, slots=True)
class McNemar:
    """Discordant studies of two backends, with p values.

    Args:
        n: Studies that both were asked about.
        only_first: Studies that only the first has right.
        only_second: Studies that only the second has right.
        exact_p: Two-sided; conservative.
        mid_p: Two-sided; closer to its level, which it hardly ever exceeds.
    """

    n: int
    only_first: int
    only_second: int
    exact_p: float
    mid_p: float


def mcnemar(*, first_right: BoolArray, second_right: BoolArray) -> McNemar | NotEstimable:
    """Compare accuracies; for one grade alone, pass that grade's studies.

    Args:
        first_right: (N,) bool, where one backend is right.
        second_right: (N,) bool, the other on the same studies.

    Returns:
        Not estimable without studies. Both p are 1.0 without discordant studies.

    Raises:
        InvalidInputError: The shapes differ.

    Source: McNemar, Psychometrika 1947; mid-p: Fagerland, Lydersen & Laake, "The McNemar test for
        binary matched-pairs data", BMC Med Res Methodol 2013.
    """
    if first_right.shape != second_right.shape:
        raise InvalidInputError(
            f"answers of {first_right.shape} and {second_right.shape} studies: wanted as many"
        )
    if not first_right.size:
        return NO_STUDY
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    fewer, all_ = min(only_first, only_second), only_first + only_second
    up_to, below = (
        float(bdtr(fewer, all_, 0.5)),
        float(bdtr(fewer - 1, all_, 0.5)) if fewer else 0.0,
    )
    return McNemar(
        n=len(first_right),
        only_first=only_first,
        only_second=only_second,
        exact_p=min(1.0, 2 * up_to),
        mid_p=min(1.0, up_to + below),
    )
