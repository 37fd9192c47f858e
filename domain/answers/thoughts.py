"""What a model that reasons aloud says before it answers, which is no answer."""

from __future__ import annotations

import re

from gliobench.domain.answers.words import Unreadable
from gliobench.domain.prediction import FailureReason

_NAME = r"think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad|analysis"
_TAG = re.compile(
    rf"(?:<|◁|&lt;)\s*(?P<end>/?)\s*(?:{_NAME})(?![\w-])[^<>◁▷]{{0,80}}?(?:>|▷|&gt;)"
    r"|\[(?P<mistral>/?)think\]"
    r"|<\|(?:begin|(?P<ends>end))_of_thought\|>",
    re.IGNORECASE,
)
"""`<think>` and its kin: Kimi writes triangles, Mistral brackets, others `<|begin_of_thought|>`."""
_ANSWER_TAG = re.compile(r"(?:<|◁|&lt;)\s*/?\s*(?:final_?)?answer\s*(?:>|▷|&gt;)", re.IGNORECASE)


def without_thoughts(text: str) -> str:
    """Give what a model says outside of its thoughts, tags of an answer taken away.

    Where a thought ends that never began, as with templates that open it in the prompt, all before
    its end is thought.

    Raises:
        Unreadable: A thought does not end, or nothing is said outside of thoughts.
    """
    spoken: list[str] = []
    start, thinking = 0, False
    for tag in _TAG.finditer(text):
        ends = bool(tag["end"] or tag["mistral"] or tag["ends"])
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
