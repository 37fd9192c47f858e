"""Reading of answers as JSON objects, alone or within a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from gliobench.domain.answers.axis_order import AxisOrder, is_order_key, states_order
from gliobench.domain.answers.denials import check_beside, check_sentences
from gliobench.domain.answers.grades import implied_grades, written_grade
from gliobench.domain.answers.questions import Question
from gliobench.domain.answers.refusals import check_answering
from gliobench.domain.answers.words import (
    SENTENCE_END,
    Number,
    Unreadable,
    key_of,
    number_of,
    set_once,
)
from gliobench.domain.predictions.prediction import FailureReason
from gliobench.domain.studies.study import Grade

Object = Mapping[str, object]


def _wrappers(names: str) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in names.split())


_POINT_KEYS = (
    ("x", "y"),
    ("centerx", "centery"),
    ("xcenter", "ycenter"),
    ("xcoordinate", "ycoordinate"),
    ("col", "row"),
    ("column", "row"),
)
_LAYOUTS: Mapping[Question, tuple[tuple[str, ...], ...]] = {
    Question.POINT: (
        *_POINT_KEYS,
        *_wrappers("point point2d center centre centerpoint centrepoint centroid"),
        *_wrappers("coordinates location answer"),
    ),
    Question.BOX: (
        ("x0", "y0", "x1", "y1"),
        ("x1", "y1", "x2", "y2"),
        ("xmin", "ymin", "xmax", "ymax"),
        ("xstart", "ystart", "xend", "yend"),
        ("xleft", "ytop", "xright", "ybottom"),
        ("colmin", "rowmin", "colmax", "rowmax"),
        ("left", "top", "right", "bottom"),
        ("topleft", "bottomright"),
        *_wrappers("box bbox bbox2d box2d boundingbox coordinates answer"),
    ),
    Question.POLYGON: _wrappers("polygon vertices points outline contour coordinates answer"),
}
"""The keys of an answer, in order, or the single key of a wrapper."""
_GRADE_KEYS = frozenset(
    (
        *("grade", "tumorgrade", "tumourgrade", "gliomagrade"),
        *("classification", "diagnosis", "prediction", "answer"),
    )
)
REMARKS = frozenset(
    (
        *("analysis", "comment", "description", "evidence", "explanation", "features", "findings"),
        *("justification", "keyfeatures", "label", "location", "name", "note", "observations"),
        *(
            "histology",
            "rationale",
            "reason",
            "reasoning",
            "subtype",
            "summary",
            "tumortype",
            "type",
        ),
    )
)
"""Keys of words beside an answer."""
_ORDERS = frozenset(("order", "axisorder", "coordinateorder", "format", "coordinateformat"))
"""Keys of a remark that states the order of the coordinates."""
_NO_ORDER_OF_ITS_OWN = frozenset(("box2d",))
"""Wrappers that mean y first in one family of models and x first in others."""
_CERTAINTIES = frozenset(
    ("certainty", "confidence", "confidencelevel", "confidencescore", "probability", "score")
)
_MEASURES = r"(?:p|prob|probability|likelihood|confidence|score)"
_ODDS = re.compile(rf"{_MEASURES}?(?P<grade>hgg|lgg){_MEASURES}?")
"""Keys of the probability of one grade."""
_WHO = frozenset(("whograde", "whocnsgrade"))

NUMBER_KEYS: Mapping[Question, frozenset[str]] = {
    question: frozenset(name for names in layouts if len(names) > 1 for name in names)
    for question, layouts in _LAYOUTS.items()
}
"""Keys that are followed by one number each, also within a text."""


def objects_in(text: str) -> tuple[list[object], str]:
    """Find the JSON objects of a text, and lists that contain objects.

    Returns:
        The values in order, with keys reduced by `key_of`, NaN and infinities as their
        names; and the text without them.

    Raises:
        Unreadable: An object gives one key two values, follows a "not" or a "for example", or is said not
            to be correct.
        RecursionError: The text is nested a thousand levels deep.
    """
    values: list[object] = []
    rest: list[str] = []
    done = 0
    for start in (match.start() for match in re.finditer(r"[{\[]", text)):
        if start < done:
            continue
        try:
            value, end = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError:
            continue
        if _holds_object(value):
            check_beside(text[done:start], text[end:])
            values.append(value)
            rest.append(text[done:start])
            done = end
    if values:
        check_sentences(SENTENCE_END.split(text[done:]))
    return values, " ".join([*rest, text[done:]])


def grade_of(value: object) -> Grade:
    """Read a grade from a decoded value.

    Raises:
        Unreadable: The value is not one object with one clear grade.
    """
    fields = _only_object(value)
    answers = [item for key, item in fields.items() if key in _GRADE_KEYS]
    known = _GRADE_KEYS | REMARKS | _CERTAINTIES | _WHO
    if any(key not in known and not _ODDS.fullmatch(key) for key in fields):
        raise Unreadable(FailureReason.WRONG_ARITY, f"the answer has the keys {_keys(fields)}")
    if not answers or not all(isinstance(answer, str) for answer in answers):
        raise Unreadable(FailureReason.NO_GRADE, "the answer does not name a grade")
    words = "\n".join(map(str, answers))
    check_answering(words, finished=True)
    grade = written_grade(words)
    if any(_other_than(grade, key, item) for key, item in fields.items()):
        raise Unreadable(FailureReason.CONTRADICTION, "the answer names both grades")
    return grade


def _other_than(grade: Grade, key: str, value: object) -> bool:
    """Return whether a WHO grade or a probability beside a grade is of the other one."""
    if key in _WHO:
        said = f"{value:g}" if isinstance(value, float) else value
        return bool(implied_grades(f"WHO grade {said}") - {grade})
    if not (found := _ODDS.fullmatch(key)):
        return False
    share = _number(value)
    half = 50 if share.percent or share.value > 1 else 0.5
    return share.value != half and (share.value > half) != (found["grade"] == grade.value.lower())


def place_of(value: object, question: Question, order: AxisOrder) -> list[Number]:
    """Read the numbers of a point, a box or a polygon, x before y, from a decoded value.

    Args:
        value: Numbers with keys are in the order of their keys.
        question: The question asked.
        order: Order of numbers without keys.

    Raises:
        Unreadable: Keys, lengths or values are not those of an answer.
    """
    match value:
        case [dict() as only]:
            return place_of(only, question, order)
        case dict():
            _check_order_known(value, order)
            fields = _fields(value, [*_LAYOUTS[question], *_stating_keys(value)])
            if len(fields) == 1:
                return place_of(fields[0], question, order)
            by_name = not any(isinstance(field, list | dict) for field in fields)
            return place_of(fields, question, AxisOrder() if by_name else order)
        case list() if question is Question.POLYGON:
            return [number for vertex in value for number in _pair(vertex, order)]
        case list() if question is Question.BOX:
            return _box(value, order)
        case _:
            return _pair(value, order)


def _box(value: list[object], order: AxisOrder) -> list[Number]:
    match value:
        case [list(), list()]:
            return order.of_box([number for corner in value for number in _bare_pair(corner)])
        case [_, _]:
            return [number for corner in value for number in _pair(corner, order)]
        case [_, _, _, _]:
            return order.of_box([_number(item) for item in value])
    return _pair(value, order)


def _check_order_known(value: Object, order: AxisOrder) -> None:
    if (strange := _NO_ORDER_OF_ITS_OWN & value.keys()) and not order.is_stated:
        raise Unreadable(
            FailureReason.WRONG_ARITY, f"{min(strange)} does not say whether x or y comes first"
        )


def _stating_keys(value: Object) -> list[tuple[str]]:
    """Return the keys of wrappers such as `{"[y, x]": [0.6, 0.4]}`."""
    return [(key,) for key in value if is_order_key(key)]


def _pair(value: object, order: AxisOrder) -> list[Number]:
    if isinstance(value, dict):
        return _bare_pair(_fields(value, _POINT_KEYS))
    return order.of_pair(_bare_pair(value))


def _bare_pair(value: object) -> list[Number]:
    if not isinstance(value, list) or len(value) != 2:
        reason = FailureReason.WRONG_ARITY if isinstance(value, list) else FailureReason.NON_NUMERIC
        raise Unreadable(reason, "a place in the answer is not a pair of numbers")
    return [_number(item) for item in value]


def _number(value: object) -> Number:
    match value:
        case Number():
            return value
        case float():
            return Number(value)
        case str():
            return number_of(value)
    raise Unreadable(FailureReason.NON_NUMERIC, f"a {type(value).__name__} is not a number")


def _fields(value: Object, layouts: Iterable[tuple[str, ...]]) -> list[object]:
    """Return the values of the first layout with all keys present; other keys may only be remarks."""
    for names in layouts:
        if all(name in value for name in names):
            others = {key: item for key, item in value.items() if key not in names}
            if all(_is_remark(key, item) for key, item in others.items()):
                return [value[name] for name in names]
    held = any(isinstance(item, (float, list, dict, Number)) for item in value.values())
    reason = FailureReason.WRONG_ARITY if held else FailureReason.NO_NUMBERS
    raise Unreadable(reason, f"the answer has the keys {_keys(value)}")


def _is_remark(key: str, value: object) -> bool:
    if key in _CERTAINTIES:
        return isinstance(value, float | str)
    return isinstance(value, str) and (key in REMARKS or (key in _ORDERS and states_order(value)))


def _only_object(value: object) -> Object:
    match value:
        case [dict() as only] | (dict() as only):
            return only
    raise Unreadable(FailureReason.WRONG_ARITY, "the answer is a list")


def _keys(value: Object) -> str:
    return ", ".join(value)[:60] or "none"


def _object_of(pairs: list[tuple[str, object]]) -> Object:
    result: dict[str, object] = {}
    for name, value in pairs:
        set_once(result, key_of(name), value)
    return result


def _holds_object(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(item, dict) for item in value)
    )


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object_of,
    parse_int=float,  # int() refuses 5,000 digits
    parse_constant=str,
)
