"""Networks leave training only when they read real studies as they did inside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gliobench.application.ports.backend import Backend
from gliobench.application.predict.ask_backend import ask
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.metrics.localisation import centre_error_mm
from gliobench.domain.metrics.segmentation import dice
from gliobench.domain.predictions.forms import point_in_volume
from gliobench.domain.predictions.prediction import (
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.study import Study

LARGEST_SHIFT_MM = 0.5
SMALLEST_DICE = 0.999


@dataclass(frozen=True, slots=True)
class StudyParity:
    """How far two runtimes part on one study.

    Args:
        study_id: The study.
        grade_flipped: The grade differs, or only one of the two gave one.
        probability_apart: |ΔP(HGG)|; None where there was none.
        centre_moved_mm: Distance of the masks' centres; None where neither found a tumour.
        dice: Of the two masks; 1 where neither found a tumour, 0 where one did.
    """

    study_id: str
    grade_flipped: bool
    probability_apart: float | None
    centre_moved_mm: float | None
    dice: float

    @property
    def holds(self) -> bool:
        """Tell whether the task's answer is the same."""
        near = self.centre_moved_mm is None or self.centre_moved_mm <= LARGEST_SHIFT_MM
        return not self.grade_flipped and near and self.dice >= SMALLEST_DICE


def check_parity(before: Backend, after: Backend, studies: Iterable[Study]) -> list[StudyParity]:
    """Ask both about the same real studies.

    Args:
        before: The networks as training left them.
        after: The same networks, exported.
        studies: One after the other, so that memory stays flat.

    Raises:
        InvalidInputError: There is no study, or none in which either found a tumour: parity on
            nothing would prove nothing.
    """
    results: list[StudyParity] = []
    answered = False
    for study in studies:
        ((first_grade, first_place),) = ask(before, [study])
        ((second_grade, second_place),) = ask(after, [study])
        flipped, apart = _grades(first_grade, second_grade)
        first_mask, second_mask = _mask(first_place), _mask(second_place)
        answered = answered or first_mask is not None or second_mask is not None
        moved_mm, overlap = _places(first_mask, second_mask)
        results.append(StudyParity(study.id, flipped, apart, moved_mm, overlap))
    if not results:
        raise InvalidInputError("no study to check the exported networks on")
    if not answered:
        raise InvalidInputError(
            f"no tumour was found in any of {len(results)} studies: check the networks on others"
        )
    return results


def _grades(first: object, second: object) -> tuple[bool, float | None]:
    if not isinstance(first, GradePrediction) or not isinstance(second, GradePrediction):
        return type(first) is not type(second), None
    if first.probability_hgg is None or second.probability_hgg is None:
        return first.grade is not second.grade, None
    return first.grade is not second.grade, abs(first.probability_hgg - second.probability_hgg)


def _mask(place: object) -> Mask | None:
    answer = place.answers.get(Form.MASK) if isinstance(place, LocalisationPrediction) else None
    return answer if isinstance(answer, Mask) else None


def _places(first: Mask | None, second: Mask | None) -> tuple[float | None, float]:
    if first is None or second is None:
        return None, float(first is second)
    moved_mm = centre_error_mm(
        reference=point_in_volume(first.whole),
        prediction=point_in_volume(second.whole),
        grid=first.grid,
    )
    return moved_mm, dice(reference=first.whole, prediction=second.whole)
