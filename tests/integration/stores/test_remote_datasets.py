"""Datasets in an object store: the same studies as in a folder, fetched when they are looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fsspec
import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from fakes.s3_server import BUSY, DENIED, GONE, RESET, S3, Request, always, first
from fakes.slice_folder import write_slices
from fakes.study_folder import write_name_mapping, write_study
from gliobench.adapters.nifti import BratsStudySource
from gliobench.adapters.slices import SliceStudySource
from gliobench.adapters.storage import open_dataset
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import NotFoundError, StoreError
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Grade, Modality

ID = "BraTS20_Training_001"
MAPPING = f"LGG,NA,NA,NA,BraTS19_TMC_1_1,{ID}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies, and what is known of one of them in the folder above."""
    above = tmp_path_factory.mktemp("local")
    for study_id in (ID, "BraTS20_Training_002"):
        write_study(above / "cohort", fake_case(study_id))
    write_name_mapping(above, MAPPING)
    return above / "cohort"


Opened = Callable[..., DatasetPath]


@pytest.fixture
def upload(s3: S3, tmp_path: Path) -> Callable[[Path], Opened]:
    """Give what copies a folder into the store and opens it there."""

    def copy(folder: Path) -> Opened:
        files = fsspec.filesystem("s3", use_listings_cache=False)
        files.put(f"{folder}/", f"{s3.url}/{folder.name}/", recursive=True)
        s3.proxy.honest()
        cache = {"cache": tmp_path / "cache", "cache_bytes": 2**30, "patience_s": 0.5}
        return lambda **options: open_dataset(f"{s3.url}/{folder.name}", **{**cache, **options})

    return copy


@pytest.fixture
def opened(upload: Callable[[Path], Opened], folder: Path) -> Opened:
    return upload(folder)


def fetched(s3: S3) -> list[str]:
    """Name the files that were asked for."""
    paths = [one.path.partition("?")[0] for one in s3.proxy.seen if one.method == "GET"]
    return [path.rpartition("/")[2] for path in paths if path.endswith((".gz", ".png"))]


def look_at_all(source: StudySource) -> None:
    for study_id in source.study_ids():
        study = source.study(study_id)
        for modality in study.volumes:
            study.volume(modality)
        source.reference(study_id)


def test_a_cohort_in_a_store_holds_the_same_studies_as_in_a_folder(
    opened: Opened, folder: Path
) -> None:
    remote, local = BratsStudySource(opened()), BratsStudySource(folder)

    assert remote.study_ids() == local.study_ids()
    for study_id in local.study_ids():
        one, other = remote.study(study_id), local.study(study_id)
        assert one.grid == other.grid
        assert set(one.volumes) == set(other.volumes)
        for modality in Modality:
            assert np.array_equal(one.volume(modality), other.volume(modality))
        found, wanted = remote.reference(study_id), local.reference(study_id)
        assert all(
            np.array_equal(found.regions[name], wanted.regions[name]) for name in wanted.regions
        )
        beside = [
            note for note in local.notes(study_id) if note.kind is not FaultKind.MISSING_GRADE
        ]
        assert remote.notes(study_id) == beside  # the table of grades lies above the folder


def test_a_name_mapping_above_the_cohort_is_found(
    upload: Callable[[Path], Opened], folder: Path
) -> None:
    above = upload(folder.parent)

    source = BratsStudySource(above() / "cohort")

    assert source.reference(ID).grade is Grade.LGG
    assert source.study(ID).site == "TMC"


def test_listing_and_hashing_fetch_nothing(s3: S3, opened: Opened) -> None:
    source = BratsStudySource(opened())

    hashes = {source.content_hash(study_id) for study_id in source.study_ids()}

    assert len(hashes) == 2
    assert fetched(s3) == []
    assert len(s3.proxy.seen) < 15


def test_checksums_that_are_not_trusted_are_made_of_the_bytes(opened: Opened, folder: Path) -> None:
    remote, local = BratsStudySource(opened(trust_checksums=False)), BratsStudySource(folder)

    assert remote.content_hash(ID) == local.content_hash(ID)
    assert BratsStudySource(opened()).content_hash(ID) != local.content_hash(ID)


def test_a_study_is_fetched_once_and_alone(s3: S3, opened: Opened) -> None:
    source = BratsStudySource(opened())

    for _ in range(3):
        study = source.study(ID)
        for modality in Modality:
            study.volume(modality)

    assert sorted(fetched(s3)) == sorted(f"{ID}_{modality.alias}.nii.gz" for modality in Modality)


def test_a_second_process_finds_what_the_first_has_fetched(s3: S3, opened: Opened) -> None:
    look_at_all(BratsStudySource(opened()))
    before = len(fetched(s3))

    look_at_all(BratsStudySource(opened()))

    assert before == 10
    assert len(fetched(s3)) == before


def test_a_cache_of_one_study_serves_a_cohort_and_stays_small(
    s3: S3, opened: Opened, folder: Path, tmp_path: Path
) -> None:
    sizes = [path.stat().st_size for path in folder.rglob("*.nii.gz")]
    limit = 3 * max(sizes)

    look_at_all(BratsStudySource(opened(cache_bytes=limit)))

    assert sum(path.stat().st_size for path in (tmp_path / "cache").iterdir()) <= limit
    assert len(fetched(s3)) > len(sizes)


@pytest.mark.parametrize("fault", [RESET, BUSY], ids=["reset", "busy"])
def test_faults_on_the_way_are_overcome(s3: S3, opened: Opened, fault: object) -> None:
    s3.proxy.policy = first(4, fault)  # type: ignore[arg-type]

    look_at_all(BratsStudySource(opened(patience_s=30)))

    assert len(set(fetched(s3))) == 10


@pytest.mark.parametrize("fault", [BUSY, DENIED], ids=["busy", "denied"])
def test_a_store_that_fails_is_no_fault_of_a_study(s3: S3, opened: Opened, fault: object) -> None:
    source = BratsStudySource(opened())
    s3.proxy.policy = always(fault, within=ID)  # type: ignore[arg-type]

    for action in (source.study, source.reference):
        with pytest.raises(StoreError, match=rf"{s3.url}/cohort/{ID}/.*cannot be fetched"):
            action(ID)


def test_a_file_that_has_gone_is_a_fault_of_its_study_alone(s3: S3, opened: Opened) -> None:
    source = BratsStudySource(opened())
    s3.proxy.policy = always(GONE, within=f"{ID}_t1.nii.gz")

    study = source.study(ID)

    with pytest.raises(FaultyStudyError, match=rf"{s3.url}.*{ID}_t1\.nii\.gz"):
        study.volume(Modality.T1N)
    assert study.volume(Modality.T1C).any()
    assert source.study("BraTS20_Training_002").volume(Modality.T1N).any()


def test_a_file_that_was_changed_after_the_listing_is_refused(s3: S3, opened: Opened) -> None:
    source = BratsStudySource(opened())
    s3.proxy.policy = None
    files = fsspec.filesystem("s3", use_listings_cache=False)
    files.pipe_file(f"{s3.url}/cohort/{ID}/{ID}_t1.nii.gz", b"other bytes")

    with pytest.raises(StoreError, match="has changed since it was listed"):
        source.study(ID)


def test_a_cohort_that_is_not_there_is_told_as_a_folder_is(s3: S3, tmp_path: Path) -> None:
    nowhere = open_dataset(f"{s3.url}/nowhere", cache=tmp_path, cache_bytes=1000)

    with pytest.raises(NotFoundError, match=f"no folder {s3.url}/nowhere"):
        BratsStudySource(nowhere)


def test_a_neighbour_whose_name_begins_alike_is_not_listed(
    upload: Callable[[Path], Opened], folder: Path, tmp_path: Path
) -> None:
    write_study(tmp_path / "cohort2", fake_case("BraTS20_Training_003"))
    upload(tmp_path / "cohort2")

    source = BratsStudySource(upload(folder)())

    assert "BraTS20_Training_003" not in source.study_ids()


def test_the_marker_of_an_empty_folder_is_no_file(s3: S3, opened: Opened) -> None:
    fsspec.filesystem("s3").pipe_file(f"{s3.url}/cohort/empty/", b"")

    assert len(BratsStudySource(opened()).study_ids()) == 2


def test_slices_are_read_from_a_store_too(
    s3: S3, upload: Callable[[Path], Opened], tmp_path: Path
) -> None:
    local = write_slices(tmp_path / "slices", [fake_case("a"), fake_case("b")])
    remote, wanted = SliceStudySource(upload(local)()), SliceStudySource(local)
    asked: list[Request] = list(s3.proxy.seen)

    assert remote.study_ids() == ["a", "b"]
    assert remote.content_hash("a") != remote.content_hash("b")
    assert [one for one in asked if one.path.endswith(".png")] == []
    volume = remote.study("a").volume(Modality.T1C)
    assert np.array_equal(volume, wanted.study("a").volume(Modality.T1C))
    assert remote.reference("b").regions.keys() == wanted.reference("b").regions.keys()
