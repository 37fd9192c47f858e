"""How an Mllama learns: its vision tower looks once, its questions are packed about each picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gliobench.adapters.transformers.fine_tuning.fitting import IGNORED, Batch
from gliobench.adapters.transformers.fine_tuning.samples import Sample, answer_text, weighing
from gliobench.adapters.transformers.fine_tuning.vision_states import (
    RunTower,
    VisionState,
    VisionStates,
)
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint, load_checkpoint
from gliobench.adapters.transformers.mllama.engine import Engine
from gliobench.adapters.transformers.mllama.options import MllamaOptions
from gliobench.adapters.transformers.mllama.vision import Tiles, encode, tiles_of
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.requests import Picture
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.answers.questions import Question


class MllamaLearner:
    """Teaches LLaMA 3.2 Vision and its like.

    Args:
        options: Of the model; an adapter in it is left out.
        states: Folder for what the frozen vision tower made of the pictures; fits share it.
    """

    def __init__(self, options: MllamaOptions, states: Path) -> None:
        self._options = options.model_copy(update={"adapter": None})
        self._states = states

    @property
    def options(self) -> MllamaOptions:
        """Of the model, without an adapter."""
        return self._options

    def open(self, *, four_bit: bool) -> Checkpoint:
        """Load the model, to add to it."""
        return load_checkpoint(self._options, four_bit=four_bit)

    def lesson(
        self,
        opened: Checkpoint,
        samples: Sequence[Sample],
        prompting: SlicePrompting,
        prompts: Prompts,
        *,
        vision: bool,
    ) -> tuple[Sequence[Example], Callable[[list[Example]], Batch]]:
        """Put samples in tokens, and look at their pictures once where the tower stays as it is."""
        states = None if vision else self._encoded(opened, samples)
        return examples_of(samples, opened, prompting, prompts), Collator(opened, states)

    def engine(self, adapter: str | None) -> Engine:
        """Load what answers, with an adapter or without."""
        return Engine.load(self._options.model_copy(update={"adapter": adapter}))

    def _encoded(self, opened: Checkpoint, samples: Sequence[Sample]) -> VisionStates:
        tower = f"{opened.provenance['model_sha256']} {opened.model.dtype}"
        states = VisionStates(self._states, tower, vision_tower_of(opened))
        states.prepare([sample.picture for sample in samples])
        return states


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A picture and the turns about it."""

    picture: Picture
    turns: tuple[Turn, ...]


def examples_of(
    samples: Sequence[Sample], checkpoint: Checkpoint, prompting: SlicePrompting, prompts: Prompts
) -> list[Example]:
    """Put samples in tokens.

    Every answer weighs as `weighing` has it, however long.
    """
    asked = {
        question: tuple(
            checkpoint.token_ids(checkpoint.chat(prompting.prompt_text(prompts, question)))
        )
        for question in Question
    }
    weight_of = weighing(sample.reference for sample in samples)
    end = checkpoint.end_token_ids[0]

    def turn(question: Question, sample: Sample) -> Turn:
        text = answer_text(question, sample.reference, prompting.frame)
        answer = (*checkpoint.token_ids(text), end)
        return Turn(asked[question], answer, weight_of(question, sample.reference))

    return [
        Example(
            sample.picture, tuple(turn(question, sample) for question in sample.reference.questions)
        )
        for sample in samples
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Collator:
    """Makes batches of examples.

    Args:
        checkpoint: Whose processor and tokens.
        states: What the frozen vision tower made of the pictures; None runs the tower each time.
    """

    checkpoint: Checkpoint
    states: VisionStates | None

    def __call__(self, examples: list[Example]) -> Batch:
        """Pack examples, one row a picture."""
        pictures = [example.picture for example in examples]
        seen = self._kept(pictures, self.states) if self.states else self._pixels(pictures)
        packed = pack(
            [example.turns for example in examples],
            shown=seen.pop("shown"),
            image_token=self.checkpoint.picture_token_id,
            padding=int(self.checkpoint.tokenizer.pad_token_id),
        )
        return packed | seen

    def _kept(self, pictures: Sequence[Picture], states: VisionStates) -> Batch:
        kept = [states[picture] for picture in pictures]
        return {
            "shown": torch.stack([state["shown"] for state in kept]),
            "cross_attention_states": torch.stack([state["states"] for state in kept]),
        }

    def _pixels(self, pictures: Sequence[Picture]) -> Batch:
        tiles = tiles_of(self.checkpoint.picture_processor, pictures)
        shown = own_tiles(tiles)
        return {
            "shown": shown,
            "pixel_values": tiles.pixels[:, None],
            "aspect_ratio_ids": tiles.aspect_ratio_ids[:, None],
            "aspect_ratio_mask": shown[:, None],
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer, in tokens.

    Args:
        prompt: Up to where the model begins to speak.
        answer: What it should say, the end of turn included.
        weight: Of the whole answer in the loss, however many tokens it has.
    """

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    weight: float = 1.0


def pack(rows: Sequence[Sequence[Turn]], *, shown: Tensor, image_token: int, padding: int) -> Batch:
    """Make the text side of a batch, a packed sequence a row.

    The questions about a picture stand one after the other, so that one set of vision states serves all,
    and each begins at position zero, by which Transformers knows that they do not see one another.

    Args:
        rows: The turns about each picture.
        shown: (N, tiles) int64, 1 for tiles that show the picture, 0 for padded ones.
        image_token: Its id; from it on a question sees the picture.
        padding: The id of the padding token.

    Returns:
        `input_ids`, `position_ids`, `labels` and `weights`, (N, L), and the
        `cross_attention_mask`, (N, L, 1, tiles). A label is the token itself, not the next.
        The weights of an answer's tokens add up to the answer's weight.
    """
    length = max(sum(len(turn.prompt) + len(turn.answer) for turn in row) for row in rows)
    shape = (len(rows), length)
    ids = torch.full(shape, padding)
    positions = torch.arange(length).repeat(len(rows), 1)
    labels = torch.full(shape, IGNORED)
    weights = torch.zeros(shape)
    sees = torch.zeros(shape, dtype=torch.int64)
    for n, row in enumerate(rows):
        start = 0
        for turn in row:
            middle, stop = start + len(turn.prompt), start + len(turn.prompt) + len(turn.answer)
            ids[n, start:stop] = torch.tensor(turn.prompt + turn.answer)
            labels[n, middle:stop] = ids[n, middle:stop]
            weights[n, middle:stop] = turn.weight / len(turn.answer)
            sees[n, start + turn.prompt.index(image_token) : stop] = 1
            positions[n, start:] = torch.arange(length - start)
            start = stop
        positions[n, start:] = torch.arange(length - start)
    return {
        "input_ids": ids,
        "position_ids": positions,
        "labels": labels,
        "weights": weights,
        "cross_attention_mask": sees[:, :, None, None] * shown[:, None, None, :],
    }


def vision_tower_of(checkpoint: Checkpoint) -> RunTower:
    """Return what encodes pictures with a checkpoint's vision tower and projector.

    It gives `states`, (tiles × tokens, width), behind the projector, and `shown`, (tiles,) int64, 1 for
    tiles that show the picture and 0 for padded ones. Padded tiles are part of the states: the tokens
    before a picture attend to them, here as in inference (docs/decisions/0009).
    """

    def run(pictures: Sequence[Picture]) -> list[VisionState]:
        tiles = tiles_of(checkpoint.picture_processor, pictures)
        with torch.inference_mode():
            states = encode(checkpoint.model, tiles).flatten(1, 2)
        parts = zip(states, own_tiles(tiles), strict=True)
        return [{"states": seen, "shown": shown} for seen, shown in parts]

    return run


def own_tiles(tiles: Tiles) -> Tensor:
    """Distinguish tiles that show a picture from padded ones: (n, tiles) int64, 1 and 0."""
    own = torch.arange(tiles.pixels.shape[1]) < torch.tensor(tiles.counts)[:, None]
    return own.to(torch.int64)
