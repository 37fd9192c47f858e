"""`gliobench predict` on files: in processes of their own, and where it refuses or fails in this one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest

pytest.importorskip("nilearn", reason="the extra `phantom` is not installed")

from command_line import gliobench, gliobench_process
from gliobench.adapters.phantom import PhantomStudySource, export_phantoms
from gliobench.domain.studies.study import Modality

NAME = "Phantom_0001"


@pytest.fixture(autouse=True)
def _as_in_a_process_of_its_own(
    real_sizes: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("GLIOBENCH_THREADS", "1")


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two phantoms as files."""
    folder = tmp_path_factory.mktemp("phantoms")
    export_phantoms(folder, PhantomStudySource(2, spacing_mm=2.0))
    return folder


@pytest.fixture
def study(cohort: Path, tmp_path: Path) -> Path:
    """The images of one phantom, without its mask."""
    copy = tmp_path / NAME
    shutil.copytree(cohort / NAME, copy, ignore=shutil.ignore_patterns("*_seg*"))
    return copy


@pytest.fixture(scope="module")
def answered(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """What the networks answer about the images of one phantom: a folder, and what was printed."""
    home = tmp_path_factory.mktemp("answered")
    images = shutil.copytree(cohort / NAME, home / NAME, ignore=shutil.ignore_patterns("*_seg*"))
    done = gliobench_process(
        "predict", images, "--out", "out", "--json", "--probabilities", cwd=home
    )
    assert done.returncode == 0, done.stderr
    return home, done.stdout


def file_of(study: Path, modality: Modality) -> Path:
    return study / f"{study.name}_{modality.alias}.nii.gz"


def flags(study: Path) -> list[str]:
    return [part for m in Modality for part in (f"--{m.value}", str(file_of(study, m)))]


def test_a_study_is_graded_and_its_tumour_found_on_its_own_grid(
    answered: tuple[Path, str], cohort: Path
) -> None:
    home, printed = answered
    shown = json.loads(printed)
    assert set(shown) == {
        *("study_id", "backend", "provenance", "implausible", "grade", "localisation", "files"),
        *("mask_labels", "simulated", "disclaimer", "input", "lesion", "out_of_scope"),
    }
    assert set(shown["grade"]) == {
        *("grade", "probability_hgg", "confidence", "conformal", "reasons"),
    }
    assert set(shown["localisation"]) == {
        *("tumour_found", "centre_mm", "centre_vox", "box_vox", "size_mm", "volumes_mm3"),
        *("confidence", "region_confidence"),
    }
    assert 0 < shown["localisation"]["confidence"] < 1
    assert shown["backend"] == "cnn-onnx"
    assert "not for diagnosis" in shown["disclaimer"]
    assert json.loads((home / "out" / "prediction.json").read_text()) == shown
    image = nibabel.load(file_of(home / NAME, Modality.T1C))
    mask = nibabel.load(home / shown["files"]["mask"])
    assert mask.shape == image.shape
    np.testing.assert_allclose(mask.affine, image.affine)
    labels = np.asarray(mask.dataobj)
    likely = nibabel.load(home / shown["files"]["probability_WT"])
    np.testing.assert_allclose(likely.affine, image.affine)
    assert np.asarray(likely.dataobj)[labels > 0].min() > 0.19  # the mask begins at 0.2
    assert np.asarray(likely.dataobj).max() <= 1
    box = shown["localisation"]["box_vox"]
    for axis, places in enumerate(np.nonzero(labels)):
        assert [places.min(), places.max() + 1] == [box["start"][axis], box["stop"][axis]]
    seg = nibabel.load(cohort / NAME / f"{NAME}_seg.nii.gz")
    expected = np.argwhere(np.asarray(seg.dataobj)).mean(axis=0)
    apart_mm = np.linalg.norm(2.0 * (expected - shown["localisation"]["centre_vox"]))
    assert apart_mm < 20
    assert shown["input"]["orientation"] == "LPS"
    lesion = shown["lesion"]
    assert lesion["side"] == ("right" if expected[0] < 60 else "left")  # columns run to the left
    assert lesion["regions"][0]["name"].startswith(lesion["side"])
    assert lesion["axial_slice"]["file_axis"] == 2
    assert labels[:, :, lesion["axial_slice"]["index"]].any()
    assert (home / shown["files"]["overlay"]).read_bytes().startswith(b"\x89PNG")
    page = (home / shown["files"]["report"]).read_text()
    assert lesion["regions"][0]["name"] in page
    assert len(page) < 2_000_000


def test_without_json_a_report_is_printed(study: Path, tmp_path: Path) -> None:
    result = gliobench_process("predict", study, cwd=tmp_path)

    assert result.returncode == 0, result.stderr
    assert "P(HGG)" in result.stdout
    assert "! SIMULATED" in result.stdout
    assert "lobe (approximate" in result.stdout
    assert "mm on the axial slice" in result.stdout
    assert "not for diagnosis" in result.stdout


@pytest.mark.parametrize("modality", [Modality.T1N, Modality.T2F])
def test_a_volume_that_is_cut_short_is_a_failure_with_its_reason(
    study: Path, modality: Modality
) -> None:
    torn = file_of(study, modality)
    torn.write_bytes(torn.read_bytes()[:-2000])

    result = gliobench("predict", study, "--json")

    assert result.exit_code == 3, result.stderr
    shown = json.loads(result.stdout)
    for answer in (shown["grade"], shown["localisation"]):
        assert answer["failure"]["reason"] == "unreadable_study"
        assert torn.name in answer["failure"]["detail"]
    assert "Traceback" not in result.stderr


def test_a_volume_that_the_backend_does_not_look_at_costs_nothing(
    study: Path, tmp_path: Path
) -> None:
    torn = file_of(study, Modality.T2F)
    torn.write_bytes(torn.read_bytes()[:-2000])

    result = gliobench("predict", study, "--backend", "centre-prior", "--json")

    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    assert (tmp_path / shown["files"]["overlay"]).read_bytes().startswith(b"\x89PNG")


def test_a_prediction_stands_though_nothing_of_the_study_can_be_drawn(
    study: Path, tmp_path: Path
) -> None:
    for modality in Modality:
        torn = file_of(study, modality)
        torn.write_bytes(torn.read_bytes()[:-2000])

    result = gliobench("predict", study, "--backend", "centre-prior", "--json")

    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    assert list(shown["files"]) == ["prediction", "report"]
    assert json.loads((tmp_path / shown["files"]["prediction"]).read_text()) == shown
    assert result.stderr.startswith("no overlay: ")
    assert result.stderr.count("\n") == 1
    assert "flair.nii.gz: truncated" in result.stderr


def test_missing_modalities_that_are_needed_are_a_failure_that_names_them(study: Path) -> None:
    for modality in (Modality.T1C, Modality.T2F):
        file_of(study, modality).unlink()

    result = gliobench("predict", study)

    assert result.exit_code == 3
    assert "missing_modality" in result.stdout
    assert "t1ce" in result.stdout


@pytest.fixture(scope="module")
def of_any_subset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give networks that answer about studies that lack modalities."""
    pytest.importorskip("onnx", reason="the extra `train` is not installed")
    from fakes.onnx_file import write_subset_weights

    return write_subset_weights(tmp_path_factory.mktemp("weights"))


def test_two_sequences_are_enough_for_a_network_that_was_trained_so(
    study: Path, of_any_subset: Path, tmp_path: Path
) -> None:
    two = flags(study)[2:4] + flags(study)[6:]

    result = gliobench("--set", f"weights_dir={of_any_subset}", "predict", *two, "--out", "out")

    assert result.exit_code == 0, result.stderr
    assert "P(HGG)" in result.stdout
    assert "! INCOMPLETE: no t1n (t1), no t2w (t2)" in result.stdout
    shown = json.loads((tmp_path / "out" / "prediction.json").read_text())
    assert shown["input"]["modalities"] == ["t1c", "t2f"]
    assert shown["input"]["absent"] == ["t1n", "t2w"]
    assert shown["localisation"]["tumour_found"]
    assert "no t1n (t1), no t2w (t2)" in (tmp_path / "out" / "report.html").read_text()
    assert set(shown["files"]) == {"prediction", "mask", "overlay", "report"}


def test_a_folder_of_t1_and_t2_is_a_failure_that_names_what_is_wanted(
    study: Path, of_any_subset: Path
) -> None:
    file_of(study, Modality.T1C).unlink()
    file_of(study, Modality.T2F).unlink()

    result = gliobench("--set", f"weights_dir={of_any_subset}", "predict", study, "--json")

    assert result.exit_code == 3, result.stderr
    shown = json.loads(result.stdout)
    for answer in (shown["grade"], shown["localisation"]):
        assert answer["failure"]["reason"] == "missing_modality"
        assert answer["failure"]["detail"].endswith("no t2f (flair): wanted t1c or t2f")
    assert shown["input"]["absent"] == ["t1c", "t2f"]


def test_a_file_that_cannot_be_read_is_not_taken_for_an_absent_sequence(
    study: Path, of_any_subset: Path
) -> None:
    torn = file_of(study, Modality.T1N)
    torn.write_bytes(b"")

    result = gliobench("--set", f"weights_dir={of_any_subset}", "predict", study, "--json")

    assert result.exit_code == 3, result.stderr
    shown = json.loads(result.stdout)
    for answer in (shown["grade"], shown["localisation"]):
        assert answer["failure"]["reason"] == "unreadable_study"
        assert torn.name in answer["failure"]["detail"]
    assert shown["input"]["absent"] == []


def test_a_sequence_by_both_of_its_names_is_refused_in_one_line(
    study: Path, of_any_subset: Path
) -> None:
    shutil.copy(file_of(study, Modality.T1C), study / f"{study.name}_t1c.nii.gz")
    file_of(study, Modality.T1N).unlink()

    result = gliobench("--set", f"weights_dir={of_any_subset}", "predict", study)

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "t1ce.nii.gz" in result.stderr


def test_a_sequence_of_zeros_is_refused_and_not_taken_for_an_absent_one(
    study: Path, of_any_subset: Path
) -> None:
    image = nibabel.load(file_of(study, Modality.T2W))
    zeros = nibabel.Nifti1Image(np.zeros(image.shape, dtype=np.int16), image.affine)
    nibabel.save(zeros, file_of(study, Modality.T2W))

    result = gliobench("--set", f"weights_dir={of_any_subset}", "predict", study)

    assert result.exit_code == 3
    assert "empty_volume: t2w is 0 everywhere" in result.stderr


@pytest.mark.slow
def test_a_real_study_whose_files_carry_no_brats_id_is_read(
    real_data: Path, tmp_path: Path
) -> None:
    folder = real_data / "tcga_lgg" / "TCGA-DU-7294"

    result = gliobench("predict", str(folder), "--out", "out", "--json")

    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    assert shown["study_id"] == "TCGA-DU-7294"
    assert shown["grade"]["grade"] in ("LGG", "HGG")
    assert shown["localisation"]["volumes_mm3"]["WT"] > 1000
    assert nibabel.load(tmp_path / shown["files"]["mask"]).shape == (240, 240, 155)


def test_files_by_flag_give_the_same_as_their_folder(study: Path) -> None:
    ask = ("--backend", "brain-centroid", "--json", "--out")

    of_folder = gliobench("predict", study, *ask, "folder")
    of_files = gliobench("predict", *flags(study), *ask, "files")

    assert of_folder.exit_code == of_files.exit_code == 0, of_files.stderr
    assert (
        json.loads(of_folder.stdout)["localisation"] == json.loads(of_files.stdout)["localisation"]
    )
    assert json.loads(of_files.stdout)["study_id"] == NAME


def test_files_by_flag_give_the_networks_the_same_as_their_folder(
    study: Path, answered: tuple[Path, str]
) -> None:
    of_files = gliobench("predict", *flags(study), "--json", "--out", "files")

    for answer in ("grade", "localisation"):
        assert json.loads(answered[1])[answer] == json.loads(of_files.stdout)[answer]


def test_a_place_is_told_in_voxels_of_the_files_and_in_millimetres(study: Path) -> None:
    result = gliobench("predict", study, "--backend", "brain-centroid", "--json")

    place = json.loads(result.stdout)["localisation"]
    affine = nibabel.load(file_of(study, Modality.T1C)).affine
    assert nibabel.aff2axcodes(affine) == ("L", "P", "S")
    np.testing.assert_allclose(
        nibabel.affines.apply_affine(affine, place["centre_vox"]), place["centre_mm"], atol=0.01
    )


def test_all_volumes_cut_short_are_told_in_one_line_or_a_failure(study: Path) -> None:
    for modality in Modality:
        torn = file_of(study, modality)
        torn.write_bytes(torn.read_bytes()[:-2000])

    result = gliobench("predict", study, "--backend", "brain-centroid", "--json")

    assert result.exit_code == 3, result.stderr
    failure = json.loads(result.stdout)["localisation"]["failure"]
    assert failure["reason"] == "unreadable_study"
    assert "Traceback" not in result.stderr


def test_files_that_hold_no_header_exit_1_with_one_line(study: Path) -> None:
    for modality in Modality:
        file_of(study, modality).write_bytes(b"\x1f\x8b\x08 torn")

    result = gliobench("predict", study, "--backend", "brain-centroid")

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    assert NAME in result.stderr


def test_a_folder_of_many_studies_exits_1_with_one_line(cohort: Path) -> None:
    result = gliobench("predict", cohort, "--backend", "brain-centroid")

    assert result.exit_code == 1
    assert result.stderr == (
        f"error: {cohort} holds 2 studies: name one of them by --study, such as Phantom_0000, or run "
        "gliobench evaluate\n"
    )


def test_neither_a_folder_nor_files_is_a_usage_error() -> None:
    result = gliobench("predict")

    assert result.exit_code == 2
    assert "--t1n" in result.stderr


def test_a_folder_and_files_at_once_are_a_usage_error(study: Path) -> None:
    assert gliobench("predict", study, *flags(study)).exit_code == 2


def test_a_folder_that_is_not_there_exits_1_with_one_line(tmp_path: Path) -> None:
    command = ("predict", "no/such/study", "--backend", "brain-centroid")

    result = gliobench_process(*command, cwd=tmp_path)

    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "no/such/study" in result.stderr


def test_a_backend_that_only_grades_tells_no_place(study: Path) -> None:
    result = gliobench("predict", study, "--backend", "majority", "--json")

    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    assert shown["grade"]["grade"] == "HGG"
    assert shown["localisation"] is None
    assert list(shown["files"]) == ["prediction", "report"]


def test_weights_that_are_not_there_exit_1_with_one_line(study: Path, tmp_path: Path) -> None:
    result = gliobench("--set", f"weights_dir={tmp_path}", "predict", study)

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "error: no weights at" in result.stderr
    assert "localizer.onnx" in result.stderr


@pytest.mark.parametrize("provider", ["cuda", "tensorrt", "rocm"])
def test_a_provider_that_is_not_there_exits_1_with_one_line(
    study: Path, tmp_path: Path, provider: str
) -> None:
    pytest.importorskip("onnx", reason="the extra `train` is not installed")
    from fakes.onnx_file import write_weights

    if shutil.which("nvidia-smi"):
        pytest.skip("this machine may have the provider that the test takes for absent")
    weights = write_weights(tmp_path / "weights")

    result = gliobench(
        *("--set", f"provider={provider}", "--set", f"weights_dir={weights}"),
        *("predict", study),
    )

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert provider in result.stderr


def test_a_study_on_another_background_gets_the_same_answer(
    study: Path, answered: tuple[Path, str]
) -> None:
    plain = json.loads(answered[1])
    for modality in Modality:
        image = nibabel.load(file_of(study, modality))
        values = image.get_fdata()
        scored = (values - values.mean()) / values.std()
        nibabel.save(
            nibabel.Nifti1Image(scored.astype(np.float32), image.affine), file_of(study, modality)
        )

    shown = json.loads(gliobench("predict", study, "--json").stdout)

    probabilities = [found["grade"]["probability_hgg"] for found in (shown, plain)]
    assert probabilities[0] == pytest.approx(probabilities[1], abs=1e-3)
    assert shown["localisation"] == plain["localisation"]


def test_implausible_images_are_refused_in_one_line_and_leave_no_earlier_answer(
    study: Path, tmp_path: Path
) -> None:
    earlier = tmp_path / "out"
    earlier.mkdir()
    for name in ("prediction.json", "report.html", f"{NAME}_mask.nii.gz", f"{NAME}_overlay.png"):
        (earlier / name).touch()
    image = nibabel.load(file_of(study, Modality.T1C))
    shown = image.get_fdata().astype(np.float32)
    shown[:, :, shown.shape[2] // 3 :] = 0
    nibabel.save(nibabel.Nifti1Image(shown, image.affine), file_of(study, Modality.T1C))
    command = ("predict", *flags(study), "--backend", "majority", "--out", "out", "--json")

    refused = gliobench(*command)

    assert (refused.exit_code, refused.stdout) == (3, "")
    assert refused.stderr.startswith(f"error: study {NAME}: brain_too_small: t1c shows ")
    assert refused.stderr.count("\n") == 1
    assert list(earlier.iterdir()) == []

    forced = gliobench(*command, "--force")

    assert forced.exit_code == 0, forced.stderr
    (stamp,) = json.loads(forced.stdout)["implausible"]
    assert stamp["kind"] == "brain_too_small"
