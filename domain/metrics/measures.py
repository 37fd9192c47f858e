"""Every measure, one row each: what scores, compares, prints or stores a measure reads its row here.

Texts name the classes of a grade by placeholders, see `studies.grading_target`.

To add one, write its function and its row, and test it. The score tables of runs get a column for it,
reports a column, CSV, JSON and the terminal a number; runs that were scored before have none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from math import nan
from typing import Any, NamedTuple

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray, Grid
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics import classification as graded
from gliobench.domain.metrics import localisation as placed
from gliobench.domain.metrics import segmentation as segmented
from gliobench.domain.metrics.lesionwise import brats2023, brats2026
from gliobench.domain.metrics.lesionwise.brats2023 import Scores2023
from gliobench.domain.metrics.lesionwise.brats2026 import Scores2026
from gliobench.domain.metrics.mask_pair import MaskPair
from gliobench.domain.metrics.ratios import ratio
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.studies.grading_target import (
    CLASSES,
    NEGATIVE,
    NEGATIVE_KEY,
    POSITIVE,
    POSITIVE_KEY,
)

WORST_MM = 373.13
"""Distance in mm that a failure scores, and that none exceeds: the diagonal of BraTS's 240×240×155 mm
volume. The penalty is gliobench's own. BraTS's official programs have none for points; as the HD95 of
a missed lesion they count 374 mm (the program of 2023) or 373 mm (that of 2026)."""
NSD_TOLERANCE_MM = 1.0
"""How far apart two surfaces still agree: one voxel of BraTS."""
REFERENCE_MM3 = "reference_mm3"
"""What a score table calls the volume of a mask's region in the reference, beside its measures."""
_DEFINITION = "MONAI's and Metrics Reloaded's definition, not an official BraTS number"


class MeasureSet(str, Enum):
    """Measures that are computed where they are asked for: the scores of challenges."""

    BRATS_2023 = "brats2023"
    """The rule of BraTS 2023 to 2025."""
    BRATS_2026 = "brats2026"

    @classmethod
    def parse(cls, names: Iterable[str]) -> tuple[MeasureSet, ...]:
        """Read the names of sets, in the order that they are listed here; `none` names no set.

        Raises:
            InvalidInputError: There is no such set.
        """
        given = {name.strip() for name in names} - {"", "none"}
        if strange := sorted(given - {item.value for item in cls}):
            known = ", ".join(item.value for item in cls)
            raise InvalidInputError(f"measures {strange[0]!r}: wanted some of {known}")
        return tuple(item for item in cls if item.value in given)


EVERY_SET = tuple(MeasureSet)


class Compared(Enum):
    """How two backends are compared by a measure."""

    NO = "not"
    BY_INTERVAL = "by the interval of the difference"
    """No test here fits it, so it cannot be a primary endpoint."""
    BY_TEST = "by a paired test"


class PlacedAnswer(NamedTuple):
    """A point, box or outline beside the reference's in the same form.

    Args:
        reference: The experts' tumour in the form of the answer.
        prediction: The answer.
        whole: (I, J, K) bool, the experts' whole tumour.
        grid: Of the study.
    """

    reference: Any
    prediction: Any
    whole: BoolArray
    grid: Grid


class Bar(NamedTuple):
    """A share of studies: those that reach a value of another measure."""

    measure: Measure
    at_least: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Measure:
    """One measure; it is computed by the one function that its row names.

    Args:
        key: In the names of endpoints and score columns.
        title: At the head of a column.
        meaning: What it is, in a sentence without its full stop.
        formula: The same in signs, for the reference pages: TP, FP, TN and FN of grades, R and P the
            reference and the answer as sets of voxels or areas, ∂ a surface.
        name: In the middle of a sentence, with its unit, where that is not `title`.
        unit: Of the number; empty for shares and overlaps.
        digits: Decimals in print.
        lower_is_better: Whether less is better.
        worst: What a failure scores; None where there is no worst: failures are then left out.
        is_share: Whether it is a share of studies rather than a mean over them.
        forms: The forms that it scores; empty for grades.
        regions: Of a mask's measure, the regions that tables show.
        column: In score tables, where that is not `key`.
        export_key: In JSON and CSV, where that is not `key`.
        terminal: At the head of a column in the terminal; empty where it is not shown there.
        in_tables: Whether reports show it in their tables.
        counts_background: Whether it depends on how many voxels lie beside both masks.
        compared: How two backends are compared by it.
        of_counts: Of grades, the studies that count and of how many.
        of_confusions: Of grades.
        of_rankings: Of probabilities, by their order.
        slopes: What is computed of rankings, differentiated by the weights at each score; without it,
            resamples of every cohort are drawn.
        of_probabilities: Of each study's P(HGG), given `reference` and `probability`; their mean.
        of_place: Of an answer in a place's form.
        of_masks: Of one region of a mask.
        of_scores: Of the scores in another measure.
        of_brats_2023: Of one region's lesion-wise scores by that rule; NaN for none.
        of_brats_2026: Likewise.

    Raises:
        InvalidInputError: It is computed by no function, or by two of them.
    """

    key: str
    title: str
    meaning: str
    formula: str = ""
    name: str = ""
    unit: str = ""
    digits: int = 2
    lower_is_better: bool = False
    worst: float | None = 0.0
    is_share: bool = False
    forms: tuple[Form, ...] = ()
    regions: tuple[Region, ...] = ()
    column: str = ""
    export_key: str = ""
    terminal: str = ""
    in_tables: bool = True
    counts_background: bool = False
    compared: Compared = Compared.NO
    of_counts: Callable[[graded.Confusions], graded.Counts] | None = None
    of_confusions: Callable[[graded.Confusions], FloatArray] | None = None
    of_rankings: Callable[[graded.Rankings], FloatArray] | None = None
    slopes: Callable[[graded.Rankings], graded.Rankings] | None = None
    of_probabilities: Callable[..., FloatArray] | None = None
    of_place: Callable[[PlacedAnswer], float] | None = None
    of_masks: Callable[[MaskPair], float] | None = None
    of_scores: Bar | None = None
    of_brats_2023: Callable[[Scores2023], float] | None = None
    of_brats_2026: Callable[[Scores2026], float] | None = None

    def __post_init__(self) -> None:
        functions = [getattr(self, name) for name in self.__slots__ if name.startswith("of_")]
        if sum(function is not None for function in functions) != 1:
            raise InvalidInputError(f"{self.key} needs one function that computes it")

    def __reduce__(self) -> tuple[Callable[[str], Measure], tuple[str]]:
        """Send the title and receive the same row: rows are compared by identity."""
        return _titled, (self.title,)

    @property
    def chosen_by(self) -> MeasureSet | None:
        """The set that it belongs to; None where it is always computed."""
        if self.of_brats_2023 is not None:
            return MeasureSet.BRATS_2023
        return None if self.of_brats_2026 is None else MeasureSet.BRATS_2026

    @property
    def needs_probabilities(self) -> bool:
        """Whether it takes P(HGG) of every answer."""
        return self.of_rankings is not None or self.of_probabilities is not None

    @property
    def is_mean(self) -> bool:
        """Whether it is a mean over studies, of scores that are more than right or wrong."""
        return self.of_probabilities is not None or bool(self.forms and not self.is_share)

    @property
    def is_distance(self) -> bool:
        """Whether it is in millimetres, and a failure counts as a penalty."""
        return self.unit == "mm"

    @property
    def best(self) -> float:
        """What full agreement scores."""
        return 0.0 if self.lower_is_better else 1.0

    @property
    def bounds(self) -> tuple[float, float]:
        """What no value lies beyond."""
        if self.worst is None:
            return 0.0 if self.chosen_by else float("-inf"), float("inf")
        return min(self.worst, self.best), max(self.worst, self.best)

    @property
    def heading(self) -> str:
        """Its title with its unit."""
        return f"{self.title}, {self.unit}" if self.unit else self.title

    @property
    def exported_as(self) -> str:
        """Its name in JSON and CSV."""
        return self.export_key or self.key

    def score_name(self, region: Region | None = None) -> str:
        """Name a study's score, beside others of the same form; for a mask it includes the region."""
        return f"{region.value}_{self.column or self.key}" if region else self.column or self.key

    def rates(self, found: graded.Confusions) -> FloatArray | None:
        """Compute it of grades, (R, B); None where it takes probabilities."""
        if self.of_counts is not None:
            return ratio(*self.of_counts(found))
        return None if self.of_confusions is None else self.of_confusions(found)


_distance = partial(Measure, unit="mm", digits=1, lower_is_better=True, worst=WORST_MM)
_mask_score = partial(Measure, forms=(Form.MASK,))
_count = partial(Measure, forms=(Form.MASK,), digits=1, worst=None)
"""A row of a distance, of a score of masks, and of a number of lesions, which a failure does not have."""
MEASURES: tuple[Measure, ...] = (
    ACCURACY := Measure(
        key="accuracy",
        title="Accuracy",
        meaning=f"Share of correct {CLASSES}",
        formula="(TP + TN) / (TP + FP + TN + FN)",
        name="accuracy",
        is_share=True,
        terminal="accuracy",
        compared=Compared.BY_TEST,
        of_counts=graded.accuracy,
    ),
    BALANCED_ACCURACY := Measure(
        key="balanced_accuracy",
        title="Balanced accuracy",
        meaning="Mean of sensitivity and specificity; 0.5 is chance",
        formula="(TP / (TP + FN) + TN / (TN + FP)) / 2",
        name="balanced accuracy",
        terminal="balanced",
        compared=Compared.BY_TEST,
        of_confusions=graded.balanced_accuracy,
    ),
    SENSITIVITY := Measure(
        key="sensitivity",
        title="Sensitivity",
        meaning=f"Share of {POSITIVE} graded {POSITIVE}",
        formula="TP / (TP + FN)",
        name="sensitivity",
        is_share=True,
        terminal="sens.",
        compared=Compared.BY_TEST,
        of_counts=graded.sensitivity,
    ),
    SPECIFICITY := Measure(
        key="specificity",
        title="Specificity",
        meaning=f"Share of {NEGATIVE} graded {NEGATIVE}",
        formula="TN / (TN + FP)",
        name="specificity",
        is_share=True,
        terminal="spec.",
        compared=Compared.BY_TEST,
        of_counts=graded.specificity,
    ),
    PPV := Measure(
        key="ppv",
        title="PPV",
        meaning=f"Positive predictive value: share of {POSITIVE} among the studies graded {POSITIVE}",
        formula="TP / (TP + FP)",
        is_share=True,
        in_tables=False,
        compared=Compared.BY_INTERVAL,
        of_counts=graded.ppv,
    ),
    NPV := Measure(
        key="npv",
        title="NPV",
        meaning=f"Negative predictive value: share of {NEGATIVE} among the studies graded {NEGATIVE}",
        formula="TN / (TN + FN)",
        is_share=True,
        in_tables=False,
        compared=Compared.BY_INTERVAL,
        of_counts=graded.npv,
    ),
    F1_HGG := Measure(
        key=f"f1_{POSITIVE_KEY}",
        title=f"F1, {POSITIVE}",
        meaning="Harmonic mean of sensitivity and PPV",
        formula="2 TP / (2 TP + FP + FN)",
        in_tables=False,
        compared=Compared.BY_INTERVAL,
        of_confusions=graded.f1_hgg,
    ),
    F1_LGG := Measure(
        key=f"f1_{NEGATIVE_KEY}",
        title=f"F1, {NEGATIVE}",
        meaning="Harmonic mean of specificity and NPV",
        formula="2 TN / (2 TN + FP + FN)",
        in_tables=False,
        compared=Compared.BY_INTERVAL,
        of_confusions=graded.f1_lgg,
    ),
    MCC := Measure(
        key="mcc",
        title="MCC",
        meaning="Matthews correlation coefficient; 0 is chance",
        formula="(TP · TN − FP · FN) / √((TP + FP) (TP + FN) (TN + FP) (TN + FN))",
        worst=-1.0,
        compared=Compared.BY_INTERVAL,
        of_confusions=graded.mcc,
    ),
    AUROC := Measure(
        key="auroc",
        title="AUROC",
        meaning="Area under the ROC curve; 0.5 is chance",
        formula="P(p⁺ > p⁻) + P(p⁺ = p⁻) / 2, p of a positive and of a negative study",
        terminal="AUROC",
        compared=Compared.BY_TEST,
        of_rankings=graded.auroc,
        slopes=graded.auroc_slopes,
    ),
    AUPRC := Measure(
        key="auprc",
        title="AUPRC",
        meaning=f"Area under precision over recall; the prevalence of {POSITIVE} is chance",
        formula="Σ (recallₖ − recallₖ₋₁) · precisionₖ, over falling thresholds of p",
        in_tables=False,
        compared=Compared.BY_INTERVAL,
        of_rankings=graded.auprc,
        slopes=graded.auprc_slopes,
    ),
    BRIER := Measure(
        key="brier",
        title="Brier",
        meaning=f"Mean squared error of P({POSITIVE}); 0 is best",
        formula="mean of (p − y)², y = 1 of a positive study, else 0",
        name="Brier score",
        digits=3,
        lower_is_better=True,
        worst=1.0,
        compared=Compared.BY_TEST,
        of_probabilities=graded.squared_error,
    ),
    CENTRE_ERROR_3D := _distance(
        key="error_mm",
        title="3D centre error",
        meaning="Distance in the volume from the centroid of the reference's whole tumour",
        formula="‖P − centroid(R)‖",
        name="centre error in mm",
        forms=(Form.POINT_3D,),
        export_key="centre_error_3d_mm",
        terminal="3D error mm",
        compared=Compared.BY_TEST,
        of_place=lambda one: placed.centre_error_mm(
            reference=one.reference, prediction=one.prediction, grid=one.grid
        ),
    ),
    CENTRE_ERROR := _distance(
        key="error_mm",
        title="On-plane centre error",
        meaning="Distance on the scoring plane, the axial plane of the largest reference area, from "
        "the centroid of the reference there",
        formula="‖P − centroid(R)‖",
        name="centre error in mm",
        forms=(Form.POINT,),
        export_key="centre_error_plane_mm",
        compared=Compared.BY_TEST,
        of_place=lambda one: placed.centre_error_mm(
            reference=one.reference, prediction=one.prediction, grid=one.grid
        ),
    ),
    HIT := Measure(
        key="hit",
        title="Hit",
        meaning="Share of centres inside the whole tumour",
        formula="share of studies with P ∈ R",
        name="hit rate",
        is_share=True,
        forms=(Form.POINT, Form.POINT_3D),
        terminal="hits",
        compared=Compared.BY_TEST,
        of_place=lambda one: placed.hit(reference=one.whole, prediction=one.prediction),
    ),
    BOX_IOU := Measure(
        key="box_iou",
        title="Box IoU",
        meaning="Overlap of the boxes: intersection over union",
        formula="|R ∩ P| / |R ∪ P|",
        name="box IoU",
        forms=(Form.BOX, Form.BOX_3D),
        column="iou",
        terminal="box IoU",
        compared=Compared.BY_TEST,
        of_place=lambda one: placed.box_iou(reference=one.reference, prediction=one.prediction),
    ),
    ACC_25 := Measure(
        key="acc_at_0.25",
        title="Detected (IoU ≥ 0.25)",
        meaning="Share of boxes with an IoU of at least 0.25",
        formula="share of studies with IoU ≥ 0.25",
        name="detection rate (IoU ≥ 0.25)",
        is_share=True,
        forms=(Form.BOX, Form.BOX_3D),
        compared=Compared.BY_TEST,
        of_scores=Bar(BOX_IOU, at_least=0.25),
    ),
    ACC_50 := Measure(
        key="acc_at_0.5",
        title="Detected (IoU ≥ 0.5)",
        meaning="Share of boxes with an IoU of at least 0.5",
        formula="share of studies with IoU ≥ 0.5",
        name="detection rate (IoU ≥ 0.5)",
        is_share=True,
        forms=(Form.BOX, Form.BOX_3D),
        compared=Compared.BY_TEST,
        of_scores=Bar(BOX_IOU, at_least=0.5),
    ),
    POLYGON_DICE := Measure(
        key="dice",
        title="Polygon Dice",
        meaning="Overlap of the polygons: Dice coefficient",
        formula="2 |R ∩ P| / (|R| + |P|)",
        name="Dice",
        forms=(Form.POLYGON,),
        compared=Compared.BY_TEST,
        of_place=lambda one: placed.polygon_dice(
            reference=one.reference, prediction=one.prediction
        ),
    ),
    DICE := _mask_score(
        key="dice",
        title="Dice",
        meaning="Overlap of the masks: Dice coefficient",
        formula="2 |R ∩ P| / (|R| + |P|)",
        regions=NESTED,
        terminal="Dice",
        compared=Compared.BY_TEST,
        of_masks=lambda pair: segmented.dice(reference=pair.reference, prediction=pair.prediction),
    ),
    IOU := _mask_score(
        key="iou",
        title="IoU",
        meaning="Overlap of the masks: intersection over union",
        formula="|R ∩ P| / |R ∪ P|",
        in_tables=False,
        of_masks=lambda pair: segmented.iou(reference=pair.reference, prediction=pair.prediction),
    ),
    HD95_MM := _distance(
        key="hd95_mm",
        title="HD95",
        meaning="95th percentile of the distance from the surface voxels of one mask to the nearest of "
        f"the other, the larger of both directions: {_DEFINITION} (whole tumour of ten real patients: "
        "7.4 mm; 7.1 by the program of 2023, 6.1 by that of 2026)",
        formula="max(P₉₅ of d(p, ∂R), p ∈ ∂P; P₉₅ of d(r, ∂P), r ∈ ∂R)",
        name="HD95 in mm",
        forms=(Form.MASK,),
        regions=(Region.WT,),
        compared=Compared.BY_TEST,
        of_masks=segmented.hd95_of,
    ),
    NSD := _mask_score(
        key="nsd",
        title=f"NSD ({NSD_TOLERANCE_MM:g} mm)",
        meaning=f"Normalised surface Dice at a tolerance of {NSD_TOLERANCE_MM:g} mm: share of both "
        f"masks' surface voxels that lie within it of the other surface: {_DEFINITION}",
        formula="(#{p ∈ ∂P: d(p, ∂R) ≤ 1 mm} + #{r ∈ ∂R: d(r, ∂P) ≤ 1 mm}) / (#∂P + #∂R)",
        regions=(Region.WT,),
        of_masks=lambda pair: segmented.nsd_of(pair, tolerance_mm=NSD_TOLERANCE_MM),
    ),
    VOLUME_ERROR_MM3 := _mask_score(
        key="volume_error_mm3",
        title="Volume error",
        meaning="Predicted less reference volume; a failure has none",
        formula="|P| − |R|",
        unit="mm³",
        digits=0,
        worst=None,
        in_tables=False,
        of_masks=segmented.volume_error_of,
    ),
)
_MET_2023 = "metastases: 2 mm³"
_BOTH_EMPTY = "a study without the region in either mask is left out"
MEASURES += (
    BRATS_2023_DICE := _mask_score(
        key="brats2023_dice",
        title="Dice (BraTS 2023)",
        meaning="Lesion-wise Dice of BraTS 2023 to 2025: mean over the lesions of the reference and the "
        "false alarms, with 0 for a missed lesion and for a false alarm; lesions near one another are "
        f"one, and those of at most 50 mm³ ({_MET_2023}) do not count",
        formula="Σ Dice(lesion) / (lesions + false alarms)",
        name="lesion-wise Dice (BraTS 2023)",
        compared=Compared.BY_TEST,
        of_brats_2023=lambda found: found.dice,
    ),
    BRATS_2023_HD95_MM := _distance(
        key="brats2023_hd95_mm",
        title="HD95 (BraTS 2023)",
        meaning="Lesion-wise HD95 of BraTS 2023 to 2025, by area of the surface between voxels: the same "
        "mean, with 374 mm for a missed lesion and for a false alarm",
        formula="Σ HD95(lesion) / (lesions + false alarms)",
        name="lesion-wise HD95 in mm (BraTS 2023)",
        worst=brats2023.PENALTY_MM,
        forms=(Form.MASK,),
        compared=Compared.BY_TEST,
        of_brats_2023=lambda found: found.hd95_mm,
    ),
    _count(
        key="brats2023_missed",
        title="Missed (BraTS 2023)",
        meaning="Lesions of a study with no predicted part within reach; a failure has none",
        lower_is_better=True,
        of_brats_2023=lambda found: found.n_missed,
    ),
    _count(
        key="brats2023_found",
        title="Found (BraTS 2023)",
        meaning="Lesions of a study with a predicted part within reach; a failure has none",
        in_tables=False,
        of_brats_2023=lambda found: found.n_found,
    ),
    _count(
        key="brats2023_false_alarms",
        title="False alarms (BraTS 2023)",
        meaning="Predicted parts of a study within reach of no lesion; a failure has none",
        lower_is_better=True,
        of_brats_2023=lambda found: found.n_false_alarms,
    ),
    _mask_score(
        key="brats2023_sensitivity",
        title="Sensitivity (BraTS 2023)",
        meaning="Share of the reference's voxels that are predicted; 1 where both masks are empty",
        in_tables=False,
        of_brats_2023=lambda found: found.sensitivity,
    ),
    _mask_score(
        key="brats2023_specificity",
        title="Specificity (BraTS 2023)",
        meaning="Share of the other voxels that are not predicted",
        in_tables=False,
        counts_background=True,
        of_brats_2023=lambda found: found.specificity,
    ),
    _mask_score(
        key="brats2026_f1",
        title="F1 (BraTS 2026)",
        meaning="Lesions found, by one-to-one matching: harmonic mean of precision and recall; "
        f"{_BOTH_EMPTY}",
        formula="2 matched / (lesions + predicted parts)",
        name="lesion-wise F1 (BraTS 2026)",
        compared=Compared.BY_TEST,
        of_brats_2026=lambda found: found.hits.f1,
    ),
    _mask_score(
        key="brats2026_dice",
        title="Dice (BraTS 2026)",
        meaning="Lesion-wise Dice of BraTS 2026: mean over the matched pairs of lesions alone; of "
        "metastases over the lesions of 20 mm³ or more and the false alarms, with 0 for both; "
        f"{_BOTH_EMPTY}",
        name="lesion-wise Dice (BraTS 2026)",
        compared=Compared.BY_TEST,
        of_brats_2026=lambda found: found.means.dice[0] if found.means else nan,
    ),
    _mask_score(
        key="brats2026_nsd",
        title="NSD (BraTS 2026)",
        meaning="Lesion-wise normalised surface Dice of BraTS 2026, the same mean: within the shortest "
        "edge of a voxel, mean of both directions",
        of_brats_2026=lambda found: found.means.nsd[0] if found.means else nan,
    ),
    _distance(
        key="brats2026_hd95_mm",
        title="HD95 (BraTS 2026)",
        meaning="Lesion-wise HD95 of BraTS 2026, the same mean, both directions pooled. Without a matched "
        "pair the official number is infinite and counts as 373 mm here. The program takes the voxel's "
        "edge along i for that along k, which shows where they differ",
        name="lesion-wise HD95 in mm (BraTS 2026)",
        worst=brats2026.PENALTY,
        forms=(Form.MASK,),
        of_brats_2026=lambda found: found.means.hd95_mm[0] if found.means else nan,
    ),
    _mask_score(
        key="brats2026_precision",
        title="Precision (BraTS 2026)",
        meaning="Share of the predicted parts of a study that are matched; a study without any is left out",
        formula="matched / predicted parts",
        in_tables=False,
        of_brats_2026=lambda found: found.hits.precision,
    ),
    _mask_score(
        key="brats2026_recall",
        title="Recall (BraTS 2026)",
        meaning="Share of the lesions of a study that are matched; a study without any is left out",
        formula="matched / lesions",
        in_tables=False,
        of_brats_2026=lambda found: found.hits.recall,
    ),
    _count(
        key="brats2026_missed",
        title="Missed (BraTS 2026)",
        meaning="Lesions of a study that are not matched; a failure has none",
        lower_is_better=True,
        of_brats_2026=lambda found: found.hits.n_missed,
    ),
    _count(
        key="brats2026_false_alarms",
        title="False alarms (BraTS 2026)",
        meaning="Predicted parts of a study that are not matched; a failure has none",
        lower_is_better=True,
        of_brats_2026=lambda found: found.hits.n_false_alarms,
    ),
    _mask_score(
        key="brats2026_global_nsd",
        title="Whole NSD (BraTS 2026)",
        meaning="Normalised surface Dice of the whole region within half a voxel, global_nsd of the "
        f"program of 2026; 0 where the masks share no voxel; {_BOTH_EMPTY}",
        in_tables=False,
        of_brats_2026=lambda found: found.global_nsd,
    ),
    _mask_score(
        key="brats2026_global_hd95_vox",
        title="Whole HD95 (BraTS 2026)",
        meaning="HD95 of the whole region in voxels, both directions pooled, global_hd95 of the program "
        f"of 2026; 373 where the masks share no voxel; {_BOTH_EMPTY}",
        unit="voxels",
        digits=1,
        lower_is_better=True,
        worst=brats2026.PENALTY,
        in_tables=False,
        of_brats_2026=lambda found: found.global_hd95_vox,
    ),
)
RANKED_TOGETHER = ((DICE, HD95_MM), (BRATS_2023_DICE, BRATS_2023_HD95_MM))
"""Measures by which masks are ranked together in all regions, as BraTS does by those of 2023: the ranks of
a study by each measure and region count the same."""
GRADING = tuple(item for item in MEASURES if not item.forms)
"""What grades are measured by."""


def measures_of(form: Form) -> tuple[Measure, ...]:
    """List what a form is measured by, its leading measure first."""
    return tuple(item for item in MEASURES if form in item.forms)


def scored_in(form: Form, sets: Collection[MeasureSet] = ()) -> tuple[Measure, ...]:
    """List the measures of a form that each study is scored by; others follow from their scores.

    Args:
        form: The form.
        sets: Those that are asked for, beside what is always computed.
    """
    return tuple(
        item
        for item in measures_of(form)
        if item.of_scores is None and (item.chosen_by is None or item.chosen_by in sets)
    )


def leading(form: Form) -> Measure:
    """Name a form's own measure."""
    return measures_of(form)[0]


def _titled(title: str) -> Measure:
    return next(item for item in MEASURES if item.title == title)
