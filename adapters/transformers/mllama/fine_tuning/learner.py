"""How an Mllama learns: its vision tower looks once, its questions are packed about each picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from gliobench.adapters.transformers.fine_tuning.fitting import Batch
from gliobench.adapters.transformers.fine_tuning.samples import Sample
from gliobench.adapters.transformers.fine_tuning.vision_states import VisionStates
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint, load_checkpoint
from gliobench.adapters.transformers.mllama.engine import Engine
from gliobench.adapters.transformers.mllama.fine_tuning.examples import (
    Collator,
    Example,
    examples_of,
)
from gliobench.adapters.transformers.mllama.fine_tuning.vision_tower import vision_tower_of
from gliobench.adapters.transformers.mllama.options import MllamaOptions
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.slices import SlicePrompting


class MllamaLearner:
    """Teaches LLaMA 3.2 Vision and its like.

    Args:
        options: Of the model; an adapter in it is left out.
        states: Folder for what the frozen vision tower made of the pictures; fits share it.
    """

    def __init__(self, options: MllamaOptions, states: Path) -> None:
        self._options = options.model_copy(update={"adapter": None})
        self._states = states

    @property
    def options(self) -> MllamaOptions:
        """Of the model, without an adapter."""
        return self._options

    def open(self, *, four_bit: bool) -> Checkpoint:
        """Load the model, to add to it."""
        return load_checkpoint(self._options, four_bit=four_bit)

    def lesson(
        self,
        opened: Checkpoint,
        samples: Sequence[Sample],
        prompting: SlicePrompting,
        prompts: Prompts,
        *,
        vision: bool,
    ) -> tuple[Sequence[Example], Callable[[list[Example]], Batch]]:
        """Put samples in tokens, and look at their pictures once where the tower stays as it is."""
        states = None if vision else self._encoded(opened, samples)
        return examples_of(samples, opened, prompting, prompts), Collator(opened, states)

    def engine(self, adapter: str | None) -> Engine:
        """Load what answers, with an adapter or without."""
        return Engine.load(self._options.model_copy(update={"adapter": adapter}))

    def _encoded(self, opened: Checkpoint, samples: Sequence[Sample]) -> VisionStates:
        tower = f"{opened.provenance['model_sha256']} {opened.model.dtype}"
        states = VisionStates(self._states, tower, vision_tower_of(opened))
        states.prepare([sample.picture for sample in samples])
        return states
