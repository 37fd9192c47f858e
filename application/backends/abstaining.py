"""A backend that refuses to answer where it is not sure, or where the images are not for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from gliobench.application.backends.asked import AskedClassifier, AskedLocalizer
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.classifier import Classifier
from gliobench.application.ports.localizer import Localizer
from gliobench.application.predict.scope import scope_faults
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Study

AnswerT = TypeVar("AnswerT", GradePrediction, LocalisationPrediction)


@dataclass(frozen=True, slots=True)
class Refusals:
    """When an answer is refused; never, where nothing is given.

    Args:
        abstain_below: Answers of a lower confidence become failures; None for none. An answer that
            states no confidence stays.
        out_of_scope: Whether studies that are out of scope are refused, see `scope_faults`.
    """

    abstain_below: float | None = None
    out_of_scope: bool = False

    def __bool__(self) -> bool:
        return self.abstain_below is not None or self.out_of_scope


def abstaining(backend: Backend, refusals: Refusals) -> Backend:
    """Let a backend refuse; its fingerprint and provenance say when, and it is itself where it never does."""
    if not refusals:
        return backend
    limit = refusals.abstain_below
    rules = {} if limit is None else {"abstains below confidence": f"{limit:g}"}
    rules |= {"out of scope": "refused"} if refusals.out_of_scope else {}
    classifier, localizer = backend.classifier, backend.localizer
    return replace(
        backend,
        classifier=_classifier(classifier, refusals) if classifier else None,
        localizer=_localizer(localizer, refusals) if localizer else None,
        fingerprint=hashlib.sha256(f"{backend.fingerprint} {rules}".encode()).hexdigest(),
        provenance={**backend.provenance, **rules},
    )


def _classifier(inner: Classifier, refusals: Refusals) -> Classifier:
    return AskedClassifier(lambda studies: _answers(refusals, studies, inner.classify))


def _localizer(inner: Localizer, refusals: Refusals) -> Localizer:
    return AskedLocalizer(
        inner.forms,
        lambda studies, forms: _answers(
            refusals, studies, lambda asked: inner.localise(asked, forms)
        ),
    )


def _answers(
    refusals: Refusals,
    studies: Sequence[Study],
    ask: Callable[[Sequence[Study]], list[AnswerT | Failure]],
) -> list[AnswerT | Failure]:
    """Ask about the studies that are in scope, and keep the answers that are sure enough."""
    strange = [_out_of_scope(study) if refusals.out_of_scope else None for study in studies]
    asked = [study for study, failure in zip(studies, strange, strict=True) if failure is None]
    said = list(ask(asked)) if asked else []
    if len(said) != len(asked):
        return said  # whoever asks reports how many answers there are
    sure = (_sure(answer, refusals.abstain_below) for answer in said)
    return [failure or next(sure) for failure in strange]


def _out_of_scope(study: Study) -> Failure | None:
    fault = next(scope_faults(study), None)
    return None if fault is None else Failure(FailureReason.OUT_OF_SCOPE, fault.sentence)


def _sure(answer: AnswerT | Failure, limit: float | None) -> AnswerT | Failure:
    if limit is None or not isinstance(answer, GradePrediction | LocalisationPrediction):
        return answer
    said = answer.confidence
    if said is None or said >= limit:
        return answer
    detail = f"confidence {said:.2f} is below the limit of {limit:g}"
    words = answer.raw if isinstance(answer, GradePrediction) else None
    return Failure(FailureReason.LOW_CONFIDENCE, detail, words)
