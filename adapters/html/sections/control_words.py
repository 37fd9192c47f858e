"""How a backend's answers depend on its images, in words."""

from __future__ import annotations

from collections.abc import Sequence

from gliobench.adapters.html.figures.scale import spread
from gliobench.adapters.html.numbers import interval, listed, number, percent, value_of
from gliobench.domain.controls.controls import Control
from gliobench.domain.position.control_responses import ON_THE_MIRROR, PlaceResponse, Response
from gliobench.domain.position.tracking import FOLLOWS, HARDLY
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate, Measured

STAYS = 0.1
"""Answers that follow less than this share of a motion count as unmoved."""
GOES = 0.9
"""Answers that follow at least this share of a motion count as moving with the image."""
CENTRES = (Form.POINT, Form.POINT_3D)
PLACES = (Form.POINT_3D, Form.POINT, Form.BOX_3D, Form.BOX, Form.POLYGON)
"""Forms in the order in which one represents a backend: 3D answers come first because they need not
intersect the scoring plane."""


def leading(response: Response) -> PlaceResponse | None:
    """Choose the form that represents a backend, the centre where there is one."""
    found = (response.place(form) for form in PLACES)
    return next((place for place in found if place is not None), None)


def reading(responses: Sequence[Response], tracking: Estimate | None) -> str:
    """Describe how one backend's answers depend on its images.

    Args:
        responses: Its responses to the controls.
        tracking: Its tracking index, which distinguishes the tumour from the rest of the brain; None
            where it is not estimable.
    """
    places = {response.control: leading(response) for response in responses}
    blank = next((found for found in responses if found.control is Control.BLANK), None)
    parts = (
        _shifted(places.get(Control.SHIFTED), tracking),
        _mirrored(places.get(Control.MIRRORED)),
        _other_patient(places.get(Control.OTHER_PATIENT)),
        _without_image(blank),
        _dropped(responses),
    )
    return " ".join(filter(None, parts)) or "No study was answered on both images."


def _mm(measured: Measured, digits: int = 1) -> str:
    return f"{number(value_of(measured), digits)} mm"


def _shifted(place: PlaceResponse | None, tracking: Estimate | None) -> str:
    if place is None or not isinstance(place.follows, Estimate):
        return ""
    share, by, off = place.follows.value, _mm(place.unmoved_mm, 0), _mm(place.apart_mm)
    if share < STAYS:
        return f"Ignores the image: when it is shifted by {by}, the answers do not move."
    if share < GOES:
        return f"Follows an image shifted by {by} in part: {off} off on average."
    return f"Follows an image shifted by {by}, to within {off}{_with_what(tracking)}."


def _with_what(tracking: Estimate | None) -> str:
    """Distinguish following the tumour from following the brain, as both move alike."""
    if tracking is None:
        return "; only a tracking index could show whether it follows the tumour"
    index = f"(tracking index {number(tracking.value)})"
    found = spread(tracking)
    if found.high < HARDLY:
        return f", but the brain rather than the tumour {index}"
    return f", and the tumour {index}" if found.low > FOLLOWS else f" {index}"


def _mirrored(place: PlaceResponse | None) -> str:
    if place and place.follows == ON_THE_MIRROR:
        return (
            "Mirroring is not informative: its answers lie on the mirror plane, so an error of "
            f"{_mm(place.apart_mm)} shows no skill."
        )
    if place is None or not isinstance(place.follows, Estimate):
        return ""
    unmoved = _mm(place.unmoved_mm)
    return (
        f"Mirrored images: {_mm(place.apart_mm)} off; an answer that did not move would be "
        f"{unmoved} off."
    )


def _other_patient(place: PlaceResponse | None) -> str:
    if not place or place.form not in CENTRES or not isinstance(place.score_change, Estimate):
        return ""
    where = "3D" if place.form is Form.POINT_3D else "on-plane"
    ends = interval(place.score_change, 1)
    return (
        f"Another patient’s image changes the {where} centre error by {_mm(place.score_change)}"
        + (f" ({ends})." if ends else ".")
    )


def _without_image(blank: Response | None) -> str:
    if blank is None:
        return ""
    shares = [
        (word, response.answered)
        for word, response in (("localises a tumour in", leading(blank)), ("grades", blank.grades))
        if response is not None and isinstance(response.answered, Estimate)
    ]
    if not any(share.value for _, share in shares):
        return "It answers no blank image." if shares else ""
    answers = listed([f"{word} {percent(share.value)}" for word, share in shares])
    return f"It {answers} of blank images."


def _dropped(responses: Sequence[Response]) -> str:
    needed = [
        response.control.dropped.alias
        for response in responses
        if response.control.dropped is not None and _is_lost(response)
    ]
    each = "each of " if len(needed) > 1 else ""
    return f"It needs {each}{listed(needed)} to answer." if needed else ""


def _is_lost(response: Response) -> bool:
    """Return whether a backend that answered before no longer answers at all."""
    shares = [part.answered for part in (*response.places, response.grades) if part is not None]
    values = [share.value for share in shares if isinstance(share, Estimate)]
    return bool(values) and not any(values)
