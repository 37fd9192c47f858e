"""Keep private or riddling words out of code, help, docs and reports.

`words.toml` beside this file contains the words, each with what to say instead, and the paths of
vendored code and of records, which are not checked. A space in a phrase matches any white space, so
line breaks, comment signs and the quotes of adjoining string literals do not hide it; `_` separates
words in identifiers.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("domain", "application", "adapters", "entrypoints", "src", "docs")
FILES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
SUFFIXES = {".py", ".md", ".html", ".js", ".css"}
GAP = r"""(?:[\s"'#]|(?<=[\s"'])f(?=["']))+"""


def pattern_of(phrase: str) -> re.Pattern[str]:
    """Compile a phrase; letters next to it are part of another word."""
    return re.compile(rf"(?<![A-Za-z])(?:{GAP.join(phrase.split(' '))})(?![A-Za-z])", re.I)


def find(text: str, words: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the phrase and what to say instead for each forbidden phrase."""
    if not pattern_of("|".join(words)).search(text):  # in one pass, since few files have any
        return
    for phrase, say in words.items():
        for hit in pattern_of(phrase).finditer(text):
            yield text.count("\n", 0, hit.start()) + 1, " ".join(hit[0].split()), say


def texts(root: Path, unchecked: list[str]) -> Iterator[Path]:
    """Yield the files to check, without paths that start with one of `unchecked`."""
    every = [path for place in PLACES for path in sorted((root / place).rglob("*"))]
    for path in [*every, *(root / name for name in FILES)]:
        name = path.relative_to(root).as_posix()
        if path.suffix in SUFFIXES and not name.startswith(tuple(unchecked)):
            yield path


def main() -> int:
    """Print every forbidden phrase; exit code 1 if there is one."""
    rules = tomllib.loads((ROOT / ".ci/words.toml").read_text(encoding="utf-8"))
    n = 0
    for path in texts(ROOT, [*rules["vendored"], *rules["records"]]):
        for line, phrase, say in find(path.read_text(encoding="utf-8"), rules["words"]):
            sys.stdout.write(f"{path.relative_to(ROOT)}:{line}: {phrase!r}: {say}\n")
            n += 1
    return int(n > 0)


if __name__ == "__main__":
    sys.exit(main())
