"""Controls: whether answers move with the image, and whether they need one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from gliobench.adapters.html.blocks import Block, Closed, Facts, Numbers, Title
from gliobench.adapters.html.numbers import MISSING, interval, number, percent, value_of
from gliobench.adapters.html.sections.control_words import leading, reading
from gliobench.adapters.html.tables import NOTHING, Cell, Column, Group, Row, Table, measured_cell
from gliobench.adapters.html.words import tracking_indices
from gliobench.domain.comparison.report import Report
from gliobench.domain.controls.controls import Control
from gliobench.domain.position.control_responses import ON_THE_MIRROR, Response
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Measured

Controlled: TypeAlias = Mapping[str, tuple[Response, ...]]
"""Each backend's responses to the controls, by its name."""


def controls(report: Report) -> Iterator[Block]:
    """Yield the blocks; nothing where no backend was run on altered images."""
    controlled = {arm.name: arm.controls for arm in report.arms if arm.controls}
    if not controlled:
        return
    tracking = dict(tracking_indices(report.arms))
    yield Title(
        "Controls: does the answer depend on the image?",
        "The same studies with altered images. A backend that detects the tumour follows it and "
        "gives no answer where there is none. A backend that always answers the image centre has no "
        "error under mirroring and the full error under a shift. One that detects only the brain "
        "passes both tests and is revealed by its tracking index.",
    )
    yield Facts({name: reading(found, tracking.get(name)) for name, found in controlled.items()})
    tables = {
        "Whether answers move with their images. Points represent a backend where it gives any. "
        "Answers are moved back before they are compared with those on the true images.": moved_table(
            controlled
        ),
        "Answers on blank images, on another patient's image, and without one modality.": altered_table(
            controlled
        ),
    }
    found = [Numbers(table, caption) for caption, table in tables.items() if table]
    if found:
        yield Closed("Controls in numbers", found)


def moved_table(found: Controlled) -> Table | None:
    """Tabulate whether answers move with their images; None where that was not tested."""
    columns = (
        Column("Follows", "0: the answer does not move; 1: it moves with the image"),
        Column(
            "Equivariance error, mm",
            "Distance from the answer, moved back, to the answer on the true image",
        ),
        Column(
            "Error if unmoved, mm", "The equivariance error of an answer that ignores the motion"
        ),
        Column("Box IoU", "Overlap of the box, moved back, with the box on the true image"),
        Column("Polygon Dice", "The same for polygons"),
        Column("Mask Dice", "The same for whole-tumour masks in the volume"),
        *_GRADES[1:],
    )
    return _table(found, columns, _moved, moves=True)


def altered_table(found: Controlled) -> Table | None:
    """Tabulate the answers without their own image; None where that was not tested."""
    columns = (
        Column(
            "Still localised",
            "Share of the studies localised on true images that are still localised",
        ),
        Column(
            "Moves by, mm", "Distance from the answer on the true image to that on the altered one"
        ),
        Column(
            "Change of error, mm",
            "Centre error on the altered minus that on the true image, where both were answered",
        ),
        *_GRADES,
    )
    return _table(found, columns, _altered, moves=False)


_GRADES = (
    Column("Still graded", "Share of the studies graded on true images that are still graded"),
    Column("Grades flipped", "Share of the grades that changed to the other grade"),
    Column("Change of P(HGG)", "Mean absolute change of the probability"),
    Column("Change of accuracy", "Accuracy on the altered minus that on the true images"),
)


def _table(
    found: Controlled,
    columns: Sequence[Column],
    cells: Callable[[Response], Iterator[Cell]],
    *,
    moves: bool,
) -> Table | None:
    groups = []
    for control in Control:
        rows = tuple(
            Row(name, str(response.n), tuple(cells(response)))
            for name, responses in found.items()
            for response in responses
            if response.control is control and control.moves is moves
        )
        groups += [Group(control.heading, rows)] if rows else []
    return Table(tuple(columns), tuple(groups)) if groups else None


def _moved(response: Response) -> Iterator[Cell]:
    place = leading(response)
    if place is None:
        yield from [NOTHING] * 3
    else:
        on_mirror = place.follows == ON_THE_MIRROR
        yield Cell(MISSING, "on the mirror") if on_mirror else measured_cell(place.follows)
        yield measured_cell(place.apart_mm, 1)
        yield Cell(number(value_of(place.unmoved_mm), 1))
    for forms in ((Form.BOX, Form.BOX_3D), (Form.POLYGON,), (Form.MASK,)):
        yield measured_cell(_overlap(response, forms))
    yield from list(_graded(response))[1:]


def _altered(response: Response) -> Iterator[Cell]:
    place = leading(response)
    yield NOTHING if place is None else _share(place.answered)
    yield NOTHING if place is None else measured_cell(place.apart_mm, 1)
    is_point = place is not None and place.form in (Form.POINT, Form.POINT_3D)
    yield measured_cell(place.score_change, 1) if place is not None and is_point else NOTHING
    yield from _graded(response)


def _graded(response: Response) -> Iterator[Cell]:
    grades = response.grades
    if grades is None:
        yield from [NOTHING] * len(_GRADES)
        return
    yield _share(grades.answered)
    yield _share(grades.flips)
    yield measured_cell(grades.probability_change)
    yield measured_cell(grades.accuracy_change)


def _share(measured: Measured) -> Cell:
    return Cell(percent(value_of(measured)), interval(measured))


def _overlap(response: Response, forms: Sequence[Form]) -> Measured | None:
    places = [response.place(form) for form in forms]
    return next((place.overlap for place in places if place is not None), None)
