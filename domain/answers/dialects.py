"""How families of vision-language models write places in a picture: what they count, and how.

One row is one dialect. A row says what a coordinate counts, which axis comes first, and how a point, a
box and an outline are written. What a family writes in marks of its own is first put into the JSON that
`gliobench.domain.answers.parse` reads; nothing else is known of marks there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gliobench.domain.answers.axis_order import AxisOrder
from gliobench.domain.answers.questions import Question
from gliobench.domain.answers.words import set_once
from gliobench.domain.errors import InvalidInputError

Plain = Callable[[str, Question], str]

OURS = "asked for by gliobench"
"""Source of the dialects that no family speaks by itself: their prompts say all."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one family of models means by a coordinate, and how it writes places.

    Args:
        name: As in settings.
        families: The `model_type` of those models' configs in transformers.
        units: Units along an edge of the picture; None counts pixels of the picture that the model
            sees, after its processor resized it.
        multiple_px: Where pixels are counted, what the edges of pictures are multiples of; the family's
            processor resizes others.
        decimals: Of a number.
        point: How a point is written, with `{x}` and `{y}`.
        box: How a box is written, with `{x0}`, `{y0}`, `{x1}` and `{y1}`.
        polygon: How an outline is written, with `{corners}`.
        corner: How a corner of it is written, with `{x}`, `{y}` and `{n}`, from 1.
        between: What stands between corners.
        y_first: Whether bare numbers begin with y.
        digits: Least digits of a number.
        plain: Puts the family's own marks into JSON or bare numbers.
        source: Where the family says so.
    """

    name: str
    source: str
    families: tuple[str, ...] = ()
    units: int | None = 1
    multiple_px: int = 1
    decimals: int = 0
    point: str = '{{"x": {x}, "y": {y}}}'
    box: str = '{{"x0": {x0}, "y0": {y0}, "x1": {x1}, "y1": {y1}}}'
    polygon: str = '{{"polygon": [{corners}]}}'
    corner: str = "[{x}, {y}]"
    between: str = ", "
    y_first: bool = False
    digits: int = 0
    plain: Plain = lambda text, _: text

    @property
    def counts_whole_picture(self) -> bool:
        """Return whether coordinates are of the whole picture, also where it has panels."""
        return self.source != OURS

    @property
    def steps(self) -> int:
        """Smallest differences that can be written, in one unit."""
        return int(10**self.decimals)

    def order_of(self, text: str, question: Question) -> tuple[AxisOrder, str]:
        """Find the order of bare numbers: the one that a text states, else the dialect's.

        Returns:
            The order, and the text without the statement.

        Raises:
            Unreadable: The text states two orders, or one that does not fit the question.
        """
        order, rest = AxisOrder.of(text, question)
        if order.is_stated or not self.y_first:
            return order, rest
        return AxisOrder((1, 0), (1, 0, 3, 2), is_stated=True), rest


def _without(*marks: str) -> Plain:
    pattern = re.compile("|".join(marks), re.DOTALL)
    return lambda text, _: pattern.sub("", text)


_TOKENS = re.compile(r"(?:<loc\d{4}>\s?)+")
_POINTS = re.compile(r"<points?\s(?P<attributes>[^<>]{1,4000})>[^<>]{0,400}</points?>")
_ATTRIBUTE = re.compile(r"\b(?P<name>[xy]\d{0,4})\s?=\s?[\"'](?P<value>[^\"']{0,20})[\"']")


def _from_tokens(text: str, question: Question) -> str:
    def numbers(run: re.Match[str]) -> str:
        found = [int(token) for token in re.findall(r"\d{4}", run[0])]
        pairs = [found[at : at + 2] for at in range(0, len(found), 2)]
        return json.dumps(pairs if question is Question.POLYGON else found)

    return _TOKENS.sub(numbers, text)


def _from_points(text: str, question: Question) -> str:
    def object_of(mark: re.Match[str]) -> str:
        fields: dict[str, object] = {}
        for attribute in _ATTRIBUTE.finditer(mark["attributes"]):
            set_once(fields, attribute["name"], attribute["value"].strip())
        numbered = sorted({name[1:] for name in fields}, key=lambda n: int(n or 0))
        places = [[fields.get(f"x{n}", ""), fields.get(f"y{n}", "")] for n in numbered]
        if question is Question.POINT:
            return " ".join(json.dumps({"x": x, "y": y}) for x, y in places)
        return json.dumps({question.value: places})

    return _POINTS.sub(object_of, text)


_BRACKETED_BOX = "[[{x0}, {y0}, {x1}, {y1}]]"
_QWEN_POINT = '{{"point_2d": [{x}, {y}], "label": "tumor"}}'
_QWEN_BOX = '{{"bbox_2d": [{x0}, {y0}, {x1}, {y1}], "label": "tumor"}}'

_ROWS = (
    Dialect("fractions", OURS, decimals=3),
    Dialect("pixels", OURS, units=None),
    Dialect("thousandths", OURS, units=1000),
    Dialect(
        "qwen2-vl",
        "arXiv 2409.12191: boxes within [0, 1000)",
        ("qwen2_vl",),
        units=1000,
        box="<|box_start|>({x0},{y0}),({x1},{y1})<|box_end|>",
        point="<|point_start|>({x},{y})<|point_end|>",
        plain=_without(
            r"<\|(?:box|point)_(?:start|end)\|>", r"<\|object_ref_start\|>.*?<\|object_ref_end\|>"
        ),
    ),
    Dialect(
        "qwen2.5-vl",
        "arXiv 2502.13923: pixels of the resized picture",
        ("qwen2_5_vl", "qwen2_5_omni_thinker"),
        units=None,
        multiple_px=28,
        point=_QWEN_POINT,
        box=_QWEN_BOX,
    ),
    Dialect(
        "qwen3-vl",
        "QwenLM/Qwen3-VL: relative coordinates, 0 to 1000",
        ("qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe"),
        units=1000,
        point=_QWEN_POINT,
        box=_QWEN_BOX,
    ),
    Dialect(
        "internvl",
        "OpenGVLab/InternVL: boxes within 0 to 1000",
        ("internvl", "internvl_chat"),
        units=1000,
        box=f"<box>{_BRACKETED_BOX}</box>",
        plain=_without(r"</?box>", r"<ref>.*?</ref>"),
    ),
    Dialect(
        "deepseek-vl2",
        "arXiv 2412.10302: boxes within 0 to 999",
        ("deepseek_vl_v2",),
        units=999,
        box=f"<|ref|>tumor<|/ref|><|det|>{_BRACKETED_BOX}<|/det|>",
        plain=_without(r"<\|/?det\|>", r"<\|ref\|>.*?<\|/ref\|>"),
    ),
    Dialect(
        "glm-v",
        "zai-org/GLM-V: relative coordinates, 0 to 1000",
        ("glm4v", "glm4v_moe", "glm46v"),
        units=1000,
        box=f"<|begin_of_box|>{_BRACKETED_BOX}<|end_of_box|>",
        point="<|begin_of_box|>[{x}, {y}]<|end_of_box|>",
    ),
    Dialect(
        "gemma",
        "ai.google.dev: box_2d is y first, 0 to 1000",
        ("gemma3", "gemma3n", "gemma4"),
        units=1000,
        point='{{"point": [{y}, {x}], "label": "tumor"}}',
        box='{{"box_2d": [{y0}, {x0}, {y1}, {x1}], "label": "tumor"}}',
        corner="[{y}, {x}]",
        y_first=True,
    ),
    Dialect(
        "paligemma",
        "arXiv 2407.07726: 1024 bins an edge, y first",
        ("paligemma",),
        units=1024,
        digits=4,
        point="<loc{y}><loc{x}> tumor",
        box="<loc{y0}><loc{x0}><loc{y1}><loc{x1}> tumor",
        polygon="{corners} tumor",
        corner="<loc{y}><loc{x}>",
        between="",
        y_first=True,
        plain=_from_tokens,
    ),
    Dialect(
        "molmo",
        "arXiv 2409.17146: percentages with one decimal",
        ("molmo",),
        units=100,
        decimals=1,
        point='<point x="{x}" y="{y}" alt="tumor">tumor</point>',
        box='<points x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}" alt="tumor">tumor</points>',
        polygon='<points {corners} alt="tumor">tumor</points>',
        corner='x{n}="{x}" y{n}="{y}"',
        between=" ",
        plain=_from_points,
    ),
    Dialect(
        "kimi-vl",
        "arXiv 2504.07491: fractions",
        ("kimi_vl", "kimi_k25"),
        decimals=3,
        point="({x}, {y})",
        box="({x0}, {y0}), ({x1}, {y1})",
    ),
)

DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in _ROWS}
"""By name."""


def dialect_named(name: str) -> Dialect:
    """Return a dialect by the name in settings.

    Raises:
        InvalidInputError: There is none of this name.
    """
    if name not in DIALECTS:
        raise InvalidInputError(f"unknown dialect {name!r}: wanted one of {', '.join(DIALECTS)}")
    return DIALECTS[name]


def dialect_of(model_type: str) -> Dialect | None:
    """Return what a family of models speaks, or None where that is not known.

    Args:
        model_type: Of the model's config in transformers.
    """
    return next((spoken for spoken in _ROWS if model_type in spoken.families), None)


def dialect_of_name(model: str) -> Dialect | None:
    """Return what a model speaks by its name, such as "Qwen/Qwen2.5-VL-7B-Instruct" or "qwen2.5vl:7b".

    Returns:
        The dialect whose own name stands in it, whatever marks are between; None where none does.
    """
    named = [
        spoken for spoken in _ROWS if spoken.families and _letters(spoken.name) in _letters(model)
    ]
    return max(named, key=lambda spoken: len(spoken.name), default=None)


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
