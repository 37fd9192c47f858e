"""The port of everything that studies are read from."""

from __future__ import annotations

from typing import Protocol

from gliobench.domain.study import Reference, Study


class StudySource(Protocol):
    """Lists and loads studies.

    Contract:
        - `study_ids` is sorted, and the same at every call; it reads no volume.
        - `study` reads headers only; volumes are read when first looked at.
        - A study that cannot be read raises InvalidInputError (or NotFoundError) with one line,
          costs bounded memory, and leaves the others as they are.
        - `reference` is apart from `study`: no backend sees it.
    """

    def study_ids(self) -> list[str]:
        """Name every study."""
        ...

    def study(self, study_id: str) -> Study:
        """Open a study."""
        ...

    def reference(self, study_id: str) -> Reference:
        """Read what the experts say of a study; parts that are unknown are absent."""
        ...

    def content_hash(self, study_id: str) -> str:
        """Hash the bytes that the study's volumes are read from (sha256, hex)."""
        ...
