"""What studies in folders are called, and whose they are, where their files do not say it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gliobench.adapters.nifti.study_folders import StudyFolder
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.messages import printable
from gliobench.domain.studies.patients import is_visit, patient_of
from gliobench.domain.studies.study_ids import study_id_of

_SAYS_NOTHING = re.compile(r"anat", re.IGNORECASE)
"""Folders that BIDS has in every visit."""
_MOST_FOLDERS = 6


def named(studies: Iterable[StudyFolder]) -> list[StudyFolder]:
    """Give each study a name of its own, and tell its patient where folders do.

    A study that is called after its folder is called after the folders above as well where that
    folder is a visit's (`ses-1`, `week-000-1`), or others are called the same: `<patient>/<visit>`
    becomes `<patient>_<visit>`. Where others are called the same, the folder above is taken for the
    patient if there are as many such folders as there are names in them, or more; else for a group
    of patients, as in `HGG/001`.

    Returns:
        The studies, with ids fit to be shown. Where files bear the same name as others, and so say
        that they are the same study, that stays.
    """
    found = list(studies)
    names = {at: _Name.of(one.folder) for at, one in enumerate(found) if one.is_named_by_folder}
    for _ in range(_MOST_FOLDERS):
        clashing = _clashing(found, names)
        if not clashing:
            break
        above = {str(found[at].folder.parent) for at in clashing}
        beside = [at for at in names if str(found[at].folder.parent) in above]
        are_visits = len(above) >= len({found[at].folder.name for at in beside})
        names |= {at: names[at].longer(is_visit=are_visits) for at in beside}
    return [_named(one, names.get(at)) for at, one in enumerate(found)]


@dataclass(frozen=True, slots=True)
class _Name:
    """A name made of folders' names.

    Args:
        folders: The study's own and those above, the nearest first.
        taken: How many of them make the name.
        visits: How many of these say nothing but which visit it is.
    """

    folders: tuple[str, ...]
    taken: int
    visits: int

    @classmethod
    def of(cls, folder: DatasetPath) -> _Name:
        folders = [one.name for one in (folder, *folder.parents[:_MOST_FOLDERS]) if one.name]
        visits = 0
        while visits < len(folders) - 1 and _is_visit(folders[visits]):
            visits += 1
        return cls(tuple(folders), visits + 1, visits)

    def longer(self, *, is_visit: bool) -> _Name:
        if self.taken >= len(self.folders):
            return self
        return replace(self, taken=self.taken + 1, visits=self.visits or int(is_visit))

    @property
    def text(self) -> str:
        parts = self.folders[: self.taken]
        telling = [one for one in parts if not _SAYS_NOTHING.fullmatch(one)] or parts
        return "_".join(reversed(telling))

    @property
    def patient(self) -> str | None:
        if not self.visits:
            return None
        return patient_of(
            study_id_of("_".join(reversed(self.folders[self.visits : self.taken])))
        ).id


def _is_visit(folder: str) -> bool:
    return is_visit(folder) or _SAYS_NOTHING.fullmatch(folder) is not None


def _named(study: StudyFolder, name: _Name | None) -> StudyFolder:
    text = _text(study, name)
    return replace(
        study,
        id=study_id_of(text),
        has_odd_name=printable(text) != text,
        patient=name.patient if name else None,
    )


def _text(study: StudyFolder, name: _Name | None) -> str:
    return study.id if name is None else name.text


def _clashing(found: list[StudyFolder], names: dict[int, _Name]) -> list[int]:
    """Find the studies called after folders of which another has the name."""
    texts = [_text(one, names.get(at)) for at, one in enumerate(found)]
    counts = Counter(texts)
    return [at for at in names if counts[texts[at]] > 1]
