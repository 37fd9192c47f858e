"""What every source of studies keeps to."""

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import fsspec
import numpy as np
import pytest

from fakes.fake_storage import FakeStorage
from fakes.fake_study_source import FakeStudySource, fake_case
from fakes.layouts import write_bids, write_msd, write_nnunet
from fakes.slice_folder import write_slices
from fakes.study_folder import OF_2017, image_of, write_study
from gliobench.adapters.nifti import (
    BidsStudySource,
    BratsStudySource,
    IndexedStudySource,
    NnunetStudySource,
    StudyFiles,
)
from gliobench.adapters.parquet.index_rows import write_index
from gliobench.adapters.parquet.study_index import ParquetStudyIndex
from gliobench.adapters.slices import SliceStudySource
from gliobench.adapters.storage import file_version, listed_file, open_dataset
from gliobench.application.datasets.chosen_studies import ChosenStudies
from gliobench.application.evaluate.targeted_studies import TargetedStudies
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.study_index import IndexableSource, IndexFacts
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import NotFoundError
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.studies.grading_target import GradingTarget
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.study import Grade, Modality


def _fake(_: Path) -> StudySource:
    return FakeStudySource([fake_case("b"), fake_case("a")])


def _brats(folder: Path) -> StudySource:
    for study_id in ("b", "a"):
        write_study(folder, fake_case(study_id))
    return BratsStudySource(folder).labelled(OF_2017)


def _chosen(_: Path) -> StudySource:
    return ChosenStudies(FakeStudySource([fake_case(one) for one in "cab"]), ["b", "a"])


def _targeted(_: Path) -> StudySource:
    target = GradingTarget("IDH", "IDH mutant", "IDH wildtype")
    inner = FakeStudySource([fake_case(one) for one in "ba"])
    return TargetedStudies(inner, target, {"a": Grade.HGG, "b": Grade.LGG})


def _loose_files(folder: Path) -> StudySource:
    study = write_study(folder, fake_case("a"))
    return StudyFiles({modality: image_of(study, modality) for modality in Modality})


def _slices(folder: Path) -> StudySource:
    return SliceStudySource(write_slices(folder, [fake_case("b"), fake_case("a")]))


def _remote(folder: Path) -> DatasetPath:
    """Copy a dataset into a store in memory and open it there."""
    url = f"memory://{uuid4().hex}"
    fsspec.filesystem("memory").put(f"{folder}/", f"{url}/", recursive=True)
    return open_dataset(url, cache=folder.parent / "cache", cache_bytes=100_000)


def _brats_in_a_store(folder: Path) -> StudySource:
    _brats(folder / "local")
    return BratsStudySource(_remote(folder / "local")).labelled(OF_2017)


def _slices_in_a_store(folder: Path) -> StudySource:
    _slices(folder / "local")
    return SliceStudySource(_remote(folder / "local"))


def _bids(folder: Path) -> StudySource:
    return BidsStudySource(write_bids(folder, [fake_case("sub-b_ses-1"), fake_case("sub-a")]))


def _bids_at(name: str) -> Callable[[Path], StudySource]:
    return lambda folder: _bids(folder / name)


def _bids_in_a_store(folder: Path) -> StudySource:
    _bids(folder / "local")
    return BidsStudySource(_remote(folder / "local"))


def _nnunet(folder: Path) -> StudySource:
    return NnunetStudySource(write_nnunet(folder, [fake_case("b"), fake_case("a")]))


def _nnunet_in_a_store(folder: Path) -> StudySource:
    _nnunet(folder / "local")
    return NnunetStudySource(_remote(folder / "local"))


def _decathlon(folder: Path) -> StudySource:
    return NnunetStudySource(write_msd(folder, [fake_case("b"), fake_case("a")]))


def _indexed(make: Callable[[Path], StudySource], root: str = "") -> Callable[[Path], StudySource]:
    """List a dataset in an index, and open that."""

    def open_index(folder: Path) -> StudySource:
        source = make(folder)
        place = _remote(folder / root) if root else folder
        if root:
            source = type(source)(place)  # type: ignore[call-arg]
        assert isinstance(source, IndexableSource)
        storage, facts = FakeStorage(), IndexFacts(str(place), source.labels)
        write_index(storage, "index.parquet", source.indexed(place, file_version), facts)
        index = ParquetStudyIndex(storage, "index.parquet")
        return IndexedStudySource(index, place, listed_file)

    return open_index


def _dicom(folder: Path) -> StudySource:
    from fakes.dicom_files import Writer
    from gliobench.adapters.dicom import DicomStudySource

    for number, study_id in enumerate("ba"):
        case = fake_case(study_id)
        Writer(folder, study_uid=f"1.2.{number}", seed=number).study(case.study)
    return DicomStudySource(folder, Pseudonyms("a key of many characters"))


def _dicom_with_masks(folder: Path) -> StudySource:
    from fakes.dicom_segmentations import Drawn, write_segments
    from gliobench.adapters.dicom import DicomStudySource

    source = _dicom(folder)
    for number, study_id in enumerate(source.study_ids()):
        images = source.images(study_id, Modality.T1C)  # type: ignore[attr-defined]  # of DICOM
        inside = np.zeros(images.native_grid.shape, bool)
        inside[4:8, 5:9, 3:6] = True
        uid = f"1.2.3.{number}"
        write_segments(folder / f"seg{number}", images, [Drawn("Tumor", inside)], uid=uid)
    return DicomStudySource(folder, Pseudonyms("a key of many characters"))


def _dicom_in_a_zip(folder: Path) -> StudySource:
    from gliobench.adapters.dicom import DicomStudySource

    _dicom(folder / "local")
    archive = shutil.make_archive(str(folder / "export"), "zip", folder / "local")
    return DicomStudySource(archive, Pseudonyms("a key of many characters"))


def _dicom_in_a_store(folder: Path) -> StudySource:
    from gliobench.adapters.dicom import DicomStudySource

    _dicom(folder / "local")
    return DicomStudySource(_remote(folder / "local"), Pseudonyms("a key of many characters"))


def _phantom(_: Path) -> StudySource:
    from gliobench.adapters.phantom import PhantomStudySource

    return PhantomStudySource(count=2, spacing_mm=4.0)


NO_NILEARN = pytest.mark.skipif(find_spec("nilearn") is None, reason="the extra phantom is absent")

NO_PYDICOM = pytest.mark.skipif(find_spec("pydicom") is None, reason="the extra dicom is absent")


@pytest.fixture(
    scope="module",
    params=[
        _fake,
        _brats,
        _brats_in_a_store,
        _bids,
        _bids_in_a_store,
        _nnunet,
        _nnunet_in_a_store,
        _decathlon,
        pytest.param(_indexed(_brats), id="index of brats"),
        pytest.param(_indexed(_bids), id="index of bids"),
        pytest.param(_indexed(_nnunet), id="index of nnunet"),
        pytest.param(_indexed(_decathlon), id="index of the decathlon"),
        pytest.param(_indexed(_bids_at("local"), "local"), id="index of a store"),
        _chosen,
        _targeted,
        _loose_files,
        _slices,
        _slices_in_a_store,
        pytest.param(_dicom, marks=NO_PYDICOM),
        pytest.param(_dicom_with_masks, marks=NO_PYDICOM),
        pytest.param(_dicom_in_a_zip, marks=NO_PYDICOM),
        pytest.param(_dicom_in_a_store, marks=NO_PYDICOM),
        pytest.param(_phantom, marks=NO_NILEARN),
    ],
)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StudySource:
    """Made once for all tests, which only read it."""
    make: Callable[[Path], StudySource] = request.param
    return make(tmp_path_factory.mktemp("source"))


def test_ids_are_sorted_without_repeats_and_always_the_same(source: StudySource) -> None:
    ids = list(source.study_ids())

    assert ids == sorted(set(ids)) == list(source.study_ids())
    assert ids


def test_a_study_bears_the_id_that_it_was_asked_by(source: StudySource) -> None:
    for study_id in source.study_ids():
        study = source.study(study_id)

        assert study.id == study_id
        assert study.patient_id


def test_the_origin_is_known_before_a_study_is_opened(source: StudySource) -> None:
    for study_id in source.study_ids():
        origin = source.origin(study_id)

        study = source.study(study_id)
        assert (study.patient_id, study.site) == (origin.patient_id, origin.site)

    with pytest.raises(NotFoundError):
        source.origin("nobody")


def test_volumes_are_finite_float32_on_a_ras_grid(source: StudySource) -> None:
    study = source.study(source.study_ids()[0])

    assert study.grid == canonical(study.grid)
    for modality in list(source.modalities()):
        volume = study.volume(modality)
        assert volume.dtype == np.float32
        assert volume.shape == study.grid.shape
        assert np.isfinite(volume).all()
        assert volume.any()


def test_the_files_own_grid_holds_the_same_voxels(source: StudySource) -> None:
    study = source.study(source.study_ids()[0])

    assert study.native_grid is None or canonical(study.native_grid) == study.grid


def test_a_study_opened_twice_has_the_same_volumes(source: StudySource) -> None:
    first, last = source.study_ids()[0], source.study_ids()[-1]
    before = source.study(first).volume(Modality.T1C).copy()

    source.study(last).volume(Modality.T1C)

    np.testing.assert_array_equal(source.study(first).volume(Modality.T1C), before)


def test_looking_for_a_modality_does_not_read_it_and_those_there_are_listed(
    source: StudySource,
) -> None:
    study = source.study(source.study_ids()[0])

    assert [modality for modality in Modality if modality in study.volumes] == list(
        source.modalities()
    )
    assert len(study.volumes) == len(list(source.modalities()))


def test_only_slices_lack_a_modality(source: StudySource) -> None:
    of_slices = isinstance(source, SliceStudySource)

    assert source.modalities() == ((Modality.T1C,) if of_slices else tuple(Modality))


def test_reference_regions_are_boolean_on_the_studys_grid(source: StudySource) -> None:
    for study_id in source.study_ids():
        grid = source.study(study_id).grid

        for voxels in source.reference(study_id).regions.values():
            assert voxels.dtype == np.bool_
            assert voxels.shape == grid.shape


def test_content_hashes_are_steady_and_tell_studies_apart(source: StudySource) -> None:
    ids = source.study_ids()
    hashes = [source.content_hash(study_id) for study_id in ids]

    assert hashes == [source.content_hash(study_id) for study_id in ids]
    assert len(set(hashes)) == len(ids)
    assert all(len(one) == 64 and int(one, 16) for one in hashes)


def test_sound_studies_have_no_notes(source: StudySource) -> None:
    assert [source.notes(study_id) for study_id in source.study_ids()] == [
        [] for _ in source.study_ids()
    ]


@pytest.mark.parametrize("ask", ["study", "reference", "content_hash"])
def test_a_study_that_is_not_there_is_not_found(source: StudySource, ask: str) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        getattr(source, ask)("nobody")


def test_the_grade_is_that_of_the_reference_or_not_known_without_it(source: StudySource) -> None:
    for study_id in source.study_ids():
        assert source.grade(study_id) in (None, source.reference(study_id).grade)
