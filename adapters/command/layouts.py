"""The names under which a program finds the files of studies.

A study is a case with a number. Its id stays here: a name may hold spaces, another script or a
patient's, and what a program answers must not depend on it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from gliobench.domain.studies.study import Modality, Study

WriteImage: TypeAlias = Callable[[Path, Study, Modality], None]
"""Writes one modality as NIfTI, on the grid and in the orientation of the study's own files."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How files of studies are named.

    Args:
        case: A case's name, from its `number`.
        file: A file's path, from `case`, `channel` (0 for the first modality), `modality` (BraTS's name
            of 2023) and `alias` (its name until 2020); the ending follows.
        listed: Whether a list of MONAI's, `datalist.json`, lies beside the files.
    """

    case: str
    file: str
    listed: bool = False


LAYOUTS: Mapping[str, Layout] = {
    "nnunet": Layout("case_{number:03d}", "{case}_{channel:04d}"),
    "brats": Layout("case_{number:03d}", "{case}/{case}_{alias}"),
    "brats-2023": Layout("BraTS-GLI-{number:05d}-000", "{case}/{case}-{modality}"),
    "brats-2024": Layout("BraTS-GLI-{number:05d}-100", "{case}/{case}-{modality}"),
    "monai": Layout("case_{number:03d}", "{case}/{case}_{modality}", listed=True),
    "files": Layout("case_{number:03d}", "{case}/{modality}"),
}
"""By the name that the setting `input` takes."""
CASE_LIST = "datalist.json"


@dataclass(frozen=True, slots=True)
class InputFiles:
    """Writes the files of a study.

    Args:
        layout: Their names.
        modalities: Which ones, in the order of the program's channels.
        ending: .nii or .nii.gz.
        write_image: Writes one of them.
    """

    layout: Layout
    modalities: tuple[Modality, ...]
    ending: str
    write_image: WriteImage

    def case(self, number: int) -> str:
        """Name a case."""
        return self.layout.case.format(number=number)

    def paths(self, folder: Path, case: str) -> dict[Modality, Path]:
        """Name the files of a case."""
        return {
            modality: folder / (self._name(case, channel, modality) + self.ending)
            for channel, modality in enumerate(self.modalities)
        }

    def write(self, folder: Path, case: str, study: Study) -> None:
        """Write the files of a case.

        Raises:
            FaultError: The study lacks a modality, or it cannot be read.
        """
        for modality in self.modalities:
            study.volume(modality)  # all are there before any is written
        for modality, path in self.paths(folder, case).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.write_image(path, study, modality)

    def finish(self, folder: Path, cases: Sequence[str]) -> None:
        """Write what lists the cases, where the layout has such a file."""
        if self.layout.listed:
            listed = [
                {
                    "image": [
                        str(path.relative_to(folder)) for path in self.paths(folder, case).values()
                    ]
                }
                for case in cases
            ]
            (folder / CASE_LIST).write_text(json.dumps({"testing": listed}), encoding="utf-8")

    def _name(self, case: str, channel: int, modality: Modality) -> str:
        return self.layout.file.format(
            case=case, channel=channel, modality=modality.value, alias=modality.alias
        )
