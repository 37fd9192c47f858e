"""Pages of the documentation site that are made from the code, and links that leave docs/.

MkDocs calls this file as a hook (mkdocs.yml). Nothing that it makes is stored: a command, a setting, a
measure or a field of the report that is added has its line at the next build.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from posixpath import dirname, normpath, relpath
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

from gliobench.adapters.html.facts import report_schema
from gliobench.domain.metrics.measures import MEASURES, Compared, Measure
from gliobench.domain.studies.grading_target import GRADE
from gliobench.entrypoints.cli import COMMANDS, app, load_command
from gliobench.entrypoints.settings import ENV_PREFIX, NESTED, TABLES, RefusalSettings, Settings

ROOT = Path(__file__).resolve().parents[2]
ROOT_PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""Pages of the repository's top folder, and what the site calls them."""
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
FENCED = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)
CODE_WITH_BARS = re.compile(r"`[^`\n]*\\\|[^`\n]*`")


# What MkDocs calls.


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, those of the top folder, and the files that pages link to."""
    made = {
        "reference/commands.md": "\n\n".join(commands()),
        "reference/settings.md": "\n\n".join(settings()),
        "reference/measures.md": "\n\n".join(measures()),
        "reference/schemas.md": "\n\n".join(schemas()),
        "reference/report.schema.json": report_schema(),
        **{page: (ROOT / name).read_text(encoding="utf-8") for name, page in ROOT_PAGES.items()},
    }
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    for path in linked_files(files):
        name = f"source/{path}.txt"  # as text, which every browser shows
        files.append(File.generated(config, name, content=(ROOT / path).read_bytes()))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Turn links that leave docs/ to what the site has of them."""
    name = page.file.src_uri
    parts = FENCED.split(markdown)
    parts[::2] = [LINK.sub(lambda hit: _on_site(hit, name), part) for part in parts[::2]]
    lines = "".join(parts).split("\n")
    return "\n".join(
        CODE_WITH_BARS.sub(lambda hit: hit[0].replace(r"\|", "|"), line)
        if line.startswith("|")
        else line
        for line in lines
    )


# Links.


def linked_files(files: Files) -> list[str]:
    """List the files outside docs/, other than pages, that pages link to."""
    found = set()
    for file in files.documentation_pages():
        for _, target, _ in LINK.findall(FENCED.sub("", file.content_string)):
            path = _in_repository(target, file.src_uri)
            if (ROOT / path).is_file() and not path.startswith("docs/") and path not in ROOT_PAGES:
                found.add(path)
    return sorted(found)


def _in_repository(target: str, page: str) -> str:
    """Return where a link leads, from the repository's top folder."""
    origins = {site: name for name, site in ROOT_PAGES.items()}
    origin = origins.get(page, f"docs/{page}")
    return normpath(f"{dirname(origin)}/{target}").lstrip("/")


def _on_site(link: re.Match[str], page: str) -> str:
    """Return a link with the place that the site has for it; the text alone for a folder of code."""
    text, target, anchor = link.groups("")
    path = _in_repository(target, page)
    if path in ROOT_PAGES:
        place = ROOT_PAGES[path]
    elif path.startswith("docs/"):
        place = f"{path.removeprefix('docs/')}{'/README.md' if (ROOT / path).is_dir() else ''}"
    elif (ROOT / path).is_dir():
        return text
    else:
        place = f"source/{path}.txt"
    return f"[{text}]({relpath(place, dirname(page) or '.')}{anchor})"


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
    yield _plain(command.help or "").replace("\n\n", "\n\n")
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
    yield (
        f"## [backend.NAME]\n\n{Settings.model_fields['backend'].description}: those of its kind ([vision-language models](../vlm.md), "
        "[programs](../programs.md), [files](../import.md), [your own](../plugins.md#options-that-are-checked)), and of every "
        "backend:"
    )
    yield _fields(RefusalSettings.model_fields)


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
    if field.default_factory is not None:
        return kind, ""
    default = field.default
    return kind, "" if default in (None, (), "") else f"`{json.dumps(default, default=str)}`"


def _kind(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return ", ".join(f"`{item}`" for item in arguments)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin in (Union, UnionType):
        return " or ".join(
            dict.fromkeys(_kind(item) for item in arguments if item is not type(None))
        )
    if origin in (tuple, list):
        return f"list of {_kind(arguments[0])}"
    if origin is dict or (isinstance(hint, type) and issubclass(hint, BaseModel)):
        return "table"
    known = {bool: "true, false", int: "integer", float: "number", str: "text", Path: "path"}
    return known.get(hint, "text")


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
    yield table(["field", ""], _properties(schema))
    for name, item in sorted(schema["$defs"].items()):
        yield f"### {name}"
        yield item.get("description", "")
        if "enum" in item:
            yield "One of " + ", ".join(f"`{value}`" for value in item["enum"]) + "."
        else:
            yield table(["field", ""], _properties(item))


def _properties(schema: Mapping[str, Any]) -> list[list[str]]:
    return [
        [f"`{name}`", " ".join(part for part in (_type(item), item.get("description", "")) if part)]
        for name, item in schema["properties"].items()
    ]


def _type(item: Mapping[str, Any]) -> str:
    if "$ref" in item:
        name = item["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in item:
        return " or ".join(dict.fromkeys(_type(member) for member in item["anyOf"]))
    if item.get("type") == "array" and isinstance(item.get("items"), dict):
        return f"list of {_type(item['items'])}"
    return str(item.get("type", ""))


# Words.


def table(head: list[str], rows: Any) -> str:
    """Return a table in Markdown; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "&#124;" if "`" not in text else "|")


def _plain(text: str) -> str:
    """Remove what a terminal reads as style, and keep what a browser would read as a tag."""
    text = re.sub(r"\[/?(?:bold|dim|red|italic)\]", "", text)
    return text.replace("\\[", "[").replace("<", "&lt;").replace("*", r"\*")


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().split("\n", maxsplit=1)[0]
