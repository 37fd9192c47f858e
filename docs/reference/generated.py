"""The pages of reference/ that are made from the code: a paragraph, a heading or a table at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

from gliobench.adapters.command.options import CommandOptions
from gliobench.adapters.html.facts import report_schema
from gliobench.adapters.openai.options import OpenAiOptions
from gliobench.adapters.transformers.options import HfVisionOptions
from gliobench.domain.metrics.measures import MEASURES, Compared, Measure
from gliobench.domain.studies.grading_target import GRADE
from gliobench.entrypoints.cli import COMMANDS, app, load_command
from gliobench.entrypoints.container.prediction_files import FileTable
from gliobench.entrypoints.settings import ENV_PREFIX, NESTED, TABLES, RefusalSettings, Settings

KINDS: dict[str, tuple[type[BaseModel], str]] = {
    "command": (CommandOptions, "../programs.md"),
    "files": (FileTable, "../import.md"),
    "hf-vision": (HfVisionOptions, "../vlm.md"),
    "openai-vision": (OpenAiOptions, "../vlm.md"),
}
"""Options of the backends that a table declares, and the page on them."""
SIMPLE = {bool: "true, false", int: "integer", float: "number", str: "text", Path: "path"}
CODE_OR_BAR = re.compile(r"(`[^`]*`)|\|")


# The command line.


def commands() -> Iterator[str]:
    """Describe every command with its arguments and options."""
    yield "# Commands"
    yield "The text of `--help`. `gliobench --help` lists the commands."
    yield "## gliobench"
    yield from _command(get_command(app), "gliobench")
    for name in COMMANDS:
        command = load_command(name)
        yield f"## {name}"
        yield from _command(command, f"gliobench {name}")
        for inner, item in getattr(command, "commands", {}).items():
            yield f"### {name} {inner}"
            yield from _command(item, f"gliobench {name} {inner}")


def _command(command: Any, called: str) -> Iterator[str]:
    context = command.context_class(command, info_name=called)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{called} {usage}\n```"
    yield _plain(command.help or "")
    rows = [_parameter(item, context) for item in command.params if not item.hidden]
    if rows:
        yield table(["", "", "default"], rows)


def _parameter(item: Any, context: Any) -> list[str]:
    names = ", ".join([*item.opts, *item.secondary_opts])
    option = item.param_type_name == "option"
    value = item.metavar or (
        "" if getattr(item, "is_bool_flag", False) else item.display_type(context)
    )
    shown = f"`{names}{f' {value}' if value else ''}`" if option else f"`{value}`"
    default = item.default
    known = default not in (None, False, (), []) and not callable(default)
    given = (
        "required" if item.required else f"`{getattr(default, 'value', default)}`" if known else ""
    )
    return [shown, _plain(item.help or ""), given]


# Settings.


def settings() -> Iterator[str]:
    """Describe every setting, those of tables below their heading."""
    yield "# Settings"
    yield (
        "Flags override the environment, which overrides `gliobench.toml` in the working folder, which overrides "
        "the defaults. `gliobench config show` prints each value with its origin."
    )
    inner = {name: kind.model_fields for name, kind in TABLES.items()}
    outer = {
        k: field for k, field in Settings.model_fields.items() if k not in {*TABLES, "backend"}
    }
    yield f"## General\n\nIn the environment `{ENV_PREFIX}` and the name in capitals: `{ENV_PREFIX}BATCH_SIZE=4`."
    yield _fields(outer)
    for name, fields in inner.items():
        prefix = f"{ENV_PREFIX}{name.upper()}{NESTED}"
        yield f"## [{name}]\n\n{_first_line(TABLES[name])} In the environment `{prefix}…`."
        yield _fields(fields)
    yield "## [backend.NAME]"
    yield f"{Settings.model_fields['backend'].description}. Of every backend:"
    yield _fields(RefusalSettings.model_fields)
    for name, (kind, page) in KINDS.items():
        yield f'### kind = "{name}"\n\n{_first_line(kind)} [How to use it]({page}).'
        yield _fields(kind.model_fields)


def _fields(fields: Mapping[str, FieldInfo]) -> str:
    rows = [
        [f"`{name}`", field.description or "", *_values(field)] for name, field in fields.items()
    ]
    return table(["setting", "", "values", "default"], rows)


def _values(field: FieldInfo) -> tuple[str, str]:
    bounds = [
        f"{sign} {getattr(item, name):g}"
        for item in field.metadata
        for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))
        if hasattr(item, name)
    ]
    kind = ", ".join([_kind(field.annotation), *bounds])
    if field.is_required():
        return kind, "required"
    if field.default_factory is not None:
        return kind, ""
    default = field.default
    return kind, "" if default in (None, (), "") else f"`{json.dumps(default, default=str)}`"


def _kind(hint: Any) -> str:
    """Describe the values of a type in words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Literal, Annotated, Union, UnionType):
        hints = [arguments[0]] if origin is Annotated else arguments
        words = [
            f"`{item}`" if origin is Literal else _kind(item)
            for item in hints
            if item is not NoneType
        ]
        return (", " if origin is Literal else " or ").join(dict.fromkeys(words))
    if origin in (tuple, list):
        return f"list of {_kind(arguments[0])}"
    kind = hint if isinstance(hint, type) else type(None)
    if issubclass(kind, Enum):
        return ", ".join(f"`{item.value}`" for item in kind)
    return "table" if origin is dict or issubclass(kind, BaseModel) else SIMPLE.get(kind, "text")


# Measures.


def measures() -> Iterator[str]:
    """Describe every measure, by what it is computed from."""
    yield "# Measures"
    yield (
        "Every measure that gliobench computes. With TP, FP, TN and FN counted over studies, HGG positive; *R* the "
        "reference and *P* the prediction, as sets of voxels or as areas; ∂ a surface. A failure counts as the "
        "worst value, unless that is empty: then it has none."
    )
    parts = {
        "Grades": [item for item in MEASURES if not item.forms],
        "Points, boxes and polygons": [
            item for item in MEASURES if item.of_place or item.of_scores
        ],
        "Masks": [item for item in MEASURES if item.of_masks],
        "Scores of the BraTS challenges": [item for item in MEASURES if item.chosen_by],
    }
    for heading, items in parts.items():
        yield f"## {heading}"
        if heading.startswith("Scores"):
            yield "On request, see [which number is which](../measures.md)."
        yield table(["measure", "", "worst to best", "compared"], map(_measure, items))


def _measure(item: Measure) -> list[str]:
    unit = f" {item.unit}" if item.unit else ""
    bounds = "" if item.worst is None else f"{item.worst:g} to {item.best:g}{unit}"
    formula = f"<br>**{item.formula}**" if item.formula else ""
    name = f"**{item.title}**<br>`{item.exported_as}`"
    compared = "" if item.compared is Compared.NO else item.compared.value
    return [*map(GRADE.in_words, (name, f"{item.meaning}.{formula}")), bounds, compared]


# Schemas.


def schemas() -> Iterator[str]:
    """Describe the JSON report, whose schema is a file beside the page."""
    schema = json.loads(report_schema())
    yield "# JSON"
    yield (
        "`report.json` has [a schema](report.schema.json), which is written beside it, too. `prediction.json` is "
        "described [with the report of a study](../predict.md), the tables of `import` [with their columns](../import.md)."
    )
    yield "## report.json"
    yield table(["field", "type", ""], _properties(schema))
    for name, item in sorted(schema["$defs"].items()):
        yield f"### {name}"
        yield item.get("description", "")
        if "enum" in item:
            yield "One of " + ", ".join(f"`{value}`" for value in item["enum"]) + "."
        else:
            yield table(["field", "type", ""], _properties(item))


def _properties(schema: Mapping[str, Any]) -> list[list[str]]:
    fields = schema["properties"].items()
    return [[f"`{name}`", _type(item), item.get("description", "")] for name, item in fields]


def _type(item: Mapping[str, Any]) -> str:
    if "$ref" in item:
        name = item["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "const" in item:
        return f"`{item['const']}`"
    if "anyOf" in item:
        return " or ".join(dict.fromkeys(_type(member) for member in item["anyOf"]))
    if item.get("type") == "array" and isinstance(item.get("items"), dict):
        return f"list of {_type(item['items'])}"
    return str(item.get("type", ""))


# Words.


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """Return a table in Markdown; a bar in a cell is escaped, unless it is in code."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in lines)


def _cell(text: str) -> str:
    return CODE_OR_BAR.sub(lambda hit: hit[1] or "&#124;", " ".join(text.split()))


def _plain(text: str) -> str:
    """Remove what a terminal reads as style, and keep what a browser would read as a tag."""
    text = re.sub(r"\[/?(?:bold|dim|red|italic)\]", "", text)
    return text.replace("\\[", "[").replace("<", "&lt;").replace("*", r"\*")


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().split("\n", maxsplit=1)[0]
