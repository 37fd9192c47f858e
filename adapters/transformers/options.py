"""What is set for a model: what is loaded, and what it is shown and asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

from gliobench.adapters.transformers.slices import SlicePrompting
from gliobench.application.backends.held_out import OPTION
from gliobench.domain.answers.questions import Decoding
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.slices.view import Composition, SlicePolicy
from gliobench.domain.studies.study import Modality

OptionsT = TypeVar("OptionsT")


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What to load, where to, and how much of it to do at once.

    Args:
        model: A folder, or an id on the Hugging Face hub.
        adapter: PEFT adapter, likewise; merged into the weights.
        dtype: `auto` is bfloat16 on a GPU that has it, else float32.
        device: `auto` is the first GPU, else the CPU.
        device_map: How accelerate spreads the layers over several GPUs (`auto`, `balanced`…);
            replaces `device`.
        batch_size: Prompts decoded at once; ≥ 1.
        max_new_tokens: Length limit of a reply; ≥ 1.
        compile: On a GPU, capture the decode step as a CUDA graph; without effect on the CPU.

    Raises:
        InvalidInputError: A number below 1.
    """

    model: str
    adapter: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    device_map: str | None = None
    batch_size: int = 32
    max_new_tokens: int = 128
    compile: bool = True

    def __post_init__(self) -> None:
        for name in ("batch_size", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise InvalidInputError(f"{name} is {getattr(self, name)}, wanted at least 1")


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What a study is shown as and asked, as the table `[llama]` has it.

    Args:
        policy: Which slices are shown.
        slices: How many, where the policy is `n-slices`.
        localizer: The backend whose mask `localizer-guided` follows.
        composition: How the modalities make one picture.
        modalities: As many as the composition shows; none takes those of `prompting.SHOWN`.
        size_px: Edge of the picture; None takes the edge of one of the model's tiles.
        unit: What coordinates are asked for in.
        decoding: How the questions of place are answered: free or constrained.
        grade_decoding: How the grade is answered: free, constrained or scored.
    """

    policy: SlicePolicy = SlicePolicy.LOCALIZER_GUIDED
    slices: int = 5
    localizer: str = "cnn-onnx"
    composition: Composition = Composition.ONE
    modalities: tuple[Modality, ...] = ()
    size_px: int | None = None
    unit: Literal["fractions", "pixels"] = "fractions"
    decoding: Decoding = Decoding.FREE
    grade_decoding: Decoding = Decoding.SCORED

    @property
    def oracle(self) -> bool:
        """Whether the reference chooses the slice."""
        return self.policy is SlicePolicy.ORACLE_LARGEST_TUMOUR

    def prompting(self, tile_px: int) -> SlicePrompting:
        """Say how a slice is shown to a model with tiles of this edge.

        Raises:
            InvalidInputError: More or fewer modalities than the composition shows.
        """
        return SlicePrompting(
            size_px=self.size_px or tile_px,
            composition=self.composition,
            modalities=self.modalities,
            in_pixels=self.unit == "pixels",
        )


def options_of(
    table: Mapping[str, object], *, default_model: Path, adapter: str | None = None
) -> tuple[EngineOptions, ReadingOptions]:
    """Part the table `[llama]` into what is loaded and what is shown and asked.

    Args:
        table: Its settings, by name.
        default_model: Where the table names none.
        adapter: Of the model, in place of the table's.

    Raises:
        InvalidInputError: There is no such option, or it has a wrong value.
    """
    model = str(table.get("model") or default_model)
    known = {**table, "model": model, "adapter": adapter}
    known.pop(OPTION, None)  # decides which adapter, and is none of the model's
    _check_known(known, ReadingOptions, EngineOptions)
    return _picked(EngineOptions, known), _picked(ReadingOptions, known)


def _picked(options: type[OptionsT], values: Mapping[str, Any]) -> OptionsT:
    """Make options of those values that are theirs."""
    names = {one.name for one in fields(options)}  # type: ignore[arg-type]  # of a dataclass
    return options(**{name: value for name, value in values.items() if name in names})


def _check_known(values: Mapping[str, object], *options: type) -> None:
    names = {one.name for kind in options for one in fields(kind)}
    if unknown := sorted(set(values) - names):
        wanted = ", ".join(sorted(names))
        raise InvalidInputError(f"llama.{unknown[0]}: there is no such option: wanted {wanted}")
