"""Reading of grades in text, by the rules of `gliobench.domain.answers.words`."""

from __future__ import annotations

import re

from gliobench.domain.answers.questions import Question
from gliobench.domain.answers.words import FRAMING, SENTENCE_END, SILENT, TOKEN, Unreadable, key_of
from gliobench.domain.predictions.prediction import FailureReason
from gliobench.domain.studies.study import Grade

_GRADE = re.compile(r"\b(?:(hgg|high[\s_-]*grade)|(?:lgg|low[\s_-]*grade))\b", re.IGNORECASE)
_UNTICKED = re.compile(r"\[\s*\]|\(\s*-\s*\)|(?<!\w)!\w")
"""An empty box, a minus in brackets or an exclamation mark before a grade: not this one."""
_TYPE = re.compile(
    r"\b(?:(glioblastomas?|gbm|(?:who[\s-]*)?grade[\s-]*(?:4|iv))|((?:who[\s-]*)?grade[\s-]*(?:[12]|ii?))"
    r"|(?:who[\s-]*)?grade[\s-]*(?:3|iii))\b",
    re.IGNORECASE,
)
"""Types that are always high-grade, grades that are always low; WHO's 3 is either."""
_SHORT_GRADE = re.compile(r"\b(?:(high)|low)\b", re.IGNORECASE)


def named_grades(text: str) -> set[Grade]:
    """Return every grade that a text mentions, in any context."""
    return _grades(_GRADE, text)


def written_grade(text: str) -> Grade:
    """Read a grade from text; sentences without a grade are ignored.

    Raises:
        Unreadable: No grade or both are named, or a sentence contains more than a grade.
    """
    if _GRADE.search(text):
        pattern, sentences = (
            _GRADE,
            [item for item in SENTENCE_END.split(text) if _GRADE.search(item)],
        )
    else:
        pattern, sentences = _SHORT_GRADE, [text]
    grades = _grades(pattern, text)
    if len(grades | implied_grades(text)) > 1:
        raise Unreadable(FailureReason.CONTRADICTION, "the answer names both grades")
    if _UNTICKED.search(text):
        raise Unreadable(FailureReason.NO_GRADE, "the grade is marked as not chosen")
    if not grades or not all(_frames_grade(pattern.sub(" ", sentence)) for sentence in sentences):
        raise Unreadable(FailureReason.NO_GRADE, "the answer does not plainly name a grade")
    return grades.pop()


def implied_grades(text: str) -> set[Grade]:
    """Return the grades of the types that sentences plainly state, such as "This is a glioblastoma."."""
    stated = [
        found
        for sentence in SENTENCE_END.split(text)
        if _frames_grade(_GRADE.sub(" ", sentence))
        for found in _TYPE.finditer(sentence)
    ]
    high = {Grade.HGG for found in stated if found[1]}
    return high | {Grade.LGG for found in stated if found[2]}


def _grades(pattern: re.Pattern[str], text: str) -> set[Grade]:
    return {Grade.HGG if match[1] else Grade.LGG for match in pattern.finditer(text)}


def _frames_grade(text: str) -> bool:
    """Return whether a sentence, without its grade, contains only framing words and types of glioma."""
    return all(
        key_of(token[0]) in FRAMING[Question.GRADE]
        if token["word"]
        else token[0] in SILENT or token[0] in ".,;!()[]{}-#"
        for token in TOKEN.finditer(_TYPE.sub(" ", text))
    )
