"""Any program as a backend: its answers, and its failures by study."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes.fake_program import BRIGHT
from fakes.fake_study_source import fake_case
from fakes.program_backend import backend, built, command, table
from gliobench.adapters.command.layouts import LAYOUTS, InputFiles
from gliobench.adapters.nifti import write_image
from gliobench.application.ports.backend import Backend
from gliobench.application.predict.ask_backend import ask
from gliobench.domain.errors import GliobenchError, InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Axis, Box3D, Grid, Plane, Point, Point3D
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.predictions.prediction import (
    TYPE_OF_FORM,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade, Modality, Study

TYPES = {kind: form for form, kind in TYPE_OF_FORM.items()}
STUDIES = [
    fake_case(name, shape=(16 + number, 14, 12)).study
    for number, name in enumerate(["a study", "Anaïs/Ω 2", "a study"])
]


def masks(made: Backend, studies: list[Study]) -> list[Mask | Failure]:
    found: list[Mask | Failure] = []
    for _, place in ask(made, studies):
        answer = place.answers[Form.MASK] if isinstance(place, LocalisationPrediction) else place
        assert isinstance(answer, Mask | Failure)
        found.append(answer)
    return found


def failure(made: Backend, studies: list[Study] = STUDIES[:1]) -> Failure:
    found = masks(made, studies)[-1]
    assert isinstance(found, Failure)
    return found


def assert_bright(mask: Mask | Failure, study: Study) -> None:
    assert isinstance(mask, Mask), mask
    expected = study.volume(Modality.T2F) > BRIGHT
    assert expected.any()
    assert np.array_equal(mask.whole, expected)


@pytest.mark.parametrize("batch", [False, True])
def test_masks_come_back_whatever_the_studies_are_called(batch: bool) -> None:
    for mask, study in zip(masks(backend(batch=batch), STUDIES), STUDIES, strict=True):
        assert_bright(mask, study)


def test_a_program_sees_the_orientation_of_the_files_and_its_mask_is_turned_back() -> None:
    native = Grid(
        shape=(12, 16, 14),
        affine=np.array([[0, -1.0, 0, 3], [0, 0, -1.0, 5], [1.0, 0, 0, -7], [0, 0, 0, 1]]),
    )
    study = replace(STUDIES[0], grid=canonical(native), native_grid=native)
    assert study.grid.shape == (16, 14, 12)

    (mask,) = masks(backend(), [study])

    assert_bright(mask, study)


def test_names_of_studies_do_not_reach_a_program() -> None:
    found = failure(backend("tells"))

    assert found.raw is not None
    seen = json.loads(found.raw)
    assert "Ana" not in found.raw
    assert seen["cases"] == ["a study"]  # case_000, translated back for the reader


def test_a_program_may_say_how_sure_it_is_of_its_masks() -> None:
    (_, first), (_, second) = ask(backend("sure", "0.75", batch=True), STUDIES[:2])

    assert isinstance(first, LocalisationPrediction)
    assert isinstance(second, LocalisationPrediction)
    assert (first.confidence, second.confidence) == (0.75, None)


def test_a_confidence_that_is_no_share_fails_the_study() -> None:
    found = failure(backend("sure", "75 %"))

    assert "confidence '75 %': wanted a number from 0 to 1" in found.detail


def test_a_crash_fails_the_study_with_what_the_program_printed() -> None:
    found = failure(backend("crash"))

    assert found.reason is FailureReason.BACKEND_ERROR
    assert found.detail == "the program ended with exit code 3: about to fail"
    assert found.raw == "no model for a study in input\nabout to fail"


def test_a_program_that_fails_after_its_output_has_failed_unless_it_works_in_batches() -> None:
    assert "exit code 4" in failure(backend("crash_after_all")).detail
    assert_bright(masks(backend("crash_after_all", batch=True), STUDIES)[0], STUDIES[0])


def test_studies_that_a_batch_left_out_are_tried_alone() -> None:
    for mask, study in zip(masks(backend("half", batch=True), STUDIES), STUDIES, strict=True):
        assert_bright(mask, study)


def test_only_the_study_fails_that_crashes_a_batch() -> None:
    found = masks(backend("dislikes", "17", batch=True), STUDIES)

    assert_bright(found[0], STUDIES[0])
    assert isinstance(found[1], Failure)
    assert found[1].detail.endswith("ended with exit code 6")
    assert_bright(found[2], STUDIES[2])


@pytest.mark.parametrize(
    ("mode", "reason", "words"),
    [
        ("garbage", FailureReason.UNREADABLE_PREDICTION, "output/a study.nii.gz"),
        ("nothing", FailureReason.MISSING_PREDICTION, "wrote no prediction of the study"),
        ("wrong_grid", FailureReason.WRONG_GRID, "study a study"),
    ],
)
def test_output_that_cannot_be_used_fails_the_study(
    mode: str, reason: FailureReason, words: str
) -> None:
    found = failure(backend(mode))

    assert found.reason is reason
    assert words in found.detail
    assert "/tmp" not in found.detail


def test_a_program_that_hangs_fails_the_study_as_a_timeout(tmp_path: Path) -> None:
    found = failure(backend("hang", str(tmp_path / "pids"), timeout_s=0.5))

    assert found.reason is FailureReason.TIMEOUT
    assert found.detail.endswith("took longer than 0.5 s")


def test_one_that_needs_more_memory_than_it_may_have_fails_the_study() -> None:
    found = failure(backend("hungry", memory_gib=0.2))

    assert found.detail.endswith("used more than 0.2 GiB of memory")


def test_a_study_without_a_modality_fails_and_the_rest_of_its_batch_is_predicted() -> None:
    volumes = {Modality.T1N: STUDIES[0].volumes[Modality.T1N]}
    bare = replace(STUDIES[0], volumes=volumes)

    found = masks(backend(batch=True), [bare, STUDIES[1]])

    assert isinstance(found[0], Failure)
    assert found[0].reason is FailureReason.MISSING_MODALITY
    assert_bright(found[1], STUDIES[1])


def test_modalities_are_written_in_the_order_of_the_program() -> None:
    order = ["flair", "t1", "t1ce", "t2"]  # so that channel 3 is T2
    (mask,) = masks(backend(modalities=order), STUDIES[:1])

    assert isinstance(mask, Mask)
    assert np.array_equal(mask.whole, STUDIES[0].volume(Modality.T2W) > BRIGHT)


def test_grades_and_masks_come_from_one_run() -> None:
    rows = ("case,grade,probability_hgg", "CASE,HGG,0.75")
    made = backend("writes", "grades.csv", *rows, output=["masks", "grades.csv"], batch=True)

    for (grade, place), study in zip(ask(made, STUDIES), STUDIES, strict=True):
        assert not isinstance(grade, Failure | None)
        assert (grade.grade, grade.probability_hgg) == (Grade.HGG, 0.75)
        assert isinstance(place, LocalisationPrediction)
        assert_bright(place.answers[Form.MASK], study)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "lines", "options", "answer"),
    [
        ("points.csv", ("case,i,j,k", "CASE,3,4,5"), {}, Point3D((3.0, 4.0, 5.0))),
        (
            "points.csv",
            ("case,i,j,k,axis", "CASE,3,4,5,axial"),
            {"on_plane": True},
            Point(Plane(Axis.AXIAL, 5), (3.0, 4.0)),
        ),
        (
            "boxes.csv",
            ("case,i_start,j_start,k_start,i_stop,j_stop,k_stop", "CASE,1,2,3,4,5,6"),
            {},
            Box3D((1, 2, 3), (4, 5, 6)),
        ),
    ],
)
def test_places_are_read_from_tables(
    name: str, lines: tuple[str, ...], options: dict[str, Any], answer: Localisation
) -> None:
    made = backend("writes", name, *lines, output=name, **options)

    ((grade, place),) = ask(made, STUDIES[:1])

    assert grade is None
    assert isinstance(place, LocalisationPrediction)
    assert place.answers == {TYPES[type(answer)]: answer}


def test_answers_in_words_are_read_by_the_parser_of_vision_language_models() -> None:
    line = '{"study": "CASE", "question": "grade", "answer": "high-grade glioma"}'
    made = backend("writes", "answers.jsonl", line, output="answers.jsonl", questions="grade")

    ((grade, place),) = ask(made, STUDIES[:1])

    assert place is None
    assert not isinstance(grade, Failure | None)
    assert (grade.grade, grade.raw) == (Grade.HGG, "high-grade glioma")


def test_a_wrong_row_in_the_table_of_a_batch_fails_its_own_study_only() -> None:
    said = [
        grade
        for grade, _ in ask(backend("misgrades", "17", output="grades.csv", batch=True), STUDIES)
    ]

    assert [type(one) for one in said] == [GradePrediction, Failure, GradePrediction]
    assert isinstance(said[1], Failure)
    assert "grade '3': wanted LGG or HGG" in said[1].detail


def test_a_study_of_a_batch_that_lacks_one_kind_of_output_is_tried_alone() -> None:
    made = backend("half_grades", output=["masks", "grades.csv"], batch=True)

    assert all(isinstance(grade, GradePrediction) for grade, _ in ask(made, STUDIES))


def test_training_patients_are_those_of_its_table(tmp_path: Path) -> None:
    names = tmp_path / "trained_on.txt"
    names.write_text("BraTS20_Training_007\n")

    assert patient_hash("BraTS20_Training_007") in (backend(trained_on=str(names)).trained_on or ())
    assert backend(trained_on="none").trained_on == frozenset()
    assert backend().trained_on is None


def test_one_study_at_a_time_is_given_as_files_and_written_to_one_file(tmp_path: Path) -> None:
    script = tmp_path / "my tools" / "same.sh"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\nset -e\nmkdir "$TMPDIR/work dir"\ncp "$1" "$2"\n')
    script.chmod(0o755)
    whole = replace(
        STUDIES[0], volumes={Modality.T1C: (STUDIES[0].volume(Modality.T1C) > 130).astype("f4")}
    )

    made = built(
        {"command": f"'{script}' {{t1c}} {{mask}}", "modalities": "t1c", "labels": "tumour"}
    )

    (mask,) = masks(made, [whole])
    assert isinstance(mask, Mask)
    assert np.array_equal(mask.whole, whole.volumes[Modality.T1C] > 0)


def test_a_fingerprint_covers_the_table_the_script_and_the_version(tmp_path: Path) -> None:
    script, weights = tmp_path / "run.sh", tmp_path / "weights"
    weights.mkdir()

    def fingerprint(**options: Any) -> str:
        line = {"command": f"{script} {{input}} {{output}}", "labels": "tumour"}
        given = {**line, "version": str(weights), **options}
        return built(given).fingerprint

    def write(content: str) -> None:
        script.write_text(content)
        script.chmod(0o755)

    write("#!/bin/sh\n")
    (weights / "fold_0.pth").write_bytes(b"1")
    found = [fingerprint(), fingerprint(batch=True), fingerprint(version="sha256:1")]
    assert fingerprint() == found[0]
    (weights / "fold_0.pth").write_bytes(b"2")
    found.append(fingerprint())
    write("#!/bin/sh\nexit 1\n")
    found.append(fingerprint())

    assert len(set(found)) == len(found)


def test_a_report_learns_what_ran_and_neither_secrets_nor_folders() -> None:
    made = backend(command=command("threshold", "--token=hidden-away"), version="v2.8")

    assert "hidden-away" not in str(made.provenance)
    ran = made.provenance["command"].split()
    assert ran[1:5] == ["fake_program.py", "threshold", "{input}", "{output}"]
    assert made.provenance["version"] == "v2.8"
    assert made.provenance["network"] in ("none", "not denied: this system does not permit it")
    assert made.trained_on is None


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"command": ""}, InvalidInputError, "backend.mine.command: got '': wanted a program"),
        ({"command": "sh 'x"}, InvalidInputError, "No closing quotation"),
        ({"command": "sh {input}"}, InvalidInputError, "names no {output}"),
        ({"command": "sh {inptu} {output}"}, InvalidInputError, "{inptu}: wanted one of {input}"),
        ({"command": "sh {t1c} {output}", "batch": True}, InvalidInputError, "since batch = true"),
        ({"command": "no-such-program {output}"}, NotFoundError, "wanted a program on PATH"),
        ({"command": f"{__file__} {{output}}"}, NotFoundError, "cannot be executed"),
        ({"comand": "sh"}, InvalidInputError, "backend.mine.comand: there is no such option"),
        ({"input": "nifti"}, InvalidInputError, "backend.mine.input: got 'nifti'"),
        ({"modalities": "pd"}, InvalidInputError, "unknown modality 'pd'"),
        ({"modalities": []}, InvalidInputError, "backend.mine.modalities"),
        ({"output": []}, InvalidInputError, "backend.mine.output"),
        ({"output": "../masks"}, InvalidInputError, "backend.mine.output: got '../masks'"),
        ({"output": ["masks", "masks"]}, InvalidInputError, "each once"),
        ({"output": ["points.csv", "points.json"]}, InvalidInputError, "kind of answer once"),
        ({"output": "answers.csv"}, InvalidInputError, "wanted some of masks, grades.csv"),
        ({"questions": "age"}, InvalidInputError, "backend.mine.questions"),
        ({"version": "/no/such/weights"}, NotFoundError, "version /no/such/weights: no such file"),
        ({"trained_on": "no-such-file"}, NotFoundError, "no-such-file"),
        ({"labels": None}, InvalidInputError, "backend.mine.labels: wanted the convention"),
        ({"labels": "brats-1900"}, InvalidInputError, "no such convention"),
        ({"labels": {"tissues": {}}}, InvalidInputError, "backend.mine.labels"),
        ({"timeout_s": 0}, InvalidInputError, "backend.mine.timeout_s"),
        ({"memory_gib": "much"}, InvalidInputError, "backend.mine.memory_gib"),
        ({"threshold": 1}, InvalidInputError, "backend.mine.threshold"),
        ({"env": ["=x"]}, InvalidInputError, "backend.mine.env"),
    ],
)
def test_a_wrong_table_is_reported_in_one_line(
    options: dict[str, Any], error: type[GliobenchError], words: str
) -> None:
    with pytest.raises(error) as told:
        built({**table(), **options})

    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_a_table_without_a_command_is_reported() -> None:
    with pytest.raises(InvalidInputError, match="backend.mine.command: is missing"):
        built({})


def test_a_list_of_monai_names_the_files_of_each_case(tmp_path: Path) -> None:
    files = InputFiles(LAYOUTS["monai"], (Modality.T2F, Modality.T1C), ".nii.gz", write_image)

    files.write(tmp_path, "case_000", STUDIES[0])
    files.finish(tmp_path, ["case_000"])

    ((case,),) = json.loads((tmp_path / "datalist.json").read_text()).values()
    assert case == {"image": ["case_000/case_000_t2f.nii.gz", "case_000/case_000_t1c.nii.gz"]}
    assert all((tmp_path / name).is_file() for name in case["image"])


def test_nothing_is_written_of_a_study_that_lacks_a_modality(tmp_path: Path) -> None:
    files = InputFiles(LAYOUTS["nnunet"], tuple(Modality), ".nii.gz", write_image)
    volumes = {Modality.T1N: STUDIES[0].volumes[Modality.T1N]}

    with pytest.raises(NotFoundError):
        files.write(tmp_path, "case_000", replace(STUDIES[0], volumes=volumes))

    assert list(tmp_path.iterdir()) == []
