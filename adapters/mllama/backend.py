"""The backends `llama-vision` and `llama-vision-lora`: one model, without and with an adapter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Protocol, final

from gliobench import __version__
from gliobench.adapters.mllama.options import (
    STAND_IN_FOLDER,
    ReadingOptions,
    card_of,
    check_taught,
    options_of,
)
from gliobench.adapters.mllama.prompts import VERSION, Prompts
from gliobench.adapters.mllama.reader import Answerer, Asking, Reader
from gliobench.adapters.mllama.slice_prompting import SlicePrompting
from gliobench.adapters.mllama.slices import planes_by
from gliobench.application.backends.held_out import held_out
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.classifier import Classifier
from gliobench.application.ports.localizer import Localizer
from gliobench.domain.answers.questions import FORM_OF_QUESTION, Question
from gliobench.domain.comparison.report import STAND_IN
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.slices.view import SlicePolicy
from gliobench.domain.studies.study import Study


class Speaker(Answerer, Protocol):
    """An engine: it answers, and tells what it is and what it sends."""

    @property
    def fingerprint(self) -> str:
        """Hash of all that decides its replies."""
        ...

    @property
    def provenance(self) -> Mapping[str, str]:
        """What a report says of it."""
        ...

    @property
    def tile_px(self) -> int:
        """Edge of the largest picture that it sees whole and unscaled in one tile."""
        ...

    def chat(self, prompt: str, pictures: int = 1) -> str:
        """Write out what is sent, special tokens and all."""
        ...


def llama_vision(options: BackendOptions) -> Backend:
    """Build the model as it was published, or as `llama.model` names it.

    Raises:
        MissingExtraError: The extra `vlm` is not installed.
        InvalidInputError: An option has a wrong value.
        NotFoundError: The model is not there, or its licence is not accepted.
        BackendError: It is no Mllama, or cannot be loaded.
    """
    return _backend("llama-vision", options, adapter=None)


def llama_vision_lora(options: BackendOptions) -> Backend:
    """Build the same model with the LoRA adapter that `llama.adapter` names.

    Where `llama.held_out` names a training run, each patient is answered with the adapter of the
    fold that held them out: one model a fold is in memory then.

    Raises:
        MissingExtraError: The extra `vlm` is not installed.
        InvalidInputError: An option has a wrong value, or another model has no adapter.
        NotFoundError: The model or the adapter is not there, or a licence is not accepted.
        BackendError: It is no Mllama, or cannot be loaded.
    """
    of_folds = held_out(options, _of_fold)
    if of_folds:
        return of_folds
    adapter = options.extra.get("adapter")
    if adapter is None and options.extra.get("model") is not None:
        raise InvalidInputError(
            f"llama-vision-lora has no adapter for {options.extra['model']}: train one by "
            "'gliobench train lora' and set llama.adapter to its folder"
        )
    return _backend(
        "llama-vision-lora", options, adapter=str(adapter or STAND_IN_FOLDER / "adapter")
    )


def backend_of(
    name: str,
    engine: Speaker,
    reading: ReadingOptions,
    *,
    guide: Backend | None = None,
    stand_in: str | None = None,
    learned: Mapping[str, frozenset[str] | None] | None = None,
) -> Backend:
    """Put an engine to work on studies.

    Args:
        name: The backend's.
        engine: Who answers.
        reading: What is shown and asked.
        guide: The backend that chooses slices where the policy is `localizer-guided`.
        stand_in: What to say where the weights stand in for others.
        learned: By part of the model, the hashes of the patients and images that it has learned
            from; None where it does not state them.

    Raises:
        InvalidInputError: The options do not fit one another.
    """
    prompting = reading.prompting(engine.tile_px)
    prompts = Prompts.load()
    asking = Asking(prompting, prompts, grade=reading.grade_decoding, places=reading.decoding)
    planes_of = planes_by(
        reading.policy,
        modality=prompting.modalities[0],
        count=reading.slices,
        localizer=guide.localizer if guide else None,
    )
    reader = Reader(engine, asking, planes_of, oracle=reading.oracle)
    told = _told(reading, prompting, prompts, guide)
    parts = dict(learned or {})
    if guide:
        parts[f"the localizer {guide.name}"] = guide.trained_on
    known = [hashes for hashes in parts.values() if hashes is not None]
    unstated = [part for part, hashes in parts.items() if hashes is None]
    unstated += [f"{guide.name}: {guide.unstated}"] if guide and guide.unstated else []
    decisive = [engine.fingerprint, sorted(told.items())]
    return Backend(
        name=name,
        classifier=MllamaClassifier(reader),
        localizer=MllamaLocalizer(reader),
        fingerprint=hashlib.sha256(json.dumps(decisive).encode()).hexdigest(),
        provenance={**engine.provenance, **told, **({STAND_IN: stand_in} if stand_in else {})},
        trained_on=frozenset().union(*known) if known else None,
        unstated=" and ".join(unstated) if known else "",
        oracle=reading.oracle,
        show_prompts=lambda study: "\n".join(_sent(reader, engine, study)),
    )


@final
class MllamaClassifier(Classifier):
    """Grades by what the model answers.

    Args:
        reader: Shared with the localizer, so that a study is asked about once.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def classify(self, studies: Sequence[Study]) -> list[GradePrediction | Failure]:
        """Grade each study."""
        return [
            one if isinstance(one, Failure) else one.grade for one in self._reader.read(studies)
        ]


@final
class MllamaLocalizer(Localizer):
    """Points, boxes and outlines on the slice that the model was shown.

    Args:
        reader: Shared with the classifier, so that a study is asked about once.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @property
    def forms(self) -> frozenset[Form]:
        """The three forms of a plane."""
        return frozenset(FORM_OF_QUESTION.values())

    def localise(
        self, studies: Sequence[Study], forms: Collection[Form]
    ) -> list[LocalisationPrediction | Failure]:
        """Say where the tumour of each study is."""
        return [
            one if isinstance(one, Failure) else _only(one.place, forms)
            for one in self._reader.read(studies)
        ]


def _only(place: LocalisationPrediction, forms: Collection[Form]) -> LocalisationPrediction:
    answers = {form: answer for form, answer in place.answers.items() if form in forms}
    raw = {form: text for form, text in place.raw.items() if form in forms}
    return LocalisationPrediction(answers, oracle=place.oracle, raw=raw)


def _of_fold(options: BackendOptions, folder: Path) -> Backend:
    return _backend("llama-vision-lora", options, adapter=str(folder / "adapter"))


def _backend(name: str, options: BackendOptions, *, adapter: str | None) -> Backend:
    engine, reading = options_of(options.extra, adapter=adapter)
    from gliobench.adapters.mllama.engine import Engine

    check_taught(card_of(adapter), reading, Prompts.load())
    guided = reading.policy is SlicePolicy.LOCALIZER_GUIDED
    return backend_of(
        name,
        Engine.load(engine),
        reading,
        guide=options.other(reading.localizer) if guided else None,
        stand_in=card_of(engine.model).get(STAND_IN),
        learned={"its base model": _learned(engine.model)}
        | ({"its adapter": _learned(adapter)} if adapter else {}),
    )


def _learned(folder: str) -> frozenset[str] | None:
    """Read the hashes of the patients and images that a model or an adapter learned from.

    Returns:
        None where it has no card that states them, as the published LLaMA models have not.
    """
    card = card_of(folder)
    if "trained_on" not in card:
        return None
    return frozenset((*card["trained_on"], *card.get("learned_images", ())))


def _told(
    reading: ReadingOptions, prompting: SlicePrompting, prompts: Prompts, guide: Backend | None
) -> dict[str, str]:
    told = {
        "slices": reading.policy.value,
        "composition": f"{prompting.composition.value} of "
        + " ".join(m.value for m in prompting.modalities),
        "size_px": str(prompting.size_px),
        "unit": reading.unit,
        "decoding": f"grade {reading.grade_decoding.value}, places {reading.decoding.value}",
        "prompts": f"version {VERSION}",
        "prompts_sha256": prompts.sha256,
        "parser_sha256": _parser_sha256(),
        "gliobench": __version__,
    }
    if reading.policy is SlicePolicy.N_SLICES:
        told["slices"] += f": {reading.slices}"
    return told | ({"guide": f"{guide.name} {guide.fingerprint}"} if guide else {})


def _parser_sha256() -> str:
    sources = (
        one for one in files("gliobench.domain.answers").iterdir() if one.name.endswith(".py")
    )
    in_order = sorted(sources, key=lambda one: one.name)
    return hashlib.sha256(b"".join(one.read_bytes() for one in in_order)).hexdigest()


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
            yield from (f"compared: {one}" for one in prompt.continuations)
