"""Options that go together, as one value: several commands share them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import TypeVar, get_type_hints

R = TypeVar("R")


def grouped(command: Callable[..., R]) -> Callable[..., R]:
    """Let typer give a command the dataclasses that it takes: each of their fields is an option."""
    given = signature(command, eval_str=True).parameters.values()
    kinds: dict[str, type] = {item.name: item.annotation for item in given}
    groups = {name: kind for name, kind in kinds.items() if is_dataclass(kind)}
    options = [
        option.replace(kind=Parameter.KEYWORD_ONLY)
        for item in given
        for option in (_options_of(groups[item.name]) if item.name in groups else [item])
    ]

    @wraps(command)
    def ungrouped(**values: object) -> R:
        for name, group in groups.items():
            values[name] = group(**{item.name: values.pop(item.name) for item in fields(group)})
        return command(**values)

    ungrouped.__signature__ = Signature(options)  # type: ignore[attr-defined]  # typer reads it
    ungrouped.__annotations__ = {option.name: option.annotation for option in options}
    return ungrouped


def _options_of(group: type) -> list[Parameter]:
    kinds = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            item.name, Parameter.KEYWORD_ONLY, default=item.default, annotation=kinds[item.name]
        )
        for item in fields(group)
    ]
