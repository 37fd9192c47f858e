"""A command as the settings have it: words, some of which name files."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.messages import shown
from gliobench.domain.secrets import hidden
from gliobench.domain.studies.study import Modality

INPUT, OUTPUT, MASK = "input", "output", "mask"
OF_ALL = frozenset({INPUT, OUTPUT})
"""The places that a command may name."""
OF_ONE = frozenset({MASK, *(modality.value for modality in Modality)})
"""Those that it may name besides where it is run for one study at a time."""
_PATH = re.compile(r"(?<![^=:,])/(?!/)[^=:,]*?(?P<name>[^=:,/]+)/*(?![^=:,])")
"""A path in a word such as `--weights=/a/b`."""
_PLACE = re.compile(r"\{([A-Za-z0-9_-]+)\}")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A program and its arguments.

    Args:
        words: May name places, such as `{input}`; the first is the program's whole path.
    """

    words: tuple[str, ...]

    @property
    def program(self) -> str:
        """The program's path."""
        return self.words[0]

    @property
    def shown(self) -> str:
        """The command for a report: paths by their last part, without credentials."""
        return hidden(" ".join(_PATH.sub(r"\g<name>", word) for word in self.words))

    @classmethod
    def of(cls, text: str, *, name: str) -> CommandLine:
        """Read a command as a shell would split it, and find its program.

        A word that begins with `./` or `../` is taken from the folder that gliobench is started in.

        Raises:
            InvalidInputError: The text cannot be split, or is empty.
            NotFoundError: There is no such program, or it cannot be executed.
        """
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise InvalidInputError(f"{name}: got {shown(text)}: {error}") from error
        if not words or "\0" in text:
            raise InvalidInputError(
                f"{name}: got {shown(text)}: wanted a program and its arguments"
            )
        return cls((_program(words[0], name), *map(_absolute, words[1:])))

    def check_places(self, *, batch: bool, name: str) -> None:
        """Check that a command names where its output goes, and no place that there is not.

        Args:
            batch: Whether it is run for several studies at once.
            name: The setting, for messages.

        Raises:
            InvalidInputError: It does not.
        """
        known = OF_ALL if batch else OF_ALL | OF_ONE
        used = {place for word in self.words for place in _PLACE.findall(word)}
        wanted = ", ".join(f"{{{place}}}" for place in sorted(known))
        for place in sorted(used - known):
            why = ", since batch = true" if place in OF_ONE else ""
            raise InvalidInputError(f"{name}: {{{place}}}: wanted one of {wanted}{why}")
        if not used & {OUTPUT, MASK}:
            raise InvalidInputError(f"{name}: names no {{{OUTPUT}}}: wanted some of {wanted}")

    def filled(self, places: Mapping[str, str]) -> list[str]:
        """Put paths in their places."""
        return [_PLACE.sub(lambda found: places[found[1]], word) for word in self.words]

    def files(self) -> list[Path]:
        """List the files that it names: the program, a script, a file of options."""
        named = (Path(word.rpartition("=")[2]) for word in self.words)
        return [path for path in named if path.is_absolute() and path.is_file()]


def _program(word: str, name: str) -> str:
    found = shutil.which(_absolute(word))
    if found is None:
        exists = Path(_absolute(word)).is_file()
        why = (
            "cannot be executed: wanted chmod +x"
            if exists
            else "wanted a program on PATH or its path"
        )
        raise NotFoundError(f"{name}: {word}: {why}")
    return str(Path(found).absolute())


def _absolute(word: str) -> str:
    return str(Path(word).absolute()) if word.startswith((f".{os.sep}", f"..{os.sep}")) else word
