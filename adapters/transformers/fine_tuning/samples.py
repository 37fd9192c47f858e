"""What is learned from: a slice as inference sees it, moved and mirrored, and the truth about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from gliobench.adapters.transformers.fine_tuning.answers import PictureReference
from gliobench.adapters.vision_language.requests import Picture
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Plane
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.forms import box_on_plane, point_on_plane, polygon_on_plane
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import Case, Reference

MAX_SHIFT = 0.1
"""How far a moved copy lies from where inference shows it, in fractions of the picture."""


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
