"""Brain extraction by a program such as HD-BET, SynthStrip or FSL BET."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, final

from gliobench.adapters.command.command_line import INPUT, MASK, OUTPUT, CommandLine
from gliobench.adapters.command.failures import why_ended
from gliobench.adapters.command.layouts import LAYOUTS, InputFiles, WriteImage
from gliobench.adapters.command.program import Limits, environment, workplace
from gliobench.application.ports.brain_extractor import BrainExtractor
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.content import digest_of
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.studies.study import Modality, Study

SETTING = "prepare.brain_command"
ReadMask: TypeAlias = Callable[[Path, Grid], BoolArray]
"""Reads a mask of one structure, in any orientation, on a grid."""


@dataclass(frozen=True, slots=True)
class BrainProgram:
    """What is run, and what it may use.

    Args:
        command: Names the images that it reads, as {t1c}, and the mask that it writes, {mask}, or the
            folder {output} to which it writes a file whose name holds `mask` or `bet`.
        timeout_s: Its time limit.
        env: Of its environment: NAME to pass on, or NAME=value.
    """

    command: str
    timeout_s: float
    env: tuple[str, ...] = ()


@final
class CommandBrainExtractor(BrainExtractor):
    """Runs a program once for each head.

    Raises:
        InvalidInputError: The command cannot be read, or names no output or an unknown place.
        NotFoundError: There is no such program.
    """

    def __init__(
        self,
        program: BrainProgram,
        *,
        write_image: WriteImage,
        read_mask: ReadMask,
        threads: int | None = None,
    ) -> None:
        self._line = CommandLine.of(program.command, name=SETTING)
        self._line.check_places(batch=False, name=SETTING)
        self._program, self._write, self._read = program, write_image, read_mask
        self._env = environment(program.env, threads)

    @property
    def fingerprint(self) -> str:
        """The command and the content of the files that it names."""
        files = [f"{path.name} {digest_of(path)}" for path in self._line.files()]
        parts = json.dumps([self._program.command, self._program.env, files])
        return f"{self._line.shown}: {hashlib.sha256(parts.encode()).hexdigest()}"

    def extract(self, head: Study) -> BoolArray:
        """Find the brain."""
        inputs = InputFiles(LAYOUTS["files"], self._modalities(head), ".nii.gz", self._write)
        with workplace() as place:
            folders = {name: place.folder / name for name in (INPUT, OUTPUT)}
            for folder in folders.values():
                folder.mkdir()
            case = inputs.case(0)
            inputs.write(folders[INPUT], case, head)
            images = inputs.paths(folders[INPUT], case)
            mask = folders[OUTPUT] / "brain_mask.nii.gz"
            places = {name: str(path) for name, path in (folders | {MASK: mask}).items()}
            places |= {modality.value: str(path) for modality, path in images.items()}
            limits = Limits(self._program.timeout_s)
            ended = place.run(self._line.filled(places), env=self._env, limits=limits)
            if ended.exit_code != 0 or ended.reason:
                _, why = why_ended(ended, limits)
                raise InvalidInputError(f"{SETTING}: the program {why}")
            return self._read(_written(folders[OUTPUT], mask), head.grid)

    def _modalities(self, head: Study) -> tuple[Modality, ...]:
        """Return those that the head has; the command must not name another."""
        named = {m for m in Modality if any(f"{{{m.value}}}" in word for word in self._line.words)}
        if absent := sorted(m.value for m in named.intersection(head.absent)):
            raise InvalidInputError(
                f"{SETTING} needs {', '.join(absent)}, which the study does not have"
            )
        return tuple(m for m in Modality if m not in head.absent)


def _written(folder: Path, mask: Path) -> Path:
    """Return the mask that a program wrote."""
    if mask.is_file():
        return mask
    found = [
        path
        for path in sorted(folder.rglob("*.nii*"))
        if "mask" in path.name.lower() or "_bet" in path.name.lower()
    ]
    if len(found) != 1:
        raise InvalidInputError(f"{SETTING}: the program wrote {len(found)} masks: wanted one")
    return found[0]
