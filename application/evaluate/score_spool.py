"""Scores that come in any order, put in order outside of memory."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from weakref import finalize

from gliobench.domain.errors import StoreError
from gliobench.domain.evaluation.scores import CaseScore

IN_MEMORY = 2**22
"""Bytes that are held before a temporary file is made."""


class ScoreSpool:
    """Takes scores as they come and gives them by study id; memory holds ids and places only.

    What it does raises StoreError where the disk of temporary files is full.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 -- closed at the exit
        self._places: dict[str, int] = {}
        finalize(self, self._file.close)

    def __enter__(self) -> ScoreSpool:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # of what could not be written and is wanted no more
            self._file.close()

    def add(self, cases: Iterable[CaseScore]) -> None:
        """Take scores; a study's second one takes the place of its first."""
        with _room():
            for case in cases:
                self._places[case.study_id] = self._file.seek(0, SEEK_END)
                pickle.dump(case, self._file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[CaseScore]:
        for study_id in sorted(self._places):
            with _room():
                self._file.seek(self._places[study_id])
                case = pickle.load(self._file)  # noqa: S301 -- written above, by this process
            yield case


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"scores cannot be put in order in a temporary file: {error.strerror or error}: make "
            "room, or set TMPDIR"
        ) from error
