"""Reading of numbers in text.

Prose is not searched: every number of a text must belong to the answer, and every word of a sentence
with an answer must be a known framing word ("The centre is at …"). Negations, hedges and comparisons
are therefore never read as answers. See the examples in docs/answers.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from gliobench.domain.answers.questions import Question
from gliobench.domain.predictions.prediction import FailureReason


class Unreadable(Exception):  # noqa: N818 -- an outcome that becomes a Failure, not an error
    """A text is not an answer.

    Args:
        reason: The failure reason.
        detail: One line of explanation.
    """

    def __init__(self, reason: FailureReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written: plain, or followed by a per cent sign."""

    value: float
    percent: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLACEFRAMING = _words(
    "a about an and answer approximately are as at axial based brain boxed coordinate coordinates "
    "estimate estimated final following for format given glioma here i image in is it json lesion "
    "located location mass most mri my of on order output picture position result roughly scan slice sure the "
    "this tumor tumour using where whole with would x y"
)
FRAMING: Mapping[Question, frozenset[str]] = {
    Question.GRADE: _words(
        "a an answer appears as based be boxed brain classification classified classify consistent "
        "diagnosis final for given glioma gliomas grade has here i image in indicates is it json "
        "lesion likely most mri my of on output patient picture probably result scan shown shows "
        "slice suggests sure the this to tumor tumour with would"
    ),
    Question.POINT: _PLACEFRAMING | _words("center centre centroid middle point"),
    Question.BOX: _PLACEFRAMING
    | _words("bbox bottom bounding box corner corners from left lower right smallest to top upper")
    | _words("topleft bottomright upperleft lowerright"),
    Question.POLYGON: _PLACEFRAMING
    | _words("around boundary contour corners outline points polygon vertices"),
}
"""All words allowed in a sentence with an answer, without hyphens and in any case."""
_LAYOUTS: Mapping[Question, re.Pattern[str]] = {
    Question.POINT: re.compile(r"\(*N,N\)*"),
    Question.BOX: re.compile(r"\(*N,N,N,N\)*|\(*\(N,N\)[,;]?\(N,N\)\)*"),
    Question.POLYGON: re.compile(r"\(*\(N,N\)(?:[,;]?\(N,N\))*\)*"),
}
"""Layouts of the numbers, with all brackets written as round."""

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w)(?!\.[0-9])(?:\s*%)?"
TOKEN = re.compile(
    rf"(?P<number>(?<![\w.]){_NUMBER})"
    r"|(?P<word>[^\W\d]\w*(?:[-'][^\W\d]\w*)*)"
    r"|(?P<odd>\w(?:[\w.]*\w)?)"  # digits that are not numbers of an answer: 512x512, 0.4.5, ٤
    r"|(?P<mark>\S)"
)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_SITE = re.compile(
    r"\b(?:in|within) the (?:(?:anterior|deep|inferior|lateral|left|medial|posterior|right|superior)[\s-]+)*"
    r"(?:(?:frontal|insular|occipital|parietal|temporal)(?:[\s-]+(?:area|hemisphere|lobe|region))?|hemisphere|insula"
    r"|thalamus)\b",
    re.IGNORECASE,
)
"""Where a brain has a tumour, in words, which say nothing of its numbers."""
_BULLET = re.compile(r"^\s*[-•*]\s+(?=[^\W\d]|[(\[{])")
SILENT = frozenset("'\"*`:=$\\")
"""Characters without meaning, anywhere in the text."""
_GIVING = frozenset([":", "=", "is"])
_CORNERS = (_words("top upper bottom lower"), _words("left right"))
_EDGES = frozenset(chain(*_CORNERS))
_FIRST, _SECOND = _words("topleft upperleft"), _words("bottomright lowerright")
"""The corners of a box in the order of its numbers."""

_FENCE = re.compile(r"```(?:json|python|text|plaintext)?(?!\w)")
_MARKS = re.compile(
    r"</?s>|<(?:eos|end_of_turn)>|<[|｜](?:im_end|eot_id|eom_id|end|endoftext|end[_▁]of[_▁]sentence)[|｜]>"
    r"|<\|(?:begin|end)_of_box\|>|\\(?:text(?:bf|rm|tt)?|math(?:bf|rm))(?![a-zA-Z])"
)
"""What ends or frames a reply, and LaTeX's styles of text."""
_PLAIN = {
    **str.maketrans("‘’“”‐‑", "''\"\"--"),
    **{0xFF01 + at: 0x21 + at for at in range(94)},
}
"""Quotes, hyphens, and the full-width letters, digits and marks of Chinese and Japanese."""


def plain(text: str) -> str:
    """Normalise quotes, hyphens and widths, and remove code fences and marks."""
    return _MARKS.sub("", _FENCE.sub("\n", text.translate(_PLAIN))).strip()


def key_of(name: str) -> str:
    """Reduce a name to its letters and digits: `X_min` and `x-min` are `xmin`."""
    return re.sub(r"[\W_]", "", name.lower())


def number_of(text: str) -> Number:
    """Convert a complete text to a number.

    Raises:
        Unreadable: The text is not a number.
    """
    if not re.fullmatch(_NUMBER, text.strip()):
        raise Unreadable(FailureReason.NON_NUMERIC, f"{text[:40]!r} is not a number")
    return Number(float(text.replace("%", "")), percent="%" in text)


def numbers_in(text: str) -> list[Number]:
    """Return every number of a text, except digits inside words."""
    return [number_of(match[0]) for match in TOKEN.finditer(text) if match["number"]]


def written_numbers(
    text: str, question: Question, keys: frozenset[str]
) -> list[Number] | dict[str, object]:
    """Read numbers from text; sentences without numbers are ignored.

    Args:
        text: The model's text.
        question: Determines the allowed words and the layout of the numbers.
        keys: Names that may precede a number: `x: 0.4, y = 0.6`.

    Returns:
        The numbers in order, or by key where each has one.

    Raises:
        Unreadable: There is not a number, or the layout is unknown.
    """
    sentences = [item for item in SENTENCE_END.split(text) if re.search(r"\d", item)]
    plain_ones = (_SITE.sub("", _BULLET.sub("", sentence)) for sentence in sentences)
    tokens = list(chain.from_iterable(map(TOKEN.finditer, plain_ones)))
    if not any(token["number"] or token["odd"] for token in tokens):
        raise Unreadable(FailureReason.NO_NUMBERS, "the answer holds no number")
    _check_count(sum(_counts(token) for token in tokens), question)
    _check_words(tokens, FRAMING[question] | keys)
    tokens = _without_corners(tokens)
    fields, loose, layout = _layout(tokens, keys)
    if strange := re.sub(r"[N(),;]", "", layout):
        raise Unreadable(FailureReason.NON_NUMERIC, f"{strange[:40]!r} stands among the numbers")
    if fields and not loose:
        return fields
    if question is Question.BOX:
        _check_bare({key_of(token[0]) for token in tokens}, keys)
    layout = re.sub(r"\(,*\)", "", layout).strip(",;")
    if fields or not _LAYOUTS[question].fullmatch(layout):
        raise Unreadable(
            FailureReason.WRONG_ARITY, f"the numbers are no {question.value}: {layout[:60]}"
        )
    return loose


def set_once(fields: dict[str, object], key: str, value: object) -> None:
    """Set the value of a key.

    Raises:
        Unreadable: The key has another value.
    """
    if key in fields and fields[key] != value:
        raise Unreadable(FailureReason.CONTRADICTION, f"{key[:40]!r} is given two values")
    fields[key] = value


def _counts(token: re.Match[str]) -> bool:
    """Return whether a token is in the place of a number."""
    return bool(token["number"] or token["odd"]) or key_of(token[0]) in _words(
        "nan inf infinity none null"
    )


def _check_count(count: int, question: Question) -> None:
    wanted = {Question.POINT: (2,), Question.BOX: (4,)}.get(question, range(2, count + 1, 2))
    if count not in wanted:
        raise Unreadable(
            FailureReason.WRONG_ARITY, f"the answer holds {count} numbers: no {question.value}"
        )


def _check_words(tokens: list[re.Match[str]], known: frozenset[str]) -> None:
    for token in tokens:
        if token["odd"] or (token["word"] and key_of(token[0]) not in known):
            raise Unreadable(
                FailureReason.NON_NUMERIC, f"{token[0][:40]!r} stands among the numbers"
            )


def _without_corners(tokens: list[re.Match[str]]) -> list[re.Match[str]]:
    """Remove "top left" and similar corner names before two numbers.

    Raises:
        Unreadable: Two corners are named, and not top left and then bottom right: which numbers are of
            which edge, and whether y counts upwards, is not clear.
    """
    kept: list[re.Match[str]] = []
    names: list[str] = []
    for token in tokens:
        word = key_of(token[0])
        if kept and key_of(kept[-1][0]) in _CORNERS[0] and word in _CORNERS[1]:
            names.append(key_of(kept.pop()[0]) + word)
            continue
        if word in _FIRST | _SECOND:
            names.append(word)
        kept.append(token)
    if len(names) > 1 and not (names[-2] in _FIRST and names[-1] in _SECOND):
        raise Unreadable(
            FailureReason.NON_NUMERIC, "the corners named are not top left and bottom right"
        )
    return kept


def _check_bare(words: set[str], keys: frozenset[str]) -> None:
    """Reject bare numbers of a box with axis or edge names between them: "x 0.1 to 0.5".

    Raises:
        Unreadable: Axes are named, or more edges than in "on the left".
    """
    edges = words & _EDGES
    axes = words & ((keys | {"x", "y"}) - _EDGES - {"topleft", "bottomright"})
    if axes or len(edges) > 2:
        raise Unreadable(
            FailureReason.NON_NUMERIC, "which number is of which edge of the box is not clear"
        )


def _layout(
    tokens: list[re.Match[str]], keys: frozenset[str]
) -> tuple[dict[str, object], list[Number], str]:
    """Separate numbers with a key from loose ones, and normalise the layout of the latter."""
    fields: dict[str, object] = {}
    loose: list[Number] = []
    marks: list[str] = []
    key = ""
    for token in tokens:
        if token["number"] and key:
            set_once(fields, key, number_of(token[0]))
        elif token["number"]:
            loose.append(number_of(token[0]))
            marks.append("N")
        elif token["mark"] and token[0] not in SILENT:
            marks.append({"[": "(", "{": "(", "]": ")", "}": ")"}.get(token[0], token[0]))
        if token[0] not in _GIVING | SILENT:
            key = key_of(token[0]) if key_of(token[0]) in keys else ""
    return fields, loose, "".join(marks).rstrip(".!")
