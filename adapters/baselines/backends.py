"""The baselines, as the entry points of `gliobench.backends` name them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from gliobench import __version__
from gliobench.adapters.baselines.rules import (
    GradeRule,
    PlaceRule,
    box_in_brain,
    by_site,
    grading,
    image_centre,
    placing,
)
from gliobench.adapters.baselines.rules import brain_centroid as brain_centroid_rule
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.predictions.prediction import Form, GradePrediction
from gliobench.domain.studies.grading_target import GRADE, POSITIVE, TargetPrior, class_name
from gliobench.domain.studies.study import Grade

NO_PATIENTS: frozenset[str] = frozenset()
"""A rule that was written down has learned from no patient."""
Fractions = tuple[float, float, float]


def majority(options: BackendOptions) -> Backend:
    """Answer BraTS's majority, HGG, or that of another target, each time and without a probability."""
    if options.prior is None:
        answer, whose = GradePrediction(Grade.HGG), "BraTS 2020's majority"
    else:
        answer = GradePrediction(GradePrediction.likelier(options.prior.prevalence).grade)
        whose = "the majority of these studies"
    return _grader(
        "majority", lambda _: answer, f"always {class_name(answer.grade)}, {whose}", options.prior
    )


def prevalence(options: BackendOptions) -> Backend:
    """Answer the prevalence as the probability each time: BraTS 2020's of HGG, or another target's."""
    prior = options.prior
    answer = GradePrediction.likelier(prior.prevalence if prior else load_priors().prevalence_hgg)
    share = f"P({POSITIVE}) = {answer.probability_hgg:.3f}"
    whose = "as in these studies" if prior else "as in BraTS 2020"
    return _grader("prevalence", lambda _: answer, f"{share}, {whose}", prior)


def site_only(options: BackendOptions) -> Backend:  # noqa: ARG001 -- a baseline has none
    """Answer the site's share of HGG in BraTS 2020: an audit of how site gives grade away.

    It was fitted on the whole training table, and so is optimistic on those studies.
    """
    priors = load_priors()
    rule = by_site(priors.sites, prevalence_hgg=priors.prevalence_hgg)
    return _grader("site-only", rule, "audit: P(HGG | site), fitted on all of BraTS 2020")


def centre_prior(options: BackendOptions) -> Backend:  # noqa: ARG001 -- a baseline has none
    """Point at the middle of the image."""
    return _localizer("centre-prior", Form.POINT_3D, image_centre, "the middle of the image")


def brain_centroid(options: BackendOptions) -> Backend:  # noqa: ARG001 -- a baseline has none
    """Point at the centroid of the brain."""
    return _localizer(
        "brain-centroid", Form.POINT_3D, brain_centroid_rule, "the centroid of non-zero voxels"
    )


def mean_box(options: BackendOptions) -> Backend:  # noqa: ARG001 -- a baseline has none
    """Box the part of the brain where BraTS 2020's tumours lie on average."""
    priors = load_priors()
    return _localizer(
        "mean-box",
        Form.BOX_3D,
        box_in_brain(*priors.box),
        "the mean tumour box of BraTS 2020, in the brain's box",
        trained_on=priors.boxed,
    )


def _grader(name: str, rule: GradeRule, what: str, prior: TargetPrior | None = None) -> Backend:
    target = prior.target if prior else GRADE
    return Backend(
        name=name,
        classifier=grading(rule),
        localizer=None,
        fingerprint=_fingerprint(f"{name} {prior.prevalence} of {target}" if prior else name),
        provenance=_provenance(),
        facts=BackendFacts(baseline=target.in_words(what)),
        trained_on=prior.patients if prior else load_priors().graded,
        target=target,
    )


def _localizer(
    name: str, form: Form, rule: PlaceRule, what: str, *, trained_on: frozenset[str] = NO_PATIENTS
) -> Backend:
    return Backend(
        name=name,
        classifier=None,
        localizer=placing(form, rule),
        fingerprint=_fingerprint(name),
        provenance=_provenance(),
        facts=BackendFacts(baseline=what),
        trained_on=trained_on,
    )


def _fingerprint(name: str) -> str:
    return sha256(f"{name} {__version__} {load_priors().sha256}".encode()).hexdigest()


def _provenance() -> dict[str, str]:
    return {"priors_sha256": load_priors().sha256, "gliobench": __version__}


@dataclass(frozen=True)
class Priors:
    """What BraTS 2020's training studies say on average; `docs/results/fit_priors.py` made it.

    Args:
        sites: Studies by site and grade, of BraTS 2020's name_mapping.csv.
        box: Start and stop of the mean tumour box, as fractions of the brain's box in RAS+.
        graded: `patient_hash` of the patients that `sites` counts.
        boxed: `patient_hash` of the patients that `box` averages.
        sha256: Of the file.
    """

    sites: dict[str, dict[Grade, int]]
    box: tuple[Fractions, Fractions]
    graded: frozenset[str]
    boxed: frozenset[str]
    sha256: str

    @property
    def prevalence_hgg(self) -> float:
        """Share of HGG among all studies counted."""
        hgg = sum(counts[Grade.HGG] for counts in self.sites.values())
        return hgg / sum(sum(counts.values()) for counts in self.sites.values())


@cache
def load_priors() -> Priors:
    """Read the priors that ship with the package."""
    raw = (files("gliobench.adapters.baselines") / "priors.json").read_bytes()
    numbers = json.loads(raw)
    start, stop = (tuple(numbers["box"][end]) for end in ("start", "stop"))
    return Priors(
        sites={
            site: {grade: int(counts[grade.value]) for grade in Grade}
            for site, counts in numbers["sites"].items()
        },
        box=(start, stop),
        graded=frozenset(numbers["graded"]),
        boxed=frozenset(numbers["boxed"]),
        sha256=sha256(raw).hexdigest(),
    )
