"""How any model of pictures and words learns: one row a question, as inference writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn.utils.rnn import pad_sequence

from gliobench.adapters.transformers.fine_tuning.answers import answer_text, even_odds
from gliobench.adapters.transformers.fine_tuning.fitting import IGNORED, Batch
from gliobench.adapters.transformers.fine_tuning.samples import Sample
from gliobench.adapters.transformers.hf.checkpoint import HfCheckpoint, load_checkpoint
from gliobench.adapters.transformers.hf.engine import HfEngine, followed_by
from gliobench.adapters.transformers.hf.options import HfVisionOptions
from gliobench.adapters.vision_language.prompts import GRADE_ANSWERS, Prompts
from gliobench.adapters.vision_language.requests import Picture, Prompt, Request
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.answers.questions import Question


@dataclass(frozen=True, slots=True, eq=False)
class HfExample:
    """A question about a picture, written out, and its answer.

    Args:
        picture: What is shown.
        chat: Up to where the model begins to speak.
        answer: (t,) tokens that it should say, the end of turn included.
        weight: Of the whole answer in the loss, however many tokens it has.
    """

    picture: Picture
    chat: str
    answer: torch.Tensor
    weight: float


class HfLearner:
    """Teaches whatever `hf-vision` runs.

    Args:
        options: Of the model; an adapter in it is left out.
    """

    def __init__(self, options: HfVisionOptions) -> None:
        self._options = options.model_copy(update={"adapter": None})

    @property
    def options(self) -> HfVisionOptions:
        """Of the model, without an adapter."""
        return self._options

    def open(self, *, four_bit: bool) -> HfCheckpoint:
        """Load the model, to add to it."""
        return load_checkpoint(self._options.model_copy(update={"four_bit": four_bit}))

    def lesson(
        self,
        opened: HfCheckpoint,
        samples: Sequence[Sample],
        prompting: SlicePrompting,
        prompts: Prompts,
        *,
        vision: bool,
    ) -> tuple[Sequence[HfExample], Callable[[list[HfExample]], Batch]]:
        """Put samples in tokens; each picture is looked at anew for each question.

        Raises:
            BackendError: The model reads replies in both directions.
        """
        del vision
        compared = Prompt("?", continuations=tuple(GRADE_ANSWERS.values()))
        HfEngine(opened, self._options).answer([Request((samples[0].picture,), (compared,))])
        asked = {
            question: opened.chat(prompting.prompt_text(prompts, question)) for question in Question
        }
        weights = even_odds(sample.reference.grade for sample in samples)

        def example(sample: Sample, question: Question) -> HfExample:
            grade = sample.reference.grade
            weight = weights[grade] if question is Question.GRADE and grade else 1.0
            answer = opened.reply_tokens(answer_text(question, sample.reference, prompting.frame))
            return HfExample(sample.picture, asked[question], answer, weight)

        examples = [
            example(sample, question)
            for sample in samples
            for question in sample.reference.questions
        ]
        return examples, HfCollator(opened)

    def engine(self, adapter: str | None) -> HfEngine:
        """Load what answers, with an adapter or without."""
        return HfEngine.load(self._options.model_copy(update={"adapter": adapter}))


@dataclass(frozen=True, slots=True, eq=False)
class HfCollator:
    """Makes batches of examples.

    Args:
        checkpoint: Whose processor and tokens.
    """

    checkpoint: HfCheckpoint

    def __call__(self, examples: list[HfExample]) -> Batch:
        """Write examples into rows: prompts padded in front, answers behind."""
        inputs = self.checkpoint.inputs(
            [example.chat for example in examples], [(example.picture,) for example in examples]
        )
        answers = [example.answer for example in examples]
        read = pad_sequence(answers, batch_first=True)
        valid = pad_sequence([torch.ones_like(answer) for answer in answers], batch_first=True)
        each = torch.tensor([example.weight / len(example.answer) for example in examples])
        before = torch.full_like(inputs["input_ids"].cpu(), IGNORED)
        labels = torch.cat([before, read.masked_fill(valid == 0, IGNORED)], dim=1)
        weights = torch.cat([torch.zeros(before.shape), valid * each[:, None]], dim=1)
        return {**followed_by(inputs, read, valid), "labels": labels, "weights": weights}
