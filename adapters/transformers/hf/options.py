"""What is set for a backend of `kind = "hf-vision"`."""

from __future__ import annotations

from pydantic import Field

from gliobench.adapters.transformers.options import EngineOptions
from gliobench.adapters.vision_language.options import ReadingOptions


class HfVisionOptions(ReadingOptions, EngineOptions):
    """The table `[backend.NAME]`: what is loaded, and what it is shown and asked."""

    adapter: str | None = Field(None, description="PEFT adapter, likewise; merged into the weights")
    four_bit: bool = Field(False, description="keep the language model in four bits; needs a GPU")
    dialect: str = Field(
        "auto",
        description="how places are written; auto: as the model's family does, else fractions",
    )
    held_out: str | None = Field(
        None, description="training run whose folds' adapters answer about those they have not seen"
    )
