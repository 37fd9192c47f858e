"""Which slices of a study are shown, and how: what training and inference must have alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Protocol, TypeAlias

from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.prompts import Prompts, answer_schema
from gliobench.adapters.vision_language.requests import Picture
from gliobench.application.ports.localizer import Localizer
from gliobench.domain.answers.dialects import Dialect, dialect_named
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import FRACTIONS
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Plane, extent
from gliobench.domain.predictions.forms import largest_plane
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, Mask, NoTumour
from gliobench.domain.slices.pictures import render_all
from gliobench.domain.slices.view import (
    Composition,
    SlicePolicy,
    SliceView,
    brain_middle,
    evenly_spaced,
)
from gliobench.domain.studies.study import Modality, Study

SHOWN = {
    Composition.ONE: (Modality.T1C,),
    Composition.RGB: (Modality.T1C, Modality.T2F, Modality.T2W),
    Composition.MONTAGE: (Modality.T1N, Modality.T1C, Modality.T2W, Modality.T2F),
    Composition.SEPARATE: (Modality.T1N, Modality.T1C, Modality.T2W, Modality.T2F),
}
"""The modalities of each composition, where no others are asked for."""


PlanesOf: TypeAlias = Callable[[Study], tuple[Plane, ...] | Failure]
"""Chooses the slices of a study, from the lowest up, or says why it cannot.

A volume that cannot be read raises as `Study.volume` does.
"""


class PictureSizes(Protocol):
    """A model, as far as it decides the size of pictures."""

    @property
    def tile_px(self) -> int:
        """Edge of the largest picture that it sees whole and unscaled, where there is one."""
        ...

    def seen_px(self, edge: int) -> int:
        """Return the edge that a square picture has for it, after its processor resized it."""
        ...


@dataclass(frozen=True, slots=True)
class SlicePrompting:
    """One way of showing a slice and asking about it.

    Args:
        size_px: Edge of the square picture.
        seen_px: Edge that it has for the model, after its processor resized it; 0 where it is as drawn.
        context: Neighbouring slices on each side that are shown before it.
        context_mm: From one of them to the next.
        composition: How the modalities make one picture.
        modalities: As many as the composition shows; none takes those of `SHOWN`.
        dialect: How the model writes places.

    Raises:
        InvalidInputError: More or fewer modalities than the composition shows, or a montage in a
            dialect that does not count along one panel.
    """

    size_px: int
    composition: Composition = Composition.ONE
    modalities: tuple[Modality, ...] = ()
    dialect: Dialect = FRACTIONS.dialect
    seen_px: int = 0
    context: int = 0
    context_mm: float = 5.0

    def __post_init__(self) -> None:
        if not self.modalities:
            object.__setattr__(self, "modalities", SHOWN[self.composition])
        if len(self.modalities) != self.composition.modality_count:
            raise InvalidInputError(
                f"composition {self.composition.value} of {len(self.modalities)} modalities: "
                f"wanted {self.composition.modality_count}"
            )

        if self.composition is Composition.MONTAGE and self.dialect.counts_whole_picture:
            raise InvalidInputError(
                f"dialect {self.dialect.name} counts along the whole picture, not one panel: wanted "
                "composition one or rgb"
            )

    @classmethod
    def of(cls, options: ReadingOptions, sizes: PictureSizes) -> SlicePrompting:
        """Show slices to a model as the options have it.

        Raises:
            InvalidInputError: More or fewer modalities than the composition shows, or a dialect
                that is unknown.
        """
        size_px = options.size_px or sizes.tile_px
        return cls(
            size_px=size_px,
            composition=options.composition,
            modalities=options.modalities,
            dialect=dialect_named(options.dialect),
            seen_px=sizes.seen_px(size_px),
            context=options.context,
            context_mm=options.context_mm,
        )

    @property
    def frame(self) -> Frame:
        """What coordinates refer to."""
        return Frame(self.dialect, self.composition.panel_px(self.seen_px or self.size_px))

    def view(self, study: Study, plane: Plane) -> SliceView:
        """Fit the brain of a plane into the picture, or the plane where no brain meets it.

        Raises:
            NotFoundError: The study lacks the first modality, in which the brain is looked for.
            InvalidInputError: Its volume cannot be read, or the plane lies outside the study.
        """
        brain = plane.cut(study.volume(self.modalities[0])) != 0
        crop = extent(brain) if brain.any() else None
        return SliceView.of(study.grid, plane, self.size_px, crop=crop)

    @property
    def shows_one_picture(self) -> bool:
        """Check whether a prompt shows one picture."""
        return self.composition.picture_count == 1 and self.context == 0

    def pictures(self, study: Study, views: Sequence[SliceView]) -> tuple[tuple[Picture, ...], ...]:
        """Draw a study's slices: for each the pictures that are shown together, itself last.

        Raises:
            NotFoundError: The study lacks a modality.
            InvalidInputError: A volume cannot be read, or is zero everywhere.
        """
        volumes = {modality: study.volume(modality) for modality in self.modalities}
        shown = [self._with_neighbours(study, view) for view in views]
        flat = [view for together in shown for view in together]
        drawn = iter(render_all(volumes, flat, self.composition, self.modalities))
        return tuple(tuple(chain(*(next(drawn) for _ in together))) for together in shown)

    def _with_neighbours(self, study: Study, view: SliceView) -> list[SliceView]:
        """Put a view behind those of the slices below and above it, as far as the study has them."""
        axis, index = view.plane.axis, view.plane.index
        step = max(round(self.context_mm / study.grid.spacing_mm[axis]), 1)
        away = (step * n for n in range(-self.context, self.context + 1) if n)
        planes = (Plane(axis, index + n) for n in away if 0 <= index + n < study.grid.shape[axis])
        return [*(replace(view, plane=plane) for plane in planes), view]

    def prompt_text(self, prompts: Prompts, question: Question, *, pictures: int = 1) -> str:
        """Write a question about such a picture.

        Args:
            prompts: The wording.
            question: What is asked.
            pictures: That are shown together, neighbouring slices included.
        """
        return prompts.prompt_text(
            question,
            composition=self.composition,
            modalities=self.modalities,
            frame=self.frame,
            context=pictures > self.composition.picture_count,
        )

    def answer_schema(self, question: Question) -> str:
        """Return the JSON schema of the answer about such a picture."""
        return answer_schema(question, self.frame)


def planes_by(
    policy: SlicePolicy, *, modality: Modality, count: int = 1, localizer: Localizer | None = None
) -> PlanesOf:
    """Return what chooses slices by a policy; a study of one axial plane leaves no choice.

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
