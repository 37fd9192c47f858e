"""How long a backend took, added up."""

from __future__ import annotations

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.effort import Effort


def test_what_was_spent_earlier_is_added() -> None:
    assert Effort("a", 2, 1.5).beside(Effort("a", 3, 0.5)) == Effort("a", 5, 2.0)


@pytest.mark.parametrize("earlier", [None, Effort("b", 3, 0.5)])
def test_what_another_backend_spent_does_not_count(earlier: Effort | None) -> None:
    assert Effort("a", 2, 1.5).beside(earlier) == Effort("a", 2, 1.5)


@pytest.mark.parametrize(("studies", "seconds"), [(-1, 1.0), (1, -1.0), (1, float("nan"))])
def test_numbers_that_cannot_be_are_refused(studies: int, seconds: float) -> None:
    with pytest.raises(InvalidInputError, match="wanted 0 or more"):
        Effort("a", studies, seconds)
