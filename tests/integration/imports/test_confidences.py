"""How sure a program is, in files: beside masks, in tables of places, and as sets of grades."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.fake_study_source import fake_case
from fakes.study_folder import write_image
from gliobench.adapters.nifti.predicted_mask_names import MaskFiles
from gliobench.adapters.nifti.predicted_masks import PredictedMasks
from gliobench.adapters.prediction_files import (
    read_confidences,
    read_failures,
    read_grades,
    read_places,
)
from gliobench.application.backends.mask_answers import MaskAnswers
from gliobench.application.ports.prediction_files import Confidence
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Form,
    GradePrediction,
    GradeSet,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Grade

CASE = fake_case("a")
CONVENTION = BUILT_IN["brats-gli-2017"]


def written(folder: Path, text: str) -> Path:
    file = folder / "table.csv"
    file.write_text(text)
    return file


def test_a_mask_and_the_finding_of_none_have_the_confidence_that_stands_beside(
    tmp_path: Path,
) -> None:
    write_image(tmp_path / "a.nii", CONVENTION.merge(CASE.reference.regions), CASE.study.grid)
    (tmp_path / "failures.csv").write_text("study_id,failure\nb,no_tumour_found\n")
    (tmp_path / "confidence.csv").write_text("study_id,confidence,TC\na,0.75,0.5\nb,0.9,\n")
    masks = MaskFiles.find(tmp_path, ["a", "b"])
    failures = read_failures(tmp_path / "failures.csv")
    said = read_confidences(tmp_path / "confidence.csv")

    files = PredictedMasks(masks, CONVENTION, beside=MaskAnswers(failures, said))
    found, none = files.localise(CASE.study), files.localise(fake_case("b").study)

    assert said == {"a": Confidence(0.75, {Region.TC: 0.5}), "b": Confidence(0.9, {})}
    assert isinstance(found, LocalisationPrediction)
    assert isinstance(none, LocalisationPrediction)
    assert (found.confidence, found.region_confidence) == (0.75, {Region.TC: 0.5})
    assert (none.answers, none.confidence) == ({Form.MASK: NO_TUMOUR}, 0.9)
    without = PredictedMasks(masks, CONVENTION, beside=MaskAnswers(failures))
    assert files.fingerprint != without.fingerprint


def test_places_state_their_confidence_in_a_column(tmp_path: Path) -> None:
    file = written(tmp_path, "study_id,i,j,k,confidence\na,1,2,3,0.25\nb,1,2,3,\n")

    files = read_places(file, Form.POINT_3D)

    said = [files.localise(fake_case(name).study) for name in ("a", "b")]
    assert [place.confidence for place in said if isinstance(place, LocalisationPrediction)] == [
        0.25,
        None,
    ]


def test_sets_of_grades_come_back(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "study_id,grade,probability_hgg,grade_set,set_coverage\n"
        "a,HGG,0.6,LGG HGG,0.9\nb,HGG,0.6,neither,0.9\nc,HGG,0.6,,\n",
    )

    files = read_grades(file)

    said = [files.grade(fake_case(name).study) for name in ("a", "b", "c")]
    sets = [grade.grade_set for grade in said if isinstance(grade, GradePrediction)]
    assert sets == [GradeSet((Grade.LGG, Grade.HGG), 0.9), GradeSet((), 0.9), None]


@pytest.mark.parametrize("share", ["1.5", "-0.1", "nan", "high"])
def test_a_confidence_that_is_no_share_is_refused_by_its_row(tmp_path: Path, share: str) -> None:
    beside = written(tmp_path, f"study_id,confidence\na,{share}\n")
    if share == "nan":
        with pytest.raises(InvalidInputError, match="row 2: wanted one confidence of study a"):
            read_confidences(beside)
        return
    with pytest.raises(
        InvalidInputError, match="row 2: confidence .*: wanted a number from 0 to 1"
    ):
        read_confidences(beside)
    place = written(tmp_path, f"study_id,i,j,k,confidence\na,1,2,3,{share}\n")
    with pytest.raises(
        InvalidInputError, match="row 2: confidence .*: wanted a number from 0 to 1"
    ):
        read_places(place, Form.POINT_3D)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("study_id,sure\na,0.5\n", "wanted a column confidence"),
        ("study_id,confidence\na,0.5\na,0.6\n", "wanted one confidence of study a"),
    ],
)
def test_a_table_of_other_content_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read_confidences(written(tmp_path, text))


@pytest.mark.parametrize("cells", ["LGG WHO,0.9", "LGG,", "LGG,1.0", "LGG LGG,0.9"])
def test_a_set_that_is_none_is_refused_by_its_row(tmp_path: Path, cells: str) -> None:
    text = f"study_id,grade,grade_set,set_coverage\na,LGG,{cells}\n"

    with pytest.raises(InvalidInputError, match="row 2: grade_set"):
        read_grades(written(tmp_path, text))
