"""Why a program gave no answer, in words that name neither its folder nor its cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from signal import Signals

from gliobench.adapters.command.program import Ended, Limits
from gliobench.application.predict.ask_backend import Answer
from gliobench.domain.messages import VALUE_LENGTH, cut, one_line
from gliobench.domain.predictions.prediction import Failure, FailureReason, LocalisationPrediction
from gliobench.domain.secrets import hidden
from gliobench.domain.studies.study import Study

MOST_SAID = 4000
"""Characters kept of what a program printed."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Puts what happened in a run into failures of its studies."""

    folder: Path
    ended: Ended

    def of_nothing(self, case: str, study: Study, limits: Limits) -> Failure:
        """Return why there is nothing about a study."""
        reason, what = why_ended(self.ended, limits)
        return self._own(Failure(reason, f"the program {what}"), case, study)

    def of_answer(self, answer: Answer, case: str, study: Study) -> Answer:
        """Have the failures in an answer name the study, and hold what the program printed."""
        grade, place = answer
        if isinstance(grade, Failure):
            grade = self._own(grade, case, study)
        if isinstance(place, Failure):
            place = self._own(place, case, study)
        elif isinstance(place, LocalisationPrediction):
            answers = {
                form: self._own(item, case, study) if isinstance(item, Failure) else item
                for form, item in place.answers.items()
            }
            place = replace(place, answers=answers)
        return grade, place

    def _own(self, failure: Failure, case: str, study: Study) -> Failure:
        said = failure.raw or cut(self.ended.said.strip(), MOST_SAID)
        detail, raw = (
            hidden(text).replace(f"{self.folder}/", "").replace(case, study.id)
            for text in (failure.detail, said)
        )
        return Failure(failure.reason, one_line(detail), raw or None)


def why_ended(ended: Ended, limits: Limits) -> tuple[FailureReason, str]:
    """Return the reason of a run without an answer, and what the program did, in words."""
    if ended.reason == "timeout":
        return FailureReason.TIMEOUT, f"took longer than {limits.timeout_s:g} s"
    if ended.reason == "memory":
        most = (limits.memory_bytes or 0) / 2**30
        return FailureReason.BACKEND_ERROR, f"used more than {most:g} GiB of memory"
    if ended.exit_code is None:
        return FailureReason.BACKEND_ERROR, f"could not be started: {ended.said}"
    last = ended.said.strip().rpartition("\n")[2].strip()
    said = f": {cut(last, VALUE_LENGTH)}" if last else ""
    if ended.exit_code < 0:
        return FailureReason.BACKEND_ERROR, f"was ended by {_signal(-ended.exit_code)}{said}"
    if ended.exit_code > 0:
        return FailureReason.BACKEND_ERROR, f"ended with exit code {ended.exit_code}{said}"
    return FailureReason.MISSING_PREDICTION, "wrote no prediction of the study"


def _signal(number: int) -> str:
    known = {item.value: item.name for item in Signals}
    return known.get(number, f"signal {number}")
