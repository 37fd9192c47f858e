"""A family's own processor, opened for pictures and words alone, and what it does to a picture's size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, cast

import numpy as np
from transformers import (
    AutoFeatureExtractor,
    AutoImageProcessor,
    AutoTokenizer,
    BatchFeature,
    PreTrainedTokenizerFast,
)
from transformers.models.auto.processing_auto import (  # type: ignore[attr-defined]
    PROCESSOR_MAPPING_NAMES,
    processor_class_from_name,
)
from transformers.processing_utils import ProcessorMixin

from gliobench.domain.errors import BackendError

LARGEST_EDGE_PX = 4096
"""Of a picture."""
_EDGE_PX = 448
"""About the edge of pictures for families that take any size; twice a slice of BraTS."""
_PARTS: dict[str, Any] = {
    "image_processor": AutoImageProcessor,
    "tokenizer": AutoTokenizer,
    "feature_extractor": AutoFeatureExtractor,
}


class PictureProcessor(Protocol):
    """The part of a processor that resizes and scales pictures."""

    size: Mapping[str, int | None]

    def __call__(self, *, images: object, return_tensors: str) -> Mapping[str, Any]:
        """Turn pictures into tensors by name."""
        ...


class Processor(Protocol):
    """A family's processor in transformers, which declares no types."""

    image_processor: PictureProcessor
    tokenizer: PreTrainedTokenizerFast

    def __call__(self, **inputs: object) -> BatchFeature:
        """Turn texts and their pictures into tensors by name."""
        ...


def open_processor(model: str, family: str) -> Processor:
    """Open what turns pictures and words into a model's input; pictures are resized by Pillow.

    Args:
        model: Folder, or id on the hub.
        family: The `model_type` of its config.

    Returns:
        The family's processor in transformers. Its part for videos, which needs torchvision, is
        left out.

    Raises:
        BackendError: transformers has none for it, or it needs a library that is not installed.
    """
    settings, _ = ProcessorMixin.get_processor_dict(model)
    name = settings.get("processor_class") or PROCESSOR_MAPPING_NAMES.get(family)
    try:
        kind = processor_class_from_name(name) if name else None
        if kind is None:
            raise BackendError(f"model {model}: transformers has no processor for {family}")
        parts = [_part(attribute, model) for attribute in kind.get_attributes()]
        return cast("Processor", _without_videos(kind).from_args_and_dict(parts, settings))
    except ImportError as error:
        reason = " ".join(str(error).split()).partition(". ")[0]
        raise BackendError(f"model {model} has a processor that cannot run: {reason}") from error


def _part(attribute: str, model: str) -> object:
    if attribute == "video_processor":
        return None
    if attribute not in _PARTS:
        raise BackendError(f"model {model} has a processor with a {attribute}: not supported")
    pillow = {"backend": "pil"} if attribute == "image_processor" else {}
    part: object = _PARTS[attribute].from_pretrained(model, trust_remote_code=False, **pillow)
    return part


def _without_videos(kind: type[ProcessorMixin]) -> type[ProcessorMixin]:
    """Return a processor's class that accepts None in the place of a part."""

    def check(self: ProcessorMixin, argument_name: str, argument: object) -> object:
        if argument is None:
            return None
        return kind.check_argument_for_proper_class(self, argument_name, argument)

    return type(kind.__name__, (kind,), {"check_argument_for_proper_class": check})


def whole_edge(pictures: PictureProcessor, model: str) -> int:
    """Return the edge of a square picture that a model sees whole and, where there is one, unscaled.

    Args:
        pictures: Its image processor.
        model: Named in errors.

    Raises:
        BackendError: It cuts off the edges of any picture, or takes none of a usual size.
    """
    size = {key: edge for key, edge in dict(pictures.size or {}).items() if edge is not None}
    cropped = dict(getattr(pictures, "crop_size", None) or {}).get("height")
    patch, merged = getattr(pictures, "patch_size", None), getattr(pictures, "merge_size", None)
    shortest, longest = size.get("shortest_edge"), size.get("longest_edge")
    if isinstance(patch, int) and isinstance(merged, int) and shortest and longest:
        edge = _multiple(patch * merged, shortest**0.5, longest**0.5)
    elif getattr(pictures, "do_center_crop", False) and cropped:
        if (shortest or size.get("height", cropped)) > cropped:
            raise BackendError(f"model {model} sees pictures with their edges cut off")
        edge = cropped
    elif "height" in size:
        edge = min(size["height"], size.get("width", size["height"]))
    elif longest:
        enlarged = getattr(pictures, "max_image_size", None) is not None
        edge = longest if enlarged else min(longest, _EDGE_PX)
    else:
        edge = shortest or _EDGE_PX
    if not 1 <= edge <= LARGEST_EDGE_PX:
        raise BackendError(
            f"model {model} takes pictures of {edge} pixels: wanted 1 to {LARGEST_EDGE_PX}"
        )
    return int(edge)


def seen_edge(pictures: PictureProcessor, edge: int) -> int:
    """Return the edge in pixels that a square picture has for a model after its processor resized it.

    Args:
        pictures: Its image processor.
        edge: Of the picture that is sent.
    """
    patch = getattr(pictures, "patch_size", None)
    if not hasattr(pictures, "merge_size") or not isinstance(patch, int):
        return edge
    blank = np.zeros((edge, edge, 3), np.uint8)
    grid = pictures(images=[blank], return_tensors="np")["image_grid_thw"]
    return int(grid[0][1]) * patch


def _multiple(step: int, least: float, most: float) -> int:
    """Return the multiple of a step nearest to `_EDGE_PX` within these bounds."""
    wanted = min(max(_EDGE_PX, least), most)
    edge = max(1, round(wanted / step)) * step
    if edge < least:
        return edge + step
    return edge - step if edge > most and edge > step else edge
