"""Errors become results at one place: what was raised decides the reason."""

from __future__ import annotations

from gliobench.domain.errors import FaultError, InvalidInputError, WrongAnswerError
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.predictions.prediction import Failure, FailureReason
from gliobench.domain.studies.faults import Fault, FaultKind


def failure_of(error: FaultError) -> Failure:
    """Turn what a study made a source or a backend raise into a failure with its reason."""
    if Fault.of("", error).kind is FaultKind.MISSING_MODALITY:
        return Failure(FailureReason.MISSING_MODALITY, str(error))
    if isinstance(error, InvalidInputError) and not isinstance(error, WrongAnswerError):
        return Failure(FailureReason.UNREADABLE_STUDY, str(error))
    return Failure(FailureReason.BACKEND_ERROR, str(error))


def may_harm(case: CaseScore) -> bool:
    """Return whether reading a study may hang or end whoever does: that may be why a worker was lost.

    A worker that died and a backend that raised have one reason, so the latter's study is shunned
    too.
    """
    lost = {FailureReason.TIMEOUT, FailureReason.BACKEND_ERROR}
    return any(failure.reason in lost for failure in case.failures)
