"""The port of everything that studies are read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, runtime_checkable

from gliobench.domain.labels.proposal import DatasetLabels, Integers
from gliobench.domain.studies.faults import Fault
from gliobench.domain.studies.grading_target import GRADE, GradingTarget, TargetPrior
from gliobench.domain.studies.study import Grade, Modality, Origin, Reference, Study


@runtime_checkable
class Listing(Protocol):
    """Study ids of a source that knows of all of them without reading all of them.

    Contract:
        - It is a sequence, sorted and without repeats. A slice is a list, for which no other ids are
          read; going through it keeps few of them in memory.
    """

    @property
    def digest(self) -> str:
        """Return the hash of all ids, as `listing_hash` of a list does."""
        ...

    def drawn(self, count: int) -> list[str]:
        """Choose `count` of all studies by lot, as `chosen` of a list does."""
        ...


class StudySource(Protocol):
    """Lists and loads studies.

    Contract:
        - `study_ids` is sorted, without repeats and the same at every call; it reads no volume. Where
          a source has millions of them it is a `Listing`, and no list.
        - `study` reads headers only; volumes are read when first looked at, float32 on the study's
          RAS+ grid, and die with the study: the source keeps those of one study at most.
        - A study that cannot be read raises InvalidInputError (FaultyStudyError where the reason
          has a name), with one line, at bounded memory, and leaves the others as they are. A
          modality that is not there is absent from `volumes`; one that cannot be read raises when
          it is looked at.
        - A part of a reference that cannot be read is that reference's `fault`: nothing is raised, and
          what the other part says stands.
        - An id that is not in `study_ids` raises NotFoundError.
        - `origin` opens nothing: it returns the patient of an unreadable study, too.
        - `reference` is apart from `study`: no backend sees it.
        - A mask of integers is read by `labels`, never by what it holds; a source without them
          raises UndeclaredLabelsError at the first such mask where several conventions are possible.
    """

    def study_ids(self) -> Sequence[str]:
        """Name every study."""
        ...

    def study(self, study_id: str) -> Study:
        """Open a study."""
        ...

    def origin(self, study_id: str) -> Origin:
        """Return the patient and acquisition site, as in the opened study."""
        ...

    def grade(self, study_id: str) -> Grade | None:  # noqa: ARG002 -- most tables contain it, not all
        """Return the reference grade where it is known without reading the study's files."""
        return None

    def reference(self, study_id: str) -> Reference:
        """Read what the experts say of a study; parts that are unknown are absent."""
        ...

    def content_hash(self, study_id: str) -> str:
        """Hash the bytes that the study's volumes are read from (sha256, hex)."""
        ...

    def modalities(self) -> tuple[Modality, ...]:
        """Name what every study of the source should have."""
        return tuple(Modality)

    @property
    def is_of_slices(self) -> bool:
        """Return whether every study is one slice, so that none has to be chosen."""
        return False

    def notes(self, study_id: str) -> list[Fault]:  # noqa: ARG002 -- most sources have none
        """Return what is odd about a study's files and does no harm, e.g. a misnamed mask."""
        return []

    @property
    def labels(self) -> DatasetLabels | None:
        """The convention of the masks; None where it is not declared, or there is no mask."""
        return None

    def labelled(self, labels: DatasetLabels) -> Self:  # noqa: ARG002 -- most declare their own
        """Return the same studies with their masks read by a convention."""
        return self

    @property
    def prior(self) -> TargetPrior | None:
        """Return what is graded in the place of the grade; None for the grade itself."""
        return None

    @property
    def target(self) -> GradingTarget:
        """Return what is graded."""
        return self.prior.target if self.prior else GRADE

    def mask_integers(self, study_id: str) -> Integers | None:  # noqa: ARG002 -- as above
        """Read which integers a study's mask holds, 0 left out; None where it has no such mask.

        Raises:
            InvalidInputError: The mask cannot be read.
            NotFoundError: There is no such study.
        """
        return None
