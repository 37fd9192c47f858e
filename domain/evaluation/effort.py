"""How long a backend took, which is no part of what it answered."""

from __future__ import annotations

from dataclasses import dataclass

from gliobench.domain.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Effort:
    """Time that a backend spent on studies, their images loaded.

    Args:
        fingerprint: Of the backend.
        studies: That it was asked about.
        seconds: Of all workers together, what waits for a server included.

    Raises:
        InvalidInputError: A number below 0.
    """

    fingerprint: str
    studies: int
    seconds: float

    def __post_init__(self) -> None:
        if not (self.studies >= 0 and 0 <= self.seconds < float("inf")):
            raise InvalidInputError(f"{self.studies} studies in {self.seconds} s: wanted 0 or more")

    def beside(self, earlier: Effort | None) -> Effort:
        """Add what was spent earlier; that of another backend does not count."""
        if earlier is None or earlier.fingerprint != self.fingerprint:
            return self
        return Effort(
            self.fingerprint, self.studies + earlier.studies, self.seconds + earlier.seconds
        )
