from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from itertools import islice
from typing import Any, final

import numpy as np
import pytest

from fakes.evaluation import evaluate as evaluate_in_memory
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier, by_brightness
from fakes.fake_executor import FakeExecutor
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_run_store import FakeRunStore
from fakes.fake_study_source import TUMOUR, FakeStudySource, fake_case
from fakes.mortal_executor import DeathError, MortalExecutor
from gliobench.adapters.executors import InProcessExecutor
from gliobench.application.evaluate.evaluate_cohort import Run
from gliobench.application.evaluate.progress import Progress
from gliobench.application.evaluate.shards import Shard, listing_hash
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.executor import Executor, MakeWork, Stage, WorkerPool
from gliobench.application.ports.run_store import StudyPrediction
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.comparison.endpoints import PrimaryOrigin
from gliobench.domain.errors import InvalidInputError, JobError, StoppedError, StoreError
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import Axis, Plane
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Failure, FailureReason, GradePrediction
from gliobench.domain.studies.cohort import cohort_fingerprint
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Case, Grade, Modality, Reference, Study

IDS = [f"s{number}" for number in range(5)]
CASES = [fake_case(study_id) for study_id in IDS]


def evaluate(
    stores: Mapping[str, FakeRunStore],
    *backends: Backend,
    source: StudySource | None = None,
    ids: list[str] = IDS,
    **options: Any,
) -> list[Run]:
    return evaluate_in_memory(
        source or FakeStudySource(CASES), backends, stores.__getitem__, ids=ids, **options
    )


def answers(store: FakeRunStore) -> dict[str, StudyPrediction]:
    return {prediction.study_id: prediction for prediction in store.kept.values()}


class CountingSource:
    """Counts how often each study is opened, how many are held at once, and the images read."""

    def __init__(self, cases: list[Case]) -> None:
        self._inner = FakeStudySource(cases)
        self.opened: list[str] = []
        self.held = weakref.WeakSet[Study]()
        self.most_held = 0
        self.images_read = 0
        gc.freeze()  # what is there before the studies need not be looked at with each of them
        self.study_ids = self._inner.study_ids
        self.reference = self._inner.reference
        self.content_hash = self._inner.content_hash
        self.notes = self._inner.notes
        self.labels = self._inner.labels
        self.target = self._inner.target
        self.modalities = self._inner.modalities
        self.origin = self._inner.origin

    def study(self, study_id: str) -> Study:
        self.opened.append(study_id)
        inner = self._inner.study(study_id)
        study = replace(inner, volumes=Watched(inner.volumes, self._note))
        self.held.add(study)
        gc.collect()
        self.most_held = max(self.most_held, len(self.held))
        return study

    def _note(self) -> None:
        self.images_read += 1


class Watched(Mapping[Modality, np.ndarray]):
    """Tells of every image that is looked at."""

    def __init__(self, images: Mapping[Modality, np.ndarray], note: Callable[[], None]) -> None:
        self._images, self._note = images, note

    def __getitem__(self, modality: Modality) -> np.ndarray:
        self._note()
        return self._images[modality]

    def __contains__(self, modality: object) -> bool:
        return modality in self._images  # Mapping's own would look at the image

    def __iter__(self) -> Iterator[Modality]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)


def test_every_study_is_predicted_by_every_backend() -> None:
    stores = {"a": FakeRunStore(), "b": FakeRunStore()}

    evaluate(stores, fake_backend("a"), fake_backend("b"))

    for store in stores.values():
        assert sorted(answers(store)) == IDS
        assert store.batches == [["s0", "s1"], ["s2", "s3"], ["s4"]]


def test_a_study_is_loaded_once_for_all_backends() -> None:
    source = CountingSource(CASES)

    evaluate(
        {"a": FakeRunStore(), "b": FakeRunStore()},
        fake_backend("a"),
        fake_backend("b"),
        source=source,
    )

    assert source.opened == IDS


def test_no_more_than_two_batches_are_held_at_once() -> None:
    source = CountingSource([fake_case(f"s{number:02}") for number in range(8)])

    evaluate(
        {"a": FakeRunStore()},
        fake_backend("a"),
        source=source,
        ids=source.study_ids(),
        executor=InProcessExecutor(),
    )

    assert source.most_held <= 2 * 2


def test_a_run_that_broke_off_goes_on_with_what_is_missing() -> None:
    stores = {"a": FakeRunStore(breaks_at=1)}
    first, second = FakeClassifier(), FakeClassifier()
    with pytest.raises(JobError):
        evaluate(stores, fake_backend("a", classifier=first))

    evaluate(stores, fake_backend("a", classifier=second))

    undisturbed = {"a": FakeRunStore()}
    evaluate(undisturbed, fake_backend("a", classifier=FakeClassifier()))
    assert second.asked == ["s2", "s3", "s4"]
    assert stores["a"].kept == undisturbed["a"].kept


def test_of_a_finished_run_images_are_looked_at_for_faults_and_order_and_one_for_the_brain() -> (
    None
):
    stores = {"a": FakeRunStore(), "b": FakeRunStore()}
    evaluate(stores, fake_backend("a"), fake_backend("b"))
    source = CountingSource(CASES)
    source.content_hash = FakeStudySource(CASES).content_hash

    evaluate(stores, fake_backend("a"), fake_backend("b"), source=source)

    assert source.images_read == len(CASES) * (2 * len(Modality) + 1)


def test_of_a_backend_that_reads_no_image_one_image_is_looked_at_for_the_brain() -> None:
    unseeing = FakeClassifier(lambda _: GradePrediction(Grade.HGG))
    backend = replace(fake_backend("a", classifier=unseeing), reads_images=False)
    source = CountingSource(CASES)

    evaluate({"a": FakeRunStore()}, backend, source=source)

    assert source.images_read == len(CASES) * 2  # for the brain, and whether it is one


def test_a_backend_that_joins_later_leaves_the_others_alone() -> None:
    stores = {"a": FakeRunStore(), "b": FakeRunStore()}
    evaluate(stores, fake_backend("a"))
    again = FakeClassifier()

    evaluate(stores, fake_backend("a", classifier=again), fake_backend("b"))

    # `a` has no localizer now: it is asked for other forms, so its keys differ.
    assert again.asked == IDS
    assert sorted(answers(stores["b"])) == IDS


@pytest.mark.parametrize("changed", [{"fingerprint": "f2"}, {"localizer": None}])
def test_other_weights_or_settings_never_meet_old_predictions(changed: dict[str, object]) -> None:
    stores = {"a": FakeRunStore()}
    evaluate(stores, fake_backend("a"))
    before = stores["a"].keys()

    evaluate(stores, replace(fake_backend("a"), **changed))

    assert len(stores["a"].keys() - before) == len(IDS)


def test_a_study_whose_content_changed_is_another_cohort() -> None:
    stores = {"a": FakeRunStore()}
    evaluate(stores, fake_backend("a"))
    study = CASES[0].study
    brighter = replace(study, volumes={m: v + 1 for m, v in study.volumes.items()})
    changed = FakeStudySource([replace(CASES[0], study=brighter), *CASES[1:]])

    with pytest.raises(JobError, match="cohort"):
        evaluate(stores, fake_backend("a"), source=changed)


def test_two_studies_of_the_same_content_have_a_prediction_each() -> None:
    twin = replace(CASES[0], study=replace(CASES[0].study, id="twin"))
    stores = {"a": FakeRunStore()}

    evaluate(
        stores, fake_backend("a"), source=FakeStudySource([CASES[0], twin]), ids=["s0", "twin"]
    )

    assert sorted(answers(stores["a"])) == ["s0", "twin"]


def test_a_study_that_cannot_be_opened_fails_and_the_rest_is_predicted() -> None:
    source = FakeStudySource(CASES[1:], unreadable={"s0": InvalidInputError("s0 is not NIfTI")})
    stores = {"a": FakeRunStore()}
    progresses: list[Progress] = []

    evaluate(stores, fake_backend("a"), source=source, watch=progresses.append)

    failure = Failure(FailureReason.UNREADABLE_STUDY, "s0 is not NIfTI")
    kept = answers(stores["a"])
    assert (kept["s0"].grade, kept["s0"].localisation) == (failure, failure)
    assert all(isinstance(kept[one].grade, GradePrediction) for one in IDS[1:])
    assert (progresses[-1].done, progresses[-1].failed) == ({"a": 5}, {"a": 1})


def test_a_study_that_lacks_a_file_fails_for_that_reason() -> None:
    missing = FaultyStudyError(FaultKind.MISSING_MODALITY, "no t2w")
    source = FakeStudySource(CASES[1:], unreadable={"s0": missing})
    stores = {"a": FakeRunStore()}

    evaluate(stores, fake_backend("a"), source=source)

    assert answers(stores["a"])["s0"].grade == Failure(FailureReason.MISSING_MODALITY, "no t2w")


def test_a_volume_that_cannot_be_read_fails_every_backend_alike() -> None:
    class Torn(dict[Modality, np.ndarray]):
        def __getitem__(self, modality: Modality) -> np.ndarray:
            raise InvalidInputError(f"{modality.value} is truncated")

    study = CASES[0].study
    torn = replace(CASES[0], study=replace(study, volumes=Torn(study.volumes)))

    stores = {"a": FakeRunStore(), "b": FakeRunStore()}
    source = CountingSource([torn, *CASES[1:]])
    source.content_hash = lambda study_id: study_id
    looks_at_nothing = FakeClassifier(lambda _: GradePrediction(Grade.HGG))

    evaluate(
        stores, fake_backend("a"), fake_backend("b", classifier=looks_at_nothing), source=source
    )

    for store in stores.values():
        grade = answers(store)["s0"].grade
        assert isinstance(grade, Failure)
        assert grade.reason is FailureReason.UNREADABLE_STUDY


def test_what_a_backend_does_not_offer_is_not_failed() -> None:
    source = FakeStudySource(unreadable={"s0": InvalidInputError("torn")})
    stores = {"grader": FakeRunStore(), "localizer": FakeRunStore()}

    evaluate(
        stores,
        fake_backend("grader", classifier=FakeClassifier()),
        fake_backend("localizer", localizer=FakeLocalizer()),
        source=source,
        ids=["s0"],
    )

    assert answers(stores["grader"])["s0"].localisation is None
    assert answers(stores["localizer"])["s0"].grade is None


def oracle(name: str, seen: dict[str, Plane | None]) -> Backend:
    """Make a backend that notes the plane that it is shown of each study."""

    def note(study: Study) -> GradePrediction:
        seen[study.id] = study.oracle_plane
        return GradePrediction(Grade.HGG)

    return replace(
        fake_backend(name, classifier=FakeClassifier(note)), facts=BackendFacts(oracle=True)
    )


def test_only_an_oracle_is_shown_the_plane_of_the_largest_tumour() -> None:
    without = fake_case("s4", tumour=None)
    shown: dict[str, Plane | None] = {}
    honest: dict[str, Plane | None] = {}
    source = FakeStudySource([*CASES[:4], without])

    evaluate(
        {"a": FakeRunStore(), "b": FakeRunStore()},
        oracle("a", shown),
        replace(oracle("b", honest), facts=BackendFacts()),
        source=source,
    )

    lowest = Plane(Axis.AXIAL, TUMOUR.start[2])
    assert shown == dict.fromkeys(IDS[:4], lowest) | {"s4": None}
    assert honest == dict.fromkeys(IDS)


def test_a_run_says_that_its_backend_is_an_oracle() -> None:
    stores = {"a": FakeRunStore(), "b": FakeRunStore()}

    evaluate(stores, oracle("a", {}), fake_backend("b"))

    assert [stores[name].manifest().facts.oracle for name in stores] == [True, False]


def test_no_oracle_is_shown_the_wrong_plane_where_a_reference_cannot_be_reached() -> None:
    source = FakeStudySource(CASES)

    def gone(_: str) -> Reference:
        raise StoreError("the bucket is gone")

    source.reference = gone  # type: ignore[method-assign]
    with pytest.raises(StoreError, match="the bucket is gone"):
        evaluate({"a": FakeRunStore()}, oracle("a", {}), source=source)


def test_an_oracles_prediction_is_made_again_where_the_reference_has_moved() -> None:
    stores = {"a": FakeRunStore()}
    evaluate(stores, oracle("a", {}))
    moved = np.roll(CASES[0].reference.regions[Region.WT], 1, axis=2)
    other = replace(CASES[0], reference=Reference(regions={Region.WT: moved}))
    again: dict[str, Plane | None] = {}

    evaluate(stores, oracle("a", again), source=FakeStudySource([other, *CASES[1:]]))

    assert again == {"s0": Plane(Axis.AXIAL, TUMOUR.start[2] + 1)}


def test_a_pulse_counts_every_study_of_every_backend_and_those_predicted_before() -> None:
    stores = {"a": FakeRunStore(), "b": FakeRunStore()}
    evaluate(stores, fake_backend("a"))
    progresses: list[Progress] = []

    evaluate(stores, fake_backend("a"), fake_backend("b"), watch=progresses.append)

    assert (progresses[0].done, progresses[0].total) == ({"a": 0, "b": 0}, 10)
    assert progresses[-1].done == {"a": 5, "b": 5}
    assert [progress.is_last for progress in progresses] == [False] * (1 + len(IDS) + 2) + [True]
    assert all(progresses[-1].seconds[stage] > 0 for stage in Stage)


def test_a_pulse_names_the_provider_of_a_backend_that_tells_it() -> None:
    progresses: list[Progress] = []
    on_gpu = replace(fake_backend("a"), provenance={"provider": "cuda"})

    evaluate(
        {"a": FakeRunStore(), "b": FakeRunStore()},
        on_gpu,
        fake_backend("b"),
        watch=progresses.append,
    )

    assert progresses[-1].providers == {"a": "cuda"}


def test_a_run_that_is_told_to_stop_keeps_what_is_done_and_goes_on_later() -> None:
    stores, progresses = {"a": FakeRunStore()}, list[Progress]()
    first, second = FakeClassifier(), FakeClassifier()

    with pytest.raises(StoppedError, match="stopped after 2 of 5 predictions"):
        evaluate(
            stores,
            fake_backend("a", classifier=first),
            watch=progresses.append,
            stopping=lambda: nullcontext(lambda: bool(progresses and progresses[-1].done["a"])),
        )
    evaluate(stores, fake_backend("a", classifier=second))

    assert (first.asked, second.asked) == (["s0", "s1"], ["s2", "s3", "s4"])
    assert [case.study_id for case in stores["a"].scores()] == IDS
    spent = stores["a"].effort()
    assert spent
    assert (spent.studies, spent.seconds > 0) == (5, True)  # before the stop and after it


def test_a_wish_to_stop_is_listened_for_while_batches_are_worked_on_and_at_no_other_time() -> None:
    listening = False
    heard: dict[str, bool] = {}
    store, source = FakeRunStore(), FakeStudySource(CASES)

    @contextmanager
    def stopping() -> Iterator[Callable[[], bool]]:
        nonlocal listening
        listening = True
        yield lambda: False
        listening = False

    def noting(what: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any) -> Any:
            heard[what] = listening
            return inner(*given)

        return noted

    source.content_hash = noting("hashing", source.content_hash)  # type: ignore[method-assign]
    store.keys = noting("resuming", store.keys)  # type: ignore[method-assign]
    store.append = noting("keeping", store.append)  # type: ignore[method-assign]
    store.write_scores = noting("scoring", store.write_scores)  # type: ignore[method-assign]

    evaluate({"a": store}, fake_backend("a"), source=source, stopping=stopping)

    assert heard == {"hashing": False, "resuming": False, "keeping": True, "scoring": False}


def kills(_: Study) -> GradePrediction:
    raise DeathError("it died")


class DeadlyImages(dict[Modality, np.ndarray]):
    """Images that end the worker that reads them; hashing their files harms nobody."""

    def __getitem__(self, modality: Modality) -> np.ndarray:
        raise DeathError("it died")


def deadly(case: Case) -> Case:
    return replace(case, study=replace(case.study, volumes=DeadlyImages(case.study.volumes)))


@pytest.mark.parametrize("reference_too", [False, True])
@pytest.mark.parametrize("images_too", [False, True])
def test_a_run_that_goes_on_after_a_failure_was_kept_scores_as_an_undisturbed_one(
    images_too: bool, reference_too: bool
) -> None:
    case = fake_case("s0", patient_id="P7", site="TCIA")
    source = FakeStudySource([deadly(case) if images_too else case, CASES[1]])
    reference = source.reference

    def deadly_reference(study_id: str) -> Reference:
        if study_id == "s0" and reference_too:
            raise DeathError("it died")
        return reference(study_id)

    source.reference = deadly_reference  # type: ignore[method-assign]
    stores = {"a": FakeRunStore(), "b": FakeRunStore()}
    grader = FakeClassifier(
        lambda study: kills(study) if study.id == "s0" else by_brightness(study)
    )
    backends = [fake_backend("a"), fake_backend("b", classifier=grader)]

    def scores() -> dict[str, list[CaseScore]]:
        evaluate(stores, *backends, source=source, ids=["s0", "s1"], executor=MortalExecutor())
        return {name: list(store.scores()) for name, store in stores.items()}

    undisturbed, kept = scores(), {name: dict(store.kept) for name, store in stores.items()}
    assert scores() == undisturbed

    assert {name: store.kept for name, store in stores.items()} == kept
    case_score = undisturbed["b"][0]
    assert case_score.grade == Failure(FailureReason.BACKEND_ERROR, "it died")
    assert case_score.reference_grade is Grade.HGG  # told without its mask
    seen = not (images_too or reference_too)
    assert (case_score.patient_id, case_score.site) == ("P7", "TCIA")
    assert (case_score.image_hash is not None) == seen


def test_workers_that_leave_something_undone_unasked_are_an_error_and_no_wish_to_stop() -> None:
    @final
    class Lazy(Executor):
        @contextmanager
        def worker_pool(self, make_work: MakeWork) -> Iterator[WorkerPool]:
            with FakeExecutor().worker_pool(make_work) as pool:
                run = pool.run
                pool.run = lambda batches, stop: islice(run(batches, stop), 1)  # type: ignore[method-assign]
                yield pool

    with pytest.raises(JobError, match="workers scored 2 of 5 predictions") as caught:
        evaluate({"a": FakeRunStore()}, fake_backend("a"), executor=Lazy())

    assert not isinstance(caught.value, StoppedError)


def test_a_shard_takes_its_studies_and_says_so() -> None:
    stores = {"a": FakeRunStore()}

    (run,) = evaluate(stores, fake_backend("a"), shard=Shard(1, 2), name="mine")

    assert sorted(answers(stores["a"])) == ["s2", "s3", "s4"]
    manifest = run.manifest
    assert (manifest.name, manifest.shard, manifest.n_studies) == ("mine", "1-of-2", 3)
    assert (manifest.listed, manifest.listing) == (5, listing_hash(IDS))


def test_a_shards_predictions_have_the_keys_that_the_whole_runs_have() -> None:
    whole, part = {"a": FakeRunStore()}, {"a": FakeRunStore()}

    evaluate(whole, fake_backend("a"))
    evaluate(part, fake_backend("a"), shard=Shard(0, 2))

    assert part["a"].keys() < whole["a"].keys()


def test_scores_are_kept_sorted_whatever_order_they_come_in() -> None:
    stores = {"a": FakeRunStore()}

    evaluate(stores, fake_backend("a"), ids=IDS[::-1])

    assert [case.study_id for case in stores["a"].scores()] == IDS


def test_a_source_that_cannot_be_reached_ends_the_run_and_fails_no_study() -> None:
    source = FakeStudySource(CASES[1:], unreadable={"s0": StoreError("the bucket is gone")})

    with pytest.raises(StoreError, match="the bucket is gone"):
        evaluate({"a": FakeRunStore()}, fake_backend("a"), source=source)


def test_an_empty_cohort_is_no_error() -> None:
    evaluate({"a": FakeRunStore()}, fake_backend("a"), ids=[])


def test_a_cohorts_fingerprint_does_not_depend_on_order() -> None:
    assert cohort_fingerprint({"a": "1", "b": "2"}) == cohort_fingerprint({"b": "2", "a": "1"})
    assert cohort_fingerprint({"a": "1"}) != cohort_fingerprint({"a": "2"})


def test_the_primary_endpoint_of_a_runs_beginning_stands_and_nothing_depends_on_it() -> None:
    stores, again = {"a": FakeRunStore()}, FakeClassifier()
    evaluate(
        stores,
        fake_backend("a", classifier=FakeClassifier()),
        primary="auroc",
        primary_origin=PrimaryOrigin.DEFAULT,
    )
    stores["a"].finish()

    evaluate(
        stores,
        fake_backend("a", classifier=again),
        primary="accuracy",
        primary_origin=PrimaryOrigin.DECLARED,
    )

    assert stores["a"].manifest().primary == "auroc"
    assert stores["a"].manifest().primary_origin is PrimaryOrigin.DEFAULT
    assert stores["a"].is_finished()
    assert again.asked == []


def test_where_no_primary_endpoint_is_named_a_run_records_the_one_of_what_it_answers() -> None:
    stores = {"a": FakeRunStore()}
    evaluate(stores, fake_backend("a", classifier=None, localizer=FakeLocalizer()))

    evaluate(
        stores, fake_backend("a", classifier=None, localizer=FakeLocalizer()), primary="accuracy"
    )

    assert stores["a"].manifest().primary == "mask.dice"
