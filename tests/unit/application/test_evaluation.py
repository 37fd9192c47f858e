from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_executor import FakeExecutor
from fakes.fake_picture_encoder import FakePictureEncoder
from fakes.fake_run_place import FakeRunPlace
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.evaluate.evaluation import Evaluate
from gliobench.application.evaluate.progress import Progress
from gliobench.application.evaluate.request import EvaluationRequest, work_on
from gliobench.application.evaluate.shards import Shard
from gliobench.domain.controls.controls import Control
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.study import Grade

CASES = [fake_case(f"s{n}", patient_id=f"p{n}", grade=Grade.HGG) for n in range(4)]
REQUEST = EvaluationRequest(dataset="cohort", backends=("a", "b"), out="place", name="four")


class Evaluation:
    """The use case over fakes, and what it left behind."""

    def __init__(self, *, reads_images: bool = True) -> None:
        self.place = FakeRunPlace()
        self.fingerprint = "f1"
        self.seen: list[Progress] = []
        parts = {
            "open_dataset": lambda name, labels: FakeStudySource(CASES),
            "open_place": lambda url: self.place,
        }
        self.evaluate = Evaluate(
            **parts,
            executor=FakeExecutor(),
            work_of=lambda request: partial(
                work_on,
                request,
                **parts,
                load_backends=lambda names, source: [
                    replace(
                        fake_backend(name, fingerprint=self.fingerprint), reads_images=reads_images
                    )
                    for name in names
                ],
                seed=0,
                versions={},
            ),
            encoder=FakePictureEncoder(),
            watch=self.seen.append,
        )

    def runs(self) -> list[str]:
        return sorted(name for name, store in self.place.stores.items() if store.is_scored())


def test_every_backend_has_a_finished_run_over_the_first_studies() -> None:
    evaluation = Evaluation()

    done = evaluation.evaluate(
        EvaluationRequest("cohort", ("a", "b"), out="place", name="four", limit=3)
    )

    assert evaluation.runs() == ["a", "b"]
    assert [run.manifest.backend for run in done.runs] == ["a", "b"]
    assert [case.study_id for case in evaluation.place.store("a").scores()] == ["s0", "s1", "s2"]
    assert evaluation.place.store("a").is_finished()
    assert evaluation.place.store("b").manifest().name == "four"


def test_controls_have_runs_beside_and_are_named_in_the_progress() -> None:
    evaluation = Evaluation()

    evaluation.evaluate(REQUEST, controls=True)

    controls = [one.value for one in Control]
    assert evaluation.runs() == sorted(
        [*REQUEST.backends, *(f"{name}/controls/{one}" for name in "ab" for one in controls)]
    )
    assert {f"a {one}" for one in controls} <= {
        name for one in evaluation.seen for name in one.done
    }


def test_controls_that_are_not_possible_are_refused_before_anything_runs() -> None:
    evaluation = Evaluation()
    evaluate = replace(evaluation.evaluate, why_no_controls="controls alter prepared images")

    with pytest.raises(InvalidInputError, match="controls alter prepared images"):
        evaluate(REQUEST, controls=True)

    assert evaluation.runs() == []


def test_answers_from_files_are_not_asked_for_under_controls() -> None:
    evaluation = Evaluation(reads_images=False)

    with pytest.raises(InvalidInputError, match="answers from files, whatever is done"):
        evaluation.evaluate(REQUEST, controls=True)

    assert evaluation.runs() == ["a", "b"]


@pytest.mark.parametrize("shard", [None, Shard(1, 2)])
def test_predictions_of_other_files_do_not_take_the_place_of_a_run(shard: Shard | None) -> None:
    evaluation = Evaluation(reads_images=False)
    evaluation.evaluate(REQUEST)
    evaluation.evaluate(REQUEST)  # the same files: it goes on

    evaluation.fingerprint = "other files"
    with pytest.raises(InvalidInputError, match="^place/a keeps a run of other predictions, or"):
        evaluation.evaluate(replace(REQUEST, shard=shard))

    assert evaluation.place.store("a").manifest().fingerprint == "f1"


def test_the_last_shard_merges_all() -> None:
    evaluation = Evaluation()

    first = evaluation.evaluate(replaced(Shard(1, 2)))
    assert first.missing == (Shard(0, 2),)
    assert "a" not in evaluation.runs()

    last = evaluation.evaluate(replaced(Shard(0, 2)))
    assert last.missing == ()
    assert len(list(evaluation.place.store("a").scores())) == len(CASES)


def test_a_missing_shard_is_left_out_where_that_is_allowed() -> None:
    evaluation = Evaluation()

    done = evaluation.evaluate(replaced(Shard(1, 2)), allow_partial=True)

    assert done.missing == ()
    assert evaluation.place.store("a").manifest().missing_shards == ("0-of-2",)


def test_another_division_is_refused_before_anything_is_predicted() -> None:
    evaluation = Evaluation()
    evaluation.evaluate(replaced(Shard(0, 2)))
    before = len(evaluation.seen)

    with pytest.raises(InvalidInputError, match="kept in 2 shards, not 3"):
        evaluation.evaluate(replaced(Shard(0, 3)))

    assert len(evaluation.seen) == before


@pytest.mark.parametrize("limit", [0, -1, 1.5])
def test_a_limit_that_leaves_the_last_studies_out_is_refused(limit: int) -> None:
    with pytest.raises(InvalidInputError, match="wanted 1 study or more"):
        EvaluationRequest("cohort", ("a",), out="place", limit=limit)


def test_a_limit_may_be_an_integer_of_numpy() -> None:
    assert EvaluationRequest("cohort", ("a",), out="place", limit=np.int64(2)).limit == 2


def replaced(shard: Shard) -> EvaluationRequest:
    return EvaluationRequest("cohort", ("a", "b"), out="place", shard=shard)
