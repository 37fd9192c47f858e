"""Texts without an answer: refusals, "no tumour", and those that break off."""

from __future__ import annotations

import re

from gliobench.domain.answers.words import SENTENCE_END, Unreadable
from gliobench.domain.predictions.prediction import FailureReason

_REFUSAL = re.compile(
    r"\b(?:i(?:'m| am) (?:sorry|unable|not able)|i (?:can't|cannot|can not|won't|will not|don't)"
    r"|as an ai|unable to|(?:not possible|impossible) to"
    r"|(?:cannot|can't) (?:be determined|determine|provide|give|identify|assess|assist|help))\b",
    re.IGNORECASE,
)
_PICTURE = (
    r"(?:(?:actual|attached|provided|uploaded) )?(?:image|picture|photo)s?\b"
    r"(?![\s-](?:art[ei]fact|data|header|metadata|orientation|quality|resolution|scale|sequence|series|size))"
)
_BLIND = re.compile(
    rf"\bno {_PICTURE}(?: (?:was|were|is|are|has been|have been))? "
    r"(?:attached|available|given|included|present|provided|received|shown|supplied|uploaded|visible)\b"
    rf"|\b(?:find|have|received?|see|there is) no {_PICTURE}(?= *(?:[.,;:!)]|$)| (?:in|here)\b)"
    r"|(?:n't|\b(?:cannot|not|unable to))(?: (?:actually|able to|currently|directly))* "
    rf"(?:access|have access to|open|receive|see|view)(?: (?:an?|any|that|the|this|your))? {_PICTURE}"
    rf"|\bwithout (?:access to |seeing )?(?:an?|any|the) {_PICTURE}"
    r"|\b(?:image|picture|photo) (?:is|was|were) "
    r"(?:absent|blank|empty|missing|not (?:attached|available|included|provided|shown|uploaded|visible))\b",
    re.IGNORECASE,
)
"""What a model says that was shown no picture."""
_NO_TUMOUR = re.compile(
    r"\bno (?:(?:evidence|signs?|indication) of )?(?:an? |any )?"
    r"(?:(?:visible|evident|obvious|apparent|clear|brain) )*(?:tumou?rs?|gliomas?|lesions?|mass(?! effect))\b",
    re.IGNORECASE,
)
_AROUND_NONE = r"[\s,:*\"'`-]+"
_PLAINLY_NONE = re.compile(
    rf"[\s*\"'`]*(?:(?:there|is|are|i|can|see|find|answer|the|this|image|slice|picture|scan|mri|shows?)"
    rf"{_AROUND_NONE})*{_NO_TUMOUR.pattern}"
    rf"(?:{_AROUND_NONE}(?:or|nor|any|tumou?rs?|gliomas?|lesions?|mass|is|are|was|were|can|be|visible"
    r"|present|seen|found|detected|identified|evident|apparent|in|on|here|the|this|axial|brain|image"
    r"|slice|picture|scan|mri))*[\s.!*\"'`]*",
    re.IGNORECASE,
)
"""A sentence that states that there is no tumour, and nothing else."""


def check_answering(text: str, *, finished: bool, place: bool = False) -> None:
    """Reject a text that contains no answer to any question.

    Args:
        text: The model's text.
        finished: False if the length limit truncated it.
        place: Whether a location was asked for: "no tumour" is then an answer, and must be stated
            clearly.

    Raises:
        Unreadable: The text declines, sees no tumour, or breaks off at the length limit or in an
            open bracket.
    """
    check_sighted(text)
    if _REFUSAL.search(text):
        raise Unreadable(FailureReason.REFUSAL, "the model declines to answer")
    check_closed(text)
    if not finished:
        raise Unreadable(FailureReason.TRUNCATED, "the length limit cut the answer off")
    if _NO_TUMOUR.search(text):
        if place:
            _check_plainly_none(text)
        raise Unreadable(FailureReason.NO_TUMOUR_FOUND, "the model sees no tumour")


def check_sighted(text: str) -> None:
    """Reject a text that states that the model sees no picture: whatever it answers is made up.

    Raises:
        Unreadable: The text does so.
    """
    if found := _BLIND.search(text):
        raise Unreadable(
            FailureReason.REFUSAL, f"the model states that it sees no picture: {found[0]}"
        )


def plainly_none(sentence: str) -> bool:
    """Return whether a sentence states that there is no tumour, and nothing else."""
    return _PLAINLY_NONE.fullmatch(sentence) is not None


def _check_plainly_none(text: str) -> None:
    """Reject a text that mentions "no tumour" and further content.

    Raises:
        Unreadable: The text does so.
    """
    if not all(plainly_none(item) for item in SENTENCE_END.split(text) if item.strip()):
        if re.search(r"\d", text):
            detail = "the answer states that there is no tumour, and contains numbers"
            raise Unreadable(FailureReason.CONTRADICTION, detail)
        detail = "the answer does not clearly state that there is no tumour"
        raise Unreadable(FailureReason.NO_NUMBERS, detail)


def check_closed(text: str) -> None:
    """Reject a text that ends inside a bracket.

    Raises:
        Unreadable: The text does so.
    """
    opened, closed = (sum(map(text.count, marks)) for marks in ("([{", ")]}"))
    if opened > closed:
        raise Unreadable(FailureReason.TRUNCATED, "the answer ends inside a bracket")
