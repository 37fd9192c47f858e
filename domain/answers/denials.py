"""Words that take an answer back: beside an object, in the sentences after an answer, or in its remarks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from gliobench.domain.answers.words import SENTENCE_END, Unreadable
from gliobench.domain.predictions.prediction import FailureReason

_THAT = (
    r"(?:(?:a|above|actually|an|and|answer|are|as|at|be|believe|bounding|box|but|center|centre|clearly"
    r"|coordinates|following|grade|however|in|is|it|json|just|like|located|merely|my|note|numbers|object|only"
    r"|output|point|polygon|s|simply|sorry|that|the|these|think|this|to|values|wait|was|were|which|would)[\W_]+)*"
)
"""Words between an answer and what denies it."""
_BEFORE = re.compile(
    r"(?:n't|\b(?:not|never|unless|if|example|e\.g|such as|instead of|rather than|incorrect|wrong|false))"
    rf"\W+{_THAT}\W*$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"[\W_]*{_THAT}(?:(?:not|\w+n't)\W+(?:(?:the|an?|be|look|seem)\W+)*(?:correct|right|true|valid|answer)\b"
    r"|(?:incorrect|wrong|false|invalid|examples?(?! of)|placeholders?|templates?|hypothetical|fictional"
    r"|made[\s-]up|for illustration)\b|no\s*[,.!;])",
    re.IGNORECASE,
)
"""What follows an object that is no answer; "this is not medical advice" may follow an answer."""
_NEAR = 120
"""Characters around an object in which it is denied."""


def check_beside(before: str, after: str) -> None:
    """Check that an object is not denied by the words on either side.

    Raises:
        Unreadable: It is, or is called an example.
    """
    if _BEFORE.search(before[-_NEAR:]) or _AFTER.match(after[:_NEAR]):
        raise _denied()


def check_after(text: str, holds_answer: Callable[[str], object]) -> None:
    """Check that no sentence after the first with an answer begins by denying it.

    Args:
        text: The model's text, or an answer's remark.
        holds_answer: Whether a sentence has an answer, or a part of one; such sentences deny nothing.

    Raises:
        Unreadable: One does.
    """
    sentences = SENTENCE_END.split(text)
    first = next((n for n, said in enumerate(sentences) if holds_answer(said)), len(sentences))
    check_sentences(later for later in sentences[first + 1 :] if not holds_answer(later))


def check_sentences(sentences: Iterable[str]) -> None:
    """Check that no sentence about an answer begins by denying it.

    Raises:
        Unreadable: One does.
    """
    if any(_AFTER.match(sentence[:_NEAR]) for sentence in sentences):
        raise _denied()


def _denied() -> Unreadable:
    return Unreadable(FailureReason.EMPTY_ANSWER, "the answer is denied or an example")
