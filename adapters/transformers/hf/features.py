"""What a frozen vision tower makes of pictures, given to the language model in their place.

transformers has one door for it, whatever the family: `get_image_features` returns what the tower and
the projector make of pictures, and `forward` takes that as `mm_encoder_outputs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput

from gliobench.adapters.transformers.fine_tuning.vision_states import RunTower, VisionState
from gliobench.adapters.transformers.hf.checkpoint import HfCheckpoint
from gliobench.adapters.vision_language.requests import Picture

GIVEN = "mm_encoder_outputs"
_PER_PICTURE = "pooler_output"
"""The part of the features that lists pictures; others list layers, and pictures within each."""
_UNUSED = frozenset({"last_hidden_state", "hidden_states", "attentions"})
Nested: TypeAlias = "Tensor | list[Nested]"


def takes_features(model: PreTrainedModel) -> bool:
    """Return whether a model can be given what its vision tower made of pictures before."""
    return GIVEN in signature(model.forward).parameters and hasattr(_of(model), _LOOK)


def vision_tower_of(opened: HfCheckpoint) -> RunTower:
    """Return what looks at pictures, one at a time: what is beside a picture never matters."""

    def run(pictures: Sequence[Picture]) -> list[VisionState]:
        return [_flat(look(opened, picture)) for picture in pictures]

    return run


@torch.no_grad()
def look(opened: HfCheckpoint, picture: Picture) -> ModelOutput:
    """Return what a model's tower and projector make of a picture."""
    inputs = opened.inputs([opened.chat("?")], [(picture,)])
    features = getattr(_of(opened.model), _LOOK)
    taken = {name: inputs[name] for name in signature(features).parameters if name in inputs}
    return cast("ModelOutput", features(**taken, return_dict=True))


def with_features(
    inputs: Mapping[str, Any], kind: type[ModelOutput], states: Sequence[VisionState]
) -> dict[str, Any]:
    """Put features into a model's input in the place of its pictures.

    Args:
        inputs: As the processor makes them.
        kind: Of the features.
        states: Of each picture, in order.
    """
    fields = {name.partition(".")[0] for name in states[0]}
    joined = {
        field: _joined(field, [_nested(field, state) for state in states]) for field in fields
    }
    words = {name: given for name, given in inputs.items() if not name.startswith("pixel_")}
    return {**words, GIVEN: {"image": kind(**joined)}}


_LOOK = "get_image_features"


def _of(model: PreTrainedModel) -> Any:  # noqa: ANN401 - a class for each family
    return model.base_model


def _flat(features: ModelOutput) -> dict[str, Tensor]:
    """Name each tensor by where it stands: `deepstack_features.001.000`."""
    found: dict[str, Tensor] = {}

    def put(name: str, value: Any) -> None:  # noqa: ANN401 - tensors, in lists of any depth
        if isinstance(value, Tensor):
            found[name] = value
        elif isinstance(value, list | tuple):
            for number, item in enumerate(value):
                put(f"{name}.{number:03d}", item)

    for name, value in features.items():
        if name not in _UNUSED:
            put(name, value)
    return found


def _nested(name: str, state: VisionState) -> Nested:
    if name in state:
        return state[name]
    within = (key.removeprefix(f"{name}.") for key in state if key.startswith(f"{name}."))
    return [_nested(f"{name}.{part}", state) for part in sorted({key[:3] for key in within})]


def _joined(field: str, parts: Sequence[Nested]) -> Nested:
    """Join a field of several pictures."""
    lists = [part for part in parts if isinstance(part, list)]
    if not lists:
        return torch.cat([part for part in parts if isinstance(part, Tensor)])
    if field == _PER_PICTURE:
        return [item for part in lists for item in part]
    return [_joined(_PER_PICTURE, layer) for layer in zip(*lists, strict=True)]
