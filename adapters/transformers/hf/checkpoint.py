"""Open any vision-language checkpoint: weights, processor and chat template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import (
    AutoConfig,
    AutoModelForImageTextToText,
    GenerationConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
from transformers.utils.logging import disable_progress_bar

from gliobench.adapters.transformers.hf.processor import (
    Processor,
    open_processor,
    seen_edge,
    whole_edge,
)
from gliobench.adapters.transformers.loading import (
    chat_template_of,
    choose_device,
    load_weights,
    provenance_of,
    reported_loading,
    with_adapter,
)
from gliobench.adapters.transformers.options import HfVisionOptions
from gliobench.adapters.vision_language.requests import Picture
from gliobench.domain.answers.dialects import dialect_of
from gliobench.domain.answers.parse import FRACTIONS
from gliobench.domain.answers.thoughts import without_thoughts
from gliobench.domain.answers.words import Unreadable
from gliobench.domain.errors import BackendError
from gliobench.domain.predictions.prediction import FailureReason

_REPLY = "a reply of these words"


@dataclass(frozen=True, slots=True, eq=False)
class HfCheckpoint:
    """A model, and all that turns pictures and words into its input.

    Args:
        model: In evaluation mode; its generation config chooses greedily.
        processor: Of pictures and words.
        chat_template: Jinja source, the model's own.
        end_token_ids: Tokens that end a turn, the one that replies are read and trained with first.
        tile_px: Edge of the pictures that it is shown where no other is asked for.
        provenance: Names, content hashes and versions that decide what it says.
    """

    model: PreTrainedModel
    processor: Processor
    chat_template: str
    end_token_ids: tuple[int, ...]
    tile_px: int
    provenance: Mapping[str, str]

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """What splits words into tokens."""
        return self.processor.tokenizer

    def chat(self, prompt: str, *, pictures: int = 1) -> str:
        """Write a user's turn as the model expects it, the pictures first, and open its own."""
        shown = [{"type": "image"}] * pictures
        turns: list[dict[str, Any]] = [
            {"role": "user", "content": [*shown, {"type": "text", "text": prompt}]}
        ]
        written = self.tokenizer.apply_chat_template(
            turns,
            chat_template=self.chat_template,
            add_generation_prompt=True,
            tokenize=False,
            enable_thinking=False,  # of families whose template can leave it out
        )
        return str(written)

    def reply_tokens(self, reply: str) -> torch.Tensor:
        """Split a reply into tokens, (t,), closed by the end of turn."""
        tokens = self.tokenizer.encode(reply, add_special_tokens=False)
        return torch.tensor([*tokens, self.end_token_ids[0]])

    def inputs(
        self,
        chats: Sequence[str],
        shown: Sequence[Sequence[Picture]],
        device: torch.device | None = None,
    ) -> dict[str, Any]:
        """Turn written chats and their pictures into the model's input.

        Args:
            chats: As `chat` writes them.
            shown: The pictures of each.
            device: Where to put it; None: where the model is.

        Returns:
            Tensors by name; rows are padded in front.

        Raises:
            BackendError: The processor makes no finite numbers of the pictures.
        """
        # As transformers does: the tokenizer begins what the template has not begun.
        begin = self.tokenizer.bos_token
        begun = bool(begin) and chats[0].startswith(str(begin))
        with np.errstate(all="ignore"):
            batch = self.processor(
                text=list(chats),
                images=[[Image.fromarray(pixels) for pixels in pictures] for pictures in shown],
                return_tensors="pt",
                padding=True,
                padding_side="left",
                add_special_tokens=not begun,
            )
        if not bool(torch.isfinite(batch["pixel_values"]).all()):
            raise BackendError(
                "the model's processor makes numbers of pictures that are not finite"
            )
        inputs = dict(batch.to(device or self.model.device, dtype=self.model.dtype))
        inputs.pop("labels", None)  # which some processors add, for training
        return inputs

    def seen_px(self, edge: int) -> int:
        """Return the edge that a square picture has after the processor resized it."""
        return seen_edge(self.processor.image_processor, edge)


def with_dialect(options: HfVisionOptions) -> HfVisionOptions:
    """Name the dialect of a model's family where `auto` is set; that of an unknown family is fractions.

    Raises:
        NotFoundError: There is no such model, or access to it is not granted.
        BackendError: Its config cannot be read.
    """
    if options.dialect != "auto":
        return options
    with reported_loading(options.model):
        config = AutoConfig.from_pretrained(options.model, trust_remote_code=False)
    spoken = dialect_of(config.model_type) or FRACTIONS.dialect
    return options.model_copy(update={"dialect": spoken.name})


def load_checkpoint(options: HfVisionOptions) -> HfCheckpoint:
    """Load what the options name.

    Raises:
        NotFoundError: There is no such model or adapter, or access to it is not granted.
        BackendError: transformers knows no such model of pictures and words, it has no chat template
            or no safetensors weights, or a library or a GPU is not there for it.
        MissingExtraError: peft, accelerate or bitsandbytes is needed and not installed.
    """
    device = choose_device(options)
    disable_progress_bar()  # it would stand on stderr among the log's lines
    with reported_loading(options.model):
        config = AutoConfig.from_pretrained(options.model, trust_remote_code=False)
        if config.model_type not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
            raise BackendError(
                f"model {options.model} is of type {config.model_type}: wanted one of pictures and words"
            )
        model: PreTrainedModel = load_weights(
            AutoModelForImageTextToText, options, device, four_bit=options.four_bit
        )
        processor = open_processor(options.model, config.model_type)
        template = chat_template_of(options.model, processor.tokenizer)
        tile_px = whole_edge(processor.image_processor, options.model)
        ends = _ends(model, processor, template)
        _choose_greedily(model, ends, processor.tokenizer.pad_token_id)
    if options.adapter is not None:
        model = with_adapter(model, options.adapter, merge=not options.four_bit)
    model.eval()
    opened = HfCheckpoint(
        model, processor, template, ends, tile_px, _provenance(options, model, device, config)
    )
    with reported_loading(options.model):
        _check_silent(opened, options.model)
        blank = np.zeros((tile_px, tile_px, 3), np.uint8)
        opened.inputs([opened.chat("?")], [(blank,)])  # some take no pictures in a chat
    return opened


def _provenance(
    options: HfVisionOptions, model: PreTrainedModel, device: torch.device, config: PreTrainedConfig
) -> dict[str, str]:
    return {
        **provenance_of(options, model, device),
        "family": config.model_type,
        "four_bit": str(options.four_bit).lower(),
    }


def _check_silent(opened: HfCheckpoint, model: str) -> None:
    """Check that the template does not begin a thought for the model.

    Raises:
        BackendError: It does: what is written there would be read as the answer.
    """
    try:
        without_thoughts(opened.chat("?"))
    except Unreadable as error:
        if error.reason is not FailureReason.TRUNCATED:  # a thought that is empty and closed
            return
        raise BackendError(
            f"model {model} thinks before it answers, by its chat template: not supported, wanted its "
            "variant without thinking"
        ) from error


def _choose_greedily(model: PreTrainedModel, ends: tuple[int, ...], padding: int | None) -> None:
    """Leave out what a checkpoint declares for chatting: sampling, and penalties of repetition."""
    model.generation_config = GenerationConfig(
        do_sample=False,
        eos_token_id=list(ends),
        pad_token_id=ends[0] if padding is None else padding,
    )


def _ends(model: PreTrainedModel, processor: Processor, template: str) -> tuple[int, ...]:
    """Find the tokens that end a turn: that which the template writes, and those declared.

    Raises:
        BackendError: There is none.
    """
    tokenizer = processor.tokenizer
    declared = model.generation_config.eos_token_id if model.generation_config else None
    tokens = declared if isinstance(declared, list) else [declared]
    every = (_closing(processor, template), tokenizer.eos_token_id, *tokens)
    ends = tuple(dict.fromkeys(int(token) for token in every if token is not None))
    if not ends:
        raise BackendError("the model declares no token that ends a turn")
    return ends


def _closing(processor: Processor, template: str) -> int | None:
    """Return the special token that the template writes behind a reply, or None where it writes none."""
    turns: list[dict[str, Any]] = [
        {"role": role, "content": [{"type": "text", "text": words}]}
        for role, words in (("user", "?"), ("assistant", _REPLY))
    ]
    try:
        written = processor.tokenizer.apply_chat_template(
            turns, chat_template=template, tokenize=False
        )
    except Exception:  # a template may refuse a dialogue without a picture in any way it likes
        return None
    _, found, rest = str(written).rpartition(_REPLY)
    behind = processor.tokenizer.encode(rest.lstrip(), add_special_tokens=False) if found else []
    special = processor.tokenizer.added_tokens_decoder
    return int(behind[0]) if behind and behind[0] in special else None
