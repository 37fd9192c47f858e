"""What a run says of itself, and what names a prediction in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256

from gliobench.application.ports.backend import Backend
from gliobench.application.ports.run_store import RunManifest
from gliobench.application.predict.ask_backend import calibrate
from gliobench.domain.evaluation.backend_facts import ORACLE_SETTING, BackendFacts
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Plane
from gliobench.domain.metrics.measures import MeasureSet
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.studies.cohort import UNREADABLE

READING = "volumes are zero about the head"
"""How studies are handed to backends: another way makes every key new, and serves no old answer."""


def manifest_of(
    backend: Backend,
    *,
    seed: int,
    versions: Mapping[str, str],
    measures: tuple[MeasureSet, ...] = (),
) -> RunManifest:
    """Describe a backend before it has seen a cohort; a model that answers in words is calibrated first."""
    provenance, facts = _calibrated(backend)
    forms = backend.localizer.forms if backend.localizer else frozenset[Form]()
    return RunManifest(
        cohort="",
        backend=backend.name,
        fingerprint=backend.fingerprint,
        provenance=provenance,
        grades=backend.classifier is not None,
        forms=forms,
        settings={"forms": " ".join(sorted(form.value for form in forms))},
        facts=facts,
        trained_on=backend.trained_on,
        unstated=backend.unstated,
        seed=seed,
        versions=dict(versions),
        measures=measures,
    )


def _calibrated(backend: Backend) -> tuple[dict[str, str], BackendFacts]:
    """Return what a backend says of itself, and what its model says of drawn squares.

    Weights that stand in for others are not asked: what they answer says nothing of the others.
    """
    found = None if backend.facts.stand_in else calibrate(backend)
    if found is None:
        return dict(backend.provenance), backend.facts
    misread = "" if found.confirmed else found.words
    return {**backend.provenance, "calibration": found.words}, replace(
        backend.facts, misread=misread
    )


def prediction_key(
    study_id: str, content_hash: str, manifest: RunManifest, oracle: Plane | None = None
) -> str:
    """Hash all that a prediction depends on; two studies with one content have two keys.

    Args:
        study_id: The study.
        content_hash: Of its images.
        manifest: The run's.
        oracle: The plane that the backend is shown, where the reference has chosen it.
    """
    settings = {**manifest.settings, **(ORACLE_SETTING if manifest.facts.oracle else {})}
    run = [manifest.fingerprint, sorted(settings.items())]
    decisive = [READING, study_id, content_hash, *run]
    shown = [oracle.axis, oracle.index] if oracle else []
    return sha256(json.dumps(decisive + shown).encode()).hexdigest()


def scored_keys(manifest: RunManifest, cases: Iterable[CaseScore]) -> dict[str, str]:
    """Name the predictions that were scored, by study id."""
    shown = manifest.facts.oracle
    return {
        case.study_id: prediction_key(
            case.study_id, case.content_hash or UNREADABLE, manifest, case.plane if shown else None
        )
        for case in cases
    }
