"""Rules that grade or place a glioma, and what makes ports of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import ceil, floor
from typing import TypeAlias

import numpy as np

from gliobench.application.backends.asked import AskedClassifier, AskedLocalizer, Places
from gliobench.application.ports.classifier import Classifier
from gliobench.application.ports.localizer import Localizer
from gliobench.application.predict.failures import failure_of
from gliobench.domain.errors import FaultError, InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import BoolArray, Box3D, Point3D
from gliobench.domain.predictions.forms import box_in_volume, point_in_volume
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Grade, Study

GradeRule: TypeAlias = Callable[[Study], GradePrediction]
PlaceRule: TypeAlias = Callable[[Study], Localisation]

SHRINKAGE = 2.0
"""Studies of the overall prevalence that a site's own counts are mixed with."""


def grading(rule: GradeRule) -> Classifier:
    """Grade each study by a rule."""
    return AskedClassifier(lambda studies: [rule(study) for study in studies])


def placing(form: Form, rule: PlaceRule) -> Localizer:
    """Place each tumour by a rule; what it raises of ours fails the study.

    Args:
        form: What the rule answers in; InvalidInputError is raised where it is not asked for.
        rule: Answers about one study.
    """

    def localise(studies: Sequence[Study], forms: Collection[Form]) -> Places:
        if form not in forms:
            asked = ", ".join(sorted(forms))
            raise InvalidInputError(f"asked for {asked}: this baseline knows {form.value}")
        return [_placed(form, rule, study) for study in studies]

    return AskedLocalizer(frozenset({form}), localise)


def _placed(form: Form, rule: PlaceRule, study: Study) -> LocalisationPrediction | Failure:
    try:
        return LocalisationPrediction({form: rule(study)})
    except FaultError as error:
        return failure_of(error)


def by_site(sites: Mapping[str, Mapping[Grade, int]], *, prevalence_hgg: float) -> GradeRule:
    """Make a rule that uses only the site: its share of HGG, shrunk to the prevalence.

    An audit of the data, not a model: a network that recognises the scanner can reach the same score.
    """

    def grade(study: Study) -> GradePrediction:
        counts = sites.get(study.site or "", {})
        hgg = counts.get(Grade.HGG, 0) + SHRINKAGE * prevalence_hgg
        return GradePrediction.likelier(hgg / (sum(counts.values()) + SHRINKAGE))

    return grade


def image_centre(study: Study) -> Point3D:
    """Answer the middle of the image."""
    i, j, k = ((length - 1) / 2 for length in study.grid.shape)
    return Point3D(at=(i, j, k))


def brain_centroid(study: Study) -> Point3D:
    """Answer the centroid of the brain.

    Raises:
        NotFoundError: The study has no modality.
        InvalidInputError: No voxel differs from zero, or a file cannot be read.
    """
    return point_in_volume(_brain(study))


def box_in_brain(start: Sequence[float], stop: Sequence[float]) -> PlaceRule:
    """Make a rule that answers the same part of every brain, rounded outwards to whole voxels.

    Args:
        start: Fractions of the brain's box along (i, j, k) of RAS+.
        stop: Likewise, larger than `start`.
    """

    def place(study: Study) -> Box3D:
        brain = box_in_volume(_brain(study))
        spans = [
            (low + floor(first * (high - low)), low + ceil(last * (high - low)))
            for low, high, first, last in zip(brain.start, brain.stop, start, stop, strict=True)
        ]
        (i0, i1), (j0, j1), (k0, k1) = spans
        return Box3D(start=(i0, j0, k0), stop=(i1, j1, k1))

    return place


def _brain(study: Study) -> BoolArray:
    """Find the voxels that differ from zero in some modality: the brain, after skull-stripping."""
    if not study.volumes:
        raise NotFoundError(f"study {study.id} has no modality")
    brain = np.zeros(study.grid.shape, dtype=np.bool_)
    for modality in study.volumes:
        brain |= study.volume(modality) != 0
    if not brain.any():
        raise InvalidInputError(f"study {study.id} is empty: every voxel is zero")
    return brain
