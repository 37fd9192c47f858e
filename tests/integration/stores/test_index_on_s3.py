"""An index of a dataset in a bucket: listed piece by piece, and evaluated without another listing."""

from __future__ import annotations

import json
from pathlib import Path

import fsspec
import pytest

from command_line import gliobench
from fakes.fake_study_source import fake_case
from fakes.layouts import write_bids
from fakes.s3_server import BUSY, S3, first
from fakes.study_folder import write_name_mapping, write_study

IDS = [f"BraTS20_Training_{n:03}" for n in range(6)]


@pytest.fixture(autouse=True)
def _of_this_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GLIOBENCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("gliobench.adapters.nifti.brats_pieces.FEW", 3)
    monkeypatch.setattr("gliobench.adapters.nifti.brats_pieces.MOST", 4)


def upload(s3: S3, folder: Path) -> str:
    files = fsspec.filesystem("s3", use_listings_cache=False)
    files.put(f"{folder}/", f"{s3.url}/cohort/", recursive=True)
    s3.proxy.honest()
    return f"{s3.url}/cohort"


@pytest.fixture
def cohort(s3: S3, tmp_path: Path) -> str:
    for study_id in IDS:
        write_study(tmp_path / "cohort", fake_case(study_id))
    rows = [f"{'HL'[n % 2]}GG,NA,NA,NA,BraTS19_TMC_{n}_1,{name}" for n, name in enumerate(IDS)]
    write_name_mapping(tmp_path / "cohort", *rows)
    return upload(s3, tmp_path / "cohort")


def run(*arguments: str) -> tuple[int, str, str]:
    result = gliobench(*arguments)
    return result.exit_code, result.stdout, result.stderr


def index(cohort: str) -> str:
    out = f"{cohort.rpartition('/')[0]}/index.parquet"
    code, _, error = run("dataset", "index", cohort, "--out", out)
    assert code == 0, error
    return out


def listings(s3: S3) -> list[str]:
    return [request.path for request in s3.proxy.seen if "list-type" in request.path]


def test_a_bucket_is_listed_piece_by_piece_though_it_is_busy(s3: S3, cohort: str) -> None:
    s3.proxy.policy = first(3, BUSY, within="list-type")

    code, text, error = run("dataset", "index", cohort, "--out", f"{s3.url}/index.parquet")

    assert (code, text) == (0, "6 studies, 6 new, 0 changed, 0 vanished\n"), error
    assert any("BraTS20_Training_00" in path for path in listings(s3))


def test_a_shard_of_an_index_equals_one_of_the_bucket_and_lists_nothing(
    s3: S3, cohort: str, tmp_path: Path
) -> None:
    listed = index(cohort)
    evaluate = ("evaluate", "--backend", "brain-centroid", "--shard", "1/2")
    assert run(*evaluate, cohort, "--out", str(tmp_path / "folder"))[0] in (0, 3)
    s3.proxy.honest()

    assert run(*evaluate, listed, "--out", str(tmp_path / "index"))[0] in (0, 3)

    assert listings(s3) == []
    names = ("manifest.json", "scores.parquet")
    shards = [tmp_path / kind / "brain-centroid/shards/1-of-2" for kind in ("folder", "index")]
    assert [(shards[0] / name).read_bytes() for name in names] == [
        (shards[1] / name).read_bytes() for name in names
    ]


def test_an_object_that_changed_since_is_a_fault_of_its_study(cohort: str) -> None:
    listed = index(cohort)
    name = f"{cohort}/{IDS[2]}/{IDS[2]}_t1ce.nii.gz"
    with fsspec.open(name, "wb") as file:
        file.write(b"another")

    code, text, _ = run("dataset", "verify", listed, "--json")

    changed = [fault for fault in json.loads(text)["faults"] if "changed" in fault["detail"]]
    assert code == 3
    assert [fault["study_id"] for fault in changed] == [IDS[2]]
    assert (
        "_t1ce.nii.gz has changed since it was listed: run gliobench dataset index again"
        in (changed[0]["detail"])
    )


def test_an_object_that_has_gone_is_a_fault_of_its_study(cohort: str) -> None:
    listed = index(cohort)
    fsspec.filesystem("s3", use_listings_cache=False).rm(f"{cohort}/{IDS[2]}/{IDS[2]}_seg.nii.gz")

    code, text, _ = run("dataset", "verify", listed, "--json")

    gone = [fault for fault in json.loads(text)["faults"] if "_seg.nii.gz" in fault["detail"]]
    assert code == 3
    assert [fault["study_id"] for fault in gone] == [IDS[2]]


def test_the_layout_is_recognised_among_many_other_folders(s3: S3, tmp_path: Path) -> None:
    root = write_bids(tmp_path / "cohort", [fake_case("sub-a"), fake_case("sub-b_ses-1")])
    for n in range(9):
        (root / f"code{n}").mkdir()
        (root / f"code{n}" / "x.txt").write_text("x")

    code, text, _ = run("dataset", "index", upload(s3, root), "--out", str(tmp_path / "i.parquet"))

    assert (code, text) == (0, "2 studies, 2 new, 0 changed, 0 vanished\n")
