"""Study ids and patients derived from folder names, where file names contain no id."""

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

_SAYS_NOTHING = re.compile(r"anat|images?|nii|nifti", re.IGNORECASE)
"""Folders that every visit has, as BIDS's `anat`."""
_OF_GROUPS = re.compile(
    r"([hl]gg|gbm|(who|grade)[-_ ]?(\d|i{1,3}|iv)"
    r"|(train(ing)?|val(id(ation)?)?|test(ing)?)[-_ ]?(data|set)?"
    r"|(fold|site|cent(er|re)|group|cohort|dataset)[-_ ]?\w{0,3}"
    r"|images?|masks?|labels?|raw|processed)",
    re.IGNORECASE,
)
"""Folders of many patients."""
_MOST_FOLDERS = 6


def named(studies: Iterable[StudyFolder]) -> list[StudyFolder]:
    """Assign each study a unique id, and derive its patient from folders where possible.

    A study named after its folder also takes the names of parent folders if the folder denotes a visit
    (`ses-1`, `week-000-1`) or its name is not unique: `<patient>/<visit>` becomes `<patient>_<visit>`. If
    the name is not unique, the parent folder is taken as the patient if there are at least as many such
    folders as distinct names in them, and none is named as a group of patients is, such as `HGG/001`.

    Returns:
        The studies, with printable ids. Ids of files that occur twice stay duplicate, because they denote
        the same study.
    """
    found = list(studies)
    names = {at: _Name.of(item.folder) for at, item in enumerate(found) if item.is_named_by_folder}
    for _ in range(_MOST_FOLDERS):
        clashing = _clashing(found, names)
        if not clashing:
            break
        above = {str(found[at].folder.parent) for at in clashing}
        beside = [at for at in names if str(found[at].folder.parent) in above]
        names_beside = {found[at].folder.name for at in beside}
        of_groups = any(_OF_GROUPS.fullmatch(found[at].folder.parent.name) for at in clashing)
        are_visits = len(above) >= len(names_beside) and not of_groups
        names |= {at: names[at].longer(is_visit=are_visits) for at in beside}
    return [_named(item, names.get(at)) for at, item in enumerate(found)]


@dataclass(frozen=True, slots=True)
class _Name:
    """A name composed of folder names.

    Args:
        folders: The study's own and its parents, the nearest first.
        taken: How many of them form the name.
        visits: How many of these only denote a visit.
    """

    folders: tuple[str, ...]
    taken: int
    visits: int

    @classmethod
    def of(cls, folder: DatasetPath) -> _Name:
        folders = [item.name for item in (folder, *folder.parents[:_MOST_FOLDERS]) if item.name]
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
        names = [part for part in parts if not _SAYS_NOTHING.fullmatch(part)] or parts
        return "_".join(reversed(names))

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
    """Find the studies named after folders whose name is not unique."""
    texts = [_text(item, names.get(at)) for at, item in enumerate(found)]
    counts = Counter(texts)
    return [at for at in names if counts[texts[at]] > 1]
