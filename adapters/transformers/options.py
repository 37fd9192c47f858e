"""What is set for a vision-language model: what is loaded, and what it is shown and asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
)
from pydantic_settings import NoDecode

from gliobench.domain.answers.questions import Decoding
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import option_fault
from gliobench.domain.slices.view import Composition, SlicePolicy
from gliobench.domain.studies.study import Modality


class CheckedOptions(BaseModel):
    """Options of a backend; a fault in them is reported by its name, in one line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def checked(cls, table: Mapping[str, object], *, backend: str) -> Self:
        """Check the options of a backend.

        Args:
            table: By name; what is not given has its default.
            backend: Whose options they are.

        Raises:
            InvalidInputError: There is no such option, or it has a wrong value.
        """
        try:
            return cls.model_validate(dict(table))
        except ValidationError as error:
            raise InvalidInputError(
                option_fault(error, table=f"backend.{backend}", known=cls.model_fields)
            ) from error


class EngineOptions(CheckedOptions):
    """What to load, where to, and how much of it to do at once."""

    model: str = Field(description="folder, or id on the Hugging Face hub")
    adapter: str | None = Field(None, description="PEFT adapter, likewise; merged into the weights")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="numbers to compute in; auto: bfloat16 on a GPU, else float32"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto: the first GPU, else the CPU"
    )
    device_map: str | None = Field(
        None, description="how several GPUs share the layers, e.g. auto; in place of device"
    )
    batch_size: PositiveInt = Field(32, le=4096, description="prompts that are decoded at once")
    max_new_tokens: PositiveInt = Field(192, le=65_536, description="length limit of a reply")


def _modalities(given: object) -> object:
    """Read names separated by spaces or commas, of either generation of BraTS."""
    names = given.replace(",", " ").split() if isinstance(given, str) else given
    if not isinstance(names, list | tuple):
        return given
    return tuple(Modality.parse(str(getattr(name, "value", name))) for name in names)


class ReadingOptions(CheckedOptions):
    """What a study is shown as and asked."""

    policy: SlicePolicy = Field(
        SlicePolicy.LOCALIZER_GUIDED, description="which slices the model is shown"
    )
    slices: PositiveInt = Field(5, le=1024, description="how many slices n-slices shows")
    localizer: str = Field("cnn-onnx", description="backend that localizer-guided follows")
    composition: Composition = Field(Composition.ONE, description="how modalities make one picture")
    modalities: Annotated[tuple[Modality, ...], NoDecode, BeforeValidator(_modalities)] = Field(
        (), description="in the picture's order; none: t1c, t1c t2f t2w, or all four"
    )
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
