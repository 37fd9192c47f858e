"""The order in which a model states that it writes coordinates.

The prompts ask for x before y. A model that states another order, such as `[y_min, x_min, y_max,
x_max]`, is read in that order. If a text names y before x without clearly stating an order, its
bare numbers are not read, because it is unknown which one is x.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from gliobench.domain.answers.questions import Question
from gliobench.domain.answers.words import Unreadable
from gliobench.domain.predictions.prediction import FailureReason

T = TypeVar("T")

_START = r"min(?:imum)?|start|(?:top|upper)[\s_-]?left|left|top|upper|tl"
_END = r"max(?:imum)?|end|(?:bottom|lower)[\s_-]?right|right|bottom|lower|br"
_OTHER = r"cent(?:er|re)|c|coord(?:inate)?s?|axis|position|value|index"
_X, _Y = r"x|col(?:umn)?s?|horizontal|c", r"y|rows?|vertical|r"
_NAME = re.compile(
    r"(?<![^\W_])(?:"
    rf"(?:(?:(?P<from>{_START})|(?P<to>{_END})|{_OTHER})[\s_-]?)?(?:(?P<x>{_X})|(?P<y>{_Y}))"
    rf"(?:[\s_-]?(?:(?P<start>{_START})|(?P<end>{_END})|{_OTHER})|_?(?P<digit>[0-9ni]))?"
    r"|(?P<left>left)|(?P<top>top|upper)|(?P<right>right)|(?P<bottom>bottom|lower)"
    r"|(?P<size>(?:b?box[\s_-]?)?(?:width|height|depth|size|radius)|[whz])"
    r")(?![^\W_])",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"(?:[\s,;/|()\[\]{}<>\"'`*_-]|(?<![^\W_])(?:and|then|before|followed by)(?![^\W_]))+",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"(?<![^\W_])(?:(?P<axes>(?:xy|yx){1,2}|xxyy|yyxx|c?xc?ywh|yxhw)"
    r"|(?P<edges>ltrb|tlbr|ltwh|tlhw)"
    rf"|(?:(?P<x>{_X}|width)|(?P<y>{_Y}|height))"
    r"(?:[\s-](?:axis|coordinates?|values?))?[\s-](?:(?:is|comes|goes)\s)?first"
    r")(?![^\W_])",
    re.IGNORECASE,
)
_AND_SO_ON = re.compile(r"[\s,)\]}]*(?:\.{3}|…)")
_BLANK = " \t\n,;"


@dataclass(frozen=True, slots=True)
class AxisOrder:
    """Positions of x and y among bare numbers.

    Args:
        pair: Positions of (x, y) in a pair; None where unknown.
        box: Positions of (left, top, right, bottom) among four numbers; None where unknown.
        is_stated: Whether the model's text states the order.
    """

    pair: tuple[int, ...] | None = (0, 1)
    box: tuple[int, ...] | None = (0, 1, 2, 3)
    is_stated: bool = False

    @classmethod
    def of(cls, text: str, question: Question) -> tuple[Self, str]:
        """Find the order that a text states; otherwise the prompt's.

        Returns:
            The order, and the text without the statement.

        Raises:
            Unreadable: The text states two orders, or one that does not fit the question.
        """
        statements = list(_statements(text))
        orders = {cls._stated(statement.names, question) for statement in statements}
        if len(orders) > 1:
            raise Unreadable(FailureReason.CONTRADICTION, "two orders of coordinates are stated")
        if orders:
            return orders.pop(), _without(text, statements)
        return cls(None, None) if _names_y_first(text) else cls(), text

    def of_pair(self, values: Sequence[T]) -> list[T]:
        """Return two bare numbers as x and y.

        Raises:
            Unreadable: The order is unknown.
        """
        return _at(values, self.pair)

    def of_box(self, values: Sequence[T]) -> list[T]:
        """Return four bare numbers as left, top, right and bottom.

        Raises:
            Unreadable: The order is unknown.
        """
        return _at(values, self.box)

    def of_all(self, values: Sequence[T], question: Question) -> list[T]:
        """Return all bare numbers of an answer in the prompt's order.

        Raises:
            Unreadable: The order is unknown.
        """
        if question is Question.BOX:
            return self.of_box(values)
        pairs = (self.of_pair(values[at : at + 2]) for at in range(0, len(values), 2))
        return [value for pair in pairs for value in pair]

    @classmethod
    def _stated(cls, names: Sequence[_Name], question: Question) -> Self:
        axes = "".join(name.axis for name in names)
        pair = (axes.index("x"), axes.index("y")) if axes[:2] in {"xy", "yx"} else None
        if axes != axes[:2] * (len(axes) // 2):
            pair = None
        box = _box_positions(names) if question is Question.BOX else None
        if pair is None and box is None:
            written = " ".join(name.written for name in names)[:60]
            raise Unreadable(
                FailureReason.WRONG_ARITY, f"the stated order is no {question.value}: {written}"
            )
        return cls(pair, box, is_stated=True)


def is_order_key(key: str) -> bool:
    """Return whether a JSON key, reduced to its letters and digits, states an order by itself."""
    return re.fullmatch(r"(?:(?:x|y|row|col(?:umn)?)(?:min|max|[0-9])?){2,4}", key) is not None


def states_order(text: str) -> bool:
    """Return whether a text states an order of coordinates."""
    return any(True for _ in _statements(text))


@dataclass(frozen=True, slots=True)
class _Name:
    """One coordinate in a statement.

    Args:
        axis: x, y, or ? for a size.
        rank: 0 at the left or top, 1 at the right or bottom, or a number; -1 where there is none.
        written: As the model wrote it.
    """

    axis: str
    rank: int
    written: str


@dataclass(frozen=True, slots=True)
class _Statement:
    names: tuple[_Name, ...]
    start: int
    end: int


def _names_y_first(text: str) -> bool:
    """Return whether y is named before x, as in "the first number is y"."""
    axes = [name for name in _NAME.finditer(text) if name["x"] or name["y"]]
    if not axes or axes[0]["x"]:
        return False
    return axes[0]["y"].lower() == "y" or any(name["x"] for name in axes)


def _statements(text: str) -> Iterator[_Statement]:
    for short in _SHORT.finditer(text):
        yield _Statement(_spelt_out(short), short.start(), short.end())
    run: list[re.Match[str]] = []
    for name in [*_NAME.finditer(text), None]:
        if name and (not run or _follows(run[-1], name, text[run[-1].end() : name.start()])):
            run.append(name)
            continue
        if _is_statement(run):
            yield _Statement(tuple(map(_name, run)), run[0].start(), run[-1].end())
        run = [name] if name else []


def _follows(before: re.Match[str], name: re.Match[str], between: str) -> bool:
    """Return whether a name is followed by a statement; `top-left` names a corner."""
    if not _BETWEEN.fullmatch(between):
        return False
    return not (_is_edge(before) or _is_edge(name)) or re.search(r"[,;/|]", between) is not None


def _is_statement(run: list[re.Match[str]]) -> bool:
    if any(map(_is_edge, run)):  # "left, right" alone may refer to hemispheres
        return len(run) == 4 and not any(name["x"] or name["y"] for name in run)
    return len(run) > 1 and any(name["x"] or name["y"] for name in run)


def _is_edge(name: re.Match[str]) -> bool:
    return any(name[edge] for edge in ("left", "top", "right", "bottom"))


def _name(name: re.Match[str]) -> _Name:
    axis = "x" if name["x"] or name["left"] or name["right"] else "y"
    if name["size"]:
        axis = "?"
    if name["from"] or name["start"] or name["left"] or name["top"]:
        rank = 0
    elif name["to"] or name["end"] or name["right"] or name["bottom"]:
        rank = 1
    else:
        rank = int(name["digit"]) if (name["digit"] or "").isdigit() else -1
    return _Name(axis, rank, name[0])


def _spelt_out(short: re.Match[str]) -> tuple[_Name, ...]:
    if edges := short["edges"]:
        places = {"l": ("x", 0), "t": ("y", 0), "r": ("x", 1), "b": ("y", 1)}
        return tuple(_Name(*places.get(item, ("?", -1)), item) for item in edges.lower())
    if not (axes := (short["axes"] or "").lower().replace("c", "")):
        axes = "xy" if short["x"] else "yx"
    return tuple(_Name(axis if axis in "xy" else "?", -1, axis) for axis in axes)


def _box_positions(names: Sequence[_Name]) -> tuple[int, ...] | None:
    """Find (left, top, right, bottom) in a statement; None where it states something else."""
    if sorted(name.axis for name in names) == ["x", "y"] and names[0].rank == names[1].rank:
        x = [name.axis for name in names].index("x")
        return x, 1 - x, x + 2, 3 - x
    if sorted(name.axis for name in names) != ["x", "x", "y", "y"]:
        return None
    (x0, x1), (y0, y1) = (_in_order(names, axis) for axis in "xy")
    tied = [a for a, b in ((x0, x1), (y0, y1)) if names[a].rank == names[b].rank != -1]
    return None if tied else (x0, y0, x1, y1)


def _in_order(names: Sequence[_Name], axis: str) -> tuple[int, int]:
    first, second = sorted(
        (at for at, item in enumerate(names) if item.axis == axis), key=lambda at: names[at].rank
    )
    return first, second


def _without(text: str, statements: Sequence[_Statement]) -> str:
    """Remove statements from a text, with brackets that contained nothing else."""
    kept, done = [], 0
    for statement in sorted(statements, key=lambda one: one.start):
        kept += [
            text[done : statement.start],
            *re.findall(r"[()\[\]{}]", text[statement.start : statement.end]),
        ]
        done = max(done, statement.end)
        if more := _AND_SO_ON.match(text, done):
            kept += re.findall(r"[)\]}]", more[0])
            done = more.end()
    return _without_empty_brackets("".join([*kept, text[done:]]))


def _without_empty_brackets(text: str) -> str:
    kept: list[str] = []
    for mark in text:
        if mark in ")]}":
            last = next((at for at in range(len(kept) - 1, -1, -1) if kept[at] not in _BLANK), -1)
            if last >= 0 and kept[last] in "([{":
                kept[last:] = " "
                continue
        kept.append(mark)
    return "".join(kept)


def _at(values: Sequence[T], positions: tuple[int, ...] | None) -> list[T]:
    if positions is None or len(values) != len(positions):
        raise Unreadable(FailureReason.NON_NUMERIC, "which number is x and which is y is not clear")
    return [values[at] for at in positions]
