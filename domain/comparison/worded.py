"""Names of classes in the texts of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import NoneType
from typing import Any, TypeVar, cast

from gliobench.domain.metrics.measures import Measure
from gliobench.domain.studies.grading_target import GradingTarget

T = TypeVar("T")
_WORDLESS = frozenset({float, int, bool, NoneType})


def worded(value: T, target: GradingTarget) -> T:
    """Replace the placeholders of classes in all texts of a value, in the fields of its dataclasses too.

    Members of enumerations and rows of measures stay, as they are shared; what prints them replaces.
    """
    return cast("T", _worded(value, target))


def _worded(value: object, target: GradingTarget) -> object:
    if type(value) is str:
        return target.in_words(value)
    if type(value) in _WORDLESS:
        return value
    if isinstance(value, Mapping):
        return {_worded(key, target): _worded(item, target) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return _sequence(value, target)
    if is_dataclass(value) and not isinstance(value, type | Measure):
        found = {item.name: getattr(value, item.name) for item in fields(value) if item.init}
        new = {name: _worded(item, target) for name, item in found.items()}
        changed = {name: item for name, item in new.items() if item is not found[name]}
        return replace(value, **changed) if changed else value
    return value


def _sequence(
    values: list[object] | tuple[object, ...], target: GradingTarget
) -> list[object] | tuple[object, ...]:
    items = [_worded(item, target) for item in values]
    if isinstance(values, list):
        return items
    if all(new is old for new, old in zip(items, values, strict=True)):
        return values
    kind: Any = type(values)
    made: tuple[object, ...] = kind(*items) if hasattr(values, "_fields") else tuple(items)
    return made
