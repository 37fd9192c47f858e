"""A random Mllama of all the parts of LLaMA 3.2 Vision, small enough for a test."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    GenerationConfig,
    MllamaConfig,
    MllamaForConditionalGeneration,
    PreTrainedTokenizerFast,
)
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig

SPECIAL_TOKENS = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|finetune_right_pad_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eom_id|>",
    "<|eot_id|>",
    "<|python_tag|>",
)
CHAT_TEMPLATE = (
    "{{- bos_token }}{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}"
    "{%- if message['content'] is string %}{{- message['content'] }}{%- else %}"
    "{%- for content in message['content'] %}"
    "{%- if content['type'] == 'image' %}{{- '<|image|>' }}"
    "{%- else %}{{- content['text'] }}{%- endif %}{%- endfor %}{%- endif %}"
    "{{- '<|eot_id|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"
)


def tiny_mllama(
    folder: Path,
    *,
    seed: int = 0,
    tile_px: int = 28,
    width: int = 32,
    text_width: int = 64,
    text_layers: int = 4,
    weight_std: float = 0.3,
) -> Path:
    """Write the checkpoint: tiles, global layers, gated cross-attention that is open, chat template.

    Args:
        tile_px: Edge of a tile; its patches are 14 px.
        width: Of the vision tower, which has three local and two global layers.
        text_layers: Every second one is cross-attention.
    """
    tokenizer = byte_tokenizer()
    tokenizer.save_pretrained(folder)
    model = random_mllama(
        mllama_config(
            tokenizer, tile_px=tile_px, width=width, text_width=text_width, text_layers=text_layers
        ),
        seed=seed,
        weight_std=weight_std,
    )
    model.save_pretrained(folder)
    write_picture_processor(folder, tile_px=tile_px)
    return folder


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """Build a tokenizer of bytes with LLaMA's special tokens; `<|image|>` is the last one."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = Tokenizer(models.BPE({letter: n for n, letter in enumerate(alphabet)}, []))
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    tokens.add_special_tokens([*SPECIAL_TOKENS, "<|image|>"])
    begin = ("<|begin_of_text|>", tokens.token_to_id("<|begin_of_text|>"))
    tokens.post_processor = processors.TemplateProcessing(
        single=f"{begin[0]} $A", special_tokens=[begin]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokens,
        bos_token="<|begin_of_text|>",
        eos_token="<|eot_id|>",
        pad_token="<|finetune_right_pad_id|>",
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def mllama_config(
    tokenizer: PreTrainedTokenizerFast,
    *,
    tile_px: int,
    width: int,
    text_width: int,
    text_layers: int,
) -> MllamaConfig:
    """Describe a small Mllama whose head, as in LLaMA, has no row for `<|image|>`."""
    vision = MllamaVisionConfig(
        hidden_size=width,
        num_hidden_layers=3,
        num_global_layers=2,
        attention_heads=4,
        intermediate_size=2 * width,
        image_size=tile_px,
        patch_size=14,
        vision_output_dim=3 * width,
        intermediate_layers_indices=[0, 1],
    )
    text = MllamaTextConfig(
        vocab_size=len(tokenizer) - 1,
        hidden_size=text_width,
        num_hidden_layers=text_layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=2 * text_width,
        cross_attention_layers=list(range(1, text_layers, 2)),
        max_position_embeddings=4096,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return MllamaConfig(
        vision_config=vision, text_config=text, image_token_index=len(tokenizer) - 1
    )


def random_mllama(
    config: MllamaConfig, *, seed: int, weight_std: float
) -> MllamaForConditionalGeneration:
    """Draw the weights; gates, which are closed when new, stand open."""
    torch.manual_seed(seed)
    model = MllamaForConditionalGeneration(config).eval()
    for name, parameter in model.named_parameters():
        if "gate" in name and parameter.numel() == 1:
            torch.nn.init.constant_(parameter, 0.7)
        elif parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=weight_std)
    text = config.text_config
    model.generation_config = GenerationConfig(
        bos_token_id=text.bos_token_id,
        eos_token_id=text.eos_token_id,
        pad_token_id=text.pad_token_id,
    )
    return model


def write_picture_processor(folder: Path, *, tile_px: int) -> None:
    """Write the settings of Mllama's picture processor."""
    settings = {
        "image_processor_type": "MllamaImageProcessor",
        "processor_class": "MllamaProcessor",
        "size": {"height": tile_px, "width": tile_px},
        "max_image_tiles": 4,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "resample": 2,
        "do_convert_rgb": True,
        "do_normalize": True,
        "do_pad": True,
        "do_rescale": True,
        "do_resize": True,
        "rescale_factor": 1 / 255,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
