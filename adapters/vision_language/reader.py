"""All four questions about a study, asked at once, so that a picture is encoded once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np

from gliobench.adapters.vision_language.prompts import GRADE_ANSWERS, Prompts
from gliobench.adapters.vision_language.requests import Picture, Prompt, Reply, Request
from gliobench.adapters.vision_language.slices import PlanesOf, SlicePrompting
from gliobench.application.predict.failures import failure_of
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import (
    FRACTIONS,
    parse_box,
    parse_grade,
    parse_point,
    parse_polygon,
)
from gliobench.domain.answers.questions import FORM_OF_QUESTION, Decoding, Question
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.networks.logits import expit
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
    NoTumour,
)
from gliobench.domain.predictions.tokens import Tokens
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import Grade, Study


class Answerer(Protocol):
    """Replies to requests."""

    def answer(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Reply to each prompt of each request, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """How a study is asked about.

    Args:
        prompting: How a slice is shown.
        prompts: What is asked, word for word.
        grade: How the grade is answered.
        places: How the questions of place are answered: free or constrained.

    Raises:
        InvalidInputError: Scoring is asked for places, which takes a list of possible answers.
    """

    prompting: SlicePrompting
    prompts: Prompts
    grade: Decoding = Decoding.SCORED
    places: Decoding = Decoding.FREE

    def __post_init__(self) -> None:
        if self.places is Decoding.SCORED:
            raise InvalidInputError("decoding 'scored': wanted free or constrained, but for grades")

    def request(self, pictures: tuple[Picture, ...]) -> Request:
        """Ask all questions about pictures that are shown together."""
        return Request(pictures, tuple(self._prompt(each, len(pictures)) for each in Question))

    def _prompt(self, question: Question, pictures: int) -> Prompt:
        how = self.grade if question is Question.GRADE else self.places
        return Prompt(
            text=self.prompting.prompt_text(self.prompts, question, pictures=pictures),
            grammar=self.prompting.answer_schema(question) if how is Decoding.CONSTRAINED else None,
            continuations=tuple(GRADE_ANSWERS.values()) if how is Decoding.SCORED else (),
        )


@dataclass(frozen=True, eq=False)
class SliceReading:
    """What was answered about one slice."""

    view: SliceView
    grade: GradePrediction | Failure
    places: Mapping[Form, Localisation | NoTumour | Failure]
    raw: Mapping[Form, str]

    @property
    def shows_none(self) -> bool:
        """Check whether every answer is that there is no tumour."""
        return all(isinstance(place, NoTumour) for place in self.places.values())


@dataclass(frozen=True, eq=False)
class Reading:
    """What was answered about a study."""

    grade: GradePrediction | Failure
    place: LocalisationPrediction
    tokens: Tokens | None


class Reader:
    """Asks a study's questions once, for whoever needs the answers, and forgets with the study.

    Several slices make one answer: the grade is that of the mean P(HGG) or, without
    probabilities, the majority's, a tie the middle slice's; the place is that on the slice of the
    highest P(HGG) or, without probabilities, on the middle one. Slices without a grade have no
    say in it, unless none has one; neither have those on which it says that there is no tumour.

    Args:
        engine: Who answers.
        asking: How it is asked.
        planes_of: Chooses the slices.
        oracle: Whether the reference has chosen them.
    """

    def __init__(
        self, engine: Answerer, asking: Asking, planes_of: PlanesOf, *, oracle: bool = False
    ) -> None:
        self._engine = engine
        self._asking = asking
        self._planes_of = planes_of
        self._oracle = oracle
        self._read: WeakKeyDictionary[Study, Reading | Failure] = WeakKeyDictionary()

    def read(self, studies: Sequence[Study]) -> list[Reading | Failure]:
        """Return what the model says of each study, or why it could not be asked."""
        new = [study for study in dict.fromkeys(studies) if study not in self._read]
        self._read.update(zip(new, self._ask(new), strict=True))
        return [self._read[study] for study in studies]

    def tokens(self, study: Study) -> Tokens | None:
        """Return how many tokens a study took; None where they are not known."""
        reading = self._read.get(study)
        return reading.tokens if isinstance(reading, Reading) else None

    def requests(self, study: Study) -> list[tuple[SliceView, Request]] | Failure:
        """Return what is asked about a study, slice by slice from the lowest up."""
        prompting = self._asking.prompting
        try:
            planes = self._planes_of(study)
            if isinstance(planes, Failure):
                return planes
            views = [prompting.view(study, plane) for plane in planes]
            pictures = prompting.pictures(study, views)
        except FaultError as error:
            return failure_of(error)
        return [
            (view, self._asking.request(shown)) for view, shown in zip(views, pictures, strict=True)
        ]

    def _ask(self, studies: Sequence[Study]) -> list[Reading | Failure]:
        asked = [self.requests(study) for study in studies]
        requests = [one for shown in asked if not isinstance(shown, Failure) for _, one in shown]
        try:
            replies = iter(self._engine.answer(requests) if requests else ())
        except FaultError as error:
            if len(studies) > 1:  # one study must not fail another
                return [reading for study in studies for reading in self._ask([study])]
            return [failure_of(error)]
        return [
            shown if isinstance(shown, Failure) else self._reading(shown, replies)
            for shown in asked
        ]

    def _reading(
        self, shown: Sequence[tuple[SliceView, Request]], replies: Iterator[tuple[Reply, ...]]
    ) -> Reading:
        prompting = self._asking.prompting
        said = [next(replies) for _ in shown]
        slices = [
            slice_reading(view, each, prompting.frame)
            for (view, _), each in zip(shown, said, strict=True)
        ]
        best = chosen(slices)
        return Reading(
            grade=grade_of(slices),
            place=LocalisationPrediction(best.places, oracle=self._oracle, raw=best.raw),
            tokens=Tokens.total(reply.tokens for each in said for reply in each),
        )


def slice_reading(
    view: SliceView, replies: Sequence[Reply], frame: Frame = FRACTIONS
) -> SliceReading:
    """Understand the replies to the questions about one slice, in the order of `Question`.

    Args:
        view: How the slice was shown.
        replies: One a question.
        frame: What coordinates were asked for in.
    """
    said = dict(zip(Question, replies, strict=True))
    places = {
        form: _place(form, said[question], view, frame)
        for question, form in FORM_OF_QUESTION.items()
    }
    raw = {
        form: said[question].text
        for question, form in FORM_OF_QUESTION.items()
        if not isinstance(places[form], Failure)
    }
    return SliceReading(view, _grade(said[Question.GRADE]), places, raw)


def grade_of(slices: Sequence[SliceReading]) -> GradePrediction | Failure:
    """Make one grade of those of several slices; see `Reader`.

    Args:
        slices: At least one, from the lowest up.
    """
    graded = [part.grade for part in slices if isinstance(part.grade, GradePrediction)]
    middle = slices[len(slices) // 2].grade
    raw = _joined([(part.view, part.grade.raw or "") for part in slices])
    if not graded:
        return Failure(middle.reason, middle.detail, raw) if isinstance(middle, Failure) else middle
    odds = [grade.probability_hgg for grade in graded if grade.probability_hgg is not None]
    if odds:
        mean = sum(odds) / len(odds)
        return GradePrediction.likelier(mean, raw)
    votes = Counter(grade.grade for grade in graded)
    tied = votes[Grade.HGG] == votes[Grade.LGG]
    decisive = middle if isinstance(middle, GradePrediction) else graded[len(graded) // 2]
    grade = decisive.grade if tied else votes.most_common(1)[0][0]
    return GradePrediction(grade, raw=raw)


def chosen(slices: Sequence[SliceReading]) -> SliceReading:
    """Choose the slice whose places stand for the study; see `Reader`.

    Args:
        slices: At least one, from the lowest up.
    """
    slices = [part for part in slices if not part.shows_none] or slices
    odds = {
        part: part.grade.probability_hgg
        for part in slices
        if isinstance(part.grade, GradePrediction) and part.grade.probability_hgg is not None
    }
    return max(odds, key=odds.__getitem__) if odds else slices[len(slices) // 2]


def _joined(answers: Sequence[tuple[SliceView, str]]) -> str:
    """Keep the answers about all slices, one a line where there are several."""
    if len(answers) == 1:
        return answers[0][1]
    return "\n".join(f"slice {view.plane.index}: {raw}" for view, raw in answers)


def _grade(reply: Reply) -> GradePrediction | Failure:
    if not reply.log_likelihoods:
        grade = parse_grade(reply.text, finished=reply.finished)
        return grade if isinstance(grade, Failure) else GradePrediction(grade, raw=reply.text)
    likely = dict(zip(GRADE_ANSWERS, reply.log_likelihoods, strict=True))
    margin = likely[Grade.HGG] - likely[Grade.LGG]
    if not isfinite(margin):
        return Failure(FailureReason.BACKEND_ERROR, f"log-likelihoods {likely}", reply.text)
    probability = float(expit(np.array(margin, dtype=np.float64)))
    return GradePrediction.likelier(probability, reply.text)


def _place(
    form: Form, reply: Reply, view: SliceView, frame: Frame
) -> Localisation | NoTumour | Failure:
    """Find on the plane what was said of the picture."""
    text, finished = reply.text, reply.finished
    try:
        match form:
            case Form.POINT:
                point = parse_point(text, frame, finished=finished)
                return view.point_from_picture(point) if isinstance(point, tuple) else point
            case Form.BOX:
                box = parse_box(text, frame, finished=finished)
                return view.box_from_picture(box) if isinstance(box, tuple) else box
            case _:
                outline = parse_polygon(text, frame, finished=finished)
                return view.polygon_from_picture(outline) if isinstance(outline, tuple) else outline
    except InvalidInputError as error:
        return Failure(FailureReason.SELF_INTERSECTION, str(error), text)
