"""From what was trained to a folder that Transformers loads."""

import json
from pathlib import Path

import torch
from stand_in.tower import OneTile
from torch import Tensor, nn
from transformers import GenerationConfig, MllamaForConditionalGeneration, PreTrainedTokenizerFast

from gliobench.adapters.vision_language.prompts import Prompts

OPEN = 0.5
"""What the gates of places and tiles let through; any number between 0 and 1 would do."""


@torch.no_grad()
def place_tiles(model: MllamaForConditionalGeneration, tower: OneTile) -> None:
    """Write what `OneTile` learned of places and of padding into Mllama's tables.

    For every arrangement of tiles, each of a picture's own tiles gets the position of the only one
    was, and every padded tile looks like the one padded token, everywhere.
    """
    vision = model.model.vision_model
    gate = torch.atanh(torch.tensor([OPEN]))
    before = vision.pre_tile_positional_embedding
    places, after = vision.gated_positional_embedding, vision.post_tile_positional_embedding
    for gated in (before, places, after):
        gated.gate.copy_(gate)
    nn.init.zeros_(before.embedding.weight)
    places.embedding.copy_(tower.place)
    padded = _padded_places(tower, vision.class_embedding)
    arrangements = [[0, 0], *vision.config.supported_aspect_ratios]
    for number, (high, wide) in enumerate(arrangements):
        own = [tile < high * wide for tile in range(vision.config.max_num_tiles)]
        table = torch.stack([tower.place if is_own else padded for is_own in own])
        places.tile_embedding.weight[number] = table.flatten()
        tiles = torch.stack([tower.tile[0 if is_own else 1] / OPEN for is_own in own])
        after.embedding.weight[number] = tiles.flatten()


def _padded_places(tower: OneTile, class_token: Tensor) -> Tensor:
    """Position embedding with which all tokens of a padded tile become `tower.pad`."""
    wanted = tower.pad[0].expand_as(tower.place).clone()
    wanted[0] -= class_token
    return (wanted - (1 - OPEN) * tower.place) / OPEN


def write_checkpoint(
    folder: Path,
    model: MllamaForConditionalGeneration,
    tower: OneTile,
    tokenizer: PreTrainedTokenizerFast,
    card: dict[str, object],
) -> None:
    """Write weights in half precision, to be computed with in single, and all that goes with them."""
    place_tiles(model, tower)
    text = model.config.text_config
    model.generation_config = GenerationConfig(
        bos_token_id=text.bos_token_id,
        eos_token_id=text.eos_token_id,
        pad_token_id=text.pad_token_id,
    )
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    for part in (config, config["text_config"], config["vision_config"]):
        part["dtype"] = "float32"
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    edge = model.config.vision_config.image_size
    (folder / "preprocessor_config.json").write_text(json.dumps(_processor(edge), indent=2) + "\n")
    made = {"stand-in": "stand-in, not LLaMA", "prompts_sha256": Prompts.load().sha256, **card}
    (folder / "card.json").write_text(json.dumps(made, indent=2) + "\n")


def _processor(edge: int) -> dict[str, object]:
    return {
        "image_processor_type": "MllamaImageProcessor",
        "processor_class": "MllamaProcessor",
        "size": {"height": edge, "width": edge},
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
