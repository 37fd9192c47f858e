from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_localizer import FakeLocalizer, PlaceRule, bright_voxels
from fakes.fake_run_store import FakeRunStore
from fakes.fake_study_source import FakeStudySource, fake_case
from fakes.roomy_case import roomy_case
from gliobench.application.evaluate.controlled_studies import ControlledStudies
from gliobench.application.evaluate.manifests import manifest_of, prediction_key
from gliobench.application.evaluate.score_control import score_control
from gliobench.application.evaluate.score_study import ScoreStudy
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.run_store import StudyPrediction
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.ask_backend import ask
from gliobench.domain.controls.controls import Control
from gliobench.domain.controls.moves import Move
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Axis, Plane, Point
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Case, Study


def backend(rule: PlaceRule, *forms: Form, oracle: bool = False) -> Backend:
    one = fake_backend(localizer=FakeLocalizer(rule, forms=forms or (Form.MASK,)))
    return replace(one, facts=BackendFacts(oracle=oracle))


def run(one: Backend, source: StudySource) -> FakeRunStore:
    """Predict, keep and score every study."""
    store, cases = FakeRunStore(), []
    manifest = manifest_of(one, seed=0, versions={})
    store.open(manifest)
    for study_id in source.study_ids():
        content, study = source.content_hash(study_id), source.study(study_id)
        score = ScoreStudy.of(source, study_id, content, study)
        plane = score(StudyPrediction("", study_id, None, None), manifest).plane
        shown = replace(study, oracle_plane=plane) if one.facts.oracle else study
        key = prediction_key(study_id, content, manifest, plane if one.facts.oracle else None)
        said = StudyPrediction(key, study_id, *ask(one, [shown])[0])
        store.append([said])
        cases.append(score(said, manifest))
    store.write_scores(cases)
    return store


def held(one: Backend, control: Control, *cases: Case) -> dict[str, dict[Form, Move]]:
    source = FakeStudySource(cases)
    studies = ControlledStudies(source, control, source.study_ids())
    true, altered = run(one, source), run(one, studies)
    score_control(studies, true=true, altered=altered)
    return {case.study_id: dict(case.moves) for case in altered.scores()}


def constant(_: Study) -> LocalisationPrediction:
    return LocalisationPrediction({Form.POINT: Point(Plane(Axis.AXIAL, 0), (5.0, 6.0))})


@pytest.mark.parametrize("control", [Control.MIRRORED, Control.SHIFTED])
def test_a_backend_that_reads_the_image_is_off_by_nothing_in_any_form(control: Control) -> None:
    found = held(backend(bright_voxels), control, roomy_case("s0"), roomy_case("s1"))

    assert set(found) == {"s0", "s1"}
    for one in found.values():
        assert set(one) == set(Form)
        assert max(move.apart_mm for move in one.values()) == pytest.approx(0.0, abs=1e-9)
        assert {move.overlap for move in one.values()} == {1.0, None}


def test_a_backend_that_answers_one_place_is_off_by_the_whole_shift() -> None:
    found = held(backend(constant, Form.POINT), Control.SHIFTED, roomy_case("s0"))

    assert found["s0"][Form.POINT] == Move(apart_mm=20.0, unmoved_mm=20.0)


def test_a_study_of_one_slice_moves_as_any() -> None:
    found = held(backend(bright_voxels), Control.SHIFTED, roomy_case("s0", slices=1))

    assert found["s0"][Form.POLYGON].apart_mm == pytest.approx(0.0, abs=1e-9)
    assert found["s0"][Form.POLYGON].unmoved_mm == pytest.approx(20.0)


def test_an_oracle_is_shown_the_plane_of_the_altered_study() -> None:
    def shown(study: Study) -> LocalisationPrediction | Failure:
        if study.oracle_plane is None:
            return Failure(FailureReason.BACKEND_ERROR, "no plane")
        bright = np.argwhere(study.oracle_plane.cut(next(iter(study.volumes.values()))) > 120)
        i, j = bright.mean(axis=0)
        return LocalisationPrediction({Form.POINT: Point(study.oracle_plane, (i, j))})

    found = held(backend(shown, Form.POINT, oracle=True), Control.MIRRORED, roomy_case("s0"))

    assert found["s0"][Form.POINT].apart_mm == pytest.approx(0.0, abs=1e-9)
    assert found["s0"][Form.POINT].unmoved_mm > 20.0


def test_a_study_that_could_not_be_shifted_is_left_out() -> None:
    full = fake_case("s1", shape=(12, 14, 10))
    for volume in full.study.volumes.values():
        volume[:] = 70.0

    assert set(held(backend(constant, Form.POINT), Control.SHIFTED, roomy_case("s0"), full)) == {
        "s0"
    }


def test_another_patients_image_gives_another_answer_to_who_looks() -> None:
    cases = roomy_case("s0"), roomy_case("s1", left=5)

    looks = held(backend(bright_voxels), Control.OTHER_PATIENT, *cases)
    blind = held(backend(constant, Form.POINT), Control.OTHER_PATIENT, *cases)

    assert looks["s0"][Form.POINT_3D] == Move(apart_mm=8.0, unmoved_mm=0.0)
    assert blind["s0"][Form.POINT] == Move(apart_mm=0.0, unmoved_mm=0.0)


def test_who_finds_nothing_in_a_blank_image_has_no_moves_and_keeps_its_score() -> None:
    def careful(study: Study) -> LocalisationPrediction | Failure:
        found = any(volume.any() for volume in study.volumes.values())
        nothing = Failure(FailureReason.NO_TUMOUR_FOUND, "there is nothing")
        return bright_voxels(study) if found else nothing

    assert held(backend(careful), Control.BLANK, roomy_case("s0")) == {"s0": {}}


def test_a_study_that_cannot_be_read_keeps_its_failure() -> None:
    cases, odd = [roomy_case("s0")], InvalidInputError("s9 is no NIfTI")
    true, altered = (run(backend(bright_voxels), FakeStudySource(cases)) for _ in range(2))
    (case,) = altered.scores()
    altered.write_scores([case, replace(case, study_id="s9", content_hash=None)])
    source = FakeStudySource(cases, unreadable={"s9": odd})

    score_control(
        ControlledStudies(source, Control.BLANK, source.study_ids()), true=true, altered=altered
    )

    assert [case.study_id for case in altered.scores()] == ["s0", "s9"]


def test_a_study_that_hung_keeps_its_failure_and_is_not_opened_again() -> None:
    hung = Failure(FailureReason.TIMEOUT, "not done after 8 s")
    source = FakeStudySource([roomy_case("s0")])
    studies = ControlledStudies(source, Control.SHIFTED, ["s0"])
    one = backend(lambda _: hung)
    true, altered = run(one, source), run(one, studies)
    before = list(altered.scores())

    def reading_hangs(_: str) -> Study:
        raise AssertionError("it was opened")

    source.study = reading_hangs  # type: ignore[method-assign]
    score_control(studies, true=true, altered=altered)

    assert list(altered.scores()) == before


def test_a_few_cases_are_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gliobench.application.evaluate.score_control.AT_ONCE", 2)
    source = FakeStudySource([roomy_case(f"s{number}") for number in range(5)])
    true, altered = (run(backend(bright_voxels), source) for _ in range(2))
    read: list[CaseScore] = []
    ahead: list[int] = []

    def scores(every: list[CaseScore]) -> Iterator[CaseScore]:
        for case in every:
            read.append(case)
            yield case

    def write(held: Iterable[CaseScore]) -> None:
        ahead.extend(len(read) - number for number, _ in enumerate(held))

    kept = list(altered.scores())
    monkeypatch.setattr(altered, "scores", lambda: scores(kept))
    monkeypatch.setattr(altered, "write_scores", write)

    score_control(
        ControlledStudies(source, Control.BLANK, source.study_ids()), true=true, altered=altered
    )

    assert len(ahead) == 5
    assert max(ahead) <= 2
