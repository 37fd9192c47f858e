"""Cases of several runs, side by side."""

from __future__ import annotations

from dataclasses import replace

from fakes.fake_kept_runs import head, manifest_of, saved_runs
from fakes.fake_run_store import FakeRunStore
from gliobench.application.evaluate.save_cases import SavedImages
from gliobench.application.report.gather_cases import gather_cases
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.saved_case import chosen
from gliobench.domain.evaluation.scores import CaseScore

IDS = [f"s{number}" for number in range(6)]
HEADS = [head(study_id, number) for number, study_id in enumerate(IDS)]


def scored(*study_ids: str, baseline: str = "") -> FakeRunStore:
    store = FakeRunStore()
    facts = BackendFacts(baseline=baseline)
    store.open(replace(manifest_of("backend", len(study_ids)), facts=facts))
    store.write_scores([CaseScore(one, one, None, None) for one in study_ids])
    return store


def test_every_case_has_the_scores_of_every_run_and_what_was_kept() -> None:
    book = gather_cases(saved_runs(HEADS, images=SavedImages(volumes=2)), [IDS])

    assert book.backends == ("looks", "draws", "says-hgg")
    assert [entry.any_score.study_id for entry in book.entries] == IDS
    assert all(set(entry.scores) == set(book.backends) for entry in book.entries)
    assert all(entry.kept and entry.kept.picture for entry in book.entries)
    with_masks = [
        entry.any_score.study_id for entry in book.entries if set(entry.masks) == {"looks"}
    ]
    assert with_masks == sorted(chosen(IDS, 2))


def test_a_study_that_one_run_has_not_read_is_there_all_the_same() -> None:
    book = gather_cases({"one": scored("a", "b"), "other": scored("b", "c")}, ["ab", "bc"])

    assert [sorted(entry.scores) for entry in book.entries] == [
        ["one"],
        ["one", "other"],
        ["other"],
    ]
    assert book.entries[0].kept is None


def test_it_is_known_which_backends_are_baselines() -> None:
    book = gather_cases({"model": scored("a"), "rule": scored("a", baseline="always HGG")}, ["a"])

    assert book.baselines == {"rule"}


def test_of_too_many_cases_the_same_are_drawn_from_every_run_and_the_rest_is_counted() -> None:
    ids = [f"study {number}" for number in range(40)]

    book = gather_cases(
        {"one": scored(*ids), "other": scored(*ids[::-1])}, [ids, ids[::-1]], most=5
    )

    assert [entry.any_score.study_id for entry in book.entries] == sorted(chosen(ids, 5))
    assert all(len(entry.scores) == 2 for entry in book.entries)
    assert book.n_left_out == 35


def test_a_picture_is_shown_though_only_one_run_kept_it() -> None:
    with_pictures = saved_runs(HEADS)["draws"]
    without = saved_runs(HEADS, images=SavedImages(pictures=0, volumes=0))["looks"]

    book = gather_cases({"without": without, "with": with_pictures}, [IDS, IDS])

    assert all(entry.kept and entry.kept.picture for entry in book.entries)
