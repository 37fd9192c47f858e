"""What is set for a model that transformers loads."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from gliobench.adapters.vision_language.options import CheckedOptions, ReadingOptions


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


class HfVisionOptions(ReadingOptions, EngineOptions):
    """The table `[backend.NAME]`: what is loaded, and what it is shown and asked."""

    four_bit: bool = Field(False, description="keep the language model in four bits; needs a GPU")
    dialect: str = Field(
        "auto",
        description="how places are written; auto: as the model's family does, else fractions",
    )
    held_out: str | None = Field(
        None, description="training run whose folds' adapters answer about those they have not seen"
    )
