"""What is set for any vision-language model: what it is shown and asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)
from pydantic_settings import NoDecode

from gliobench.domain.answers.questions import Decoding
from gliobench.domain.files.documents import read_options
from gliobench.domain.slices.view import Composition, SlicePolicy
from gliobench.domain.studies.study import Modality


class CheckedOptions(BaseModel):
    """Options of a backend; a fault in them is reported by its name, in one line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def checked(cls, table: Mapping[str, object], *, backend: str) -> Self:
        """Check the options of a backend.

        Raises:
            InvalidInputError: There is no such option, or it has a wrong value.
        """
        return read_options(
            cls.model_validate, table, table=f"backend.{backend}", known=cls.model_fields
        )


class ReadingOptions(CheckedOptions):
    """What a study is shown as and asked."""

    policy: SlicePolicy = Field(
        SlicePolicy.LOCALIZER_GUIDED, description="which slices the model is shown"
    )
    slices: PositiveInt = Field(5, le=1024, description="how many slices n-slices shows")
    context: NonNegativeInt = Field(
        0,
        le=32,
        description="neighbouring slices on each side that the same prompt shows before it",
    )
    context_mm: PositiveFloat = Field(
        5.0, le=100, description="distance from one such slice to the next"
    )
    localizer: str = Field("cnn-onnx", description="backend that localizer-guided follows")
    composition: Composition = Field(Composition.ONE, description="how modalities make one picture")
    modalities: Annotated[
        tuple[Modality, ...], NoDecode, BeforeValidator(Modality.parse_several)
    ] = Field((), description="in the picture's order; none: t1c, t1c t2f t2w, or all four")
    size_px: PositiveInt | None = Field(
        None, le=4096, description="edge of the picture; none: of one tile of the model"
    )
    dialect: str = Field(
        "fractions", description="how places are written: fractions, pixels, or a family's own way"
    )
    decoding: Decoding = Field(
        Decoding.FREE, description="how places are answered; constrained: valid JSON only"
    )
    grade_decoding: Decoding = Field(
        Decoding.SCORED, description="how the grade is; scored: P(HGG) by comparing both answers"
    )

    @property
    def oracle(self) -> bool:
        """Whether the reference chooses the slice."""
        return self.policy is SlicePolicy.ORACLE_LARGEST_TUMOUR
