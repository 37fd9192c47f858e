"""Pages of the documentation site that are made from the code, and links that leave docs/.

MkDocs calls this file as a hook (mkdocs.yml). Nothing that it makes is stored: a command, a setting, a
measure or a field of the report that is added has its line at the next build.
"""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import dirname, normpath, relpath

from generated import commands, measures, schemas, settings
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from gliobench.adapters.html.facts import report_schema

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
