"""The language model: small, over the stand-in's words, and what it is taught to say."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy import ndimage
from stand_in.planes import SIZE, Lesson
from stand_in.tower import centre_and_box
from stand_in.words import PICTURE
from torch import Tensor, nn
from torch.nn import functional
from transformers import MllamaConfig, MllamaForConditionalGeneration, PreTrainedTokenizerFast
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig

from gliobench.adapters.transformers.fine_tuning.samples import (
    CORNERS,
    PictureReference,
    answer_text,
)
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.domain.answers.questions import Question
from gliobench.domain.studies.study import Grade, Modality

DIGIT_WEIGHTS = (1.5, 1.0, 0.1)
"""Of a coordinate's first, second and third decimal in the loss; the third is mostly noise."""
OTHER_WEIGHT = 0.3
POINT_WEIGHT = 0.2


def make_model(
    vision: MllamaVisionConfig, tokenizer: PreTrainedTokenizerFast
) -> MllamaForConditionalGeneration:
    """Make a new model whose gates stand open and whose weights fit its width."""
    text = MllamaTextConfig(
        vocab_size=len(tokenizer) - 1,
        hidden_size=128,
        num_hidden_layers=5,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=256,
        cross_attention_layers=[1, 3],
        max_position_embeddings=4096,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        rope_theta=10000.0,
    )
    config = MllamaConfig(
        vision_config=vision, text_config=text, image_token_index=len(tokenizer) - 1
    )
    model = MllamaForConditionalGeneration(config)
    parts = (model.model.language_model, model.model.multi_modal_projector, model.lm_head)
    for name, weight in (pair for part in parts for pair in part.named_parameters()):
        if name.endswith("gate"):
            nn.init.constant_(weight, 0.8)
        elif weight.ndim > 1:
            scale = 6 if "embed" in name else 0.5
            nn.init.normal_(weight, std=scale * weight.shape[1] ** -0.5)
    return model


class Teacher:
    """Asks, in the words of inference, and weighs what is answered.

    Args:
        model: The model.
        tokenizer: Its words.
    """

    def __init__(
        self, model: MllamaForConditionalGeneration, tokenizer: PreTrainedTokenizerFast
    ) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._digits = {tokenizer.convert_tokens_to_ids(str(digit)) for digit in range(10)}
        self._point = tokenizer.convert_tokens_to_ids(".")
        prompts = Prompts.load()
        asked = {
            question: [prompts.prompt_text(question, modalities=(item,)) for item in Modality]
            for question in Question
        }
        self.full = {
            question: [self._chat(text) for text in texts] for question, texts in asked.items()
        }
        self.short = {
            question: self._chat("Answer" + texts[0].rpartition("Answer")[2])
            for question, texts in asked.items()
        }
        self._before = self.short[Question.GRADE].index(tokenizer.convert_tokens_to_ids(PICTURE))

    def loss(self, states: Tensor, prompt: Sequence[int], answers: Sequence[str]) -> Tensor:
        """Weigh the surprise at right answers to one question.

        Args:
            states: (n, tokens + 1, width) of the projected pictures; the last stands for padding.
            prompt: Tokens, up to where the model begins to speak.
            answers: n.
        """
        said, weights = self._answer_tokens(answers)
        asked = torch.tensor(prompt).expand(len(said), -1)
        hidden = self._read(states, torch.cat([asked, said[:, :-1]], 1))[:, len(prompt) - 1 :]
        surprise = functional.cross_entropy(
            self._model.lm_head(hidden).flatten(0, 1), said.flatten(), reduction="none"
        )
        return (surprise.view(said.shape) * weights).sum() / weights.sum()

    def _read(self, states: Tensor, tokens: Tensor) -> Tensor:
        """Read as Mllama does: what comes before the picture attends to the padded tiles as well."""
        rows, length = tokens.shape
        own = states.shape[1] - 1
        sees = states.new_zeros(1, 1, length, own + 1)
        sees[..., self._before :, own] = -torch.inf
        sees[..., : self._before, own] = math.log(3 * own)
        behind = states.new_ones(rows, 1, length, 1)
        behind[:, :, : self._before] = 0
        hidden: Tensor = self._model.model.language_model(
            input_ids=tokens,
            position_ids=torch.arange(length).expand(rows, -1),
            cross_attention_states=states,
            cross_attention_mask=sees.expand(rows, -1, -1, -1),
            full_text_row_masked_out_mask=behind,
            use_cache=False,
        ).last_hidden_state
        return hidden

    def _chat(self, text: str) -> list[int]:
        turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}
        written = self._tokenizer.apply_chat_template(
            [turn], tokenize=False, add_generation_prompt=True
        )
        return self._tokenizer.encode(written, add_special_tokens=False)

    def _answer_tokens(self, answers: Sequence[str]) -> tuple[Tensor, Tensor]:
        rows = [
            [*self._tokenizer.encode(text, add_special_tokens=False), self._tokenizer.eos_token_id]
            for text in answers
        ]
        longest = max(len(row) for row in rows)
        padding = self._tokenizer.pad_token_id
        tokens = [row + [padding] * (longest - len(row)) for row in rows]
        weights = [self._weights(row) + [0.0] * (longest - len(row)) for row in rows]
        return torch.tensor(tokens), torch.tensor(weights)

    def _weights(self, row: Sequence[int]) -> list[float]:
        weights, decimal = [], -1
        for token in row:
            if token == self._point:
                weights.append(POINT_WEIGHT)
                decimal = 0
            elif token in self._digits and 0 <= decimal < len(DIGIT_WEIGHTS):
                weights.append(DIGIT_WEIGHTS[decimal])
                decimal += 1
            else:
                weights.append(OTHER_WEIGHT)
                decimal = -1
        return weights


def answers_about(lesson: Lesson) -> dict[Question, list[str]]:
    """Write the correct answers about phantoms as in fine-tuning."""
    places = centre_and_box(lesson.masks).double().clamp(0, 1).tolist()
    references = [
        PictureReference(
            point=(x, y), box=tuple(box), polygon=(), grade=Grade.HGG if is_hgg else Grade.LGG
        )
        for (x, y, *box), is_hgg in zip(places, lesson.is_hgg.tolist(), strict=True)
    ]
    worded = {
        question: [answer_text(question, reference) for reference in references]
        for question in (Question.GRADE, Question.POINT, Question.BOX)
    }
    return {**worded, Question.POLYGON: [_outline_text(mask.numpy()) for mask in lesson.masks]}


def _outline_text(mask: np.ndarray) -> str:
    """Name the farthest points of a mask's largest part in `CORNERS` directions, clockwise."""
    parts, count = ndimage.label(mask)
    if count > 1:
        parts = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    filled = ndimage.binary_fill_holes(parts)
    y, x = np.argwhere(filled).mean(0)
    steps = np.arange(0, SIZE, 0.5)
    corners = []
    for turn in (2 * math.pi * n / CORNERS for n in range(CORNERS)):
        column = np.rint(x + steps * math.sin(turn)).astype(int).clip(0, SIZE - 1)
        row = np.rint(y - steps * math.cos(turn)).astype(int).clip(0, SIZE - 1)
        inside = np.flatnonzero(filled[row, column])
        reach = steps[inside[-1]] + 0.5 if len(inside) else 0.5
        at = (x + 0.5 + reach * math.sin(turn), y + 0.5 - reach * math.cos(turn))
        corners.append([min(max(place / SIZE, 0.0), 1.0) for place in at])
    return '{"polygon": [' + ", ".join(f"[{x:.3f}, {y:.3f}]" for x, y in corners) + "]}"
