from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_engine import FakeEngine
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import TUMOUR, fake_case
from gliobench.adapters.transformers.cards import check_taught
from gliobench.adapters.transformers.mllama.backend import llama_vision_lora
from gliobench.adapters.vision_language.backend import backend_of, guide_of
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.prompts import GRADE_ANSWERS, Prompts
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.predict.ask_backend import ask
from gliobench.domain.answers.questions import Decoding, Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Box3D, Plane, Point
from gliobench.domain.predictions.prediction import Form, GradePrediction, LocalisationPrediction
from gliobench.domain.slices.view import Composition, SlicePolicy
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Modality

STUDY = fake_case().study
MIDDLE = ReadingOptions(policy=SlicePolicy.BRAIN_MIDDLE)


def llama(reading: ReadingOptions = MIDDLE, engine: FakeEngine | None = None, **more) -> Backend:
    return backend_of("llama-vision", engine or FakeEngine(), reading, **more)


def test_a_study_is_graded_and_placed_while_its_picture_is_looked_at_once() -> None:
    engine = FakeEngine()

    ((grade, place),) = ask(llama(engine=engine), [STUDY])

    assert isinstance(grade, GradePrediction)
    assert isinstance(place, LocalisationPrediction)
    assert set(place.answers) == {Form.POINT, Form.BOX, Form.POLYGON}
    assert len(engine.asked) == 1


def test_only_the_forms_asked_for_are_answered() -> None:
    localizer = llama().localizer
    assert localizer is not None

    (place,) = localizer.localise([STUDY], {Form.BOX})

    assert isinstance(place, LocalisationPrediction)
    assert set(place.answers) == set(place.raw) == {Form.BOX}


def test_the_slice_is_that_of_the_backend_that_it_follows() -> None:
    guide = fake_backend("guide", localizer=FakeLocalizer(), trained_on=["p1"])

    backend = llama(ReadingOptions(), guide=guide, learned={"its base model": frozenset({"abc"})})

    ((_, place),) = ask(backend, [STUDY])
    assert isinstance(place, LocalisationPrediction)
    point = place.answers[Form.POINT]
    assert isinstance(point, Point)
    assert TUMOUR.start[2] <= point.plane.index < TUMOUR.stop[2]
    assert backend.trained_on == {"abc", patient_hash("p1")}
    assert backend.provenance["guide"].startswith("guide ")


def test_where_every_study_is_one_slice_there_is_no_guide_whose_training_counts() -> None:
    flat = fake_case(shape=(12, 14, 1), tumour=Box3D(start=(3, 4, 0), stop=(8, 9, 1))).study
    guide = fake_backend("guide", localizer=FakeLocalizer(), trained_on=["p1"])
    options = BackendOptions(other=lambda _: guide)
    guided = ReadingOptions()

    assert guide_of(guided, options) is guide
    none = guide_of(guided, replace(options, on_slices=True))
    backend = llama(guided, guide=none, learned={"its base model": frozenset({"abc"})})

    ((_, place),) = ask(backend, [flat])
    assert isinstance(place, LocalisationPrediction)
    assert backend.trained_on == {"abc"}
    assert "guide" not in backend.provenance
    assert backend.provenance["slices"] == "one a study"


@pytest.mark.parametrize(
    ("learned", "trained_on", "unstated"),
    [
        ({"its base model": None}, None, ""),
        ({"its base model": None, "its adapter": frozenset({"a"})}, {"a"}, "its base model"),
        ({"its base model": frozenset()}, frozenset(), ""),
    ],
)
def test_a_model_without_a_card_states_no_training_data_and_its_adapter_may(
    learned: dict[str, frozenset[str] | None], trained_on: set[str] | None, unstated: str
) -> None:
    backend = llama(learned=learned)

    assert (backend.trained_on, backend.unstated) == (trained_on, unstated)


def test_the_picture_is_as_large_as_a_tile_unless_asked_for_otherwise() -> None:
    small, large = FakeEngine(), FakeEngine()

    ask(llama(engine=small), [STUDY])
    ask(llama(MIDDLE.model_copy(update={"size_px": 64}), engine=large), [STUDY])

    assert [one.asked[0][0].pictures[0].shape[0] for one in (small, large)] == [24, 64]


@pytest.mark.parametrize(
    "changed",
    [
        {"policy": SlicePolicy.ORACLE_LARGEST_TUMOUR},
        {"policy": SlicePolicy.N_SLICES, "slices": 3},
        {"policy": SlicePolicy.N_SLICES, "slices": 4},
        {"composition": Composition.RGB},
        {"modalities": (Modality.T2F,)},
        {"size_px": 48},
        {"dialect": "pixels"},
        {"decoding": Decoding.CONSTRAINED},
        {"grade_decoding": Decoding.FREE},
    ],
)
def test_whatever_changes_an_answer_changes_the_fingerprint(changed) -> None:
    other = llama(MIDDLE.model_copy(update=changed))

    assert other.fingerprint != llama().fingerprint
    assert other.provenance != llama().provenance


def test_another_model_has_another_fingerprint() -> None:
    tuned = FakeEngine()
    tuned.fingerprint = "beef"

    assert llama(engine=tuned).fingerprint != llama().fingerprint


def test_a_changed_word_of_a_prompt_changes_the_fingerprint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, templates = llama().fingerprint, Prompts.load().templates
    other = Prompts({**templates, Question.GRADE: f"{templates[Question.GRADE]} Please."})
    monkeypatch.setattr(Prompts, "load", lambda: other)

    assert llama().fingerprint != before


def test_the_provenance_tells_of_prompts_parser_and_decoding() -> None:
    told = llama().provenance

    assert len(told["prompts_sha256"]) == len(told["parser_sha256"]) == 64
    assert told["decoding"] == "grade scored, places free"
    assert told["model_sha256"] == "5ha"
    assert "stand-in" not in told


def test_weights_that_stand_in_say_so() -> None:
    assert llama(stand_in="stand-in, not LLaMA").facts.stand_in == "stand-in, not LLaMA"


def test_only_the_oracle_policy_makes_an_oracle() -> None:
    oracles = [
        llama(MIDDLE.model_copy(update={"policy": one})).facts.oracle
        for one in list(SlicePolicy)[:2]
    ]

    assert oracles == [True, False]


def test_an_oracle_is_shown_its_plane_and_says_so() -> None:
    backend = llama(MIDDLE.model_copy(update={"policy": SlicePolicy.ORACLE_LARGEST_TUMOUR}))

    ((_, place),) = ask(backend, [replace(STUDY, oracle_plane=Plane(Axis.AXIAL, 7))])

    assert isinstance(place, LocalisationPrediction)
    assert place.oracle
    assert {one.plane.index for one in place.answers.values()} == {7}


def test_prompts_are_shown_with_template_slice_and_answers_to_compare() -> None:
    show = llama().show_prompts
    assert show is not None

    shown = show(STUDY)

    assert shown.count("<user><picture>") == len(Question)
    assert shown.count("--- axial slice") == len(Question)
    for answer in GRADE_ANSWERS.values():
        assert f"compared: {answer}" in shown


def test_prompts_of_a_study_that_cannot_be_shown_are_an_error() -> None:
    show = llama().show_prompts
    assert show is not None

    with pytest.raises(InvalidInputError, match=r"nothing is sent about study-1: .*t1c"):
        show(fake_case(modalities=(Modality.T2F,)).study)


def test_another_model_without_an_adapter_is_told_how_to_get_one() -> None:
    with pytest.raises(InvalidInputError, match="no adapter for my/model: train one"):
        llama_vision_lora(BackendOptions(extra={"model": "my/model"}))


def test_an_adapter_is_asked_as_it_was_taught() -> None:
    prompts = Prompts.load()
    taught = {"composition": "one", "modalities": [], "size_px": None, "dialect": "fractions"}
    card = {"prompts_sha256": prompts.sha256, "settings": taught}

    check_taught(card, MIDDLE, prompts)
    check_taught({}, MIDDLE, prompts)

    with pytest.raises(
        InvalidInputError, match=r"llama\.dialect fractions, got pixels: set it alike"
    ):
        check_taught(card, MIDDLE.model_copy(update={"dialect": "pixels"}), prompts)
    with pytest.raises(InvalidInputError, match=r"llama\.composition one, got rgb"):
        check_taught(card, MIDDLE.model_copy(update={"composition": Composition.RGB}), prompts)
    with pytest.raises(InvalidInputError, match="other prompts: train it again"):
        check_taught(card | {"prompts_sha256": "0"}, MIDDLE, prompts)
    in_context = MIDDLE.model_copy(update={"context": 2})
    check_taught({}, in_context, prompts)
    with pytest.raises(InvalidInputError, match=r"llama\.context 0, got 2: set it alike"):
        check_taught(card, in_context, prompts)


def test_four_modalities_are_shown_as_four_pictures_of_one_question() -> None:
    engine = FakeEngine()
    reading = ReadingOptions(policy=SlicePolicy.BRAIN_MIDDLE, composition=Composition.SEPARATE)

    ((grade, _),) = ask(llama(reading, engine), [STUDY])

    assert isinstance(grade, GradePrediction)
    ((request,),) = engine.asked
    assert len({picture.tobytes() for picture in request.pictures}) == 4
    assert "First: T1-weighted; second: T1-weighted with contrast" in request.prompts[0].text
    assert "fractions of one picture" in request.prompts[1].text
