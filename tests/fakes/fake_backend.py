"""Backends in memory."""

from __future__ import annotations

from collections.abc import Iterable

from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.classifier import Classifier
from gliobench.application.ports.localizer import Localizer
from gliobench.domain.studies.patients import patient_hash


def fake_backend(
    name: str = "fake",
    *,
    classifier: Classifier | None = None,
    localizer: Localizer | None = None,
    fingerprint: str = "f1",
    trained_on: Iterable[str] | None = (),
) -> Backend:
    """Make a backend that grades and localises, unless only one of the two is given."""
    if classifier is None and localizer is None:
        classifier, localizer = FakeClassifier(), FakeLocalizer()
    return Backend(
        name=name,
        classifier=classifier,
        localizer=localizer,
        fingerprint=fingerprint,
        provenance={"weights": "none"},
        trained_on=None if trained_on is None else frozenset(map(patient_hash, trained_on)),
    )
