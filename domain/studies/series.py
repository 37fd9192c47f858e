"""A series of a DICOM study, and which modality its tags say that it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from gliobench.domain.geometry.grids import Spacing
from gliobench.domain.studies.contrast_agents import (
    BOTH,
    ENHANCED,
    NO_AGENT,
    PLAIN,
    UNKNOWN_AGENT,
)
from gliobench.domain.studies.descriptions import normalised
from gliobench.domain.studies.sequences import OTHER_KINDS, Weighting
from gliobench.domain.studies.study import Modality

FEWEST_IMAGES = 5
"""Of a volume: series of fewer images are localisers, samples or screenshots."""
DAY_S = 86400.0
_EITHER = re.compile(r"\+\s?/\s?[-–]")
"""With or without, in a description as it is written."""
_COMPUTED = frozenset({"DERIVED", "MPR", "REFORMATTED", "RESAMPLED", "AVERAGE", "PROCESSED"})


class Confidence(str, Enum):
    """How far tags support a modality, most first."""

    DECLARED = "declared"
    """The user says it."""
    SURE = "sure"
    """Description and times of acquisition agree, and contrast is stated."""
    LIKELY = "likely"
    """Some of them say so, and none contradicts."""
    DOUBTFUL = "doubtful"
    """It must be asked about."""


@dataclass(frozen=True, slots=True)
class Series:
    """Images of one acquisition that make up one volume, or would if they were sound.

    Args:
        id: Pseudonym of the series, unique in its dataset.
        description: As in the tags; may name a patient, so that it is not for output.
        shown: The description, fit for output.
        number: The scanner's number of the series; None where it has none.
        image_type: Values of ImageType, in capitals.
        n_images: How many there are.
        shape: Voxels of the volume along its files' axes; None where there is no sound one.
        spacing_mm: Edges of a voxel; None as above.
        repetition_ms: TR.
        echo_ms: TE.
        inversion_ms: TI.
        gradient: Whether echoes are of gradients; None where unknown.
        planar: Whether it is echo-planar imaging.
        diffusion: Whether it has diffusion weights.
        agent: Name of the contrast agent as in the tags; empty where they name none.
        body_part: As in the tags.
        acquired_s: When the acquisition began, in seconds since the year 1, or since midnight where the day is
            unknown; None where nothing is known.
        flaw: Why its images make up no volume; empty where they do.
    """

    id: str
    description: str = ""
    shown: str = ""
    number: int | None = None
    image_type: tuple[str, ...] = ()
    n_images: int = FEWEST_IMAGES
    shape: tuple[int, int, int] | None = None
    spacing_mm: Spacing | None = None
    repetition_ms: float | None = None
    echo_ms: float | None = None
    inversion_ms: float | None = None
    gradient: bool | None = None
    planar: bool = False
    diffusion: bool = False
    agent: str = ""
    body_part: str = ""
    acquired_s: float | None = None
    flaw: str = ""

    @property
    def is_computed(self) -> bool:
        """Return whether the images were computed from others, e.g. in another plane."""
        return not _COMPUTED.isdisjoint(self.image_type)

    @property
    def name(self) -> str:
        """Return how to refer to it in a message."""
        number = "" if self.number is None else f"no. {self.number}, "
        return f"{self.id} ({number}{self.shown or 'without a description'!r})"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the tags of a series say.

    Args:
        modality: The modality; None where it is another kind of series.
        confidence: How far the tags support it.
        reason: In words.
        beside_enhanced: How far they do if another series of the study has a contrast agent and this
            one, which does not mention any, is older; None where that changes nothing.
        is_described: Whether the description names the sequence, and not the times alone.
    """

    modality: Modality | None
    confidence: Confidence
    reason: str
    beside_enhanced: Confidence | None = None
    is_described: bool = True


def judge(series: Series) -> Judgement:
    """Read the modality of a series from its tags, without regard to other series.

    A T1-weighted series without a word on contrast counts as doubtful t1n.
    """
    text = normalised(series.description)
    if other := _other_kind(series, text):
        return Judgement(None, Confidence.SURE, other)
    weighting, confidence, reason = _weighting(series, text)
    if weighting is None:
        return Judgement(None, confidence, reason)
    enhanced, sure, why = _enhancement(series, text)
    candidates = [m for m in Modality if m.hints.weighting is weighting]
    matching = [m for m in candidates if m.hints.enhanced in (None, bool(enhanced))]
    least = Confidence.LIKELY if series.is_computed else Confidence.SURE
    own = max(confidence, least, key=_doubt)
    reason += "; computed from other images" * series.is_computed
    named = weighting in _described(text)
    if len(candidates) == 1:
        return Judgement(matching[0], own, reason, is_described=named)
    beside = None if enhanced is not None else max(own, Confidence.LIKELY, key=_doubt)
    return Judgement(matching[0], max(own, sure, key=_doubt), f"{reason}; {why}", beside, named)


def _doubt(confidence: Confidence) -> int:
    return list(Confidence).index(confidence)


def _other_kind(series: Series, text: str) -> str:
    """Name the kind of a series that is no modality; empty where it may be one."""
    for kind in OTHER_KINDS:
        if found := kind.image_types.intersection(series.image_type):
            return f"{kind.title} (ImageType {min(found)})"
    part = normalised(series.body_part)
    for kind in OTHER_KINDS:
        word = kind.words.search(text)
        if word and not _is_weighted(series, text, kind.beside):
            return f"{kind.title} ({_described_as(series, word[0])})"
    if part and OTHER_KINDS[-1].words.search(part):
        return f"{OTHER_KINDS[-1].title} (BodyPartExamined)"
    if series.diffusion or series.planar:
        return f"{'diffusion' if series.diffusion else 'echo-planar imaging'} (by its tags)"
    if series.n_images < FEWEST_IMAGES:
        return f"{series.n_images} images: wanted {FEWEST_IMAGES} or more"
    return ""


def _is_weighted(series: Series, text: str, weighting: Weighting | None) -> bool:
    """Return whether description and times are of a weighting; False for None."""
    return weighting in _described(text) and weighting in _timed(series)


def _weighting(series: Series, text: str) -> tuple[Weighting | None, Confidence, str]:
    """Compare what the description says with the times of acquisition."""
    described, timed = _described(text), list(_timed(series))
    agreeing = [item for item in described if item in timed]
    found = agreeing or described or timed
    if not found:
        return None, Confidence.LIKELY, "neither description nor times are of a modality"
    times, title = _times(series), " or ".join(item.title for item in found)
    against = bool(described) and not agreeing and _has_times(series)
    if len(found) > 1 or against:
        confidence = Confidence.DOUBTFUL
    else:
        confidence = Confidence.SURE if agreeing else Confidence.LIKELY
    if not described:
        return found[0], confidence, f"{title} by {times}"
    with_times = f", but {times}" * against or f", with {times}" * bool(agreeing)
    return found[0], confidence, f"described as {title}{with_times}"


def _described_as(series: Series, found: str) -> str:
    """Quote a word of the description, if it is fit for output."""
    word = found.strip()
    return f"described as {word!r}" if word in normalised(series.shown) else "by its description"


def _described(text: str) -> list[Weighting]:
    """List the weightings that a description names; FLAIR is of T2 unless T1 is named alone."""
    found = [item for item in _weightings() if item.words.search(text)]
    titles = {item.title for item in found}
    without = {"T2"} if {"T2", "FLAIR"} == titles else set()
    if {"T1", "FLAIR"} == titles:
        without = {"FLAIR"}
    return [item for item in found if item.title not in without]


def _has_times(series: Series) -> bool:
    return series.repetition_ms is not None and series.echo_ms is not None


def _timed(series: Series) -> Iterator[Weighting]:
    """List the weightings that such times are used for; none where they are unknown."""
    for item in _weightings():
        if any(
            row.fits(
                repetition=series.repetition_ms,
                echo=series.echo_ms,
                inversion=series.inversion_ms,
                gradient=series.gradient,
            )
            for row in item.times
            if series.repetition_ms is not None and series.echo_ms is not None
        ):
            yield item


def _weightings() -> list[Weighting]:
    return list(dict.fromkeys(modality.hints.weighting for modality in Modality))


def _times(series: Series) -> str:
    stated = {"TR": series.repetition_ms, "TE": series.echo_ms, "TI": series.inversion_ms}
    return ", ".join(f"{name} {value:g}" for name, value in stated.items() if value is not None)


def _enhancement(series: Series, text: str) -> tuple[bool | None, Confidence, str]:
    """Return whether a contrast agent was given; None where nothing is said."""
    agent = normalised(series.agent)
    known = bool(agent) and agent not in UNKNOWN_AGENT
    tagged = NO_AGENT.match(agent) is None if known else None
    if BOTH.search(text) or _EITHER.search(series.description):
        return bool(tagged), Confidence.DOUBTFUL, "described as with and without a contrast agent"
    plain, enhanced = PLAIN.search(text), ENHANCED.search(PLAIN.cut_from(text))
    if plain and enhanced:
        return bool(tagged), Confidence.DOUBTFUL, "described as before and after a contrast agent"
    found = plain or enhanced
    worded = bool(enhanced) if found else None
    said = [value for value in (tagged, worded) if value is not None]
    if not said:
        return None, Confidence.DOUBTFUL, "nothing is said of a contrast agent"
    tag = "" if tagged is None else f"{'a' if tagged else 'no'} contrast agent by the tags"
    words = _described_as(series, found[0]) if found else ""
    if len(set(said)) > 1:
        return worded, Confidence.DOUBTFUL, f"{words}, but {tag}"
    sure = len(said) > 1 or not said[0]
    why = " and ".join(filter(None, (tag, words)))
    return said[0], Confidence.SURE if sure else Confidence.LIKELY, why


def judge_all(series: Sequence[Series]) -> list[Judgement]:
    """Judge the series of one study, each also by the others: see `Judgement.beside_enhanced`."""
    judgements = [judge(item) for item in series]
    enhanced = [
        item
        for item, found in zip(series, judgements, strict=True)
        if found.modality is Modality.T1C and found.confidence is not Confidence.DOUBTFUL
    ]
    if not enhanced:
        return judgements
    return [_beside(one, found, enhanced) for one, found in zip(series, judgements, strict=True)]


def _beside(series: Series, found: Judgement, enhanced: Sequence[Series]) -> Judgement:
    if found.beside_enhanced is None:
        return found
    if _is_later(series, enhanced):
        return replace(found, reason=f"{found.reason}, but it is later than an enhanced series")
    return replace(
        found, confidence=found.beside_enhanced, reason=f"{found.reason}, unlike of another series"
    )


def _is_later(series: Series, enhanced: Sequence[Series]) -> bool:
    """Return whether it was acquired after the first of some series: by time, of equal or no times by number."""
    times = [item.acquired_s for item in enhanced if item.acquired_s is not None]
    if times and series.acquired_s not in (None, min(times)):
        return series.acquired_s > min(times)
    numbers = [item.number for item in enhanced if item.number is not None]
    return bool(numbers) and series.number is not None and series.number > min(numbers)
