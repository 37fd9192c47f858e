"""Errors become results at one place: what was raised decides the reason."""

from __future__ import annotations

from gliobench.domain.errors import GliobenchError, InvalidInputError, StoreError
from gliobench.domain.faults import Fault, FaultKind
from gliobench.domain.prediction import Failure, FailureReason


def failure_of(error: GliobenchError) -> Failure:
    """Turn what a study made a source or a backend raise into a failure with its reason.

    Raises:
        StoreError: That is what was raised: no study is at fault where a store cannot be read.
    """
    if isinstance(error, StoreError):
        raise error
    if Fault.of("", error).kind is FaultKind.MISSING_MODALITY:
        return Failure(FailureReason.MISSING_MODALITY, str(error))
    if isinstance(error, InvalidInputError):
        return Failure(FailureReason.UNREADABLE_STUDY, str(error))
    return Failure(FailureReason.BACKEND_ERROR, str(error))
