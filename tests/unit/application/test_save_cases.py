"""What a run keeps for readers, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_kept_runs import BACKENDS, Answer, head, looks, saved_runs, says_hgg
from fakes.fake_picture_encoder import FakePictureEncoder
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.evaluate.save_cases import SaveCases, SavedImages
from gliobench.application.ports.run_store import RunStore
from gliobench.domain.errors import InvalidInputError, StoreError
from gliobench.domain.evaluation.saved_case import SavedCase, chosen
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Failure, FailureReason
from gliobench.domain.studies.study import Case, Modality, Study

IDS = [f"s{number}" for number in range(6)]
HEADS = [head(study_id, number) for number, study_id in enumerate(IDS)]


def kept(store: RunStore) -> dict[str, SavedCase]:
    return {case.study_id: case for case in store.saved_cases()}


def keep_of(case: Case) -> SavedCase:
    """Keep one case with its volume, of a backend that does not localise."""
    stores = saved_runs([case], {"says-hgg": says_hgg}, images=SavedImages(volumes=1))
    (found,) = kept(stores["says-hgg"]).values()
    return found


def test_every_study_has_a_picture_and_few_a_volume_the_same_of_every_backend() -> None:
    stores = saved_runs(HEADS, images=SavedImages(volumes=2))

    for store in stores.values():
        cases = kept(store)
        assert sorted(cases) == IDS
        assert all(case.picture for case in cases.values())
        assert {one for one, case in cases.items() if case.volume} == set(chosen(IDS, 2))
    assert len(stores) == len(BACKENDS)


def test_the_picture_is_of_the_slice_that_is_scored_and_shows_the_tumour() -> None:
    (store,) = saved_runs(HEADS, {"looks": looks}).values()

    case = kept(store)["s1"]

    assert case.picture is not None
    rows, columns = (int.from_bytes(case.picture.file[at : at + 2]) for at in (0, 2))
    pixels = np.frombuffer(case.picture.file[4:], dtype=np.uint8).reshape(rows, columns)
    x, y = case.picture.view.to_picture((11 + 4, 14 + 5))  # the middle of the tumour of s1
    assert case.picture.view.plane.index == 12
    assert pixels[int(y * rows), int(x * columns)] > 200
    assert pixels[0, 0] == 0


def test_the_volume_holds_the_reference_and_what_the_backend_predicted() -> None:
    stores = saved_runs(HEADS, images=SavedImages(volumes=2))
    one = chosen(IDS, 1)[0]

    seen, drawn = (kept(stores[name])[one].volume for name in ("looks", "draws"))

    assert seen is not None
    assert drawn is not None
    assert seen.reference is not None
    assert seen.prediction is not None
    assert (seen.prediction > 0).sum() == (seen.reference > 0).sum() == 9 * 11 * 8
    assert set(np.unique(seen.reference).tolist()) == {0, 1, 2, 3}
    assert drawn.prediction is None
    assert np.array_equal(seen.grey, drawn.grey)


def test_nothing_is_kept_where_nothing_is_wanted_and_earlier_pictures_go() -> None:
    (store,) = saved_runs(HEADS, {"looks": looks}).values()
    assert kept(store)

    none = SaveCases(
        FakeStudySource(HEADS),
        FakePictureEncoder(),
        cohort=IDS,
        images=SavedImages(pictures=0, volumes=0),
    )
    none(store, store.scores(), {one: f"looks of {one}" for one in IDS})

    assert kept(store) == {}


def test_no_more_pictures_are_kept_than_wanted() -> None:
    images = SavedImages(pictures=2, volumes=3)

    cases = kept(saved_runs(HEADS, {"looks": looks}, images=images)["looks"])

    assert sorted(cases) == sorted(chosen(IDS, 3))
    assert {one for one, case in cases.items() if case.picture} == set(chosen(IDS, 2))


def test_a_shard_keeps_what_the_whole_cohort_would() -> None:
    (store,) = saved_runs(
        HEADS[:3], {"looks": looks}, images=SavedImages(pictures=0, volumes=0)
    ).values()
    save_cases = SaveCases(
        FakeStudySource(HEADS),
        FakePictureEncoder(),
        cohort=IDS,
        images=SavedImages(pictures=2, volumes=0),
    )

    save_cases(store, store.scores(), {one: f"looks of {one}" for one in IDS})

    assert set(kept(store)) == set(chosen(IDS, 2)) & set(IDS[:3])


def test_without_a_reference_tumour_no_slice_is_scored_and_none_is_kept() -> None:
    blank = fake_case("blank", shape=(12, 14, 10), tumour=None)

    case = keep_of(blank)

    assert case.picture is None
    assert case.volume is not None
    assert case.volume.reference is None


def test_a_single_slice_is_no_volume() -> None:
    case = fake_case("flat", shape=(12, 14, 1), tumour=None, modalities=[Modality.T1C])
    regions = {Region.WT: np.zeros((12, 14, 1), dtype=bool)}
    regions[Region.WT][4:8, 4:8] = True
    study = replace(case.study, volumes={Modality.T1C: np.full((12, 14, 1), 9, np.float32)})
    flat = replace(case, study=study, reference=replace(case.reference, regions=regions))

    saved_case = keep_of(flat)

    assert saved_case.picture is not None
    assert saved_case.volume is None


@pytest.mark.parametrize(
    ("there", "shown"),
    [
        (tuple(Modality), Modality.T1C),
        ((Modality.T1N, Modality.T2W, Modality.T2F), Modality.T2F),
        ((Modality.T2W, Modality.T1N), Modality.T1N),
        ((Modality.T2W,), Modality.T2W),
    ],
)
def test_t1c_is_shown_or_else_what_shows_the_tumour_best(
    there: tuple[Modality, ...], shown: Modality
) -> None:
    assert keep_of(fake_case("one", modalities=there)).modality is shown


@pytest.mark.parametrize(
    ("error", "raised"),
    [(InvalidInputError("cut short"), False), (StoreError("unreachable"), True)],
    ids=["broken", "unreachable"],
)
def test_a_study_that_is_broken_is_left_out_and_a_place_that_is_gone_ends_the_job(
    error: Exception, raised: bool
) -> None:
    (store,) = saved_runs(HEADS, {"looks": looks}).values()
    broken = FakeStudySource(HEADS[1:], unreadable={"s0": error})  # type: ignore[dict-item]
    save_cases = SaveCases(broken, FakePictureEncoder(), cohort=IDS)
    keys = {one: f"looks of {one}" for one in IDS}

    if raised:
        with pytest.raises(StoreError, match="unreachable"):
            save_cases(store, store.scores(), keys)
    else:
        save_cases(store, store.scores(), keys)
        assert sorted(kept(store)) == IDS[1:]


@pytest.mark.parametrize("reason", [FailureReason.TIMEOUT, FailureReason.BACKEND_ERROR])
def test_a_study_that_may_hang_or_kill_whoever_reads_it_is_not_opened(
    reason: FailureReason,
) -> None:
    def lost(study: Study) -> Answer:
        failure = Failure(reason, "not done after 8 s")
        return (failure, failure) if study.id == "s0" else looks(study)

    (store,) = saved_runs(HEADS, {"lost": lost}).values()
    opened: list[str] = []
    source = FakeStudySource(HEADS)
    read = source.study
    source.study = lambda one: opened.append(one) or read(one)  # type: ignore[method-assign]

    save_cases = SaveCases(source, FakePictureEncoder(), cohort=IDS)
    save_cases(store, store.scores(), {one: f"lost of {one}" for one in IDS})

    assert sorted(opened) == sorted(kept(store)) == IDS[1:]


def test_a_study_is_opened_once_for_all_backends() -> None:
    opened: list[str] = []
    source = FakeStudySource(HEADS)
    read = source.study
    source.study = lambda one: opened.append(one) or read(one)  # type: ignore[method-assign]
    stores = saved_runs(HEADS)
    save_cases = SaveCases(source, FakePictureEncoder(), cohort=IDS)

    for name, store in stores.items():
        save_cases(store, store.scores(), {one: f"{name} of {one}" for one in IDS})

    assert sorted(opened) == IDS
