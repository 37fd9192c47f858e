"""Prepared studies as files, which replace nothing of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.fake_preparation import (
    FakeBiasField,
    FakeBrainExtractor,
    FakeRegistrar,
    fake_head,
    fake_template,
)
from fakes.fake_storage import FakeStorage
from fakes.fake_study_painter import FakeStudyPainter
from fakes.fake_study_source import FakeStudySource
from gliobench.application.prepare.prepare_head import PrepareHead
from gliobench.application.prepare.prepared_layouts import BidsLayout, BratsLayout
from gliobench.application.prepare.prepared_studies import PreparedStudies
from gliobench.application.prepare.saved_preparations import SavedPreparations
from gliobench.application.prepare.write_prepared import WritePrepared, WrittenStudy
from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.studies.study import Case, Modality, Reference, Study

T1C = Modality.T1C


def write_name(path: Path, study: Study, modality: Modality) -> None:
    path.write_text(f"{study.id} {modality.value}")


def written(folder: Path) -> WrittenStudy:
    head = PrepareHead(FakeRegistrar(), FakeBrainExtractor(), FakeBiasField(), fake_template)
    source = FakeStudySource([Case(fake_head(T1C), Reference())])
    studies = PreparedStudies(source, SavedPreparations(head, FakeStorage()))
    (item,) = WritePrepared(write_name, FakeStudyPainter())(studies, BratsLayout(folder))
    return item


def test_images_that_are_there_already_are_not_replaced(tmp_path: Path) -> None:
    raw = tmp_path / "head" / "head_t1ce.nii.gz"
    raw.parent.mkdir()
    raw.write_text("as it was scanned")

    item = written(tmp_path)

    assert item.fault is not None
    assert "is there already, without preparation.json" in item.fault.sentence
    assert raw.read_text() == "as it was scanned"
    assert list(raw.parent.iterdir()) == [raw]


def test_what_an_earlier_call_wrote_is_replaced(tmp_path: Path) -> None:
    first, second = written(tmp_path), written(tmp_path)

    assert first.files == second.files
    assert (tmp_path / "head" / "head_t1ce.nii.gz").read_text() == "head t1c"


def test_a_folder_that_cannot_be_made_ends_the_job_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "head").write_text("a file in the place of the folder")

    with pytest.raises(JobError, match="cannot be written"):
        written(tmp_path)


@pytest.mark.parametrize("description", ['{"Name": "The hospital\'s"}', "[]", "torn {"])
def test_derivatives_of_bids_do_not_replace_the_description_of_another_dataset(
    tmp_path: Path, description: str
) -> None:
    (tmp_path / "dataset_description.json").write_text(description)

    with pytest.raises(InvalidInputError, match=r"of another dataset: wanted another --out"):
        BidsLayout(tmp_path).begin(FakeStudySource([]))

    assert [path.read_text() for path in tmp_path.iterdir()] == [description]


def test_derivatives_of_bids_are_described_again_by_a_second_call(tmp_path: Path) -> None:
    layout = BidsLayout(tmp_path)

    layout.begin(FakeStudySource([]))
    layout.begin(FakeStudySource([]))

    described = json.loads((tmp_path / "dataset_description.json").read_text())
    assert described["DatasetType"] == "derivative"
    assert described["GeneratedBy"][0]["Name"] == "gliobench"
