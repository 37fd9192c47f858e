from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint, load_checkpoint
from gliobench.adapters.transformers.mllama.vision import Tiles, encode, tiles_of
from gliobench.adapters.transformers.options import EngineOptions


@pytest.fixture(scope="module")
def checkpoint(tiny_folder: Path) -> Checkpoint:
    return load_checkpoint(EngineOptions(model=str(tiny_folder)))


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return noise.astype(np.uint8)


def tower_states(checkpoint: Checkpoint, tiles: Tiles) -> torch.Tensor:
    """The states as Transformers computes them, mask and all."""
    model = checkpoint.model.model
    own = torch.arange(4) < torch.tensor(tiles.counts)[:, None]
    states = model.vision_model(
        pixel_values=tiles.pixels[:, None],
        aspect_ratio_ids=tiles.aspect_ratio_ids[:, None],
        aspect_ratio_mask=own[:, None].long(),
    ).last_hidden_state
    return model.multi_modal_projector(states)[:, 0]


@pytest.mark.parametrize(
    "sizes",
    [
        [(28, 28)],
        [(28, 56)],
        [(56, 56)],
        [(28, 28), (56, 56), (28, 84), (28, 28)],
    ],
)
@torch.no_grad()
def test_without_masked_attention_the_states_are_those_of_the_tower(
    checkpoint: Checkpoint, sizes: list[tuple[int, int]]
) -> None:
    pictures = [picture(*size, seed=n) for n, size in enumerate(sizes)]
    tiles = tiles_of(checkpoint.picture_processor, pictures)

    states = encode(checkpoint.model, tiles)

    assert torch.allclose(states, tower_states(checkpoint, tiles), atol=1e-4)


@torch.no_grad()
def test_padded_tiles_change_what_the_tower_makes_of_a_picture(checkpoint: Checkpoint) -> None:
    tiles = tiles_of(checkpoint.picture_processor, [picture(28, 28)])
    noisy = Tiles(tiles.pixels.clone(), tiles.aspect_ratio_ids, tiles.counts)
    noisy.pixels[:, 1:] = torch.randn(noisy.pixels[:, 1:].shape)

    change = tower_states(checkpoint, noisy) - tower_states(checkpoint, tiles)

    assert float(change[:, 0].abs().max()) > 0.1  # of the first tile, which is the picture's own


@torch.no_grad()
def test_words_after_the_picture_see_no_padded_tile(checkpoint: Checkpoint) -> None:
    logits = logits_with_noise_in_padded_tiles(checkpoint, "<|image|>Where is it?")

    assert torch.allclose(logits[0], logits[1], atol=1e-5)


@torch.no_grad()
def test_words_before_the_picture_see_padded_tiles_in_transformers(checkpoint: Checkpoint) -> None:
    logits = logits_with_noise_in_padded_tiles(checkpoint, "Where is it? <|image|>")

    assert float((logits[0] - logits[1]).abs().max()) > 0.1


def logits_with_noise_in_padded_tiles(checkpoint: Checkpoint, text: str) -> list[torch.Tensor]:
    """Logits of one tile's picture: as they are, and with other states in its padded tiles."""
    model = checkpoint.model
    ids = torch.tensor([checkpoint.token_ids(text)])
    sees = torch.zeros(1, ids.shape[1], 1, 4)
    sees[:, checkpoint.token_ids(text).index(checkpoint.picture_token_id) :, :, 0] = 1
    states = encode(model, tiles_of(checkpoint.picture_processor, [picture(28, 28)]))
    noisy = states.clone()
    noisy[:, 1:] = torch.randn(noisy[:, 1:].shape)
    return [
        model(
            input_ids=ids,
            cross_attention_states=shown.flatten(0, 1),
            cross_attention_mask=sees,
            use_cache=False,
        ).logits[:, -1]
        for shown in (states, noisy)
    ]
