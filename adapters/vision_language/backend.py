"""A vision-language model at work on studies, whichever engine runs it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, final

import numpy as np

from gliobench import __version__
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.prompts import VERSION, Prompts, calibration_text
from gliobench.adapters.vision_language.reader import Answerer, Asking, Reader
from gliobench.adapters.vision_language.requests import Picture, Prompt, Reply, Request
from gliobench.adapters.vision_language.slices import PictureSizes, SlicePrompting, planes_by
from gliobench.application.backends.asked import AskedClassifier, AskedLocalizer, Grades, Places
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.answers.calibration import ASKED, SQUARES, Box, Calibration, calibration_of
from gliobench.domain.answers.questions import FORM_OF_QUESTION, Question
from gliobench.domain.errors import (
    BackendError,
    InvalidInputError,
    MissingExtraError,
    NotFoundError,
)
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    LocalisationPrediction,
)
from gliobench.domain.slices.view import Composition, SlicePolicy
from gliobench.domain.studies.study import Study


class Speaker(Answerer, PictureSizes, Protocol):
    """An engine: it answers, and describes what it is and what it sends."""

    @property
    def fingerprint(self) -> str:
        """Hash of all that decides its replies."""
        ...

    @property
    def provenance(self) -> Mapping[str, str]:
        """What a report says of it."""
        ...

    def chat(self, prompt: str, pictures: int = 1) -> str:
        """Write out what is sent, special tokens and all."""
        ...


def guide_of(reading: ReadingOptions, options: BackendOptions) -> Backend | None:
    """Return the backend that chooses slices; None where a rule does, or there is nothing to choose."""
    guided = _is_guided(reading) and not options.on_slices
    return options.other(reading.localizer) if guided else None


def _is_guided(reading: ReadingOptions) -> bool:
    return reading.policy is SlicePolicy.LOCALIZER_GUIDED


def backend_of(
    name: str,
    engine: Speaker,
    reading: ReadingOptions,
    *,
    guide: Backend | None = None,
    stand_in: str = "",
    learned: Mapping[str, frozenset[str] | None] | None = None,
) -> Backend:
    """Put an engine to work on studies.

    Args:
        name: The backend's.
        engine: Who answers.
        reading: What is shown and asked.
        guide: The backend that chooses slices, see `guide_of`.
        stand_in: What to say where the weights stand in for others.
        learned: By part of the model, the hashes of the patients and images that it has learned
            from; None where it does not state them.

    Raises:
        InvalidInputError: The options do not fit one another.
    """
    prompting = SlicePrompting.of(reading, engine)
    prompts = Prompts.load()
    asking = Asking(prompting, prompts, grade=reading.grade_decoding, places=reading.decoding)
    unguided = guide is None and _is_guided(reading)
    planes_of = planes_by(
        SlicePolicy.BRAIN_MIDDLE if unguided else reading.policy,  # no study leaves a choice
        modality=prompting.modalities[0],
        count=reading.slices,
        localizer=guide.localizer if guide else None,
    )
    reader = Reader(engine, asking, planes_of, oracle=reading.oracle)
    shown = _provenance(reading, prompting, prompts, guide)
    parts = dict(learned or {})
    if guide:
        parts[f"the localizer {guide.name}"] = guide.trained_on
    known = [hashes for hashes in parts.values() if hashes is not None]
    unstated = [part for part, hashes in parts.items() if hashes is None]
    unstated += [f"{guide.name}: {guide.unstated}"] if guide and guide.unstated else []
    decisive = [engine.fingerprint, sorted(shown.items())]
    return Backend(
        name=name,
        classifier=AskedClassifier(partial(_grades, reader)),
        localizer=AskedLocalizer(frozenset(FORM_OF_QUESTION.values()), partial(_places, reader)),
        fingerprint=hashlib.sha256(json.dumps(decisive).encode()).hexdigest(),
        provenance={**engine.provenance, **shown},
        facts=BackendFacts(stand_in=stand_in, oracle=reading.oracle),
        trained_on=frozenset().union(*known) if known else None,
        unstated=" and ".join(unstated) if known else "",
        show_prompts=lambda study: "\n".join(_sent(reader, engine, study)),
        calibrate=partial(calibrate, engine, prompting),
        tokens=reader.tokens,
    )


def _grades(reader: Reader, studies: Sequence[Study]) -> Grades:
    return [
        reading if isinstance(reading, Failure) else reading.grade
        for reading in reader.read(studies)
    ]


def _places(reader: Reader, studies: Sequence[Study], forms: Collection[Form]) -> Places:
    return [
        reading if isinstance(reading, Failure) else _only(reading.place, forms)
        for reading in reader.read(studies)
    ]


def _only(place: LocalisationPrediction, forms: Collection[Form]) -> LocalisationPrediction:
    answers = {form: answer for form, answer in place.answers.items() if form in forms}
    raw = {form: text for form, text in place.raw.items() if form in forms}
    return LocalisationPrediction(answers, oracle=place.oracle, raw=raw)


def _provenance(
    reading: ReadingOptions, prompting: SlicePrompting, prompts: Prompts, guide: Backend | None
) -> dict[str, str]:
    shown = {
        "slices": reading.policy.value if guide or not _is_guided(reading) else "one a study",
        "composition": f"{prompting.composition.value} of "
        + " ".join(m.value for m in prompting.modalities),
        "size_px": str(prompting.size_px),
        "dialect": reading.dialect,
        "decoding": f"grade {reading.grade_decoding.value}, places {reading.decoding.value}",
        "prompts": f"version {VERSION}",
        "prompts_sha256": prompts.sha256,
        "parser_sha256": _parser_sha256(),
        "gliobench": __version__,
    }
    if reading.policy is SlicePolicy.N_SLICES:
        shown["slices"] += f": {reading.slices}"
    if prompting.context:
        shown["context"] = (
            f"{prompting.context} slices on each side, {prompting.context_mm:g} mm apart"
        )
    return shown | ({"guide": f"{guide.name} {guide.fingerprint}"} if guide else {})


def _parser_sha256() -> str:
    sources = (
        source
        for source in files("gliobench.domain.answers").iterdir()
        if source.name.endswith(".py")
    )
    in_order = sorted(sources, key=lambda source: source.name)
    return hashlib.sha256(b"".join(source.read_bytes() for source in in_order)).hexdigest()


def _sent(reader: Reader, engine: Speaker, study: Study) -> Iterator[str]:
    """Write out all that is sent about a study."""
    asked = reader.requests(study)
    if isinstance(asked, Failure):
        raise InvalidInputError(f"nothing is sent about {study.id}: {asked.detail}")
    for view, request in asked:
        for question, prompt in zip(Question, request.prompts, strict=True):
            edge = request.pictures[0].shape[0]
            yield f"--- {view.plane.axis.name.lower()} slice {view.plane.index}, {edge} pixels: {question.value}"
            yield engine.chat(prompt.text, pictures=len(request.pictures))
            if prompt.grammar:
                yield f"held to {prompt.grammar}"
            yield from (f"compared: {text}" for text in prompt.continuations)


def calibrate(engine: Answerer, prompting: SlicePrompting) -> Calibration:
    """Ask a model for the centre and the box of white squares at known places.

    Args:
        engine: Who answers.
        prompting: How slices are shown: the squares are drawn in pictures of that size and asked
            about in that dialect.
    """
    shown = replace(prompting, composition=Composition.ONE, modalities=())
    prompts = tuple(Prompt(calibration_text(question, shown.frame)) for question in ASKED)
    requests = [Request((_drawn(square, shown.size_px),), prompts) for square in SQUARES]
    replies = engine.answer(requests)
    return calibration_of([reply.text for each in replies for reply in each], shown.frame)


def _drawn(square: Box, edge: int) -> Picture:
    picture = np.full((edge, edge, 3), 24, np.uint8)
    x0, y0, x1, y1 = (round(at * edge) for at in square)
    picture[y0:y1, x0:x1] = 255
    return picture


@final
class Unloaded:
    """Stands where a model would answer.

    Args:
        model: A folder, or an id on the Hugging Face hub, of which nothing is known here.
        adapter: Likewise; None for none.

    Raises:
        MissingExtraError: transformers is not installed.
        NotFoundError: What can only be a folder is none.
    """

    tile_px = 448
    fingerprint = ""
    provenance: Mapping[str, str] = {}

    def __init__(self, model: str, adapter: str | None) -> None:
        if find_spec("transformers") is None:
            raise MissingExtraError(extra="vlm", purpose="Vision-language models")
        for place in filter(None, (model, adapter)):
            # An id of the hub has one slash at most, and begins with a letter or digit.
            is_path = place.count("/") > 1 or not place[0].isalnum()
            if is_path and not Path(place).is_dir():
                raise NotFoundError(f"no model at {place}")

    def answer(self, requests: Sequence[Request]) -> list[tuple[Reply, ...]]:
        """Refuse, always."""
        raise BackendError(f"{len(requests)} requests to a model that was not loaded")

    def seen_px(self, edge: int) -> int:
        """Return the edge itself."""
        return edge

    def chat(self, prompt: str, pictures: int = 1) -> str:
        """Return the words alone."""
        del pictures
        return prompt
