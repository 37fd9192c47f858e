"""Boxes and polygons of single slices in COCO's JSON, in pixels of the picture files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, FiniteFloat, TypeAdapter

from gliobench.adapters.prediction_files.frames import Frame, Spots, check_units
from gliobench.adapters.prediction_files.places import KINDS, read_places
from gliobench.adapters.prediction_files.records import read_bytes
from gliobench.adapters.prediction_files.written import Answer, Spot, Written
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.documents import read_document
from gliobench.domain.geometry.grids import Axis, Voxel
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form
from gliobench.domain.studies.study import Study
from gliobench.domain.studies.study_ids import study_id_of

Size: TypeAlias = tuple[int | None, int | None]
"""Width and height of a picture in pixels; None where it is not stated."""
MANY = 8
"""Boxes, of which one would be smaller than its distance from the corner."""
ENDINGS = (".nii.gz", ".nii", ".png", ".jpg", ".jpeg")
"""Of `file_name`, which are no part of a study's id."""


class _Image(BaseModel):
    id: int | str
    file_name: str
    width: int | None = None
    height: int | None = None


class _Annotation(BaseModel):
    model_config = ConfigDict(strict=True)

    image_id: int | str
    category_id: int | str | None = None
    bbox: list[FiniteFloat] | None = None
    segmentation: list[list[FiniteFloat]] | dict[str, Any] | None = None
    score: FiniteFloat = 1.0


class _Document(BaseModel):
    images: list[_Image]
    annotations: list[_Annotation]


_FORMS: TypeAdapter[_Document | list[_Annotation]] = TypeAdapter(_Document | list[_Annotation])


def read_drawings(
    path: DatasetPath, kind: Form, *, study_ids: Collection[str] | None = None
) -> Written:
    """Read places of one kind, from a table or from JSON of COCO; arguments and errors as of both."""
    is_drawn = kind is not Form.POINT_3D and is_coco(path)
    return (read_coco if is_drawn else read_places)(path, kind, study_ids=study_ids)


def is_coco(path: DatasetPath) -> bool:
    """Return whether a file is JSON of COCO: annotations of images, or a list of results.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It cannot be read.
    """
    if not path.name.lower().endswith(".json"):
        return False
    try:
        found: Any = json.loads(read_bytes(path))
    except (ValueError, RecursionError):
        return False
    first = found[0] if isinstance(found, list) and found else found
    return isinstance(first, dict) and ("annotations" in first or "image_id" in first)


def read_coco(
    path: DatasetPath, kind: Form, *, study_ids: Collection[str] | None = None
) -> Written:
    """Read the box or the polygon of each picture: `bbox` is x, y, width, height from the top left corner.

    Of several annotations of a picture the one with the highest `score` counts. A picture is named by its
    `file_name`, or in a list of results by `image_id`; one whose `width` or `height` is not the slice's fails.

    Args:
        path: Of the file.
        kind: What is read: boxes in the volume stand for boxes, or polygons.
        study_ids: Every study that may be in it; None where they are not known.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is no such document, an annotation is of no picture in it, annotations are of
            several categories, or the best two of one picture have the same score.
    """
    content, place = read_bytes(path), str(path)
    document = read_document(partial(_FORMS.validate_json), content, name=place)
    form = Form.POLYGON if kind is Form.POLYGON else Form.BOX
    drawn = [
        (study_id, one)
        for study_id, one in _named(document, place)
        if (one.segmentation if form is Form.POLYGON else one.bbox) is not None
    ]
    _check_category(drawn, place)
    if form is Form.POLYGON and any(isinstance(one.segmentation, dict) for _, one in drawn):
        raise InvalidInputError(f"{place}: masks in runs (RLE): wanted outlines of x, y pairs")
    numbers = [_numbers(one, form) for _, one in drawn]
    check_units(place, numbers, Frame.PIXELS)
    if form is Form.BOX:
        _check_sizes(place, numbers)
    sizes = _sizes(document)
    spots: dict[str, dict[Form, Spot]] = {
        study_id: {
            form: _sized(
                _spot(f"{place}: {study_id}", form, one), sizes.get(study_id, (None, None))
            )
        }
        for study_id, one in _best(drawn, kind, place).items()
    }
    return Written(
        kind=KINDS[kind],
        place=place,
        sha256=sha256(content).hexdigest(),
        spots=spots,
        forms=frozenset({form}),
        study_ids=study_ids,
    )


def _best(
    drawn: Sequence[tuple[str, _Annotation]], kind: Form, place: str
) -> dict[str, _Annotation]:
    """Choose the annotation of each picture that has the highest score."""
    best: dict[str, _Annotation] = {}
    tied: set[str] = set()
    for study_id, one in drawn:
        other = best.get(study_id)
        if other is None or one.score > other.score:
            best[study_id] = one
            tied.discard(study_id)
        elif one.score == other.score:
            tied.add(study_id)
    if tied:
        raise InvalidInputError(
            f"{place}: {len(tied)} pictures, such as {min(tied)}, have several {KINDS[kind]} of one "
            "score: wanted one, or a score that chooses it"
        )
    return best


def _check_sizes(place: str, boxes: Sequence[Sequence[float]]) -> None:
    """Refuse boxes that all end in the picture's lower right of their own size, as corners read as sizes do."""
    different = {tuple(box) for box in boxes if len(box) == 4}
    if len(different) >= MANY and all(w > x > 0 and h > y > 0 for x, y, w, h in different):
        raise InvalidInputError(
            f"{place}: every box is larger than its distance from the picture's corner, as x, y and the other "
            "corner are: wanted x, y, width, height"
        )


def _check_category(drawn: Sequence[tuple[str, _Annotation]], place: str) -> None:
    """Refuse several categories: the best of a picture may be of something else than the tumour."""
    categories = sorted({str(one.category_id) for _, one in drawn})
    if len(categories) > 1:
        raise InvalidInputError(
            f"{place}: annotations are of category_id {' and '.join(categories[:5])}: wanted those of "
            "the tumour alone"
        )


def _sizes(document: _Document | list[_Annotation]) -> dict[str, Size]:
    """Return the width and the height of each picture, where they are stated."""
    if not isinstance(document, _Document):
        return {}
    return {_id_in(image.file_name): (image.width, image.height) for image in document.images}


def _named(
    document: _Document | list[_Annotation], place: str
) -> Iterator[tuple[str, _Annotation]]:
    if not isinstance(document, _Document):
        yield from ((study_id_of(str(item.image_id)), item) for item in document)
        return
    names = {image.id: _id_in(image.file_name) for image in document.images}
    if len(set(names.values())) < len(document.images):
        raise InvalidInputError(f"{place}: two images have one id or one file name")
    for item in document.annotations:
        if item.image_id not in names:
            raise InvalidInputError(
                f"{place}: annotation of image {item.image_id}, which is not there"
            )
        yield names[item.image_id], item


def _id_in(file_name: str) -> str:
    name = file_name.replace("\\", "/").rpartition("/")[-1]
    ending = next((item for item in ENDINGS if name.lower().endswith(item)), "")
    return study_id_of(name[: len(name) - len(ending)])


def _spot(at: str, form: Form, one: _Annotation) -> Spot:
    numbers = _numbers(one, form)
    parts = len(_outlines(one)) if form is Form.POLYGON else 1
    if parts != 1 or len(numbers) % 2 or (form is Form.BOX and len(numbers) != 4):
        wanted = "one outline of x, y pairs" if form is Form.POLYGON else "x, y, width, height"
        return partial(_refused, Failure(FailureReason.WRONG_ARITY, f"{at}: wanted {wanted}"))
    points: list[Voxel] = [(x, y, 0.0) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    if form is Form.BOX:
        (x, y, _), (width, height, _) = points
        if min(width, height) <= 0:
            return partial(
                _refused, Failure(FailureReason.INVERTED_BOX, f"{at}: {width} x {height}")
            )
        points = [(x, y, 0.0), (x + width, y + height, 0.0)]
    return Spots(at, form, Frame.PIXELS, points, Axis.AXIAL)


def _numbers(one: _Annotation, form: Form) -> list[float]:
    if form is Form.POLYGON:
        return [number for outline in _outlines(one) for number in outline]
    return one.bbox or []


def _outlines(one: _Annotation) -> list[list[float]]:
    return one.segmentation if isinstance(one.segmentation, list) else []


def _sized(spot: Spot, size: Size) -> Spot:
    """Fail where a picture had another size than the slice: its pixels are others, too."""

    def put(study: Study) -> Answer:
        rows, columns, *_ = study.file_grid.shape
        if any(said not in (None, own) for said, own in zip(size, (columns, rows), strict=True)):
            detail = f"study {study.id}: a picture of {size} pixels: wanted {(columns, rows)}"
            return Failure(FailureReason.WRONG_GRID, detail)
        return spot(study)

    return put


def _refused(failure: Failure, _study: Study) -> Answer:
    return failure
