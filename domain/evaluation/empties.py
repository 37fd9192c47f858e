"""Scores where the reference, the answer or both show no tumour, as declared rules.

Only the reference decides whether a study counts, never the answer: otherwise two backends would be
compared on different studies, and one could gain by not answering.

- **Regions of a mask** follow the official BraTS program of 2023: both empty agree fully (Dice 1,
  HD95 0), exactly one empty disagrees fully (Dice 0, the worst distance). The official program of 2026
  skips a region that both lack, and so counts it only for backends with a false positive.
- **Points, boxes and polygons** locate a tumour. Without a tumour there is no centre and no plane, so
  they are not scored, whatever the answer; a distance of 0 mm for every healthy study would improve
  any mean or median.
- **Detection** is measured in addition, in every annotated study: sensitivity, specificity, and the
  volume of false positives.

A failure is not an answer: it scores worst wherever the reference allows a score.
"""

from __future__ import annotations

from enum import Enum

from gliobench.domain.metrics.measures import Measure


class Meeting(str, Enum):
    """How a reference and an answer meet, of a study or of a region."""

    BOTH = "in both"
    MISSED = "in the reference only"
    FALSE_ALARM = "in the answer only"
    NEITHER = "in neither"

    @classmethod
    def of(cls, *, reference: bool, prediction: bool) -> Meeting:
        """Return how they meet; True where there is something."""
        if reference:
            return cls.BOTH if prediction else cls.MISSED
        return cls.FALSE_ALARM if prediction else cls.NEITHER


def declared(meeting: Meeting, measure: Measure) -> float | None:
    """Return what a region scores where one or both show nothing of it.

    Returns:
        None where it is measured: where both show it, and by a measure that has no worst.
    """
    if meeting is Meeting.BOTH or measure.worst is None:
        return None
    return measure.best if meeting is Meeting.NEITHER else measure.worst
