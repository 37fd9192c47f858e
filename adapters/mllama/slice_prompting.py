"""How a slice is shown and asked about: what training and inference must have alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.adapters.mllama.prompts import Prompts, answer_schema
from gliobench.adapters.mllama.requests import Picture
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Plane, extent
from gliobench.domain.slices.view import Composition, SliceView, render_all
from gliobench.domain.studies.study import Modality, Study

SHOWN = {
    Composition.ONE: (Modality.T1C,),
    Composition.RGB: (Modality.T1C, Modality.T2F, Modality.T2W),
    Composition.MONTAGE: (Modality.T1N, Modality.T1C, Modality.T2W, Modality.T2F),
}
"""The modalities of each composition, where no others are asked for."""


@dataclass(frozen=True, slots=True)
class SlicePrompting:
    """One way of showing a slice and asking about it.

    Args:
        size_px: Edge of the square picture.
        composition: How the modalities make one picture.
        modalities: As many as the composition shows; none takes those of `SHOWN`.
        in_pixels: Whether coordinates are asked for in pixels; else in fractions.

    Raises:
        InvalidInputError: More or fewer modalities than the composition shows.
    """

    size_px: int
    composition: Composition = Composition.ONE
    modalities: tuple[Modality, ...] = ()
    in_pixels: bool = False

    def __post_init__(self) -> None:
        if not self.modalities:
            object.__setattr__(self, "modalities", SHOWN[self.composition])
        if len(self.modalities) != self.composition.modality_count:
            raise InvalidInputError(
                f"composition {self.composition.value} of {len(self.modalities)} modalities: "
                f"wanted {self.composition.modality_count}"
            )

    @property
    def pixels(self) -> int | None:
        """Edge of what coordinates refer to, where they are pixels; else None."""
        return self.composition.panel_px(self.size_px) if self.in_pixels else None

    def view(self, study: Study, plane: Plane) -> SliceView:
        """Fit the brain of a plane into the picture, or the plane where no brain meets it.

        Raises:
            NotFoundError: The study lacks the first modality, in which the brain is looked for.
            InvalidInputError: Its volume cannot be read, or the plane lies outside the study.
        """
        brain = plane.cut(study.volume(self.modalities[0])) != 0
        crop = extent(brain) if brain.any() else None
        return SliceView.of(study.grid, plane, self.size_px, crop=crop)

    def pictures(self, study: Study, views: Sequence[SliceView]) -> tuple[Picture, ...]:
        """Draw a study's slices.

        Raises:
            NotFoundError: The study lacks a modality.
            InvalidInputError: A volume cannot be read, or is zero everywhere.
        """
        volumes = {one: study.volume(one) for one in self.modalities}
        return render_all(volumes, views, self.composition, self.modalities)

    def prompt_text(self, prompts: Prompts, question: Question) -> str:
        """Word a question about such a picture."""
        return prompts.prompt_text(
            question,
            composition=self.composition,
            modalities=self.modalities,
            pixels=self.pixels,
        )

    def answer_schema(self, question: Question) -> str:
        """Give the JSON schema of the answer about such a picture."""
        return answer_schema(question, pixels=self.pixels)
