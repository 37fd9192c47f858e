"""Controls: whether answers move with the image, and whether they need one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gliobench.adapters.html.blocks import Closed, Facts, Numbers, Part
from gliobench.adapters.html.numbers import MISSING, number, value_of
from gliobench.adapters.html.sections.control_words import CENTRES, leading, reading
from gliobench.adapters.html.tables import (
    NOTHING,
    Cell,
    Column,
    Table,
    measured_cell,
    share_cell,
    tabulate,
)
from gliobench.adapters.html.words import tracking_indices
from gliobench.domain.comparison.report import Report
from gliobench.domain.controls.controls import Control
from gliobench.domain.position.control_responses import (
    ON_THE_MIRROR,
    GradeResponse,
    PlaceResponse,
    Response,
)
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.studies.grading_target import CLASS, CLASSES, CLASSES_TITLE, POSITIVE

Controlled = Mapping[str, tuple[Response, ...]]
"""Each backend's responses to the controls, by its name."""


def controls(report: Report) -> Part:
    """Return what the backends made of altered images."""
    found = {arm.name: arm.controls for arm in report.arms if arm.controls}
    tracking = dict(tracking_indices(report))
    moved = (
        "Whether answers move with their images. Points represent a backend where it gives any. "
        "Answers are moved back before they are compared with those on the true images."
    )
    altered = "Answers on blank images, on another patient's image, and without one modality."
    return Part(
        "Controls: does the answer depend on the image?",
        [
            Facts({name: reading(found[name], tracking.get(name)) for name in found}),
            Closed(
                "Controls in numbers",
                [Numbers(moved_table(found), moved), Numbers(altered_table(found), altered)],
            ),
        ],
        "The same studies with altered images. A backend that detects the tumour follows it and "
        "gives no answer where there is none. A backend that always answers the image centre has no "
        "error under mirroring and the full error under a shift. One that detects only the brain "
        "passes both tests and is revealed by its tracking index.",
    )


def moved_table(found: Controlled) -> Table | None:
    """Tabulate whether answers move with their images; None where that was not tested."""
    return _table(MOVED, found, moves=True)


def altered_table(found: Controlled) -> Table | None:
    """Tabulate the answers without their own image; None where that was not tested."""
    return _table(ALTERED, found, moves=False)


def _table(columns: Sequence[Column[Response]], found: Controlled, *, moves: bool) -> Table | None:
    groups = {
        control.heading: [
            (name, response.n, response)
            for name, responses in found.items()
            for response in responses
            if response.control is control
        ]
        for control in Control
        if control.moves is moves
    }
    return tabulate(columns, groups)


def _grade(cell: Callable[[GradeResponse], Cell]) -> Callable[[Response], Cell]:
    """Read a cell from the grades, where there are any."""
    return lambda response: NOTHING if response.grades is None else cell(response.grades)


def _place(cell: Callable[[PlaceResponse], Cell]) -> Callable[[Response], Cell]:
    """Read a cell from the form that represents the backend, where there is one."""

    def read(response: Response) -> Cell:
        place = leading(response)
        return NOTHING if place is None else cell(place)

    return read


def _overlap(*forms: Form) -> Callable[[Response], Cell]:
    """Read the overlap of the first of some forms."""

    def read(response: Response) -> Cell:
        places = (response.place(form) for form in forms)
        return next((measured_cell(place.overlap) for place in places if place), NOTHING)

    return read


def _follows(place: PlaceResponse) -> Cell:
    on_mirror = place.follows == ON_THE_MIRROR
    return Cell(MISSING, "on the mirror") if on_mirror else measured_cell(place.follows)


def _change(place: PlaceResponse) -> Cell:
    return measured_cell(place.score_change, 1) if place.form in CENTRES else NOTHING


GRADES: Sequence[Column[Response]] = (
    Column(
        "Still graded",
        "Share of the studies graded on true images that are still graded",
        _grade(lambda grades: share_cell(grades.answered)),
    ),
    Column(
        f"{CLASSES_TITLE} flipped",
        f"Share of the {CLASSES} that changed to the other {CLASS}",
        _grade(lambda grades: share_cell(grades.flips)),
    ),
    Column(
        f"Change of P({POSITIVE})",
        "Mean absolute change of the probability",
        _grade(lambda grades: measured_cell(grades.probability_change)),
    ),
    Column(
        "Change of accuracy",
        "Accuracy on the altered minus that on the true images",
        _grade(lambda grades: measured_cell(grades.accuracy_change)),
    ),
)
MOVED: Sequence[Column[Response]] = (
    Column("Follows", "0: the answer does not move; 1: it moves with the image", _place(_follows)),
    Column(
        "Equivariance error, mm",
        "Distance from the answer, moved back, to the answer on the true image",
        _place(lambda place: measured_cell(place.apart_mm, 1)),
    ),
    Column(
        "Error if unmoved, mm",
        "The equivariance error of an answer that ignores the motion",
        _place(lambda place: Cell(number(value_of(place.unmoved_mm), 1))),
    ),
    Column(
        "Box IoU",
        "Overlap of the box, moved back, with the box on the true image",
        _overlap(Form.BOX, Form.BOX_3D),
    ),
    Column("Polygon Dice", "The same for polygons", _overlap(Form.POLYGON)),
    Column("Mask Dice", "The same for whole-tumour masks in the volume", _overlap(Form.MASK)),
    *GRADES[1:],
)
ALTERED: Sequence[Column[Response]] = (
    Column(
        "Still localised",
        "Share of the studies localised on true images that are still localised",
        _place(lambda place: share_cell(place.answered)),
    ),
    Column(
        "Moves by, mm",
        "Distance from the answer on the true image to that on the altered one",
        _place(lambda place: measured_cell(place.apart_mm, 1)),
    ),
    Column(
        "Change of error, mm",
        "Centre error on the altered minus that on the true image, where both were answered",
        _place(_change),
    ),
    *GRADES,
)
