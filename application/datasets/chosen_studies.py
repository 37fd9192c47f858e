"""Some studies of a source: what a frozen cohort names, or one part of its split."""

from __future__ import annotations

from collections.abc import Collection
from typing import final

from gliobench.application.datasets.studies_of import StudiesOf
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import NotFoundError


@final
class ChosenStudies(StudiesOf):
    """Shows a source as if it held nothing else.

    Raises:
        NotFoundError: A chosen study is not in the source.
    """

    def __init__(self, source: StudySource, study_ids: Collection[str]) -> None:
        super().__init__(source)
        self._study_ids = dict.fromkeys(sorted(study_ids))
        if missing := sorted(self._study_ids.keys() - source.study_ids()):
            raise NotFoundError(f"study {missing[0]} of the cohort is not in the dataset")

    def study_ids(self) -> list[str]:
        """Name every chosen study."""
        return list(self._study_ids)

    def checked(self, study_id: str) -> str:
        """Return the id of a chosen study.

        Raises:
            NotFoundError: It is not chosen.
        """
        if study_id not in self._study_ids:
            raise NotFoundError(f"study {study_id} is not in the cohort")
        return study_id
