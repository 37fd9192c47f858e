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

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gliobench.domain.evaluation.scores import (
    WORST_MM,
    BoxScore,
    FormScore,
    PointScore,
    PolygonScore,
    RegionScore,
)
from gliobench.domain.predictions.prediction import Form


class Meeting(str, Enum):
    """How a reference and an answer meet, of a study or of a region."""

    BOTH = "both show it"
    MISSED = "the reference alone shows it"
    FALSE_ALARM = "the answer alone shows it"
    NEITHER = "neither shows it"

    @classmethod
    def of(cls, *, reference: bool, prediction: bool) -> Meeting:
        """Tell how they meet; True where there is something."""
        if reference:
            return cls.BOTH if prediction else cls.MISSED
        return cls.FALSE_ALARM if prediction else cls.NEITHER


@dataclass(frozen=True, slots=True)
class Declared:
    """What is scored where one or both show nothing.

    Args:
        region: A region of a mask; its volumes are measured.
        places: By form on the plane and in the volume; those that are absent are not scored.
    """

    region: RegionScore
    places: Mapping[Form, FormScore]


_WORST_REGION = RegionScore(dice=0.0, iou=0.0, hd95_mm=WORST_MM, nsd=0.0, volume_error_mm3=None)
_BEST_REGION = RegionScore(dice=1.0, iou=1.0, hd95_mm=0.0, nsd=1.0, volume_error_mm3=None)
_WORST_PLACES: Mapping[Form, FormScore] = {
    Form.POINT: PointScore(error_mm=WORST_MM, hit=False),
    Form.BOX: BoxScore(iou=0.0),
    Form.POLYGON: PolygonScore(dice=0.0),
    Form.POINT_3D: PointScore(error_mm=WORST_MM, hit=False),
    Form.BOX_3D: BoxScore(iou=0.0),
}

DECLARED: Mapping[Meeting, Declared] = {
    Meeting.MISSED: Declared(_WORST_REGION, _WORST_PLACES),
    Meeting.FALSE_ALARM: Declared(_WORST_REGION, {}),
    Meeting.NEITHER: Declared(_BEST_REGION, {}),
}
"""Of all meetings but `BOTH`, which is measured."""
