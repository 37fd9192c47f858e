"""What is sent, against Meta's own formatter and tokenizer of LLaMA 3."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, cast

import pytest

pytest.importorskip("transformers")
pytest.importorskip("tiktoken", reason="Meta's tokenizer is not installed")
pytest.importorskip("llama_models", reason="Meta's tokenizer is not installed")

import llama_models
from llama_models.datatypes import RawMediaItem, RawMessage, RawTextItem, ToolPromptFormat
from llama_models.llama3.chat_format import ChatFormat
from llama_models.llama3.tokenizer import Tokenizer as MetaTokenizer
from PIL import Image
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import TikTokenConverter

from gliobench.adapters.transformers.mllama.checkpoint import PICTURE_TOKEN, Checkpoint
from gliobench.adapters.transformers.mllama.options import STAND_IN_FOLDER
from gliobench.adapters.vision_language.prompts import GRADE_ANSWERS, Prompts
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.answers.dialects import DIALECTS
from gliobench.domain.answers.questions import Question
from gliobench.domain.slices.view import Composition

ASSISTANT_HEADER = 4
"""Tokens of `<|start_header_id|>assistant<|end_header_id|>` and an empty line."""
pytestmark = pytest.mark.slow

PLACES = '{"x0": 0.125, "y0": 0.250, "x1": 0.500, "y1": 1.000}'


@pytest.fixture(scope="module")
def meta() -> ChatFormat:
    return ChatFormat(MetaTokenizer.get_instance())


@pytest.fixture(scope="module")
def stand_in_words() -> PreTrainedTokenizerFast:
    words = AutoTokenizer.from_pretrained(STAND_IN_FOLDER / "model")
    return cast("PreTrainedTokenizerFast", words)


@pytest.fixture(scope="module")
def ours(meta: ChatFormat, stand_in_words: PreTrainedTokenizerFast) -> Checkpoint:
    """Our formatter with the real LLaMA 3 vocabulary under the stand-in's chat template."""
    ranks = Path(llama_models.__file__).parent / "llama3" / "tokenizer.model"
    # The released weights have the picture's token behind all others, where Meta's formatter puts it.
    special = [
        "<|unused|>" if one == PICTURE_TOKEN else one for one in meta.tokenizer.special_tokens
    ]
    converted = TikTokenConverter(
        str(ranks), extra_special_tokens=[*special, PICTURE_TOKEN]
    ).converted()
    words = PreTrainedTokenizerFast(
        tokenizer_object=converted,
        bos_token="<|begin_of_text|>",
        eos_token="<|eot_id|>",
        pad_token="<|finetune_right_pad_id|>",
        clean_up_tokenization_spaces=False,
    )
    template = cast("str", stand_in_words.chat_template)
    return Checkpoint(cast("Any", None), words, cast("Any", None), template, {})


def user_turn(prompt: str, pictures: int) -> RawMessage:
    drawn = io.BytesIO()
    Image.new("RGB", (4, 4)).save(drawn, "PNG")
    shown = [RawMediaItem(data=drawn.getvalue()) for _ in range(pictures)]
    return RawMessage(role="user", content=[*shown, RawTextItem(text=prompt)])


@pytest.mark.parametrize("composition", Composition)
@pytest.mark.parametrize("question", Question)
@pytest.mark.parametrize("dialect", ["fractions", "pixels"])
def test_every_prompt_is_sent_in_the_tokens_that_metas_formatter_writes(
    meta: ChatFormat,
    ours: Checkpoint,
    composition: Composition,
    question: Question,
    dialect: str,
) -> None:
    prompting = SlicePrompting(size_px=560, composition=composition, dialect=DIALECTS[dialect])
    prompt = prompting.prompt_text(Prompts.load(), question)

    sent = ours.token_ids(ours.chat(prompt))

    assert sent == meta.encode_dialog_prompt([user_turn(prompt, 1)]).tokens


@pytest.mark.parametrize("pictures", [1, 2, 5])
def test_pictures_come_first_and_each_has_its_token(
    meta: ChatFormat, ours: Checkpoint, pictures: int
) -> None:
    sent = ours.token_ids(ours.chat("Which?", pictures=pictures))

    assert sent == meta.encode_dialog_prompt([user_turn("Which?", pictures)]).tokens
    assert sent.count(ours.picture_token_id) == pictures


@pytest.mark.parametrize("reply", [*GRADE_ANSWERS.values(), PLACES, "I cannot tell."])
def test_a_reply_is_learned_in_the_tokens_that_metas_formatter_writes(
    meta: ChatFormat, ours: Checkpoint, reply: str
) -> None:
    asked, said = user_turn("Which?", 1), RawMessage(role="assistant", content=reply)

    learned = [*ours.token_ids(ours.chat("Which?") + reply), ours.tokenizer.eos_token_id]

    header = meta.encode_dialog_prompt([asked]).tokens
    (spoken, _) = meta.encode_message(said, ToolPromptFormat.json)
    assert learned == [*header, *spoken[ASSISTANT_HEADER:]]


def test_the_stand_in_has_llamas_special_tokens(
    meta: ChatFormat, stand_in_words: PreTrainedTokenizerFast
) -> None:
    named = {token for token in meta.tokenizer.special_tokens if "reserved" not in token}

    assert set(stand_in_words.all_special_tokens) | set(stand_in_words.get_added_vocab()) == named
    assert stand_in_words.bos_token == "<|begin_of_text|>"
    assert stand_in_words.eos_token == "<|eot_id|>"
    assert stand_in_words.pad_token == "<|finetune_right_pad_id|>"
    assert all(len(stand_in_words.encode(t, add_special_tokens=False)) == 1 for t in named)
