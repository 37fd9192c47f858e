import pytest

from gliobench.application.predict.failures import failure_of
from gliobench.domain.errors import BackendError, GliobenchError, InvalidInputError, NotFoundError
from gliobench.domain.predictions.prediction import Failure, FailureReason
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InvalidInputError("x"), FailureReason.UNREADABLE_STUDY),
        (FaultyStudyError(FaultKind.TRUNCATED, "x"), FailureReason.UNREADABLE_STUDY),
        (NotFoundError("x"), FailureReason.MISSING_MODALITY),
        (BackendError("x"), FailureReason.BACKEND_ERROR),
    ],
)
def test_what_was_raised_decides_the_reason(error: GliobenchError, reason: FailureReason) -> None:
    assert failure_of(error) == Failure(reason, "x")
