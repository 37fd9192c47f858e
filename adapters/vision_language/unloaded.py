"""An engine that was not loaded, for lists of what backends can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import final

from gliobench.adapters.vision_language.requests import Reply, Request
from gliobench.domain.errors import BackendError, MissingExtraError, NotFoundError


@final
class Unloaded:
    """Stands where a model would answer.

    Args:
        model: A folder, or an id on the Hugging Face hub, of which nothing is known here.
        adapter: Likewise; None for none.

    Raises:
        MissingExtraError: transformers is not installed.
        NotFoundError: What can only be a folder is none.
    """

    tile_px = 448
    fingerprint = ""
    provenance: Mapping[str, str] = {}

    def __init__(self, model: str, adapter: str | None) -> None:
        if find_spec("transformers") is None:
            raise MissingExtraError(extra="vlm", purpose="Vision-language models")
        for place in filter(None, (model, adapter)):
            # An id of the hub has one slash at most, and begins with a letter or digit.
            is_path = place.count("/") > 1 or not place[0].isalnum()
            if is_path and not Path(place).is_dir():
                raise NotFoundError(f"no model at {place}")

    def answer(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Refuse, always."""
        raise BackendError(f"{len(requests)} requests to a model that was not loaded")

    def seen_px(self, edge: int) -> int:
        """Return the edge itself."""
        return edge

    def chat(self, prompt: str, pictures: int = 1) -> str:
        """Return the words alone."""
        del pictures
        return prompt
