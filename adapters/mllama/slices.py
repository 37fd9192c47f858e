"""Which slices of a study are shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from gliobench.application.ports.localizer import Localizer
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Plane
from gliobench.domain.predictions.forms import largest_plane
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, Mask, NoTumour
from gliobench.domain.slices.view import SlicePolicy, brain_middle, evenly_spaced
from gliobench.domain.studies.study import Modality, Study

PlanesOf: TypeAlias = Callable[[Study], tuple[Plane, ...] | Failure]
"""Chooses the slices of a study, from the lowest up, or says why it cannot.

A volume that cannot be read raises as `Study.volume` does.
"""


def planes_by(
    policy: SlicePolicy, *, modality: Modality, count: int = 1, localizer: Localizer | None = None
) -> PlanesOf:
    """Give what chooses slices by a policy; a study of one axial plane leaves no choice.

    Args:
        policy: How to choose.
        modality: In which the brain is looked for.
        count: Slices of `n-slices`.
        localizer: Whose mask `localizer-guided` follows.

    Raises:
        InvalidInputError: The policy follows a localizer, and there is none that gives a mask.
    """
    choose = _rule(policy, modality, count, localizer)
    only = (Plane(Axis.AXIAL, 0),)
    return lambda study: only if study.grid.shape[Axis.AXIAL] == 1 else choose(study)


def _rule(
    policy: SlicePolicy, modality: Modality, count: int, localizer: Localizer | None
) -> PlanesOf:
    match policy:
        case SlicePolicy.ORACLE_LARGEST_TUMOUR:
            return _of_oracle
        case SlicePolicy.BRAIN_MIDDLE:
            return lambda study: (brain_middle(study.volume(modality)),)
        case SlicePolicy.N_SLICES:
            return lambda study: evenly_spaced(study.volume(modality), count)
        case SlicePolicy.LOCALIZER_GUIDED:
            if localizer is None or Form.MASK not in localizer.forms:
                raise InvalidInputError(
                    f"policy {policy.value}: wanted a backend that gives a mask"
                )
            return partial(_of_mask, localizer)


def _of_oracle(study: Study) -> tuple[Plane, ...] | Failure:
    if study.oracle_plane is None:
        return Failure(FailureReason.NO_SLICE, "no reference tumour to choose a slice by")
    return (study.oracle_plane,)


def _of_mask(localizer: Localizer, study: Study) -> tuple[Plane, ...] | Failure:
    (found,) = localizer.localise([study], {Form.MASK})
    mask = found if isinstance(found, Failure) else found.answers[Form.MASK]
    if isinstance(mask, NoTumour) or (isinstance(mask, Mask) and mask.is_empty):
        return Failure(FailureReason.NO_TUMOUR_FOUND, "the mask that is followed shows no tumour")
    if isinstance(mask, Mask):
        return (largest_plane(mask.whole, Axis.AXIAL),)
    return (
        mask
        if isinstance(mask, Failure)
        else Failure(FailureReason.BACKEND_ERROR, f"a {type(mask).__name__} for a mask")
    )
