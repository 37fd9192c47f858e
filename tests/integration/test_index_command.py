"""`gliobench dataset index`, and evaluating what it lists."""

import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from command_line import gliobench
from fakes.fake_study_source import fake_case
from fakes.layouts import write_nnunet
from fakes.slice_folder import write_slices
from fakes.study_folder import image_of, write_name_mapping, write_study
from gliobench.domain.errors import JobError
from gliobench.domain.studies.study import Modality

IDS = [f"BraTS20_Training_{n:03}" for n in range(1, 7)]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    root = tmp_path / "brats"
    for study_id in IDS:
        write_study(root, fake_case(study_id))
    rows = [f"{'HL'[n % 2]}GG,NA,NA,NA,BraTS19_TMC_{n}_1,{name}" for n, name in enumerate(IDS)]
    write_name_mapping(root, *rows)
    return root


def _run(*arguments: object) -> tuple[int, str, str]:
    result = gliobench(*arguments)
    return result.exit_code, result.stdout, result.stderr


def _index(dataset: Path, *options: object) -> Path:
    out = dataset.parent / "index.parquet"
    code, _, error = _run("dataset", "index", dataset, "--out", out, *options)
    assert code == 0, error
    return out


def _changes(dataset: Path, out: Path) -> dict[str, object]:
    code, text, error = _run("dataset", "index", dataset, "--out", out, "--json")
    assert code == 0, error
    found: dict[str, object] = json.loads(text)
    return found


def test_an_index_holds_the_tables_of_the_dataset(dataset: Path) -> None:
    table = pq.read_table(_index(dataset)).to_pydict()

    assert table["study_id"] == IDS
    assert table["grade"] == ["HGG", "LGG"] * 3
    assert set(table["site"]) == {"TMC"}


def test_verify_and_fingerprint_find_the_same_in_an_index(dataset: Path) -> None:
    write_study(dataset / "copy", fake_case(IDS[0]))
    (dataset / IDS[1] / f"{IDS[1]}_seg.nii.gz").rename(dataset / IDS[1] / "x_seg.nii.gz")
    image_of(dataset / IDS[2], Modality.T1C).write_bytes(b"no image")

    index = _index(dataset)

    for command in ("verify", "fingerprint"):
        (of_folder, of_index) = (
            _run("dataset", command, place, "--json") for place in (dataset, index)
        )
        assert of_index[0] == of_folder[0]
        assert of_index[1].replace(str(index), str(dataset)) == of_folder[1]


def test_a_run_of_shards_that_was_begun_from_the_folder_goes_on_from_the_index(
    dataset: Path,
) -> None:
    index, whole, mixed = _index(dataset), dataset.parent / "whole", dataset.parent / "mixed"
    for number in range(3):
        evaluate = ("evaluate", "--backend", "brain-centroid", "--shard", f"{number}/3")
        _run(*evaluate, dataset, "--out", whole)
        _run(*evaluate, index if number else dataset, "--out", mixed)

    for name in ("manifest.json", "scores.parquet"):
        run = Path("brain-centroid") / name
        assert (mixed / run).read_bytes() == (whole / run).read_bytes()


def test_shards_of_an_index_are_merged_without_the_dataset_and_the_index(dataset: Path) -> None:
    index, out = _index(dataset), dataset.parent / "run"
    for number in range(2):
        _run(
            "evaluate", index, "--backend", "brain-centroid", "--out", out, "--shard", f"{number}/2"
        )
    before = (out / "report.json").read_bytes()
    shutil.rmtree(dataset)
    index.unlink()

    code, _, error = _run("merge", out)

    assert code in (0, 3), error
    assert (out / "report.json").read_bytes() == before


def test_a_file_that_changed_since_is_a_fault_of_its_study(dataset: Path) -> None:
    index = _index(dataset)
    image = image_of(dataset / IDS[3], Modality.T1C)
    image.write_bytes(image.read_bytes() + b"\0")

    code, text, _ = _run("dataset", "verify", index, "--json")

    changed = [fault for fault in json.loads(text)["faults"] if "changed" in fault["detail"]]
    assert code == 3
    assert [(fault["study_id"], fault["detail"]) for fault in changed] == [
        (
            IDS[3],
            f"{image} has changed since it was listed: run gliobench dataset index again",
        )
    ]


def test_listing_again_takes_up_what_is_new_and_reports_what_changed(dataset: Path) -> None:
    index = _index(dataset)
    nothing = {"studies": 6, "new": 0, "changed": [], "vanished": []}
    anew = {"pieces_taken_over": 0, "taken_over_since": ""}
    assert _changes(dataset, index) == nothing | anew
    write_study(dataset, fake_case("BraTS20_Training_000"))
    shutil.rmtree(dataset / IDS[1])
    os.utime(image_of(dataset / IDS[2], Modality.T2W), (1, 1))

    change = _changes(dataset, index)

    found = {"studies": 6, "new": 1, "changed": [IDS[2]], "vanished": [IDS[1]]}
    assert change == found | anew
    assert pq.read_table(index)["study_id"].to_pylist() == [
        "BraTS20_Training_000",
        IDS[0],
        *IDS[2:],
    ]


def test_the_changes_are_printed_for_people(dataset: Path) -> None:
    index = _index(dataset)
    shutil.rmtree(dataset / IDS[1])

    _, text, _ = _run("dataset", "index", dataset, "--out", index)

    assert text == f"vanished {IDS[1]}\n5 studies, 0 new, 0 changed, 1 vanished\n"


def test_a_resumed_listing_prints_what_it_took_over(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_storage: object, _name: str, studies: Iterable[object], _facts: object) -> int:
        next(iter(studies))  # all pieces are listed before
        raise JobError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("gliobench.entrypoints.container.indexes.write_index", killed)
        assert _run("dataset", "index", dataset, "--out", dataset.parent / "index.parquet")[0] == 1

    _, text, _ = _run("dataset", "index", dataset, "--out", dataset.parent / "index.parquet")

    assert "6 studies, 6 new" in text
    assert re.search(r"[1-9]\d* pieces? of an interrupted listing taken over, listed from 20", text)


def test_a_dataset_that_has_moved_is_found_by_a_setting(dataset: Path) -> None:
    index = _index(dataset)
    moved = dataset.rename(dataset.parent / "moved")

    code, _, error = _run("dataset", "fingerprint", index)
    assert code == 1
    assert f"lists {dataset}, which is not there: set index_root to where it is now" in error

    assert _run("--set", f"index_root={moved}", "dataset", "fingerprint", index)[0] == 0


def test_declared_labels_are_kept_in_the_index(tmp_path: Path) -> None:
    for name in "ab":
        write_study(tmp_path / "studies", fake_case(name))
    out = tmp_path / "index.parquet"
    _run("--set", "labels=brats-gli-2017", "dataset", "index", tmp_path / "studies", "--out", out)

    _, text, _ = _run("dataset", "verify", out, "--json")

    assert json.loads(text)["labels"]["convention"]["name"] == "brats-gli-2017"


def test_labels_that_the_dataset_states_wrongly_stay_a_question(tmp_path: Path) -> None:
    root = write_nnunet(tmp_path / "nnunet", [fake_case("a")])
    described = json.loads((root / "dataset.json").read_text())
    described["labels"] = {"background": 0, "liver": 1}
    (root / "dataset.json").write_text(json.dumps(described))
    index = _index(root)

    (of_folder, of_index) = (_run("dataset", "fingerprint", place) for place in (root, index))

    assert of_index == of_folder
    assert "liver" in of_index[2]


@pytest.mark.parametrize("name", ["index.csv", "index"])
def test_an_index_is_named_as_one(dataset: Path, name: str) -> None:
    code, _, error = _run("dataset", "index", dataset, "--out", dataset.parent / name)

    assert code == 1
    assert "wanted a file whose name ends in .parquet" in error


def test_what_is_no_index_is_not_replaced(dataset: Path) -> None:
    out = dataset.parent / "mine.parquet"
    out.write_bytes(b"mine")

    code, _, error = _run("dataset", "index", dataset, "--out", out)

    assert (code, out.read_bytes()) == (1, b"mine")
    assert "is no readable index" in error


def test_slices_and_a_part_of_a_dataset_are_not_listed(tmp_path: Path) -> None:
    write_slices(tmp_path / "slices", [fake_case("a")])
    write_nnunet(tmp_path / "nnunet", [fake_case("a")])

    for place, wanted in (
        ("slices", "slices, DICOM, phantoms and indexes are not listed"),
        ("nnunet/imagesTr", "lies outside of"),
    ):
        code, _, error = _run("dataset", "index", tmp_path / place, "--out", tmp_path / "x.parquet")
        assert (code, error.count("\n")) == (1, 1)
        assert wanted in error
