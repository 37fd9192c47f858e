"""What the masks' labels mean, from the setting and the files to scores and exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pyarrow.parquet as pq
import pytest
from dependency_injector import providers
from typer.testing import Result

from command_line import gliobench
from fakes.fake_backend import fake_backend
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import fake_case
from fakes.study_folder import write_study
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.predictions.prediction import Form, LocalisationPrediction, Mask
from gliobench.domain.studies.study import Study
from gliobench.entrypoints.container import container
from gliobench.entrypoints.label_settings import OwnLabels, declared_convention
from gliobench.entrypoints.settings import load_settings

NEUTRAL = ["patient-1", "patient-2"]
OWN = """
name = "Ours"
[tissues]
2 = "oedema"
1 = "dead core"
4 = "rim"
[regions]
WT = [1, 2, 4]
TC = ["dead core", "rim"]
"""


def regions_of_the_fake(study: Study) -> LocalisationPrediction:
    return LocalisationPrediction(
        {Form.MASK: Mask(study.grid, fake_case(study.id).reference.regions)}
    )


@pytest.fixture(autouse=True)
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Work in an empty folder with a backend that is always right, and list whom it has read."""
    read: list[str] = []

    def rule(study: Study) -> LocalisationPrediction:
        read.append(study.id)
        return regions_of_the_fake(study)

    backend = fake_backend("fake", localizer=FakeLocalizer(rule))
    monkeypatch.chdir(tmp_path)
    with container.backend.override(providers.Callable(lambda *_, **__: backend)):
        yield read


def dataset(tmp_path: Path, names: list[str], convention: str) -> Path:
    for name in names:
        write_study(tmp_path / "data", fake_case(name), convention=BUILT_IN[convention])
    return tmp_path / "data"


def run(*arguments: object, **settings: str) -> Result:
    flags = [f for name, value in settings.items() for f in ("--set", f"{name}={value}")]
    return gliobench(*flags, *arguments)


def evaluate(folder: Path, **settings: str) -> Result:
    return run("evaluate", folder, "--backend", "fake", "--out", "run", **settings)


def dice(region: Region) -> list[float] | None:
    """Read the scores of a region; None where the table has no column of it."""
    table = pq.read_table("run/fake/scores.parquet")
    name = f"mask_{region.value}_dice"
    return table[name].to_pylist() if name in table.column_names else None


def test_nameless_masks_stop_an_evaluation_in_one_line_before_anything_is_written(
    tmp_path: Path, asked: list[str]
) -> None:
    result = evaluate(dataset(tmp_path, NEUTRAL, "brats-gli-2017"))

    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    for name in ("labels 1, 2, 4", "brats-gli-2017", "brats-gli-2024", "--set labels="):
        assert name in line
    assert not (tmp_path / "run").exists()
    assert asked == []


def test_nameless_masks_stop_whatever_reads_them(tmp_path: Path) -> None:
    result = run("dataset", "fingerprint", dataset(tmp_path, NEUTRAL, "brats-gli-2017"))

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "set labels to one of" in result.stderr


def test_a_split_reads_no_mask_and_says_that_the_cohort_records_no_convention(
    tmp_path: Path,
) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2017")

    result = run("dataset", "split", folder, "--folds", "2")

    assert result.exit_code == 0, result.output
    assert "set labels to one of" in result.stderr
    assert "labels" not in json.loads(result.stdout)


def test_masks_are_scored_by_the_convention_that_is_declared(tmp_path: Path) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-ped-2024")

    result = evaluate(folder, labels="brats-ped-2025")

    assert result.exit_code == 0, result.output
    assert [dice(region) for region in NESTED] == [[1.0, 1.0]] * 3
    manifest = json.loads(Path("run/fake/manifest.json").read_text())
    assert manifest["labels"]["convention"] == BUILT_IN["brats-ped-2024"].values()
    assert manifest["labels"]["ground"] == "declared"


def test_names_and_masks_that_leave_no_doubt_need_no_declaration(tmp_path: Path) -> None:
    folder = dataset(tmp_path, ["BraTS-PED-00903-000"], "brats-ped-2024")

    assert evaluate(folder).exit_code == 0

    labels = json.loads(Path("run/fake/manifest.json").read_text())["labels"]
    assert labels["convention"]["name"] == "brats-ped-2024"
    assert "BraTS-PED-" in labels["ground"]
    assert dice(Region.ET) == [1.0]


def test_another_convention_scores_again_and_asks_no_backend_again(
    tmp_path: Path, asked: list[str]
) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2017")
    evaluate(folder, labels="brats-2020")
    assert dice(Region.TC) == [1.0, 1.0]

    result = evaluate(folder, labels="brats-gli-2024")

    assert result.exit_code == 0, result.output
    assert max(dice(Region.TC)) < 1.0
    assert asked == NEUTRAL


def test_a_region_that_the_convention_lacks_has_no_score(tmp_path: Path) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2017")

    assert evaluate(folder, labels="tumour").exit_code == 0

    assert dice(Region.WT) == [1.0, 1.0]
    assert dice(Region.ET) is None
    assert '"region": "ET"' not in Path("run/report.json").read_text()
    assert "Dice ET" not in Path("run/report.html").read_text()


def test_a_report_says_what_the_labels_mean(tmp_path: Path) -> None:
    evaluate(dataset(tmp_path, ["BraTS-PED-00903-000"], "brats-ped-2024"))

    told = json.loads(Path("run/report.json").read_text())["cohort"]["labels"]
    assert told["convention"]["tissues"] == BUILT_IN["brats-ped-2024"].values()["tissues"]
    assert "masks hold labels 1, 2, 4" in told["ground"]
    assert "brats-ped-2024" in Path("run/report.html").read_text()


def test_regions_that_only_a_convention_has_are_scored_where_a_backend_answers_them(
    tmp_path: Path,
) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2024")

    def rule(study: Study) -> LocalisationPrediction:
        regions = dict(fake_case(study.id).reference.regions)
        return LocalisationPrediction(
            {Form.MASK: Mask(study.grid, regions | {Region.NETC: regions[Region.TC]})}
        )

    backend = fake_backend("fake", localizer=FakeLocalizer(rule))
    with container.backend.override(providers.Callable(lambda *_, **__: backend)):
        assert evaluate(folder, labels="brats-gli-2024").exit_code == 0

    whole_core = np.array(dice(Region.NETC))
    assert ((whole_core > 0) & (whole_core < 1)).all()
    assert dice(Region.RC) == [None, None]
    report = Path("run/report.html").read_text()
    assert "Dice NETC" in report
    assert "Dice RC" not in report


def test_a_gross_tumour_volume_is_what_answers_are_held_against(tmp_path: Path) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-men-rt-2024")

    result = evaluate(folder, labels="brats-men-rt-2024")

    assert result.exit_code == 0, result.output
    assert dice(Region.GTV) == [1.0, 1.0]
    assert [dice(region) for region in NESTED] == [None] * 3
    scores = pq.read_table("run/fake/scores.parquet")
    assert scores["point_hit"].to_pylist() == [True, True]
    assert "Dice GTV" in Path("run/report.html").read_text()


@pytest.mark.parametrize("ending", ["toml", "yaml"])
def test_a_convention_of_ones_own_is_read_from_a_file(tmp_path: Path, ending: str) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2017")
    yaml = (
        "name: Ours\ntissues: {1: dead core, 2: oedema, 4: rim}\n"
        "regions: {WT: [1, 2, 4], TC: [dead core, rim]}\n"
    )
    (tmp_path / f"own.{ending}").write_text(OWN if ending == "toml" else yaml)

    assert evaluate(folder, labels=f"own.{ending}").exit_code == 0

    assert dice(Region.TC) == [1.0, 1.0]
    assert dice(Region.ET) is None


def test_a_convention_of_ones_own_is_a_table_of_the_settings_file(tmp_path: Path) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2017")
    toml = OWN.replace("[tissues]", "[labels.tissues]").replace("[regions]", "[labels.regions]")
    (tmp_path / "gliobench.toml").write_text("[labels]" + toml)

    assert evaluate(folder).exit_code == 0

    labels = json.loads(Path("run/fake/manifest.json").read_text())["labels"]
    assert labels["convention"]["name"] == "Ours"


@pytest.mark.parametrize(
    ("setting", "name", "integers"),
    [
        ({}, "brats-gli-2017", [0, 1, 2, 4]),
        ({"labels": "brats-ped-2025"}, "brats-ped-2024", [0, 1, 2, 4]),
        ({"labels": "nnunet-brats"}, "nnunet-brats", [0, 1, 2, 3]),
        ({"labels": "tumour"}, "tumour", [0, 1]),
    ],
)
def test_a_predicted_mask_is_written_in_the_declared_convention_and_says_so(
    tmp_path: Path, setting: dict[str, str], name: str, integers: list[int]
) -> None:
    folder = write_study(tmp_path, fake_case("BraTS20_Training_001"))

    result = run("predict", folder, "--backend", "fake", "--out", "out", "--force", **setting)

    assert result.exit_code in {0, 3}, result.output
    said = json.loads(Path("out/prediction.json").read_text())
    labels = np.asanyarray(nibabel.load(said["files"]["mask"]).dataobj)
    assert np.unique(labels).tolist() == integers
    assert said["mask_labels"] == BUILT_IN[name].values()
    enhancing = fake_case("BraTS20_Training_001").reference.regions[Region.ET].sum()
    if name != "tumour":
        (integer,) = BUILT_IN[name].regions[Region.ET]
        assert (labels == integer).sum() == enhancing


def test_verify_proposes_what_names_and_masks_allow_and_says_on_what_ground(tmp_path: Path) -> None:
    folder = dataset(tmp_path, ["BraTS-PED-00903-000"], "brats-ped-2024")

    result = run("dataset", "verify", folder)
    as_json = json.loads(run("dataset", "verify", folder, "--json").stdout)

    assert result.exit_code == 0
    assert "labels brats-ped-2024 (studies are named BraTS-PED-…, masks hold" in result.stdout
    assert as_json["labels"]["convention"]["name"] == "brats-ped-2024"


def test_verify_names_the_candidates_where_there_are_several(tmp_path: Path) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2017")

    result = run("dataset", "verify", folder, "--json")

    found = json.loads(result.stdout)
    assert result.exit_code == 3
    assert (found["labels"], found["faults"]) == (None, [])
    assert {"brats-gli-2017", "brats-gli-2024"} <= set(found["label_proposal"]["candidates"])


def test_verify_names_masks_that_are_not_of_the_declared_convention(tmp_path: Path) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2017")

    result = run("dataset", "verify", folder, "--json", labels="brats-2023")

    faults = json.loads(result.stdout)["faults"]
    assert result.exit_code == 3
    assert [fault["kind"] for fault in faults] == ["unknown_label"] * 2
    assert "label 4 is not of brats-gli-2023: wanted 0, 1, 2, 3" in faults[0]["detail"]


def test_a_frozen_cohort_declares_the_convention_that_it_was_frozen_with(tmp_path: Path) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2017")
    split = ("dataset", "split", folder, "--folds", "2", "--out", "cohort.json")
    assert run(*split, labels="brats-2020").exit_code == 0

    result = evaluate(folder, cohort="cohort.json")

    assert result.exit_code == 0, result.output
    assert dice(Region.ET) == [1.0, 1.0]


def test_a_setting_that_contradicts_the_frozen_cohort_is_refused(tmp_path: Path) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2017")
    run("dataset", "split", folder, "--folds", "2", "--out", "cohort.json", labels="brats-2020")

    result = evaluate(folder, cohort="cohort.json", labels="brats-ped-2024")

    assert result.exit_code == 1
    assert "was frozen with brats-gli-2017" in result.stderr


def test_runs_of_two_conventions_are_not_compared(tmp_path: Path) -> None:
    folder = dataset(tmp_path, NEUTRAL, "brats-gli-2017")
    for out, name in (("one", "brats-2020"), ("two", "brats-gli-2024")):
        run("evaluate", folder, "--backend", "fake", "--out", out, labels=name)

    result = run("compare", "one/fake", "two/fake", "--out", "both")

    assert result.exit_code == 1
    assert "with labels brats-gli-2024" in result.stderr
    assert "with the same setting labels" in result.stderr


@pytest.mark.parametrize(
    "names", [["BraTS20_Training_001"], ["BraTS2021_00001"], ["UCSF-PDGM-0001"]]
)
def test_datasets_of_known_names_go_on_without_a_setting(tmp_path: Path, names: list[str]) -> None:
    source = container.labelled_dataset(str(dataset(tmp_path, names, "brats-gli-2017")))

    assert source.labels is not None
    assert source.labels.convention.name == "brats-gli-2017"
    np.testing.assert_array_equal(
        source.reference(names[0]).regions[Region.ET],
        fake_case(names[0]).reference.regions[Region.ET],
    )


def test_phantoms_declare_their_labels() -> None:
    labels = container.labelled_dataset("phantom:1:0:4").labels

    assert labels is not None
    assert labels.convention.name == "brats-gli-2017"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("name: x\n", "tissues is missing"),
        ("tissues: {1: a}\nregions: {XY: [1]}\n", "regions.XY"),
        ("tissues: {1: a, 1: b}\nregions: {WT: [1]}\n", "stands twice"),
        ("tissues: {1: a, '01': b}\nregions: {WT: [1]}\n", "wanted each integer once"),
        ("tissues: {1: a}\nregions: {WT: [1, 2]}\n", "WT holds 2, which is not a tissue"),
        ("tissues: {1: a}\nregions: {WT: [b]}\n", "no tissue is called 'b'"),
        ("tissues: {1: a, 2: b}\nregions: {WT: [1]}\n", "lies in no region"),
        ("tissues: {1: a, 2: b}\nregions: {WT: [1], ET: [2]}\n", "ET holds 2, which WT does not"),
        ("tissues: {1: a}\nregions: {WT: [1]}\nother: 1\n", "other"),
        ("tissues: {one: a}\nregions: {WT: [1]}\n", "tissue 'one': wanted each integer once"),
        ("a: &a [1]\nb: [*a, *a]\n", "an alias"),
        ("{", "not plain YAML"),
        ("\x00", "not"),
        ("- 1\n", "valid dictionary"),
        ("a: " + "[" * 30_000, "nested too deep"),
        ("#" * 70_000, "at most 65536 bytes"),
    ],
)
def test_a_file_that_declares_no_convention_is_one_line(
    tmp_path: Path, content: str, told: str
) -> None:
    (tmp_path / "own.yaml").write_text(content)

    with pytest.raises(InvalidInputError, match=told) as caught:
        declared_convention("own.yaml")

    assert "own.yaml" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["absent.toml", "folder.yaml"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.yaml").mkdir()

    with pytest.raises(InvalidInputError, match=f"labels {name}"):
        declared_convention(name)


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    folder = dataset(tmp_path, ["BraTS20_Training_001"], "brats-gli-2017")

    result = evaluate(folder, labels="brats-1999")

    assert result.exit_code == 1
    assert "labels 'brats-1999': no such convention: wanted one of brats-gli-2012" in result.stderr


def test_a_wrong_table_of_the_settings_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gliobench.toml").write_text("[labels]\ntissues = {1 = 'a'}\nregions = {}\n")

    with pytest.raises(
        InvalidInputError, match=r"gliobench.toml: labels: got .*wanted a region WT"
    ):
        load_settings()


def test_the_setting_is_read_from_every_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = OWN.replace("[tissues]", "[labels.tissues]").replace("[regions]", "[labels.regions]")
    (tmp_path / "gliobench.toml").write_text("[labels]" + own)
    assert isinstance(load_settings().labels, OwnLabels)

    monkeypatch.setenv("GLIOBENCH_LABELS", "brats-2020")
    assert load_settings().labels == "brats-2020"
    assert load_settings({"labels": "tumour"}).labels == "tumour"
