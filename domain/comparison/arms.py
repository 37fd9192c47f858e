"""Results of a comparison for each backend alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gliobench.domain.comparison.distributions import SHOWN, distributions
from gliobench.domain.comparison.doubt import risk_coverage, set_coverage
from gliobench.domain.comparison.paired_grades import GradedStudies
from gliobench.domain.comparison.report import Arm, Bias, FailureRate
from gliobench.domain.comparison.run_audits import ScoredRun, n_learned_from
from gliobench.domain.comparison.volumes import volume_agreement
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.summarise import summarise
from gliobench.domain.evaluation.summary import RunSummary
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.position.bias import position_bias
from gliobench.domain.position.control_responses import NO_PROBABILITY, Response
from gliobench.domain.position.placements import Placements
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.bootstrap import REPLICATES
from gliobench.domain.statistics.curves import Curve, precision_recall_curve, roc_curve
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.proportions import wilson
from gliobench.domain.statistics.reliability import Reliability, reliability

ON_PLANE = (Form.POINT, Form.BOX, Form.POLYGON)


@dataclass(frozen=True, eq=False)
class Entrant:
    """One run that is compared.

    Args:
        run: Its scores, under a name that no other run here has.
        backend: As in the entry points.
        fingerprint: Hash of all that decides its predictions.
        controls: What it made of altered images, by control.
    """

    run: ScoredRun
    backend: str
    fingerprint: str
    controls: tuple[Response, ...] = ()


@dataclass(frozen=True, slots=True)
class BootstrapOptions:
    """How often and from where to draw; the same gives the same comparison."""

    replicates: int = REPLICATES
    seed: int = 0


def describe_arm(
    entrant: Entrant, cases: CaseTable, priors: Mapping[str, CaseTable], bootstrap: BootstrapOptions
) -> Arm:
    """Describe one backend.

    Args:
        entrant: Its run.
        cases: Its scores of the shared studies.
        priors: The scores of the baselines, by name.
        bootstrap: Of the bootstraps and permutations.
    """
    run, summary = entrant.run, summarise(cases, seed=bootstrap.seed)
    others = {name: placed for name, placed in priors.items() if name != run.backend}
    roc, precision_recall, calibration = _probabilities(run.backend, cases)
    return Arm(
        name=run.backend,
        backend=entrant.backend,
        fingerprint=entrant.fingerprint,
        provenance=run.facts.beside(run.provenance or {}),
        baseline=bool(run.facts.baseline),
        n_trained_on=n_learned_from(replace(run, cases=cases)),
        oracle=bool(cases.oracle.any()),
        summary=summary,
        roc=roc,
        precision_recall=precision_recall,
        calibration=calibration,
        distributions=tuple(distributions(cases)),
        failures=tuple(_failures(summary)),
        biases=tuple(_biases(cases, others, bootstrap)),
        controls=entrant.controls,
        volumes=volume_agreement(cases),
        doubt=risk_coverage(cases),
        grade_sets=tuple(set_coverage(cases)),
    )


def _probabilities(
    name: str, cases: CaseTable
) -> tuple[Curve | NotEstimable, Curve | NotEstimable, Reliability | NotEstimable]:
    """Follow both curves and measure the calibration, which leaves failures out."""
    studies = GradedStudies.of({name: cases})
    given, hgg = studies.probability.get(name), studies.hgg
    if given is None:
        return NO_PROBABILITY, NO_PROBABILITY, NO_PROBABILITY
    there = studies.answered[name]
    return (
        roc_curve(reference=hgg, probability=given),
        precision_recall_curve(reference=hgg, probability=given),
        reliability(reference=hgg[there], probability=given[there]),
    )


def _failures(summary: RunSummary) -> Iterator[FailureRate]:
    n = summary.n_studies
    yield FailureRate(None, summary.n_failed, wilson(successes=summary.n_failed, n=n))
    for reason, count in sorted(summary.failures.items(), key=lambda one: (-one[1], one[0].value)):
        yield FailureRate(reason, count, wilson(successes=count, n=n))


def _biases(
    cases: CaseTable, priors: Mapping[str, CaseTable], bootstrap: BootstrapOptions
) -> Iterator[Bias]:
    for form in ON_PLANE:
        places = Placements.of(cases, form)
        if not places.n and not places.n_unanswered:
            continue
        known = {
            name: _places_of(prior, places.study_ids, form)
            for name, prior in priors.items()
            if Form.BOX in prior.forms
        }
        bias = position_bias(
            places, priors=known, replicates=bootstrap.replicates, seed=bootstrap.seed
        )
        yield Bias(
            form=form,
            measured=bias,
            predicted_mm=_shown(places.predicted.centres_mm),
            reference_mm=_shown(places.reference.centres_mm),
        )


def _places_of(cases: CaseTable, study_ids: Sequence[str], form: Form) -> FloatArray:
    """Look up where a prior points in these studies, (N, 2) mm, NaN where it does not."""
    there = Form.BOX if form is Form.POLYGON else form
    places = Placements.of(cases, there)
    at = dict(zip(places.study_ids, places.predicted.centres_mm, strict=True))
    nowhere = np.full(2, np.nan)
    return np.reshape([at.get(study_id, nowhere) for study_id in study_ids], (-1, 2))


def _shown(centres_mm: FloatArray) -> tuple[tuple[float, float], ...]:
    step = -(-len(centres_mm) // SHOWN) or 1
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in centres_mm[::step])
