"""What is learned from: a slice as inference sees it, moved and mirrored, and the right answers about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from math import cos, pi, sin

import numpy as np
import shapely

from gliobench.adapters.vision_language.prompts import GRADE_ANSWERS
from gliobench.adapters.vision_language.requests import Picture
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import FRACTIONS
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Plane
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.forms import box_on_plane, point_on_plane, polygon_on_plane
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import Case, Grade, Reference

MAX_SHIFT = 0.1
"""How far a moved copy lies from where inference shows it, in fractions of the picture."""
CORNERS = 8
"""Of an outline: one in each of as many directions from its centre, clockwise from the top."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One picture and the truth about it."""

    study_id: str
    patient_id: str
    picture: Picture
    reference: PictureReference


def samples_of(
    case: Case, plane: Plane, prompting: SlicePrompting, *, variants: int = 4, seed: int = 0
) -> list[Sample]:
    """Draw a slice as inference draws it, and again mirrored and moved, answers along with it.

    Args:
        case: With a mask that meets the plane.
        plane: The slice.
        prompting: How inference shows it.
        variants: How many pictures: the plain one, the mirrored one, then moved ones, every
            second of them mirrored.
        seed: Of the moves; they depend on the study too.

    Raises:
        InvalidInputError: The mask does not meet the plane, a picture cannot be drawn, or several are
            shown together.
        NotFoundError: The study lacks a modality.
    """
    if not prompting.shows_one_picture:
        raise InvalidInputError(
            f"composition {prompting.composition.value} with {prompting.context} slices of context: "
            "wanted one picture to learn from"
        )
    study, reference = case.study, case.reference
    views = list(moved_views(case, prompting.view(study, plane), variants=variants, seed=seed))
    return [
        Sample(study.id, study.patient_id, picture, picture_reference(reference, view))
        for (picture,), view in zip(prompting.pictures(study, views), views, strict=True)
    ]


def moved_views(case: Case, view: SliceView, *, variants: int, seed: int) -> Iterator[SliceView]:
    """Move and mirror a view, the tumour always within the picture; the first is the view itself.

    Raises:
        InvalidInputError: The mask does not meet the plane.
    """
    digest = sha256(case.study.id.encode()).digest()
    random = np.random.default_rng([seed, *digest])
    for n in range(variants):
        turned = view.moved(mirrored=n % 2 == 1)
        if n < 2:
            yield turned
            continue
        x0, y0, x1, y1 = picture_reference(case.reference, turned).box
        low = np.clip([-x0, -y0], -MAX_SHIFT, 0.0)
        high = np.clip([1 - x1, 1 - y1], 0.0, MAX_SHIFT)
        right, down = random.uniform(low, high)
        yield turned.moved((float(right), float(down)))


def picture_reference(reference: Reference, view: SliceView) -> PictureReference:
    """Locate the whole tumour in a picture.

    Raises:
        InvalidInputError: The mask does not meet the plane, or lies partly outside the picture.
    """
    whole = reference.regions[Region.WT]
    point = point_on_plane(whole, view.plane)
    box = box_on_plane(whole, view.plane)
    polygon = polygon_on_plane(whole, view.plane)
    if point is None or box is None or polygon is None:
        raise InvalidInputError(f"the tumour does not meet {view.plane}")
    return PictureReference(
        point=view.point_to_picture(point),
        box=view.box_to_picture(box),
        polygon=view.polygon_to_picture(polygon),
        grade=reference.grade,
    )


@dataclass(frozen=True, slots=True)
class PictureReference:
    """What the experts say of a picture, in fractions of it: x to the right, y down.

    Args:
        point: Centre of the tumour.
        box: (x0, y0, x1, y1), its outer edges.
        polygon: Its outline.
        grade: None where it is unknown.

    Raises:
        InvalidInputError: Part of the tumour lies outside the picture.
    """

    point: tuple[float, float]
    box: tuple[float, float, float, float]
    polygon: tuple[tuple[float, float], ...]
    grade: Grade | None = None

    def __post_init__(self) -> None:
        if not all(0.0 <= edge <= 1.0 for edge in self.box):
            raise InvalidInputError(f"tumour in {self.box} lies outside the picture: wanted 0 to 1")

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions that it answers."""
        return tuple(
            question for question in Question if question is not Question.GRADE or self.grade
        )


def answer_text(question: Question, reference: PictureReference, frame: Frame = FRACTIONS) -> str:
    """Write the right answer, as the prompt asks for it.

    The parser reads it back to the last digit written.

    Args:
        question: What was asked.
        reference: The truth.
        frame: What coordinates were asked for in.

    Raises:
        InvalidInputError: The grade was asked for and is unknown.
    """
    x0, y0, x1, y1 = reference.box
    match question:
        case Question.GRADE:
            if reference.grade is None:
                raise InvalidInputError("the grade is unknown: it cannot be answered")
            return GRADE_ANSWERS[reference.grade]
        case Question.POINT:
            places = [reference.point]
        case Question.BOX:
            places = [(x0, y0), (x1, y1)]
        case Question.POLYGON:
            places = _corners(reference, frame)
    return frame.write(question, places)


def _corners(reference: PictureReference, frame: Frame) -> list[tuple[float, float]]:
    """Return the outline with few corners, simple whatever rounding does to it."""
    corners = radial_corners(reference.polygon)
    written = list(dict.fromkeys(map(frame.rounded, corners)))
    if len(written) >= 3 and shapely.Polygon(written).is_valid:
        return corners
    (x0, y0), (x1, y1) = frame.apart((reference.box[:2], reference.box[2:]))
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def radial_corners(polygon: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Outline a polygon by its farthest points in `CORNERS` directions from its centre.

    A corner is then always asked for in the same place, which is easier to learn than corners
    wherever the outline happens to bend. Where the centre lies outside, the convex hull stands for
    the polygon.

    Args:
        polygon: Simple, (x, y) with y down.

    Returns:
        Clockwise as seen, from the top.
    """
    outline = shapely.Polygon(polygon)
    if not outline.contains(outline.centroid):
        outline = outline.convex_hull
    x, y = outline.centroid.x, outline.centroid.y
    low_x, low_y, high_x, high_y = outline.bounds
    reach = 2 * max(high_x - low_x, high_y - low_y)
    corners = []
    for turn in (2 * pi * n / CORNERS for n in range(CORNERS)):
        ray = shapely.LineString([(x, y), (x + reach * sin(turn), y - reach * cos(turn))])
        hits = shapely.get_coordinates(outline.exterior.intersection(ray))
        far = max(hits.tolist(), key=lambda at: (at[0] - x) ** 2 + (at[1] - y) ** 2)
        corners.append((far[0], far[1]))
    return corners


def weighing(
    references: Iterable[PictureReference],
) -> Callable[[Question, PictureReference], float]:
    """Weigh answers: all alike, but grades so that both come to half of the total, and to one on average.

    P(HGG) is then stated for even odds (docs/decisions/0007).
    """
    counts = Counter(reference.grade for reference in references if reference.grade)

    def weight(question: Question, reference: PictureReference) -> float:
        grade = reference.grade if question is Question.GRADE else None
        return counts.total() / (len(counts) * counts[grade]) if grade else 1.0

    return weight
