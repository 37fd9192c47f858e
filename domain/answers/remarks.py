"""What is said in and around the objects of an answer, which must not speak against it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gliobench.domain.answers.denials import check_sentences
from gliobench.domain.answers.grades import implied_grades, named_grades, written_grade
from gliobench.domain.answers.objects import REMARKS
from gliobench.domain.answers.refusals import check_sighted, plainly_none
from gliobench.domain.answers.words import (
    SENTENCE_END,
    Unreadable,
)
from gliobench.domain.predictions.prediction import FailureReason
from gliobench.domain.studies.study import Grade

_LABELS = frozenset(("label", "name"))
_NO_TUMOUR = re.compile(
    r"\b(?:art[ei]facts?|background|brain|cerebell\w+|cerebrum|head|healthy|hemispheres?|midline|none"
    r"|normal|orbits?|scalp|skull|ventric\w+)\b",
    re.IGNORECASE,
)
_TUMOUR = re.compile(
    r"tumou?r|gliom|glioblastom|astrocytom|oligodendrogliom|lesion|mass\b|neoplasm|cancer|abnormal|[hl]gg\b",
    re.IGNORECASE,
)

_UNSEEN = re.compile(
    r"(?:\W*\b(?:a|an|any|as|because|brain|but|center|centre|clear|however|its|location|of|position|since|the"
    r"|there)\b)*\W*\b(?:tumou?r|glioma|lesion|mass|location|center|centre)"
    r"(?:\W+(?:be|can|clearly|could|definitively|is|it|reliably|was))*?"
    r"(?:\W+(?:not|cannot)|n't)(?:\W+(?:be|clearly|definitively|reliably))*\W+"
    r"(?:apparent|detected|determined|discernible|evident|found|identified|locali[sz]ed|located|present|seen|visible)"
    r"(?:\W+(?:here|image|in|mri|on|picture|plane|scan|slice|the|this))*\W*",
    re.IGNORECASE,
)
"""A clause that states that the tumour is not seen, and nothing else."""
_CLAUSE_END = re.compile(r";|,\s+(?=(?:so|therefore|thus|hence|default|returning|using)\b)")


def check_remarks(values: Iterable[object], rest: str) -> None:
    """Check that no remark denies the answer, calls it something else, or sees no tumour.

    Args:
        values: The decoded objects of an answer.
        rest: The text around them.

    Raises:
        Unreadable: One does.
    """
    said = [(key, text) for value in values for key, text in _remarks_in(value)]
    remarks = [sentence for _, text in said for sentence in _sentences(text)]
    check_sentences(remarks)
    for sentence in (*remarks, *_sentences(rest)):
        check_sighted(sentence)
        if any(plainly_none(it) or _UNSEEN.fullmatch(it) for it in _CLAUSE_END.split(sentence)):
            raise Unreadable(
                FailureReason.CONTRADICTION,
                "the answer states that there is no tumour, and has another",
            )
    for label in (text for key, text in said if key in _LABELS):
        if _NO_TUMOUR.search(label) and not _TUMOUR.search(label):
            raise Unreadable(FailureReason.CONTRADICTION, f"the answer is labelled {label[:40]!r}")


def check_grade_remarks(values: Iterable[object], grade: Grade) -> None:
    """Check that no remark plainly states another grade; one may weigh both.

    Raises:
        Unreadable: One does.
    """
    for _, text in (remark for value in values for remark in _remarks_in(value)):
        if any(
            grade is not said for sentence in _sentences(text) for said in _plain_grades(sentence)
        ):
            raise Unreadable(FailureReason.CONTRADICTION, "the answer names both grades")


def _plain_grades(sentence: str) -> Iterator[Grade]:
    yield from implied_grades(sentence)
    if named_grades(sentence):
        try:
            yield written_grade(sentence)
        except Unreadable:  # not plainly: "no features of a high-grade glioma"
            return


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in SENTENCE_END.split(text) if sentence.strip()]


def _remarks_in(value: object) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, item in value.items():
                if key in REMARKS:
                    said = item if isinstance(item, list) else [item]
                    yield from ((key, text) for text in said if isinstance(text, str))
                yield from _remarks_in(item)
        case list():
            for item in value:
                yield from _remarks_in(item)
