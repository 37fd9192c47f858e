"""Removal of a model's reasoning, which is not its answer."""

from __future__ import annotations

import re

from gliobench.domain.answers.words import Unreadable
from gliobench.domain.predictions.prediction import FailureReason

_NAME = (
    r"think(?:ing)?(?:_process)?|thoughts?(?:_process)?|reason(?:ing)?|rationale|reflection"
    r"|scratch_?pad|analysis|cot|chain_of_thought|inner_monologue"
)
_GAP = r"\s{0,2}"  # bounded, like all patterns here: a model may write thousands
_OPEN, _CLOSE = rf"(?:<|◁|&lt;){_GAP}[|｜]?{_GAP}", rf"{_GAP}[|｜]?{_GAP}(?:>|▷|&gt;)"
_TAG = re.compile(
    rf"{_OPEN}(?P<end>/?){_GAP}(?:{_NAME})(?![\w-])[^<>◁▷]{{0,80}}?{_CLOSE}"
    rf"|{_OPEN}(?:begin|start|(?P<ends>end))[\s_▁-](?:of[\s_▁-])?(?:{_NAME}){_CLOSE}"
    r"|\[(?P<mistral>/?)think(?:ing)?\]"
    r"|<unused94>|(?P<gemma><unused95>)"
    r"|<\|channel\|?>\s{0,2}(?:analysis|commentary|thought|thinking)\b"
    r"|(?P<channel><\|channel\|>\s{0,2}final(?:<\|message\|>)?|<channel\|>)",
    re.IGNORECASE,
)
"""`<think>` and its variants: Kimi writes triangles, Mistral brackets, MedGemma unnamed tokens, others
channels."""
_ANSWER_TAG = re.compile(rf"{_OPEN}/?{_GAP}(?:final_?)?answer{_CLOSE}", re.IGNORECASE)


def without_thoughts(text: str) -> str:
    """Return a model's text without its reasoning and without tags of an answer.

    If reasoning ends without a beginning, as with templates that open it in the prompt, all text before
    its end is reasoning.

    Raises:
        Unreadable: Reasoning does not end, or there is no text outside of it.
    """
    spoken: list[str] = []
    start, thinking = 0, False
    for tag in _TAG.finditer(text):
        ends = any(tag[name] for name in ("end", "mistral", "ends", "gemma", "channel"))
        if not ends and not thinking:
            spoken.append(text[start : tag.start()])
        elif ends and not thinking:
            spoken.clear()
        if ends:
            start = tag.end()
        thinking = not ends
    if thinking:
        raise Unreadable(FailureReason.TRUNCATED, "the answer ends inside the model's reasoning")
    answer = _ANSWER_TAG.sub("\n", "\n".join([*spoken, text[start:]]))
    if start and not answer.strip():
        raise Unreadable(FailureReason.EMPTY_ANSWER, "the model reasons and does not answer")
    return answer
