"""What is scored where the reference, the answer or both show no tumour: declared, not computed.

Whether a study counts is decided by the reference alone, never by the answer: else two backends
would be held against each other over different studies, and one would do well to keep silent.

- **Regions of a mask** follow the official BraTS program of 2023: both without a voxel agree fully
  (Dice 1, HD95 0), exactly one without a voxel disagrees fully (Dice 0, the worst distance). The
  official program of 2026 skips a region that both lack, and so counts it for those backends only
  that predict something there.
- **Points, boxes and outlines** say where a tumour is. Where there is none there is no centre to be
  off and no plane to be drawn on, so nothing is scored, whatever the answer; a distance of 0 mm for
  every healthy study would make any mean or median look better.
- **Whether there is a tumour** is measured beside them, in every study with an annotated reference:
  sensitivity and specificity of detection, and the volume of what was predicted where nothing is.

A failure is no answer: it scores worst wherever the reference allows a score.
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
        """Tell how they meet; True where there is something."""
        if reference:
            return cls.BOTH if prediction else cls.MISSED
        return cls.FALSE_ALARM if prediction else cls.NEITHER


def declared(meeting: Meeting, measure: Measure) -> float | None:
    """Give what a region scores where one or both show nothing of it.

    Returns:
        None where it is measured: where both show it, and by a measure that has no worst.
    """
    if meeting is Meeting.BOTH or measure.worst is None:
        return None
    return measure.best if meeting is Meeting.NEITHER else measure.worst
