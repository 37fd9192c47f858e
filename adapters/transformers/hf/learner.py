"""How any model of pictures and words learns: one row a question, as inference writes it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import transformers
from accelerate.utils import send_to_device
from torch.nn.utils.rnn import pad_sequence
from transformers.utils.generic import ModelOutput

from gliobench.adapters.transformers.fine_tuning.fitting import IGNORED, Batch
from gliobench.adapters.transformers.fine_tuning.samples import Sample, answer_text, weighing
from gliobench.adapters.transformers.fine_tuning.vision_states import VisionStates
from gliobench.adapters.transformers.hf.checkpoint import HfCheckpoint, load_checkpoint
from gliobench.adapters.transformers.hf.engine import HfEngine, followed_by
from gliobench.adapters.transformers.hf.features import (
    look,
    takes_features,
    vision_tower_of,
    with_features,
)
from gliobench.adapters.transformers.options import HfVisionOptions
from gliobench.adapters.vision_language.prompts import GRADE_ANSWERS, Prompts
from gliobench.adapters.vision_language.requests import Picture, Prompt, Request
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.answers.questions import Question

_NOT_READ = frozenset({"labels", "weights"})
"""What a batch holds for the loss alone."""
_ROUNDING = 0.05
"""Most that probabilities may differ between features that were kept and new ones: half of the sum."""

log = logging.getLogger(__name__)


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
        states: Folder for what the frozen vision tower made of the pictures; fits share it.
    """

    def __init__(self, options: HfVisionOptions, states: Path) -> None:
        self._options = options.model_copy(update={"adapter": None})
        self._states = states

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
        """Put samples in tokens, and look at their pictures once where the tower stays as it is.

        A model that cannot be given features, or answers otherwise with them, looks at the picture
        anew for each question.

        Raises:
            BackendError: The model reads replies in both directions.
        """
        compared = Prompt("?", continuations=tuple(GRADE_ANSWERS.values()))
        HfEngine(opened, self._options).answer([Request((samples[0].picture,), (compared,))])
        asked = {
            question: opened.chat(prompting.prompt_text(prompts, question)) for question in Question
        }
        weight_of = weighing(sample.reference for sample in samples)

        def example(sample: Sample, question: Question) -> HfExample:
            answer = opened.reply_tokens(answer_text(question, sample.reference, prompting.frame))
            return HfExample(
                sample.picture, asked[question], answer, weight_of(question, sample.reference)
            )

        examples = [
            example(sample, question)
            for sample in samples
            for question in sample.reference.questions
        ]
        plain = HfCollator(opened)
        if vision or not takes_features(opened.model):
            return examples, plain
        first, last = examples[0], examples[-1]
        features = self._seen(opened, [first.picture, last.picture])
        kept = replace(plain, features=features)
        if not _are_alike(opened, plain([first, last]), kept([first, last])):
            log.warning("vision_features_not_saved family=%s", opened.provenance["family"])
            return examples, plain
        features.states.prepare([sample.picture for sample in samples])
        return examples, kept

    def _seen(self, opened: HfCheckpoint, pictures: Sequence[Picture]) -> SavedFeatures:
        tower = (
            f"{opened.provenance['model_sha256']} {opened.model.dtype} {transformers.__version__}"
        )
        states = VisionStates(self._states, tower, vision_tower_of(opened))
        states.prepare(pictures)
        return SavedFeatures(type(look(opened, pictures[0])), states)

    def engine(self, adapter: str | None) -> HfEngine:
        """Load what answers, with an adapter or without."""
        return HfEngine.load(self._options.model_copy(update={"adapter": adapter}))


@dataclass(frozen=True, slots=True, eq=False)
class SavedFeatures:
    """What a frozen vision tower made of pictures.

    Args:
        kind: How the family's tower returns it.
        states: By picture.
    """

    kind: type[ModelOutput]
    states: VisionStates


@dataclass(frozen=True, slots=True, eq=False)
class HfCollator:
    """Makes batches of examples.

    Args:
        checkpoint: Whose processor and tokens.
        features: What the frozen vision tower made of the pictures; None runs the tower each time.
    """

    checkpoint: HfCheckpoint
    features: SavedFeatures | None = None

    def __call__(self, examples: list[HfExample]) -> Batch:
        """Write examples into rows: prompts padded in front, answers behind."""
        inputs = self.checkpoint.inputs(
            [example.chat for example in examples],
            [(example.picture,) for example in examples],
            torch.device("cpu"),  # whoever trains pins batches and moves them
        )
        answers = [example.answer for example in examples]
        read = pad_sequence(answers, batch_first=True)
        valid = pad_sequence([torch.ones_like(answer) for answer in answers], batch_first=True)
        each = torch.tensor([example.weight / len(example.answer) for example in examples])
        before = torch.full_like(inputs["input_ids"], IGNORED)
        labels = torch.cat([before, read.masked_fill(valid == 0, IGNORED)], dim=1)
        weights = torch.cat([torch.zeros(before.shape), valid * each[:, None]], dim=1)
        if self.features:
            seen = [self.features.states[example.picture] for example in examples]
            inputs = with_features(inputs, self.features.kind, seen)
        return {**followed_by(inputs, read, valid), "labels": labels, "weights": weights}


@torch.no_grad()
def _are_alike(opened: HfCheckpoint, plain: Batch, kept: Batch) -> bool:
    """Return whether a model finds answers as likely by kept features as by the pictures."""
    learned = plain["labels"] != IGNORED

    def odds(batch: Batch) -> torch.Tensor:
        read = {name: given for name, given in batch.items() if name not in _NOT_READ}
        moved = send_to_device(read, opened.model.device)
        logits: torch.Tensor = opened.model(**moved).logits
        return logits.float().softmax(-1)[learned]

    return float((odds(plain) - odds(kept)).abs().sum(-1).max()) / 2 <= _ROUNDING
