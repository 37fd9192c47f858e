"""What a run predicted, exported and imported again: the same scores, to the last bit."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import nibabel as nib
import pytest

from command_line import gliobench
from fakes.fake_study_source import fake_case
from fakes.slice_folder import write_slices
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.predictions.prediction import Failure, Form, GradePrediction
from gliobench.entrypoints.container import container

SHIPPED = sorted(
    entry.name
    for entry in entry_points(group="gliobench.backends")
    if entry.dist is not None and entry.dist.name == "gliobench"
)
OF_SLICES = [name for name in SHIPPED if "2d" in name]
OF_WORDS = [name for name in SHIPPED if name.startswith("llama")]
OF_VOLUMES = [name for name in SHIPPED if name not in {*OF_SLICES, *OF_WORDS}]


def ran(*command: str | Path) -> str:
    done = gliobench(*command)
    assert done.exit_code in (0, 3), done.output
    return done.stdout


@pytest.fixture(scope="module")
def volumes(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    """Two phantoms, and one that lacks both images of which a study needs one."""
    folder = tmp_path_factory.mktemp("volumes")
    shutil.copytree(phantoms, folder / "studies")
    lacking = next(item for item in sorted((folder / "studies").iterdir()) if item.is_dir())
    shutil.copytree(lacking, folder / "studies" / "Phantom_9999")
    for file in sorted((folder / "studies" / "Phantom_9999").iterdir()):
        if any(word in file.name for word in ("t1ce", "t1c", "flair", "t2f")):
            file.unlink()
        else:
            file.rename(file.with_name(file.name.replace(lacking.name, "Phantom_9999")))
    return folder / "studies"


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cases = [fake_case(f"s{n}", shape=(40, 48, 10)) for n in range(2)]
    return write_slices(tmp_path_factory.mktemp("slices") / "studies", cases)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, volumes: Path, slices: Path) -> Path:
    """A run of every backend that ships, on what it is made for."""
    out = tmp_path_factory.mktemp("runs")
    for dataset, names in ((volumes, OF_VOLUMES + OF_WORDS), (slices, OF_SLICES)):
        backends = [item for name in names for item in ("--backend", name)]
        ran(
            "evaluate",
            dataset,
            *backends,
            "--out",
            out / ("slices" if names is OF_SLICES else "volumes"),
        )
    return out


@pytest.mark.parametrize("name", SHIPPED)
def test_exporting_and_importing_again_gives_the_same_scores(
    name: str, runs: Path, volumes: Path, slices: Path, tmp_path: Path
) -> None:
    dataset = slices if name in OF_SLICES else volumes
    run = runs / ("slices" if name in OF_SLICES else "volumes") / name
    options: list[str | Path] = []
    manifest = container.run_store(str(run)).manifest()
    if Form.MASK in manifest.forms:
        said = ran("export-predictions", run, "--layout", "brats", "--out", tmp_path / "masks")
        options += [
            "--masks",
            tmp_path / "masks",
            "--labels",
            said.split("--labels ")[1].split()[0],
        ]
    if manifest.grades or manifest.forms - {Form.MASK}:
        ran("export-predictions", run, "--layout", "csv", "--out", tmp_path / "tables")
        for file in sorted((tmp_path / "tables").iterdir()):
            options += [f"--{file.stem}", file]

    ran("import", dataset, "--name", "again", *options, "--out", tmp_path / "again")

    before = list(container.run_store(str(run)).scores())
    after = list(container.run_store(str(tmp_path / "again" / "again")).scores())
    assert len(before) == len(after) > 0
    for one, other in zip(before, after, strict=True):
        assert without_words(other) == without_words(one)


def test_confidences_of_masks_stand_beside_them(runs: Path, tmp_path: Path) -> None:
    run = runs / "volumes" / "cnn-onnx"
    ran("export-predictions", run, "--layout", "brats", "--out", tmp_path)

    head, *rows = (tmp_path / "confidence.csv").read_text().splitlines()

    assert head.startswith("study_id,confidence,WT,TC,ET,")
    assert [row.partition(",")[0] for row in rows] == ["Phantom_0000", "Phantom_0001"]
    (first, _) = (case for case in container.run_store(str(run)).scores() if case.confidence)
    assert rows[0].startswith(f"Phantom_0000,{first.confidence!r},{first.confidence!r},0.")


def test_masks_are_written_in_nnunets_order_and_as_the_files_lie(
    runs: Path, volumes: Path, tmp_path: Path
) -> None:
    run = runs / "volumes" / "cnn-onnx"
    said = ran(
        *("export-predictions", run, "--layout", "nnunet", "--dataset", volumes, "--out", tmp_path)
    )

    assert "--labels nnunet-brats" in said
    assert "Not in this layout: grades" in said
    source = container.dataset(str(volumes))
    for study_id in source.study_ids()[:2]:
        image = nib.load(tmp_path / f"{study_id}.nii.gz")
        assert Grid(image.shape, image.affine).matches(source.study(study_id).file_grid)
    assert (
        (tmp_path / "failures.csv")
        .read_text()
        .splitlines()[1]
        .startswith("Phantom_9999,missing_modality,")
    )


def test_a_mask_of_another_run_is_not_taken_for_that_of_a_failed_study(
    runs: Path, tmp_path: Path
) -> None:
    run = runs / "volumes" / "cnn-onnx"
    (tmp_path / "Phantom_9999.nii.gz").write_bytes(b"of another run")
    command = ["export-predictions", str(run), "--layout", "brats", "--out", str(tmp_path)]

    done = gliobench(*command)

    assert done.exit_code == 1
    assert "Phantom_9999.nii.gz is another run's" in done.stderr.splitlines()[-1]


def test_masks_with_the_regions_of_another_challenge_are_written_in_its_convention(
    volumes: Path, runs: Path, tmp_path: Path
) -> None:
    ran(
        *("export-predictions", runs / "volumes" / "cnn-onnx", "--layout", "nnunet"),
        *("--labels", "brats-gli-2023", "--out", tmp_path / "masks"),
    )
    ran(
        *("import", volumes, "--name", "post", "--masks", tmp_path / "masks"),
        *("--labels", "brats-gli-2024", "--out", tmp_path / "run"),
    )

    said = ran(
        *("export-predictions", tmp_path / "run" / "post", "--layout", "brats"),
        *("--out", tmp_path / "again"),
    )

    assert "--labels brats-gli-2024" in said


@pytest.mark.parametrize(
    ("run", "options", "said"),
    [
        ("majority", ["--layout", "brats"], "the run of majority has no masks"),
        (".", ["--layout", "csv"], "runs: wanted one"),
        ("nowhere", ["--layout", "csv"], "keeps no run"),
        ("cnn-onnx", ["--layout", "brats", "--labels", "tumour"], "TC"),
        ("cnn-onnx", ["--layout", "brats", "--labels", "mine"], "no such convention"),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line(
    runs: Path, tmp_path: Path, run: str, options: list[str], said: str
) -> None:
    command = ["export-predictions", str(runs / "volumes" / run), *options]
    done = gliobench(*command, "--out", tmp_path)

    assert done.exit_code == 1
    assert said in done.stderr.splitlines()[-1]
    assert not list(tmp_path.glob("*.nii.gz"))


def without_words(case: CaseScore) -> CaseScore:
    """Leave out a model's own words, which tables do not carry."""
    grade = case.grade
    if isinstance(grade, GradePrediction | Failure):
        grade = replace(grade, raw=None)
    places = {
        form: FormOutcome(
            outcome.scores,
            replace(outcome.failure, raw=None) if outcome.failure else None,
            outcome.answer,
        )
        for form, outcome in case.localisation.items()
    }
    return replace(case, grade=grade, localisation=places)
