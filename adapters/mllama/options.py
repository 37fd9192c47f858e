"""What is set for a model: what is loaded, what it is shown, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from gliobench.adapters.mllama.prompts import Prompts
from gliobench.adapters.mllama.slice_prompting import SlicePrompting
from gliobench.application.backends.held_out import OPTION
from gliobench.domain.answers.questions import Decoding
from gliobench.domain.errors import BackendError, InvalidInputError, MissingExtraError
from gliobench.domain.files.documents import LARGEST_BYTES, read_document
from gliobench.domain.slices.view import Composition, SlicePolicy
from gliobench.domain.studies.study import Modality

if TYPE_CHECKING:
    from gliobench.adapters.mllama.loading import EngineOptions

STAND_IN_FOLDER = Path(__file__).parent / "stand_in"
"""A tiny checkpoint and its adapter, for where the gated weights are absent."""
CARD = "card.json"
"""Beside the weights of a checkpoint or an adapter that was made by gliobench."""
OptionsT = TypeVar("OptionsT")


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
    table: Mapping[str, object], *, adapter: str | None = None
) -> tuple[EngineOptions, ReadingOptions]:
    """Part the table `[llama]` into what is loaded and what is shown and asked.

    Args:
        table: Its settings, by name; no model is the stand-in.
        adapter: Of the model, in place of the table's.

    Raises:
        MissingExtraError: The extra `vlm` is not installed.
        InvalidInputError: There is no such option, or it has a wrong value.
    """
    try:
        from gliobench.adapters.mllama.loading import EngineOptions
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra="vlm", purpose="LLaMA vision") from error
    model = str(table.get("model") or STAND_IN_FOLDER / "model")
    known = {**table, "model": model, "adapter": adapter}
    known.pop(OPTION, None)  # decides which adapter, and is none of the model's
    _check_known(known, ReadingOptions, EngineOptions)
    return _picked(EngineOptions, known), _picked(ReadingOptions, known)


class _Card(BaseModel):
    """What gliobench looks at in a card; the rest is for readers."""

    model_config = ConfigDict(strict=True, frozen=True)

    stand_in: str = Field("", alias="stand-in")  # as domain/comparison/report.py has it
    trained_on: tuple[str, ...] = ()
    learned_images: tuple[str, ...] = ()
    prompts_sha256: str = ""
    settings: dict[str, Any] = {}


def card_of(folder: str | None) -> dict[str, Any]:
    """Read what a checkpoint or an adapter of ours says of itself; others have no card.

    Raises:
        BackendError: The card cannot be read.
    """
    path = Path(folder or "") / CARD
    if folder is None or not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BackendError(f"{path} is no card: {error.strerror}") from error
    card = read_document(
        _Card.model_validate_json, content, name=f"{path} is no card", raises=BackendError
    )
    return card.model_dump(by_alias=True, exclude_unset=True)


def check_taught(card: Mapping[str, Any], reading: ReadingOptions, prompts: Prompts) -> None:
    """Vouch that an adapter of ours is shown and asked what it was taught.

    Raises:
        InvalidInputError: It learned from other prompts, or from pictures of another kind.
    """
    if card.get("prompts_sha256", prompts.sha256) != prompts.sha256:
        raise InvalidInputError("the adapter learned from other prompts: train it again")
    taught = card.get("settings", {})
    asked = {
        "composition": reading.composition.value,
        "modalities": [modality.value for modality in reading.modalities],
        "size_px": reading.size_px,
        "unit": reading.unit,
    }
    for name, value in asked.items():
        if taught.get(name, value) != value:
            raise InvalidInputError(
                f"the adapter learned with llama.{name} {taught[name]}, got {value}: set it alike"
            )


def _picked(options: type[OptionsT], values: Mapping[str, Any]) -> OptionsT:
    """Make options of those values that are theirs."""
    names = {one.name for one in fields(options)}  # type: ignore[arg-type]  # of a dataclass
    return options(**{name: value for name, value in values.items() if name in names})


def _check_known(values: Mapping[str, object], *options: type) -> None:
    names = {one.name for kind in options for one in fields(kind)}
    if unknown := sorted(set(values) - names):
        wanted = ", ".join(sorted(names))
        raise InvalidInputError(f"llama.{unknown[0]}: there is no such option: wanted {wanted}")
