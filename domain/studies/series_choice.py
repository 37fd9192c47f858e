"""Which series of a study is which modality; what is in doubt is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gliobench.domain.studies.series import DAY_S, Confidence, Judgement, Series, judge_all
from gliobench.domain.studies.study import Modality


@dataclass(frozen=True, slots=True)
class ChosenSeries:
    """The series of one study and their modalities.

    Args:
        series: All series of the study.
        judgements: What each is, in the same order.
        chosen: The series of each modality that is settled, sound or not.
        questions: One sentence for each modality in doubt.
    """

    series: tuple[Series, ...]
    judgements: tuple[Judgement, ...]
    chosen: Mapping[Modality, Series]
    questions: Mapping[Modality, str]

    def modality_of(self, series: Series) -> Modality | None:
        """Return the modality that a series is used for; None where it is not used."""
        return next((m for m, item in self.chosen.items() if item.id == series.id), None)


def choose_series(
    series: Sequence[Series], declared: Mapping[str, Modality | None] | None = None
) -> ChosenSeries:
    """Assign series of one study to modalities.

    A modality has one series: the declared one, or the only one that the tags call by it. Series whose
    descriptions name it take precedence over those known by their times alone, images as
    acquired take precedence over those computed from others, and sound series over flawed ones.

    Args:
        series: The series of the study.
        declared: The modality of series by their id, from the user; None excludes a series.
    """
    declared = declared or {}
    judgements = [
        _declared(declared[item.id]) if item.id in declared else found
        for item, found in zip(series, judge_all(series), strict=True)
    ]
    judged = list(zip(series, judgements, strict=True))
    chosen: dict[Modality, Series] = {}
    questions: dict[Modality, str] = {}
    for modality in Modality:
        found = [(item, one) for item, one in judged if one.modality is modality]
        candidates = _best(found)
        if len(candidates) == 1 and candidates[0][1].confidence is not Confidence.DOUBTFUL:
            chosen[modality] = candidates[0][0]
        elif candidates:
            questions[modality] = _question(modality, candidates)
    for modality, item, days in _of_other_visits(chosen.items()):
        if item.id not in declared:
            del chosen[modality]
            questions[modality] = (
                f"{modality.value} may be series {item.name}: acquired {days:.0f} days after another one"
            )
    return ChosenSeries(tuple(series), tuple(judgements), chosen, questions)


_ONE_VISIT_DAYS = 2.0
_Judged = tuple[Series, Judgement]


def _declared(modality: Modality | None) -> Judgement:
    return Judgement(modality, Confidence.DECLARED, "declared")


def _best(found: list[_Judged]) -> list[_Judged]:
    """Leave the candidates that a modality may have, the most certain kind of them."""
    ranks: tuple[Callable[[_Judged], bool], ...] = (
        lambda pair: pair[1].confidence is Confidence.DECLARED,
        lambda pair: pair[1].confidence is not Confidence.DOUBTFUL,
        lambda pair: pair[1].is_described,
        lambda pair: not pair[0].flaw,
        lambda pair: not pair[0].is_computed,
    )
    for is_better in ranks:
        found = list(filter(is_better, found)) or found
    return found


def _of_other_visits(
    chosen: Iterable[tuple[Modality, Series]],
) -> list[tuple[Modality, Series, float]]:
    """List the series that were acquired days after the first, with the days; midnight is no other visit."""
    dated = [
        (modality, item, item.acquired_s / DAY_S)
        for modality, item in chosen
        if item.acquired_s is not None and item.acquired_s > DAY_S
    ]
    first = min((day for _, _, day in dated), default=0.0)
    return [
        (modality, item, day - first)
        for modality, item, day in dated
        if day - first > _ONE_VISIT_DAYS
    ]


def _question(modality: Modality, candidates: list[_Judged]) -> str:
    named = " or ".join(item.name for item, _ in candidates[:3])
    more = f" or {len(candidates) - 3} more" if len(candidates) > 3 else ""
    why = f": {candidates[0][1].reason}" if len(candidates) == 1 else ""
    return f"{modality.value} may be series {named}{more}{why}"
