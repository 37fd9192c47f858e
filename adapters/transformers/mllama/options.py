"""What is set for `llama-vision` and `llama-vision-lora`, in the table `[llama]`."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from gliobench.adapters.transformers.options import EngineOptions
from gliobench.adapters.vision_language.options import ReadingOptions

STAND_IN_FOLDER = Path(__file__).parent / "stand_in"
"""A tiny checkpoint and its adapter, for where the gated weights are absent."""


class MllamaOptions(EngineOptions):
    """What its own engine takes besides."""

    compile: bool = Field(
        False, description="experimental: capture the decode step as a CUDA graph, on a GPU"
    )


class LlamaOptions(ReadingOptions, MllamaOptions):
    """What both backends run, are shown and are asked."""

    backends: ClassVar[tuple[str, ...]] = ("llama-vision", "llama-vision-lora")
    """Whose options these are: each may have a table of its own over the shared one."""

    model: str = Field("", description="Mllama folder or hub id; none: a tiny stand-in, not LLaMA")
    adapter: str | None = Field(None, description="PEFT adapter of llama-vision-lora, likewise")
    held_out: str | None = Field(
        None, description="training run whose folds' adapters answer about those they have not seen"
    )

    def loading(self, adapter: str | None) -> LlamaOptions:
        """Name the weights: the stand-in's where no others are, and an adapter or none."""
        model = self.model or str(STAND_IN_FOLDER / "model")
        return self.model_copy(update={"model": model, "adapter": adapter})
