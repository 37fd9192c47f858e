"""What a checkpoint or an adapter that was made by gliobench says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.domain.errors import BackendError, InvalidInputError
from gliobench.domain.files.documents import read_document, read_file

CARD = "card.json"
"""Beside the weights of a checkpoint or an adapter that was made by gliobench."""
STAND_IN = "stand-in"
"""The entry of a card that says that the weights stand in for others."""


class _Card(BaseModel):
    """What gliobench looks at in a card; the rest is for readers."""

    model_config = ConfigDict(strict=True, frozen=True)

    stand_in: str = Field("", alias="stand-in")
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
    content = read_file(path, name=f"{path} is no card", raises=BackendError)
    card = read_document(
        _Card.model_validate_json, content, name=f"{path} is no card", raises=BackendError
    )
    return card.model_dump(by_alias=True, exclude_unset=True)


def learned_by(folder: str) -> frozenset[str] | None:
    """Read the hashes of the patients and images that a model or an adapter learned from.

    Returns:
        None where it has no card that states them, as the published LLaMA models have not.
    """
    card = card_of(folder)
    if "trained_on" not in card:
        return None
    return frozenset((*card["trained_on"], *card.get("learned_images", ())))


def check_taught(card: Mapping[str, Any], reading: ReadingOptions, prompts: Prompts) -> None:
    """Check that an adapter of ours is shown and asked what it was taught.

    Raises:
        InvalidInputError: It learned from other prompts, or from pictures of another kind.
    """
    if card.get("prompts_sha256", prompts.sha256) != prompts.sha256:
        raise InvalidInputError("the adapter learned from other prompts: train it again")
    taught = {"context": 0, **card["settings"]} if "settings" in card else {}
    asked = {
        "composition": reading.composition.value,
        "modalities": [modality.value for modality in reading.modalities],
        "size_px": reading.size_px,
        "dialect": reading.dialect,
        "context": reading.context,
    }
    for name, value in asked.items():
        if taught.get(name, value) != value:
            raise InvalidInputError(
                f"the adapter learned with llama.{name} {taught[name]}, got {value}: set it alike"
            )
