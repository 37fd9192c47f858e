"""How a backend's answers depend on its images, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.adapters.html.numbers import ends, interval, listed, number, percent, value_of
from gliobench.domain.controls.controls import Control
from gliobench.domain.position.control_responses import ON_THE_MIRROR, PlaceResponse, Response
from gliobench.domain.position.tracking import FOLLOWS, HARDLY
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate

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
    found = {response.control: response for response in responses}
    parts = (
        *_shifted(found, tracking),
        *_mirrored(found),
        *_other_patient(found),
        *_without_image(found),
        *_dropped(responses),
    )
    return " ".join(parts) or "No study was answered on both images."


def _shifted(found: Mapping[Control, Response], tracking: Estimate | None) -> Iterator[str]:
    place = _place(found, Control.SHIFTED)
    if place is None or not isinstance(place.follows, Estimate):
        return
    share, by = place.follows.value, f"{number(value_of(place.unmoved_mm), 0)} mm"
    if share < STAYS:
        yield (f"Ignores the image: when it is shifted by {by}, the answers do not move.")
        return
    off = f"{number(value_of(place.apart_mm), 1)} mm"
    yield (
        f"Follows an image shifted by {by}, to within {off}{_with_what(tracking)}."
        if share >= GOES
        else f"Follows an image shifted by {by} in part: {off} off on average."
    )


def _with_what(tracking: Estimate | None) -> str:
    """Distinguish following the tumour from following the brain, as both move alike."""
    if tracking is None:
        return "; only a tracking index could show whether it follows the tumour"
    index = f"tracking index {number(tracking.value)}"
    spread = ends(tracking)
    if (spread.high if spread else tracking.value) < HARDLY:
        return f", but the brain rather than the tumour ({index})"
    follows = (spread.low if spread else tracking.value) > FOLLOWS
    return f", and the tumour ({index})" if follows else f" ({index})"


def _mirrored(found: Mapping[Control, Response]) -> Iterator[str]:
    place = _place(found, Control.MIRRORED)
    if place is None:
        return
    if place.follows == ON_THE_MIRROR:
        yield (
            "Mirroring is not informative: its answers lie on the mirror plane, so an error of "
            f"{number(value_of(place.apart_mm), 1)} mm shows no skill."
        )
    elif isinstance(place.follows, Estimate):
        off = f"{number(value_of(place.apart_mm), 1)} mm"
        unmoved = f"{number(value_of(place.unmoved_mm), 1)} mm"
        yield f"Mirrored images: {off} off; an answer that did not move would be {unmoved} off."


def _other_patient(found: Mapping[Control, Response]) -> Iterator[str]:
    place = _place(found, Control.OTHER_PATIENT)
    if place is None or place.form not in (Form.POINT, Form.POINT_3D):
        return
    grows = place.score_change
    if isinstance(grows, Estimate):
        where = "3D" if place.form is Form.POINT_3D else "on-plane"
        ends_ = interval(grows, 1)
        spread = f" ({ends_})" if ends_ else ""
        yield (
            f"Another patient’s image changes the {where} centre error by "
            f"{number(grows.value, 1)} mm{spread}."
        )


def _without_image(found: Mapping[Control, Response]) -> Iterator[str]:
    blank = found.get(Control.BLANK)
    if blank is None:
        return
    place, grades = leading(blank), blank.grades
    shares = [
        (word, response.answered)
        for word, response in (("localises a tumour in", place), ("grades", grades))
        if response is not None and isinstance(response.answered, Estimate)
    ]
    if shares and not any(share.value for _, share in shares):
        yield "It answers no blank image."
    elif shares:
        answers = listed([f"{word} {percent(share.value)}" for word, share in shares])
        yield f"It {answers} of blank images."


def _dropped(responses: Sequence[Response]) -> Iterator[str]:
    failing = [
        response.control.dropped.alias
        for response in responses
        if response.control.dropped is not None and _is_lost(response)
    ]
    if failing:
        each = "each of " if len(failing) > 1 else ""
        yield f"It needs {each}{listed(failing)} to answer."


def _is_lost(response: Response) -> bool:
    """Return whether a backend that answered before no longer answers at all."""
    shares = [place.answered for place in response.places]
    shares += [response.grades.answered] if response.grades else []
    values = [share.value for share in shares if isinstance(share, Estimate)]
    return bool(values) and not any(values)


def _place(found: Mapping[Control, Response], control: Control) -> PlaceResponse | None:
    return leading(found[control]) if control in found else None
