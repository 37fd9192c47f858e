"""The vision tower: how it starts, how pictures of one tile go through it, what it first learns."""

import math

import torch
from stand_in.planes import SIZE
from torch import Tensor, nn
from torch.nn import functional
from transformers.models.mllama.configuration_mllama import MllamaVisionConfig
from transformers.models.mllama.modeling_mllama import MllamaVisionModel

BINS = 32
"""Bins of a coordinate in the output of a head."""
CELLS = 4
"""Cells along a patch's edge, for each of which a head predicts the share of tumour."""
_MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
_STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)


def vision_config() -> MllamaVisionConfig:
    return MllamaVisionConfig(
        hidden_size=128,
        num_hidden_layers=4,
        num_global_layers=2,
        attention_heads=4,
        intermediate_size=384,
        image_size=SIZE,
        patch_size=16,
        intermediate_layers_indices=[1, 3],
        vision_output_dim=3 * 128,
    )


def normalise(pictures: Tensor) -> Tensor:
    """(n, SIZE, SIZE) grey 0..255 to what the picture processor makes of it."""
    return ((pictures / 255)[:, None] - _MEAN) / _STD


class OneTile(nn.Module):
    """An `MllamaVisionModel` that sees one tile, four times as fast and the same to the last digit.

    Mllama's tokens attend to those of the padded tiles too. Here these are all alike, so that one
    of them stands for all, with the logarithm of their number added to its attention. Of the tokens
    that fill a tile up to a multiple of eight, one stands for the real tile's, one for the others'.

    Args:
        model: Its tables of places and tiles are written when the checkpoint is.
    """

    def __init__(self, model: MllamaVisionModel) -> None:
        super().__init__()
        self.model = model
        config = model.config
        self.tokens = (config.image_size // config.patch_size) ** 2 + 1
        filling = -self.tokens % 8
        self.place = nn.Parameter(torch.randn(self.tokens, config.hidden_size) * 0.02)
        self.pad = nn.Parameter(torch.randn(1, 1, config.hidden_size) * 0.02)
        self.tile = nn.Parameter(torch.zeros(2, config.hidden_size))
        counts = torch.tensor([3.0 * self.tokens, filling, 3.0 * filling])
        bias = torch.zeros(self.tokens + 3, self.tokens + 3)
        bias[: self.tokens, self.tokens :] = counts.log()
        bias[self.tokens :, self.tokens :] = -torch.inf  # Mllama's mask: padding sees no padding
        self.register_buffer("bias", bias, persistent=False)
        self._start()

    @torch.no_grad()
    def _start(self) -> None:
        """Begin with weights that fit the width, attention to like places, and smooth filters."""
        config = self.model.config
        for name, weight in self.model.named_parameters():
            if weight.ndim == 2 and "embedding" not in name:
                closing = "o_proj" in name or "fc2" in name
                nn.init.normal_(weight, std=weight.shape[1] ** -0.5 * (0.5 if closing else 1.0))
        for layer in [*self.model.transformer.layers, *self.model.global_transformer.layers]:
            layer.self_attn.k_proj.weight.copy_(layer.self_attn.q_proj.weight)
        waves = _waves(math.isqrt(self.tokens))
        mixed = waves @ torch.randn(waves.shape[1], config.hidden_size)
        self.place[1:] = mixed * waves.shape[1] ** -0.5 * 0.7
        filters = _smooth_filters(config.patch_size)
        mixing = torch.randn(config.hidden_size, len(filters)) * len(filters) ** -0.5 * 2
        grey = torch.einsum("dk,kij->dij", mixing, filters) / 3
        self.model.patch_embedding.weight.copy_(grey[:, None].expand(-1, 3, -1, -1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Encode pictures.

        Args:
            pixels: (n, 3, SIZE, SIZE) normalised.

        Returns:
            (n, tokens + 1, width): the tile's tokens, then the one that stands for the padded tiles'.
        """
        model, count, own = self.model, len(pixels), self.tokens
        patches = model.patch_embedding(pixels).flatten(2).transpose(1, 2)
        hidden = torch.cat([model.class_embedding.expand(count, 1, -1), patches], 1) + self.place
        hidden = model.layernorm_pre(torch.cat([hidden, self.pad.expand(count, 1, -1)], 1))
        hidden = torch.cat([hidden, hidden.new_zeros(count, 2, hidden.shape[2])], 1)
        bias = self.bias[None, None]
        kept = []
        for index, layer in enumerate(model.transformer.layers):
            hidden = layer(hidden, attention_mask=bias)
            if index in model.config.intermediate_layers_indices:
                kept.append(hidden[:, : own + 1])
        hidden = model.layernorm_post(hidden)
        real, padded = self.tile[:1], self.tile[1:]
        hidden = hidden + torch.cat([real.expand(own, -1), padded, real, padded])
        for layer in model.global_transformer.layers:
            hidden = layer(hidden, attention_mask=bias)
        return torch.cat([hidden[:, : own + 1], torch.stack(kept, -1).flatten(2)], -1)


class Heads(nn.Module):
    """What the tower is taught by, and thrown away: where the tumour is, and its grade."""

    def __init__(self, config: MllamaVisionConfig) -> None:
        super().__init__()
        width = config.vision_output_dim
        self.norm = nn.LayerNorm(width)
        self.cells = nn.Linear(width, CELLS**2)
        self.look = nn.Linear(width, 6)
        self.edges = nn.Parameter(torch.randn(6, width, BINS) * width**-0.5)
        self.grade = nn.Linear(width, 1)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of tumour in each cell of each patch, of centre and box by bins, of HGG."""
        states = self.norm(states[:, :-1])
        seen = torch.einsum("npk,npd->nkd", self.look(states).softmax(1), states)
        edges = torch.einsum("nkd,kdb->nkb", seen, self.edges)
        return self.cells(states[:, 1:]), edges, self.grade(states.mean(1))[:, 0]


def centre_and_box(masks: Tensor) -> Tensor:
    """(n, SIZE, SIZE) bool to (n, 6): x and y of the centre, then x0, y0, x1, y1, in fractions."""
    area, at = masks.sum((1, 2)), (torch.arange(SIZE) + 0.5) / SIZE
    x = (masks.sum(1) * at).sum(1) / area
    y = (masks.sum(2) * at).sum(1) / area
    columns, rows, index = masks.any(1), masks.any(2), torch.arange(SIZE)
    low = [torch.where(seen, index, SIZE).amin(1) / SIZE for seen in (columns, rows)]
    high = [(torch.where(seen, index, -1).amax(1) + 1) / SIZE for seen in (columns, rows)]
    return torch.stack([x, y, *low, *high], 1)


def tower_losses(heads: Heads, states: Tensor, masks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How wrong the heads are about cells and edges; and the logits of HGG."""
    cells, edges, grade = heads(states)
    patch = SIZE // math.isqrt(cells.shape[1])
    surprise = functional.binary_cross_entropy_with_logits(cells, _cells(masks, patch))
    by_bin = -(_bins(centre_and_box(masks)) * edges.log_softmax(-1)).sum(-1).mean()
    return surprise, by_bin, grade


def _cells(masks: Tensor, patch: int) -> Tensor:
    side, count = SIZE // patch, len(masks)
    share = functional.avg_pool2d(masks.float()[:, None], patch // CELLS)[:, 0]
    cells = share.view(count, side, CELLS, side, CELLS).permute(0, 1, 3, 2, 4)
    return cells.reshape(count, side * side, CELLS**2)


def _bins(at: Tensor) -> Tensor:
    """Spread coordinates over neighbouring bins."""
    place = (at * BINS - 0.5).clamp(0, BINS - 1)
    weight = torch.exp(-((torch.arange(BINS) - place[..., None]) ** 2) / 2)
    return weight / weight.sum(-1, keepdim=True)


def _waves(side: int) -> Tensor:
    """(side², 16): sines and cosines of x and y at four wavelengths."""
    line = torch.linspace(0, 1, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.cat(
        [
            torch.sin(2**octave * math.pi * at.reshape(-1, 1) + phase)
            for at in (x, y)
            for octave in range(-1, 3)
            for phase in (0, math.pi / 2)
        ],
        1,
    )


def _smooth_filters(edge: int) -> Tensor:
    """The lowest cosines of a patch, the finer the louder, as they are weaker in pictures."""
    at = (torch.arange(edge) + 0.5) * math.pi / edge
    lines = [torch.cos(n * at) * (2**0.5 if n else 1.0) / edge for n in range(9)]
    return torch.stack(
        [
            torch.outer(lines[u], lines[v]) * (1 + 1.5 * (u + v))
            for u in range(9)
            for v in range(9)
            if u + v < 11
        ]
    )
