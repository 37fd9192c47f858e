"""Open an Mllama checkpoint: weights, tokenizer and picture processor, from a folder or the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from transformers import (
    AutoConfig,
    AutoTokenizer,
    MllamaForConditionalGeneration,
    PreTrainedTokenizerFast,
)
from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil
from transformers.utils.logging import disable_progress_bar

from gliobench.adapters.transformers.loading import (
    chat_template_of,
    choose_device,
    load_weights,
    provenance_of,
    reported_loading,
    with_adapter,
)
from gliobench.adapters.transformers.options import EngineOptions
from gliobench.domain.errors import BackendError

PICTURE_TOKEN = "<|image|>"  # noqa: S105 - a token of text, no secret


LARGEST_TILE_PX, MOST_TILES = 2048, 16


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """An Mllama, and all that turns pictures and words into its input.

    Args:
        chat_template: Jinja source, the model's own.
        provenance: Names, content hashes and versions that decide what it says.
    """

    model: MllamaForConditionalGeneration
    tokenizer: PreTrainedTokenizerFast
    picture_processor: MllamaImageProcessorPil
    chat_template: str
    provenance: Mapping[str, str]

    def chat(self, prompt: str, *, pictures: int = 1) -> str:
        """Write a user's turn as the model expects it, the pictures first, and open its own.

        Returns:
            Text with all special tokens, the begin of text included.
        """
        shown = [{"type": "image"}] * pictures
        turns: list[dict[str, Any]] = [
            {"role": "user", "content": [*shown, {"type": "text", "text": prompt}]}
        ]
        return str(
            self.tokenizer.apply_chat_template(
                turns,
                chat_template=self.chat_template,
                tokenize=False,
                add_generation_prompt=True,
            )
        )

    def token_ids(self, text: str) -> list[int]:
        """Split text, special tokens written out in it, into the model's tokens."""
        return [int(token) for token in self.tokenizer.encode(text, add_special_tokens=False)]

    @property
    def tile_px(self) -> int:
        """Edge of a tile: of the largest picture that is seen whole in one, and not enlarged."""
        return int(self.picture_processor.size["height"])

    def seen_px(self, edge: int) -> int:
        """Return the edge itself: coordinates are of the picture as it is drawn."""
        return edge

    @property
    def picture_token_id(self) -> int:
        """The token that stands where a picture is shown."""
        return self.token_ids(PICTURE_TOKEN)[0]

    @property
    def end_token_ids(self) -> tuple[int, ...]:
        """Tokens that end a turn, the one that replies are trained with first."""
        declared = self.model.generation_config.eos_token_id
        tokens = declared if isinstance(declared, list) else [declared]
        closing = self.tokenizer.eos_token_id
        return tuple(dict.fromkeys(int(t) for t in (closing, *tokens) if t is not None))


def load_checkpoint(
    options: EngineOptions, *, merge_adapter: bool = True, four_bit: bool = False
) -> Checkpoint:
    """Load what the options name.

    Args:
        options: Model, adapter, dtype and device.
        merge_adapter: False leaves a PEFT adapter beside the weights, inside the same modules.
        four_bit: Keep the language model's weights in four bits each; needs a GPU.

    Returns:
        The checkpoint in evaluation mode, with attention by PyTorch's fused kernels.

    Raises:
        NotFoundError: There is no such model or adapter, or access to it is not granted.
        BackendError: It is no Mllama, has no safetensors weights, or no GPU is there for it.
        MissingExtraError: peft, accelerate or bitsandbytes is needed and not installed.
    """
    device = choose_device(options)
    disable_progress_bar()  # it would stand on stderr among the log's lines
    with reported_loading(options.model):
        _require_mllama(options.model)
        model = cast(
            "MllamaForConditionalGeneration",
            load_weights(
                MllamaForConditionalGeneration,
                options,
                device,
                four_bit=four_bit,
                attn_implementation="sdpa",
            ),
        )
        tokenizer = cast(
            "PreTrainedTokenizerFast",
            AutoTokenizer.from_pretrained(options.model, trust_remote_code=False),
        )
        pictures = MllamaImageProcessorPil.from_pretrained(options.model)
        _check_tiles(options.model, pictures)
        template = chat_template_of(options.model, tokenizer)
    if options.adapter is not None:
        model = with_adapter(model, options.adapter, merge=merge_adapter)
    model.eval()
    provenance = provenance_of(options, model, device)
    return Checkpoint(model, tokenizer, pictures, template, provenance)


def _require_mllama(model: str) -> None:
    found = AutoConfig.from_pretrained(model, trust_remote_code=False).model_type
    if found != "mllama":
        raise BackendError(f"model {model} is of type {found}, wanted mllama (LLaMA 3.2 Vision)")


def _check_tiles(model: str, pictures: MllamaImageProcessorPil) -> None:
    """Refuse pictures that no memory holds; LLaMA 3.2's have 4 tiles of 560 pixels."""
    height, width, tiles = (
        pictures.size.get("height"),
        pictures.size.get("width"),
        pictures.max_image_tiles,
    )
    edges = all(isinstance(edge, int) and 1 <= edge <= LARGEST_TILE_PX for edge in (height, width))
    if not edges or not isinstance(tiles, int) or not 1 <= tiles <= MOST_TILES:
        raise BackendError(
            f"model {model}: pictures of {tiles} tiles of {height}×{width} pixels: wanted at most "
            f"{MOST_TILES} of {LARGEST_TILE_PX}"
        )
