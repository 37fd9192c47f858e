"""How files of prepared studies are named: as in BraTS, or as derivatives of BIDS."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, final

from gliobench.application.ports.study_source import StudySource
from gliobench.application.prepare.preparation import VERSION
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.whole import write_whole
from gliobench.domain.messages import shown
from gliobench.domain.studies.study import Modality
from gliobench.domain.studies.study_ids import file_stem

SPACE = "BraTS"
_ENTITIES = {
    Modality.T1N: ("", "T1w"),
    Modality.T1C: ("ce-contrast_", "T1w"),
    Modality.T2W: ("", "T2w"),
    Modality.T2F: ("", "FLAIR"),
}
DESCRIPTION, NAME = "dataset_description.json", "Prepared by gliobench"
_IGNORED = ("*.png", "*_quality.json")
"""Files that BIDS does not know."""
_README = """# Images prepared by gliobench

Registered to one grid of 1 mm, the brain alone. Beside each image lies a picture of it, and for each session a file
`_desc-preproc_quality.json` of how well the images were registered: look at both before you use the images.
"""
_VISIT = re.compile(r"sub-(?P<sub>[A-Za-z0-9]+)(_ses-(?P<ses>[A-Za-z0-9]+))?")


class Layout(Protocol):
    """Names files.

    Contract:
        - No two studies share a file.
    """

    def begin(self, source: StudySource) -> None:
        """Look at all studies, and write what describes them together."""
        ...

    def image(self, study_id: str, modality: Modality) -> Path:
        """Name an image."""
        ...

    def describe(self, image: Path, modality: Modality) -> None:
        """Write what describes an image."""
        ...

    def quality(self, study_id: str) -> Path:
        """Name the file that says how well a study was prepared."""
        ...


@final
@dataclass(frozen=True, slots=True)
class BratsLayout(Layout):
    """`<id>/<id>_{t1,t1ce,t2,flair}.nii.gz`."""

    folder: Path

    def begin(self, source: StudySource) -> None:
        """Do nothing."""

    def image(self, study_id: str, modality: Modality) -> Path:
        """Name an image."""
        stem = file_stem(study_id)
        return self.folder / stem / f"{stem}_{modality.alias}.nii.gz"

    def describe(self, image: Path, modality: Modality) -> None:
        """Do nothing."""

    def quality(self, study_id: str) -> Path:
        """Name the file that says how well a study was prepared."""
        return self.folder / file_stem(study_id) / "preparation.json"


@final
@dataclass(frozen=True, slots=True)
class BidsLayout(Layout):
    """`sub-*/[ses-*/]anat/…_space-BraTS_desc-preproc_{T1w,T2w,FLAIR}.nii.gz`, as derivatives."""

    folder: Path

    def begin(self, source: StudySource) -> None:
        """Check that no two studies share a name, and describe the derivatives.

        Raises:
            InvalidInputError: Two studies would have one name, or the folder is another dataset.
        """
        _check_own(self.folder / DESCRIPTION)
        names = Counter(map(visit, source.study_ids()))
        for name, count in names.items():
            if count > 1:
                raise InvalidInputError(
                    f"{count} studies would be {name} in BIDS, whose names are of letters and digits: "
                    "wanted --layout brats"
                )
        described = {
            "Name": NAME,
            "BIDSVersion": "1.10.0",
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "gliobench", "Description": f"prepare, version {VERSION}"}],
        }
        _write(self.folder / DESCRIPTION, described)
        write_whole(self.folder / ".bidsignore", "".join(f"{name}\n" for name in _IGNORED).encode())
        if not (readme := self.folder / "README.md").exists():
            write_whole(readme, _README.encode())

    def image(self, study_id: str, modality: Modality) -> Path:
        """Name an image."""
        enhanced, suffix = _ENTITIES[modality]
        name = f"{visit(study_id)}_{enhanced}space-{SPACE}_desc-preproc_{suffix}.nii.gz"
        return self._folder(study_id) / name

    def describe(self, image: Path, modality: Modality) -> None:
        """Write the sidecar."""
        facts: dict[str, object] = {
            "SkullStripped": True,
            "SpatialReference": "1 mm, 240 x 240 x 155, the place and the size of the images of BraTS",
        }
        if modality is Modality.T1C:
            facts["ContrastBolusIngredient"] = "GADOLINIUM"
        _write(image.with_name(image.name.removesuffix(".nii.gz") + ".json"), facts)

    def quality(self, study_id: str) -> Path:
        """Name the file that says how well a study was prepared."""
        return self._folder(study_id) / f"{visit(study_id)}_desc-preproc_quality.json"

    def _folder(self, study_id: str) -> Path:
        return self.folder.joinpath(*visit(study_id).split("_"), "anat")


def visit(study_id: str) -> str:
    """Name a study as BIDS does.

    >>> visit("sub-01_ses-2"), visit("BraTS20_Training_001")
    ('sub-01_ses-2', 'sub-BraTS20Training001')

    Raises:
        InvalidInputError: The id holds no letter or digit of ASCII.
    """
    if _VISIT.fullmatch(study_id):
        return study_id
    letters = "".join(item for item in study_id if item.isascii() and item.isalnum())
    if not letters:
        raise InvalidInputError(f"study {shown(study_id)} has no name for BIDS")
    return f"sub-{letters}"


def _check_own(description: Path) -> None:
    """Refuse to describe a dataset that no earlier call has written.

    Raises:
        InvalidInputError: It is described already, otherwise than here.
    """
    try:
        there = json.loads(description.read_bytes())
    except FileNotFoundError:
        return
    except (OSError, ValueError):
        there = None
    if not isinstance(there, dict) or there.get("Name") != NAME:
        raise InvalidInputError(
            f"{description}: is of another dataset: wanted another --out, such as derivatives/gliobench in it"
        )


def _write(path: Path, facts: Mapping[str, object]) -> None:
    write_whole(path, (json.dumps(facts, indent=2) + "\n").encode())
