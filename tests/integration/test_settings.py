from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from gliobench.domain.comparison.endpoints import PrimaryOrigin
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.study import Modality
from gliobench.entrypoints.container.evaluation import primary_origin
from gliobench.entrypoints.settings import (
    RefusalSettings,
    Settings,
    backend_table,
    changed,
    described,
    load_settings,
    origins,
    refusals,
    values,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"GLIOBENCH_{name.upper()}", raising=False)
    return tmp_path


def test_a_flag_wins_over_the_environment_and_that_over_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "gliobench.toml").write_text("seed = 1\nthreads = 1\nbatch_size = 1\n")
    monkeypatch.setenv("GLIOBENCH_SEED", "2")
    monkeypatch.setenv("GLIOBENCH_THREADS", "2")

    settings = load_settings({"seed": "3"})

    assert (settings.seed, settings.threads, settings.batch_size) == (3, 2, 1)


def test_without_any_source_every_value_is_a_default() -> None:
    assert set(origins().values()) == {"default"}


def test_settings_cannot_be_changed_once_loaded() -> None:
    settings = load_settings()

    with pytest.raises(ValueError, match="frozen"):
        settings.seed = 1


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("seed = ", "gliobench.toml is not TOML"),
        ("sed = 1", "gliobench.toml: sed: there is no such setting: wanted one of provider"),
        ("provider = 'gpu'", "gliobench.toml: provider: got 'gpu'"),
        ("threads = 0", "gliobench.toml: threads: got 0"),
        ("backend = 3", "gliobench.toml: backend: got 3"),
    ],
)
def test_a_fault_in_the_file_is_named_with_its_place(folder: Path, written: str, said: str) -> None:
    (folder / "gliobench.toml").write_text(written)

    with pytest.raises(InvalidInputError, match=said):
        load_settings()


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "gliobench.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(InvalidInputError, match=r"gliobench\.toml cannot be read"):
        load_settings()


def test_a_fault_in_the_environment_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GLIOBENCH_PROVIDER", "gpu")

    with pytest.raises(InvalidInputError, match="GLIOBENCH_PROVIDER: got 'gpu'"):
        load_settings()


def test_a_table_in_the_environment_that_is_no_json_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GLIOBENCH_BACKEND", "{")

    with pytest.raises(InvalidInputError, match=r"backend.*wanted JSON"):
        load_settings()


def test_one_setting_of_a_table_is_set_from_any_source(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "gliobench.toml").write_text("[llama]\nmodel = 'a'\nadapter = 'b'\nslices = 3\n")
    monkeypatch.setenv("GLIOBENCH_LLAMA__ADAPTER", "c")
    monkeypatch.setenv("GLIOBENCH_LLAMA__MODALITIES", "flair, t1ce t2")
    flags = {"llama.slices": "4"}

    llama = load_settings(flags).llama  # type: ignore[attr-defined]  # offered by an adapter

    assert (llama.model, llama.adapter, llama.slices) == ("a", "c", 4)
    assert llama.modalities == (Modality.T2F, Modality.T1C, Modality.T2W)
    known = {name: origin for name, origin in origins(flags).items() if name.startswith("llama.")}
    assert [known.pop(f"llama.{one}") for one in ("model", "adapter", "modalities", "slices")] == [
        *("file", "env", "env", "flag")
    ]
    assert set(known.values()) == {"default"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MODLE", "x", "GLIOBENCH_LLAMA__MODLE: there is no such setting: wanted one of model, ad"),
        ("DTYPE", "int4", "GLIOBENCH_LLAMA__DTYPE: got 'int4'"),
        ("POLICY", "best", "GLIOBENCH_LLAMA__POLICY: got 'best': .*'localizer-guided'"),
        ("MODALITIES", "t9", "GLIOBENCH_LLAMA__MODALITIES: got 't9': .*unknown modality"),
        ("SLICES", "0", "GLIOBENCH_LLAMA__SLICES: got '0'"),
    ],
)
def test_a_fault_in_a_table_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"GLIOBENCH_LLAMA__{name}", value)

    with pytest.raises(InvalidInputError, match=said):
        load_settings()


def test_a_table_is_not_a_number(folder: Path) -> None:
    (folder / "gliobench.toml").write_text("llama = 3\n")

    with pytest.raises(InvalidInputError, match=r"gliobench\.toml: llama: got 3"):
        load_settings()


def test_every_setting_of_a_table_has_a_value_a_place_and_a_meaning() -> None:
    assert set(values(load_settings())) == set(origins()) == set(described())
    assert all(described().values())


def test_a_backend_that_runs_on_llama_gets_its_table_with_its_own_settings_over_it() -> None:
    tables = {"llama": {"model": "m", "slices": 3}, "backend": {"llama-vision": {"slices": 7}}}

    settings = load_settings(tables)

    own, other = (backend_table(settings, f"llama-vision{end}") for end in ("", "-lora"))
    assert (own["model"], own["slices"]) == ("m", 7)
    assert other["slices"] == 3
    assert backend_table(settings, "cnn-onnx") == {}


def test_an_option_of_one_backend_is_set_from_any_source(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "gliobench.toml").write_text('[backend.cnn-onnx]\nheld_out = "a"\nweights = "b"\n')
    monkeypatch.setenv("GLIOBENCH_BACKEND__CNN_2D_ONNX__HELD_OUT", "c")

    settings = load_settings({"backend.cnn_onnx.held_out": "d", "backend.mine.edge.px": "3"})

    assert backend_table(settings, "cnn-2d-onnx") == {"held_out": "c"}
    assert backend_table(settings, "mine") == {"edge": {"px": "3"}}
    assert backend_table(settings, "cnn-onnx")["weights"] == "b"


def test_a_flag_for_one_backend_wins_over_the_file(folder: Path) -> None:
    (folder / "gliobench.toml").write_text('[backend.cnn-onnx]\nheld_out = "a"\n')

    settings = load_settings({"backend.cnn_onnx.held_out": "d"})

    assert backend_table(settings, "cnn-onnx") == {"held_out": "d"}


def test_when_a_backend_refuses_is_no_option_of_its_adapter(folder: Path) -> None:
    (folder / "gliobench.toml").write_text(
        "[backend.llama-vision]\nabstain_below = 0.5\nslices = 7\n"
    )

    settings = load_settings({"backend.llama_vision.refuse_out_of_scope": "true"})

    assert backend_table(settings, "llama-vision") == {"slices": 7}
    assert refusals(settings, "llama-vision") == RefusalSettings(
        abstain_below=0.5, refuse_out_of_scope=True
    )
    assert refusals(settings, "cnn-onnx") == RefusalSettings()


@pytest.mark.parametrize("limit", ["1.5", "-0.1", "nan", "often"])
def test_a_limit_of_confidence_is_a_share(limit: str) -> None:
    with pytest.raises(InvalidInputError, match=r"backend\.mine\.abstain_below: got"):
        load_settings({"backend.mine.abstain_below": limit})


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("policy", r"backend\.llama-vision\.policy: got 'best': .*'localizer-guided'"),
        (
            "polcy",
            r"backend\.llama-vision\.polcy: there is no such option: wanted one of model, ad",
        ),
    ],
)
def test_a_backends_own_wrong_setting_is_named(option: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        load_settings({"backend": {"llama-vision": {option: "best"}}})


def test_settings_with_tables_of_options_reach_a_worker() -> None:
    settings = load_settings({"llama.slices": "4"})

    assert pickle.loads(pickle.dumps(settings)) == settings


def test_a_fault_in_a_flag_is_named_as_it_is_written() -> None:
    with pytest.raises(InvalidInputError, match="--set seed: got '-1'"):
        load_settings({"seed": "-1"})


@pytest.mark.parametrize(
    ("flags", "origin"),
    [
        ({}, PrimaryOrigin.DEFAULT),
        ({"compare.replicates": 200}, PrimaryOrigin.DEFAULT),
        ({"compare.primary": "balanced_accuracy"}, PrimaryOrigin.DECLARED),
    ],
)
def test_a_primary_endpoint_is_declared_where_it_was_set_even_to_the_default(
    folder: Path, flags: dict[str, object], origin: PrimaryOrigin
) -> None:
    settings = load_settings(flags)

    assert primary_origin(settings) is origin
    assert primary_origin(changed(settings, {"workers": 2})) is origin


def test_a_primary_endpoint_is_declared_in_the_file_or_the_environment_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIOBENCH_COMPARE__PRIMARY", "auroc")
    assert primary_origin(load_settings()) is PrimaryOrigin.DECLARED
    monkeypatch.delenv("GLIOBENCH_COMPARE__PRIMARY")

    (folder / "gliobench.toml").write_text('[compare]\nprimary = "auroc"\n')

    assert primary_origin(load_settings()) is PrimaryOrigin.DECLARED
