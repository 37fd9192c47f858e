"""Sets of grades that hold the true one as often as stated."""

from __future__ import annotations

from dataclasses import dataclass

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.study import Grade


@dataclass(frozen=True, slots=True)
class ConformalSets:
    """Limits of P(HGG), fitted on patients that the network had not seen; see `fit_conformal_sets`.

    Args:
        coverage: Share of the LGG, and of the HGG, whose set holds their grade.
        lgg_up_to: Largest P(HGG) at which LGG is not excluded.
        hgg_from: Smallest P(HGG) at which HGG is not excluded.
        n_lgg: LGG patients that the first limit was fitted on.
        n_hgg: HGG patients that the second limit was fitted on.

    Raises:
        InvalidInputError: A value is out of its range.
    """

    coverage: float
    lgg_up_to: float
    hgg_from: float
    n_lgg: int
    n_hgg: int

    def __post_init__(self) -> None:
        if not 0 < self.coverage < 1:
            raise InvalidInputError(f"coverage {self.coverage}: wanted more than 0, less than 1")
        if not (0 <= self.lgg_up_to <= 1 and 0 <= self.hgg_from <= 1):
            limits = f"{self.lgg_up_to} and {self.hgg_from}"
            raise InvalidInputError(f"limits of P(HGG) {limits}: wanted 0 to 1")
        if min(self.n_lgg, self.n_hgg) < 1:
            counts = f"{self.n_lgg} LGG and {self.n_hgg} HGG"
            raise InvalidInputError(f"conformal sets of {counts}: wanted patients of both grades")

    def grades(self, probability_hgg: float) -> tuple[Grade, ...]:
        """Return the grades that are not excluded, LGG first: one, both, or none."""
        possible = {
            Grade.LGG: probability_hgg <= self.lgg_up_to,
            Grade.HGG: probability_hgg >= self.hgg_from,
        }
        return tuple(grade for grade, holds in possible.items() if holds)
