"""Samples in tokens: word for word what inference sends, and the answer that it should get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from gliobench.adapters.transformers.fine_tuning.answers import answer_text, even_odds
from gliobench.adapters.transformers.fine_tuning.fitting import Batch
from gliobench.adapters.transformers.fine_tuning.samples import Sample
from gliobench.adapters.transformers.fine_tuning.vision_states import VisionStates
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint
from gliobench.adapters.transformers.mllama.fine_tuning.packing import Packer, Turn
from gliobench.adapters.transformers.mllama.fine_tuning.vision_tower import own_tiles
from gliobench.adapters.transformers.mllama.vision import tiles_of
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.requests import Picture
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.answers.questions import Question


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A picture and the turns about it."""

    picture: Picture
    turns: tuple[Turn, ...]


def examples_of(
    samples: Sequence[Sample], checkpoint: Checkpoint, prompting: SlicePrompting, prompts: Prompts
) -> list[Example]:
    """Put samples in tokens.

    Every answer weighs the same, however long; but a grade weighs more the rarer it is, so that
    P(HGG) is stated for even odds (docs/decisions/0007).
    """
    asked = {
        question: tuple(
            checkpoint.token_ids(checkpoint.chat(prompting.prompt_text(prompts, question)))
        )
        for question in Question
    }
    weights = even_odds(sample.reference.grade for sample in samples)
    end = checkpoint.end_token_ids[0]

    def turn(question: Question, sample: Sample) -> Turn:
        text = answer_text(question, sample.reference, prompting.frame)
        grade = sample.reference.grade
        weight = weights[grade] if question is Question.GRADE and grade else 1.0
        return Turn(asked[question], (*checkpoint.token_ids(text), end), weight)

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
        packer = Packer(
            image_token=self.checkpoint.picture_token_id,
            padding=int(self.checkpoint.tokenizer.pad_token_id),
        )
        return {
            **packer.pack([example.turns for example in examples], shown=seen.pop("shown")),
            **seen,
        }

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
