from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fakes.evaluation import evaluate
from fakes.fake_backend import fake_backend
from fakes.fake_run_place import FakeRunPlace
from fakes.fake_run_store import FakeRunStore
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.evaluate.merge_shards import MergeShards
from gliobench.application.evaluate.run_layout import check_division, run_name, shards_of
from gliobench.application.evaluate.shards import Shard
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.evaluation.saved_case import SavedCase
from gliobench.domain.studies.study import Modality

CASES = [fake_case(f"s{number}") for number in range(7)]
UNREADABLE = {"s9": InvalidInputError("torn")}


def evaluate_shards(
    *shards: Shard, place: FakeRunPlace | None = None, primary: str | None = None
) -> FakeRunPlace:
    place = place or FakeRunPlace()
    for shard in shards:
        evaluate(
            FakeStudySource(CASES, unreadable=UNREADABLE),
            [fake_backend("a")],
            lambda name, shard=shard: place.store(run_name(name, shard)),
            shard=shard,
            primary=primary,
        )
        place.store(run_name("a", shard)).finish()
    return place


def whole() -> FakeRunStore:
    store = FakeRunStore()
    source = FakeStudySource(CASES, unreadable=UNREADABLE)
    evaluate(source, [fake_backend("a")], lambda _: store)
    return store


@pytest.mark.parametrize("of", [1, 3, 8, 12])
def test_merged_shards_are_the_run_that_was_never_parted(of: int) -> None:
    place = evaluate_shards(*Shard(0, of).all)

    merged = MergeShards(place)("a")

    assert list(merged.scores()) == list(whole().scores())
    assert merged.manifest() == whole().manifest()
    efforts = [place.store(run_name("a", shard)).effort() for shard in Shard(0, of).all]
    spent, alone = merged.effort(), whole().effort()
    assert spent
    assert alone
    assert spent.studies == alone.studies == len(CASES)  # but for the unreadable one
    assert spent.seconds == pytest.approx(sum(effort.seconds for effort in efforts if effort))


def test_merging_twice_changes_nothing() -> None:
    place = evaluate_shards(*Shard(0, 2).all)
    before = list(MergeShards(place)("a").scores())

    assert list(MergeShards(place)("a").scores()) == before


def test_a_copy_of_a_shard_does_not_stand_for_another_one() -> None:
    place = evaluate_shards(Shard(0, 3), Shard(2, 3))
    copied = place.store(run_name("a", Shard(1, 3)))
    evaluate(
        FakeStudySource(CASES, unreadable=UNREADABLE),
        [fake_backend("a")],
        lambda _: copied,
        shard=Shard(0, 3),
    )
    copied.finish()

    with pytest.raises(InvalidInputError, match="the folder of shard 1-of-3 holds shard 0-of-3"):
        MergeShards(place)("a")


def test_missing_shards_are_refused_by_name() -> None:
    place = evaluate_shards(Shard(1, 3))

    with pytest.raises(NotFoundError, match=r"lacks 2 of 3 shards, 0-of-3, 2-of-3: .*partial"):
        MergeShards(place)("a")


def test_missing_shards_are_left_out_where_that_is_allowed_and_the_manifest_says_so() -> None:
    place = evaluate_shards(Shard(1, 3))

    merged = MergeShards(place)("a", allow_partial=True)

    assert merged.manifest().missing_shards == ("0-of-3", "2-of-3")
    assert merged.manifest().n_studies == 8
    assert [case.study_id for case in merged.scores()] == Shard(1, 3).take(
        [*(case.study.id for case in CASES), "s9"]
    )


def test_what_was_merged_in_part_is_merged_whole_later() -> None:
    place = evaluate_shards(Shard(1, 2))
    MergeShards(place)("a", allow_partial=True)
    evaluate_shards(Shard(0, 2), place=place)

    merged = MergeShards(place)("a")

    assert merged.manifest() == whole().manifest()
    assert len(list(merged.scores())) == 8


def test_nothing_is_merged_of_no_finished_shard() -> None:
    place = evaluate_shards(Shard(0, 2))
    place.store("a/shards/0-of-2").open(
        replace(place.store("a/shards/0-of-2").manifest(), fingerprint="other weights")
    )

    with pytest.raises(NotFoundError, match="lacks 2 of 2"):
        MergeShards(place)("a", allow_partial=True)


def test_a_backend_without_shards_has_nothing_to_merge() -> None:
    with pytest.raises(NotFoundError, match="has no shards"):
        MergeShards(FakeRunPlace())("a")


def test_another_number_of_shards_in_the_same_place_is_refused() -> None:
    place = evaluate_shards(Shard(0, 3))

    check_division(place, "a", Shard(2, 3))
    with pytest.raises(InvalidInputError, match="kept in 3 shards, not 4: choose another place"):
        check_division(place, "a", Shard(0, 4))


def test_shards_of_two_divisions_are_no_run() -> None:
    place = evaluate_shards(Shard(0, 3), Shard(1, 2))

    with pytest.raises(InvalidInputError, match="shards of 2 and of 3"):
        shards_of(place, "a")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda one: replace(one, listing="another dataset"), "listing"),
        (lambda one: replace(one, fingerprint="other weights"), "fingerprint"),
        (lambda one: replace(one, settings={"forms": "point"}), "settings"),
    ],
)
def test_shards_that_differ_in_what_decides_are_refused(
    change: Callable[[RunManifest], RunManifest], what: str
) -> None:
    place = evaluate_shards(*Shard(0, 2).all)
    store = place.store("a/shards/1-of-2")
    scores = list(store.scores())
    store.open(change(store.manifest()))
    store.write_scores(scores)
    store.finish()

    with pytest.raises(InvalidInputError, match=f"0-of-2 and 1-of-2 of a .* {what} differs"):
        MergeShards(place)("a")


@pytest.mark.parametrize("second", ["auroc", "accuracy"])
def test_shards_that_recorded_several_primary_endpoints_are_merged_and_record_none(
    second: str,
) -> None:
    first, last = Shard(0, 2).all
    place = evaluate_shards(first, primary="auroc")

    merged = MergeShards(evaluate_shards(last, place=place, primary=second))("a")

    assert merged.manifest().primary == ("auroc" if second == "auroc" else None)
    assert merged.is_scored()


def test_what_the_shards_kept_for_readers_is_kept_of_the_whole() -> None:
    place = evaluate_shards(*Shard(0, 2).all)
    for number, shard in enumerate(Shard(0, 2).all):
        kept = SavedCase(f"s{number}", Modality.T1C, picture=None, volume=None)
        place.store(run_name("a", shard)).write_saved_cases([kept])

    merged = MergeShards(place)("a")

    assert [case.study_id for case in merged.saved_cases()] == ["s0", "s1"]


class CountingPlace(RunPlace):
    """Shards of one backend in memory, and which of them were looked at."""

    def __init__(self, begun: int, finished: int) -> None:
        self.shards = [Shard(number, 1000) for number in range(begun)]
        self.finished = {run_name("a", shard) for shard in self.shards[:finished]}
        self.looked: list[str] = []

    def folders(self, within: str = "") -> list[str]:
        return [shard.name for shard in self.shards] if within == "a/shards" else []

    def store(self, name: str) -> RunStore:
        self.looked.append(name)
        store = FakeRunStore()
        store.is_finished = lambda: name in self.finished  # type: ignore[method-assign]
        return store


@pytest.mark.parametrize(
    ("begun", "finished", "looked", "named"),
    [
        (300, 200, 0, Shard(300, 1000)),
        (950, 900, 50, Shard(900, 1000)),
        (1000, 300, 100, Shard(900, 1000)),
        (1000, 999, 1000, Shard(999, 1000)),
    ],
)
def test_of_a_thousand_shards_few_are_looked_at_while_some_are_missing(
    begun: int, finished: int, looked: int, named: Shard
) -> None:
    place = CountingPlace(begun, finished)

    missing = MergeShards(place).missing(["a"])

    assert len(place.looked) == looked
    assert missing[0] == named
    assert len(missing) <= 100
