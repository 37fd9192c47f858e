"""What every reader of predictions must do, whatever it reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fakes.fake_study_source import fake_case
from fakes.study_folder import write_image
from gliobench.adapters.command.probabilities import NpzProbabilities
from gliobench.adapters.nifti.predicted_mask_names import MaskFiles
from gliobench.adapters.nifti.predicted_masks import PredictedMasks
from gliobench.adapters.prediction_files import (
    read_answers,
    read_coco,
    read_grades,
    read_places,
)
from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Modality, Study

CASE = fake_case("held")
OTHER = fake_case("absent")
IDS = ["held", "absent"]
Make = Callable[[Path], PredictionFiles]


def of_masks(folder: Path) -> PredictionFiles:
    convention = BUILT_IN["brats-gli-2017"]
    write_image(folder / "held.nii", convention.merge(CASE.reference.regions), CASE.study.grid)
    return PredictedMasks(MaskFiles.find(folder, IDS), convention)


def of_text(name: str, text: str, read: Callable[..., PredictionFiles], *kind: Form) -> Make:
    def make(folder: Path) -> PredictionFiles:
        (folder / name).write_text(text)
        return read(folder / name, *kind, study_ids=IDS)

    return make


def of_probabilities(folder: Path) -> PredictionFiles:
    channels = np.zeros((3, *CASE.study.grid.shape[::-1]), np.float32)
    np.savez(folder / "held.npz", probabilities=channels)
    return probabilities_in(folder)


def probabilities_in(folder: Path) -> PredictionFiles:
    return NpzProbabilities(folder, BUILT_IN["nnunet-brats"], 0.5)


MADE = {
    "masks": of_masks,
    "probabilities": of_probabilities,
    "grades": of_text("g.csv", "study_id,grade\nheld,HGG\n", read_grades),
    "points": of_text("p.csv", "study_id,i,j,k\nheld,1,2,3\n", read_places, Form.POINT_3D),
    "coco": of_text(
        "c.json", '[{"image_id": "held", "bbox": [0, 0, 1, 1]}]', read_coco, Form.BOX_3D
    ),
    "answers": of_text(
        "a.jsonl",
        '{"study": "held", "question": "grade", "answer": "HGG"}\n'
        '{"study": "held", "question": "point", "answer": "(0, 0)", "plane": 3, "crop": false}',
        read_answers,
    ),
}


class _Unread(dict[Modality, object]):
    """Volumes that nobody may look at."""

    def __getitem__(self, modality: Modality) -> object:
        raise AssertionError(f"{modality} was read")


def study(study_id: str) -> Study:
    found = CASE.study if study_id == "held" else OTHER.study
    return Study(study_id, study_id, found.grid, _Unread(found.volumes), found.grid)  # type: ignore[arg-type]


@pytest.fixture(params=MADE)
def files(request: pytest.FixtureRequest, tmp_path: Path) -> PredictionFiles:
    return MADE[request.param](tmp_path)


def test_a_study_that_is_not_there_is_a_missing_prediction(files: PredictionFiles) -> None:
    said = [files.grade(study("absent"))] if files.grades else []
    said += [files.localise(study("absent"))] if files.forms else []

    assert said
    for answer in said:
        assert isinstance(answer, Failure)
        assert answer.reason is FailureReason.MISSING_PREDICTION
    assert not files.holds("absent")


def test_each_form_of_a_study_that_is_there_has_an_answer(files: PredictionFiles) -> None:
    assert files.holds("held")
    if files.grades:
        assert isinstance(files.grade(study("held")), GradePrediction)
    if files.forms:
        said = files.localise(study("held"))
        assert isinstance(said, LocalisationPrediction)
        assert said.answers.keys() == files.forms


def test_the_fingerprint_is_of_the_content(
    request: pytest.FixtureRequest, files: PredictionFiles, tmp_path: Path
) -> None:
    again = MADE[request.node.callspec.params["files"]](tmp_path)

    assert again.fingerprint == files.fingerprint
    assert files.provenance
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes() + b"\n")
    changed = {
        "masks": lambda: PredictedMasks(MaskFiles.find(tmp_path, IDS), BUILT_IN["brats-gli-2017"]),
        "g.csv": lambda: read_grades(file),
        "p.csv": lambda: read_places(file, Form.POINT_3D),
        "c.json": lambda: read_coco(file, Form.BOX_3D),
        "a.jsonl": lambda: read_answers(file),
        "held.npz": lambda: probabilities_in(tmp_path),
    }
    key = "masks" if file.suffix == ".nii" else file.name
    assert changed[key]().fingerprint != files.fingerprint
