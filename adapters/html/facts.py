"""The report as JSON, and the JSON schema of it; both follow the dataclasses."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from gliobench.adapters.html.claims import claims
from gliobench.adapters.html.stamps import Stamp, stamps
from gliobench.adapters.html.verdict import first_place, verdict
from gliobench.domain.comparison.endpoints import PrimaryChoice
from gliobench.domain.comparison.report import Report, StratumRow
from gliobench.domain.comparison.worded import worded
from gliobench.domain.evaluation.definitions import DEFINITIONS
from gliobench.domain.evaluation.summary import GradingSummary
from gliobench.domain.metrics.measures import CENTRE_ERROR, Measure
from gliobench.domain.position.bias import PositionBias, PriorComparison
from gliobench.domain.studies.grading_target import GRADE, POSITIVE_KEY, GradingTarget, class_name
from gliobench.domain.studies.study import Grade

Schema = dict[str, Any]
VERSION = 4
"""Of the schemas; it grows when a name changes its meaning or is gone."""
SCHEMA_FILE = "report.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
RENAMED: Mapping[type, Mapping[str, str]] = {
    StratumRow: {"error_mm": CENTRE_ERROR.exported_as},
    PositionBias: {"error_mm": "answered_error_plane_mm"},
    GradingSummary: {"always_hgg": f"always_{POSITIVE_KEY}"},
    PriorComparison: {"error_mm": "prior_error_plane_mm"},
}
"""JSON names that state where an error is measured, and of what."""
LEFT_OUT = frozenset({"cases", "casebook"})
"""Cases are stored in each run's scores.parquet, pictures in the page."""
HEAD: Mapping[str, tuple[object, Callable[[Report], object]]] = {
    "verdict": (str, verdict),
    "claims": (list[str], claims),
    "first_place": (str, first_place),
    "stamps": (list[Stamp], stamps),
    "definitions": (Mapping[str, str], lambda _: DEFINITIONS),
    "simulated": (bool, lambda report: not report.cohort.is_ranked),
    "declared": (bool, lambda report: report.primary_choice is PrimaryChoice.DECLARED),
}
"""What precedes the fields of a report: its type and its value."""
_SIMPLE = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}
_ARGUMENT = re.compile(r"^    (\w+): (.+?)(?=^    \S|^\S|\Z)", re.MULTILINE | re.DOTALL)


def render_json(report: Report) -> str:
    """Convert a report to JSON: names as in the code, None as null, an unknown key as "unknown"."""
    head = {name: value(report) for name, (_, value) in HEAD.items()}
    return document(report, report.target, **head)


@cache
def report_schema(target: GradingTarget = GRADE) -> str:
    """Describe the JSON of a report on a target."""
    return schema(Report, target, **{name: hint for name, (hint, _) in HEAD.items()})


def plain(value: object) -> object:
    """Convert domain values to JSON types."""
    if isinstance(value, Enum | Measure):
        return _name(value)
    if is_dataclass(value):
        return {name: plain(getattr(value, field)) for field, name in _names(type(value)).items()}
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


def document(report: object, target: GradingTarget = GRADE, **head: object) -> str:
    """Convert a report to JSON by its schema: what is not estimable is {"reason": …}.

    Args:
        report: Its dataclass.
        target: Whose names stand for the classes.
        head: What precedes its fields.
    """
    merged = {"$schema": SCHEMA_FILE, "schema": VERSION, **head}
    merged |= {name: getattr(report, field) for field, name in _names(type(report)).items()}
    values = worded(plain(merged), target)
    return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def schema(report: type, target: GradingTarget = GRADE, **head: Any) -> str:  # noqa: ANN401 -- any type
    """Describe a document in JSON; docstrings of dataclasses become descriptions.

    Args:
        report: The dataclass of the report.
        target: Whose names stand for the classes.
        head: Types of what precedes its fields.

    Raises:
        TypeError: A field has a type that `plain` does not convert.
    """
    definitions: dict[str, Schema] = {}
    fixed = {"$schema": {"type": "string"}, "schema": {"const": VERSION}}
    before = fixed | {name: _schema(hint, definitions) for name, hint in head.items()}
    described = _dataclass(report, definitions)
    described["required"] = [*before, *described["required"]]
    described["properties"] = before | described["properties"]
    described["$defs"] = dict(sorted(definitions.items()))
    values = worded({"$schema": DIALECT, **described}, target)
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def _names(kind: type[Any]) -> dict[str, str]:
    """Return the JSON names of the fields of a dataclass."""
    renamed = RENAMED.get(kind, {})
    names = [field.name for field in fields(kind) if field.name not in LEFT_OUT]
    return {name: renamed.get(name, name) for name in names}


def _key(key: object) -> str:
    if key is None:
        return "unknown"
    if isinstance(key, Measure):
        return key.exported_as
    return str(_name(key)) if isinstance(key, Enum) else str(key)


def _name(value: Enum | Measure) -> object:
    if isinstance(value, Grade):
        return class_name(value)
    return value.value if isinstance(value, Enum) else value.key


def _schema(hint: Any, definitions: dict[str, Schema]) -> Schema:  # noqa: ANN401 -- any type
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    if hint is Measure:
        return {"type": "string", "description": "Key of a measure."}
    if origin in (Union, UnionType):
        return {"anyOf": [_schema(member, definitions) for member in arguments]}
    if origin is None and inspect.isclass(hint) and (issubclass(hint, Enum) or is_dataclass(hint)):
        return _defined(hint, definitions)
    if inspect.isclass(origin) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}
    if origin in (tuple, list, frozenset):
        return _array(arguments, definitions)
    raise TypeError(f"{hint} has no JSON schema")


def _defined(hint: type, definitions: dict[str, Schema]) -> Schema:
    if hint.__name__ not in definitions:
        definitions[hint.__name__] = {}  # it may hold itself
        definitions[hint.__name__] = (
            {"description": _summary(hint), "enum": [plain(member) for member in hint]}
            if issubclass(hint, Enum)
            else _dataclass(hint, definitions)
        )
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _dataclass(hint: type, definitions: dict[str, Schema]) -> Schema:
    hints, text = get_type_hints(hint), inspect.getdoc(hint) or ""
    described = {name: " ".join(words.split()) for name, words in _ARGUMENT.findall(text)}
    properties = {
        name: _schema(hints[field], definitions)
        | ({"description": described[field]} if field in described else {})
        for field, name in _names(hint).items()
    }
    return {
        "description": _summary(hint),
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _array(arguments: tuple[Any, ...], definitions: dict[str, Schema]) -> Schema:
    if len(arguments) == 1 or arguments[-1] is Ellipsis:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    items = [_schema(argument, definitions) for argument in arguments]
    return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}


def _summary(hint: type) -> str:
    return (inspect.getdoc(hint) or "").split("\n\n")[0].replace("\n", " ")
