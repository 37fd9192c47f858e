"""What a backend's answers owe to its images, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.adapters.html.numbers import ends, interval, listed, number, percent, value_of
from gliobench.domain.controls.controls import Control
from gliobench.domain.position.control_responses import ON_THE_MIRROR, PlaceResponse, Response
from gliobench.domain.position.tracking import FOLLOWS, HARDLY
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate

STAYS = 0.1
"""Share of a motion under which answers count as staying where they are."""
GOES = 0.9
"""Share of a motion from which on answers count as going along with it."""
PLACES = (Form.POINT_3D, Form.POINT, Form.BOX_3D, Form.BOX, Form.POLYGON)
"""Forms in the order in which one of them stands for a backend: in the volume an answer is not lost
for missing the scoring plane."""


def leading(response: Response) -> PlaceResponse | None:
    """Choose the form that stands for a backend, the centre where there is one."""
    found = (response.place(form) for form in PLACES)
    return next((place for place in found if place is not None), None)


def reading(responses: Sequence[Response], tracking: Estimate | None) -> str:
    """Say what one backend's answers owe to its images.

    Args:
        responses: To the controls that it was put to.
        tracking: Its tracking index, which tells the tumour from the rest of the brain; None where
            it is not estimable.
    """
    found = {response.control: response for response in responses}
    parts = (
        *_shifted(found, tracking),
        *_mirrored(found),
        *_other_patient(found),
        *_without_image(found),
        *_dropped(responses),
    )
    return " ".join(parts) or "Nothing was answered on both images."


def _shifted(found: Mapping[Control, Response], tracking: Estimate | None) -> Iterator[str]:
    place = _place(found, Control.SHIFTED)
    if place is None or not isinstance(place.follows, Estimate):
        return
    share, by = place.follows.value, f"{number(value_of(place.unmoved_mm), 0)} mm"
    if share < STAYS:
        yield (
            f"Does not look at the image: when that is shifted by {by}, the answers stay where "
            "they are."
        )
        return
    off = f"{number(value_of(place.apart_mm), 1)} mm"
    yield (
        f"Goes along with an image that is shifted by {by}, to within {off}{_with_what(tracking)}."
        if share >= GOES
        else f"Goes along with an image that is shifted by {by} in part: {off} off, on average."
    )


def _with_what(tracking: Estimate | None) -> str:
    """Tell the tumour from the brain that it lies in: both move alike."""
    if tracking is None:
        return (
            "; whether it is the tumour that it goes along with, only a tracking index would tell"
        )
    index = f"tracking index {number(tracking.value)}"
    spread = ends(tracking)
    if (spread.high if spread else tracking.value) < HARDLY:
        return f", but with the brain, not with the tumour ({index})"
    follows = (spread.low if spread else tracking.value) > FOLLOWS
    return f", and with the tumour ({index})" if follows else f" ({index})"


def _mirrored(found: Mapping[Control, Response]) -> Iterator[str]:
    place = _place(found, Control.MIRRORED)
    if place is None:
        return
    if place.follows == ON_THE_MIRROR:
        yield (
            "Mirroring tells nothing of it: its answers lie on the mirror, so that an error of "
            f"{number(value_of(place.apart_mm), 1)} mm is no merit."
        )
    elif isinstance(place.follows, Estimate):
        off = f"{number(value_of(place.apart_mm), 1)} mm"
        unmoved = f"{number(value_of(place.unmoved_mm), 1)} mm"
        yield f"Mirrored images: {off} off, where an answer that stays is {unmoved} off."


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
        (word, one.answered)
        for word, one in (("places a tumour in", place), ("grades", grades))
        if one is not None and isinstance(one.answered, Estimate)
    ]
    if shares and not any(one.value for _, one in shares):
        yield "Of blank images it answers none."
    elif shares:
        told = listed([f"{word} {percent(one.value)}" for word, one in shares])
        yield f"It {told} of blank images."


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
    """Tell whether nothing that was answered is answered any more."""
    shares = [place.answered for place in response.places]
    shares += [response.grades.answered] if response.grades else []
    told = [one.value for one in shares if isinstance(one, Estimate)]
    return bool(told) and not any(told)


def _place(found: Mapping[Control, Response], control: Control) -> PlaceResponse | None:
    return leading(found[control]) if control in found else None
