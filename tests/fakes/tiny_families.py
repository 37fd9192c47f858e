"""Random vision-language models of seven families, with their own processors, small enough for a test.

Their configs, image processors and processors are those of transformers; the tokenizer is one of bytes
with the family's special tokens, and the chat template writes turns as the family does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GenerationConfig, PreTrainedTokenizerFast

_CHATML = (
    "{%- for message in messages %}{{- '<|im_start|>' + message['role'] + '\\n' }}"
    "{%- for content in message['content'] %}"
    "{%- if content['type'] == 'image' %}{{- 'PICTURE' }}{%- else %}{{- content['text'] }}{%- endif %}"
    "{%- endfor %}{{- '<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
_GEMMA = (
    "{{- bos_token }}{%- for message in messages %}"
    "{{- '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\\n' }}"
    "{%- for content in message['content'] %}"
    "{%- if content['type'] == 'image' %}{{- '<start_of_image>' }}{%- else %}{{- content['text'] }}"
    "{%- endif %}{%- endfor %}{{- '<end_of_turn>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<start_of_turn>model\\n' }}{%- endif %}"
)
_IDEFICS = (
    "{{- '<|im_start|>' }}{%- for message in messages %}{{- message['role'] | capitalize }}"
    "{{- ':' if message['content'][0]['type'] == 'image' else ': ' }}"
    "{%- for content in message['content'] %}"
    "{%- if content['type'] == 'image' %}{{- '<image>' }}{%- else %}{{- content['text'] }}{%- endif %}"
    "{%- endfor %}{{- '<end_of_utterance>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- 'Assistant:' }}{%- endif %}"
)
_TEXT = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 16384,
    "tie_word_embeddings": False,
}


@dataclass(frozen=True)
class Family:
    """How a family's checkpoint is put together.

    Args:
        architecture: The model's class.
        special: Tokens of the family, the end of turn first, then padding.
        template: Of the chat.
        config: Describes the model, from its tokenizer.
        pictures: Settings of the image processor, in `preprocessor_config.json`.
        processor: Settings of the processor, in `processor_config.json`.
        named: Tokens that the tokenizer names, such as `image_token`.
    """

    architecture: str
    special: Sequence[str]
    template: str
    config: Callable[[PreTrainedTokenizerFast], Any]
    pictures: Mapping[str, object]
    processor: Mapping[str, object] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)


def tiny_checkpoint(family: str, folder: Path, *, seed: int = 0, weight_std: float = 0.2) -> Path:
    """Write a checkpoint of a family, with random weights."""
    made = FAMILIES[family]
    tokenizer = _tokenizer(made)
    tokenizer.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(made.pictures))
    if made.processor:
        (folder / "processor_config.json").write_text(json.dumps(made.processor))
    torch.manual_seed(seed)
    model = getattr(transformers, made.architecture)(made.config(tokenizer)).eval()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=weight_std)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        do_sample=True,
        temperature=0.7,
        top_p=0.8,
        repetition_penalty=1.05,
    )
    model.save_pretrained(folder)
    return folder


def _tokenizer(family: Family) -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = Tokenizer(models.BPE({letter: n for n, letter in enumerate(alphabet)}, []))
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    tokens.add_special_tokens(list(family.special))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokens,
        eos_token=family.special[0],
        pad_token=family.special[1],
        chat_template=family.template,
        clean_up_tokenization_spaces=False,
        extra_special_tokens=dict(family.named),
    )


def _token(tokenizer: PreTrainedTokenizerFast, token: str) -> int:
    return int(tokenizer.convert_tokens_to_ids(token))


def _qwen(kind: str) -> Callable[[PreTrainedTokenizerFast], Any]:
    def config(tokenizer: PreTrainedTokenizerFast) -> Any:
        text = {**_TEXT, "vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id}
        vision: dict[str, object]
        if kind == "Qwen2_5_VL":
            text |= {"rope_parameters": {"rope_type": "default", "mrope_section": [4, 6, 6]}}
            vision = {
                "depth": 2,
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_heads": 2,
                "out_hidden_size": 64,
                "fullatt_block_indexes": [1],
                "window_size": 56,
            }
        else:
            text |= {
                "head_dim": 32,
                "rope_parameters": {
                    "rope_type": "default",
                    "mrope_interleaved": True,  # as transformers takes it to be
                    "mrope_section": [6, 5, 5],
                },
            }
            vision = {
                "depth": 2,
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_heads": 2,
                "out_hidden_size": 64,
                "deepstack_visual_indexes": [0],
                "num_position_embeddings": 64,
            }
        return getattr(transformers, f"{kind}Config")(
            text_config=text,
            vision_config=vision,
            image_token_id=_token(tokenizer, "<|image_pad|>"),
            video_token_id=_token(tokenizer, "<|video_pad|>"),
            vision_start_token_id=_token(tokenizer, "<|vision_start|>"),
            vision_end_token_id=_token(tokenizer, "<|vision_end|>"),
            tie_word_embeddings=False,
        )

    return config


def _internvl(tokenizer: PreTrainedTokenizerFast) -> Any:
    return transformers.InternVLConfig(
        vision_config={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "image_size": [56, 56],
            "patch_size": [14, 14],
        },
        text_config={"model_type": "qwen2", **_TEXT, "vocab_size": len(tokenizer)},
        image_token_id=_token(tokenizer, "<IMG_CONTEXT>"),
        image_seq_length=4,
        downsample_ratio=0.5,
    )


def _gemma(tokenizer: PreTrainedTokenizerFast) -> Any:
    return transformers.Gemma3Config(
        text_config={**_TEXT, "head_dim": 32, "vocab_size": len(tokenizer), "sliding_window": 64},
        vision_config={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "image_size": 56,
            "patch_size": 14,
            "vision_use_head": False,
        },
        mm_tokens_per_image=4,
        image_token_index=_token(tokenizer, "<image_soft_token>"),
        boi_token_index=_token(tokenizer, "<start_of_image>"),
        eoi_token_index=_token(tokenizer, "<end_of_image>"),
        eos_token_id=tokenizer.eos_token_id,
    )


def _onevision(tokenizer: PreTrainedTokenizerFast) -> Any:
    return transformers.LlavaOnevisionConfig(
        vision_config={
            "model_type": "siglip_vision_model",
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "image_size": 56,
            "patch_size": 14,
            "vision_use_head": False,
        },
        text_config={"model_type": "qwen2", **_TEXT, "vocab_size": len(tokenizer)},
        image_token_index=_token(tokenizer, "<image>"),
        video_token_index=_token(tokenizer, "<video>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        image_grid_pinpoints=[[56, 56], [56, 112], [112, 56], [112, 112]],
    )


def _idefics(kind: str) -> Callable[[PreTrainedTokenizerFast], Any]:
    return lambda tokenizer: getattr(transformers, f"{kind}Config")(
        vision_config={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "image_size": 56,
            "patch_size": 14,
        },
        text_config={"model_type": "llama", **_TEXT, "vocab_size": len(tokenizer)},
        image_token_id=_token(tokenizer, "<image>"),
        scale_factor=2,
        pad_token_id=tokenizer.pad_token_id,
    )


_QWEN_TOKENS = (
    "<|im_end|>",
    "<|endoftext|>",
    "<|im_start|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
_QWEN_TEMPLATE = _CHATML.replace("PICTURE", "<|vision_start|><|image_pad|><|vision_end|>")
_IDEFICS_TOKENS = (
    "<end_of_utterance>",
    "<|endoftext|>",
    "<|im_start|>",
    "<fake_token_around_image>",
    "<image>",
    "<global-img>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
)
_HALF = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
_CLIP = {
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}
"""Of Qwen2.5-VL and InternVL; vLLM shows raw pixels where the file names none."""

FAMILIES: Mapping[str, Family] = {
    "qwen2_5_vl": Family(
        "Qwen2_5_VLForConditionalGeneration",
        _QWEN_TOKENS,
        _QWEN_TEMPLATE,
        _qwen("Qwen2_5_VL"),
        {
            "image_processor_type": "Qwen2VLImageProcessor",
            "processor_class": "Qwen2_5_VLProcessor",
            "min_pixels": 3136,
            "max_pixels": 12845056,
            "patch_size": 14,
            "temporal_patch_size": 2,
            "merge_size": 2,
            **_CLIP,
        },
    ),
    "qwen3_vl": Family(
        "Qwen3VLForConditionalGeneration",
        _QWEN_TOKENS,
        _QWEN_TEMPLATE,
        _qwen("Qwen3VL"),
        {
            "image_processor_type": "Qwen2VLImageProcessorFast",
            "processor_class": "Qwen3VLProcessor",
            "size": {"shortest_edge": 4096, "longest_edge": 16777216},
            "patch_size": 16,
            "temporal_patch_size": 2,
            "merge_size": 2,
            **_HALF,
        },
    ),
    "internvl": Family(
        "InternVLForConditionalGeneration",
        (
            "<|im_end|>",
            "<|endoftext|>",
            "<|im_start|>",
            "<img>",
            "</img>",
            "<IMG_CONTEXT>",
            "<video>",
        ),
        _CHATML.replace("PICTURE", "<IMG_CONTEXT>\\n"),
        _internvl,
        {
            "image_processor_type": "GotOcr2ImageProcessorFast",
            "processor_class": "InternVLProcessor",
            "size": {"height": 56, "width": 56},
            "crop_to_patches": False,
            "max_patches": 12,
        },
        processor={"processor_class": "InternVLProcessor", "image_seq_length": 4},
        named={
            "start_image_token": "<img>",
            "end_image_token": "</img>",
            "context_image_token": "<IMG_CONTEXT>",
            "video_token": "<video>",
        },
    ),
    "gemma3": Family(
        "Gemma3ForConditionalGeneration",
        (
            "<end_of_turn>",
            "<pad>",
            "<bos>",
            "<start_of_turn>",
            "<start_of_image>",
            "<end_of_image>",
            "<image_soft_token>",
        ),
        _GEMMA,
        _gemma,
        {
            "image_processor_type": "Gemma3ImageProcessor",
            "processor_class": "Gemma3Processor",
            "size": {"height": 56, "width": 56},
            "do_pan_and_scan": None,
            **_HALF,
        },
        processor={"processor_class": "Gemma3Processor", "image_seq_length": 4},
        named={
            "bos_token": "<bos>",
            "boi_token": "<start_of_image>",
            "eoi_token": "<end_of_image>",
            "image_token": "<image_soft_token>",
        },
    ),
    "llava_onevision": Family(
        "LlavaOnevisionForConditionalGeneration",
        ("<|im_end|>", "<|endoftext|>", "<|im_start|>", "<image>", "<video>"),
        _CHATML.replace("PICTURE", "<image>\\n"),
        _onevision,
        {
            "image_processor_type": "LlavaOnevisionImageProcessor",
            "processor_class": "LlavaOnevisionProcessor",
            "size": {"height": 56, "width": 56},
            "image_grid_pinpoints": [[56, 56], [56, 112], [112, 56], [112, 112]],
            **_HALF,
        },
        processor={
            "processor_class": "LlavaOnevisionProcessor",
            "num_image_tokens": 16,
            "vision_feature_select_strategy": "full",
            "image_token": "<image>",
            "video_token": "<video>",
        },
    ),
    "idefics3": Family(
        "Idefics3ForConditionalGeneration",
        _IDEFICS_TOKENS,
        _IDEFICS,
        _idefics("Idefics3"),
        {
            "image_processor_type": "Idefics3ImageProcessor",
            "processor_class": "Idefics3Processor",
            "size": {"longest_edge": 112},
            "max_image_size": {"longest_edge": 56},
            "do_image_splitting": True,
            **_HALF,
        },
        processor={"processor_class": "Idefics3Processor", "image_seq_len": 4},
    ),
    "smolvlm": Family(
        "SmolVLMForConditionalGeneration",
        _IDEFICS_TOKENS,
        _IDEFICS,
        _idefics("SmolVLM"),
        {
            "image_processor_type": "SmolVLMImageProcessor",
            "processor_class": "SmolVLMProcessor",
            "size": {"longest_edge": 112},
            "max_image_size": {"longest_edge": 56},
            **_HALF,
        },
        processor={"processor_class": "SmolVLMProcessor", "image_seq_len": 4},
        named={
            "fake_image_token": "<fake_token_around_image>",
            "image_token": "<image>",
            "global_image_token": "<global-img>",
            "end_of_utterance_token": "<end_of_utterance>",
        },
    ),
}
"""By `model_type`."""
