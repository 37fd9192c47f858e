"""Names of BIDS: entities such as `ses-1`, and a suffix such as `T1w`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from gliobench.adapters.nifti.image_names import nifti_stem
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.messages import shown
from gliobench.domain.studies.study import Modality

SUBJECT, SESSION = "sub", "ses"
_ENTITY = re.compile(r"(?P<key>[a-z]+)-(?P<value>.+)", re.IGNORECASE | re.DOTALL)
_NOT_GIVEN = re.compile(r"no(ne|t)?|pre|without|false|native|0", re.IGNORECASE)
"""Values of `ce` that state the absence of a contrast agent."""
_GIVEN = re.compile(
    r"ce|gd|gad\w*|(with|post)?contrast|post(ce|gd|gad\w*)?|t1(c|ce|gd)", re.IGNORECASE
)
"""Values of `acq` that state a contrast agent, where `ce` is missing."""
_NO_MAGNITUDE = frozenset({"phase", "real", "imag"})
_PLAIN = (Modality.T2W, Modality.T2F)


class Visit(NamedTuple):
    """A subject's session; empty where the dataset has none."""

    subject: str
    session: str

    @property
    def patient(self) -> str:
        """The subject as BIDS writes it."""
        return f"{SUBJECT}-{self.subject}"

    @property
    def name(self) -> str:
        """The start of the names of its files."""
        return f"{self.patient}_{SESSION}-{self.session}" if self.session else self.patient


@dataclass(frozen=True)
class BidsFile:
    """A file by its name.

    Args:
        path: The file.
        entities: Values by key; the subject and session of its folders where its name has none. What
            is no entity stands under an empty key.
        suffix: The last part of its name.
    """

    path: DatasetPath
    entities: Mapping[str, str]
    suffix: str

    @classmethod
    def of(cls, path: DatasetPath, stem: str, above: Mapping[str, str]) -> Self:
        """Read a name without its ending, within folders of a subject and session.

        Labels that BIDS forbids, such as `sub-P_01`, are those of the folders.
        """
        rest = stem
        for key, label in above.items():
            rest = rest.removeprefix(f"{key}-{label}_")
        entities, suffix = parse_name(rest)
        return cls(path, {**above, **entities}, suffix)

    @property
    def visit(self) -> Visit | None:
        """The subject and session; None where no subject is named."""
        subject = self.entities.get(SUBJECT)
        return Visit(subject, self.entities.get(SESSION, "")) if subject else None

    @property
    def modality(self) -> Modality | None:
        """The sequence; None for other files, and for phases of complex images."""
        found = Modality.of_channel(self.suffix)
        if self.entities.get("part", "").lower() in _NO_MAGNITUDE:
            return None
        return Modality.T1C if found is Modality.T1N and self.has_contrast else found

    @property
    def has_contrast(self) -> bool:
        """Whether the name states a contrast agent."""
        agent = self.entities.get("ce")
        if agent is not None:
            return _NOT_GIVEN.fullmatch(agent) is None
        return _GIVEN.fullmatch(self.entities.get("acq", "")) is not None


def parse_name(stem: str) -> tuple[dict[str, str], str]:
    """Split a name into entities and suffix, as `sub-01_ce-gd_T1w`."""
    *parts, suffix = stem.split("_")
    if _ENTITY.fullmatch(suffix):
        parts, suffix = [*parts, suffix], ""
    entities: dict[str, str] = {}
    for part in parts:
        found = _ENTITY.fullmatch(part)
        key, value = (found["key"].lower(), found["value"]) if found else ("", part)
        entities[key] = f"{entities[key]} {value}" if key in entities else value
    return entities, suffix


def parse_entities(text: str) -> dict[str, str]:
    """Read the entities of a setting, as `run-1_space-T1w`.

    Raises:
        InvalidInputError: It has other parts.
    """
    entities, suffix = parse_name(text)
    if suffix or "" in entities:
        raise InvalidInputError(
            f"bids_entities {shown(text)}: wanted keys and values such as run-1_space-T1w"
        )
    return entities


def preferred(files: Sequence[BidsFile], wanted: Mapping[str, str]) -> list[BidsFile]:
    """Drop the files that lack a wanted entity, where another one has it; `none` is its absence."""
    found = [*files]
    for key, value in wanted.items():
        found = [file for file in found if file.entities.get(key, "none") == value] or found
    return found


def images_of(
    files: Iterable[BidsFile], wanted: Mapping[str, str]
) -> dict[Modality, list[BidsFile]]:
    """Sort the images of a visit by their sequence.

    Of T2w and FLAIR, those without contrast agent are taken where there are any.

    Args:
        files: Of the visit.
        wanted: Entities that decide between several candidates.
    """
    found: dict[Modality, list[BidsFile]] = {}
    for file in files:
        if (modality := file.modality) is not None:
            found.setdefault(modality, []).append(file)
    for modality in [item for item in _PLAIN if item in found]:
        plain = [file for file in found[modality] if not file.has_contrast]
        found[modality] = plain or found[modality]
    return {modality: preferred(candidates, wanted) for modality, candidates in found.items()}


def sidecar_of(path: DatasetPath) -> DatasetPath:
    """Return the JSON file beside an image."""
    return path.parent / f"{nifti_stem(path)}.json"
