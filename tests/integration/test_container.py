"""The entry points here are made up, and stand for packages that are or are not in order."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from fakes.fake_classifier import FakeClassifier
from gliobench.application.datasets.frozen_cohort import freeze
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.errors import (
    BackendError,
    InvalidInputError,
    MissingExtraError,
    NotFoundError,
)
from gliobench.domain.studies.cohort import Cohort, Member
from gliobench.entrypoints import plugins
from gliobench.entrypoints.container import container
from gliobench.entrypoints.settings import load_settings


def working(options: BackendOptions) -> Backend:
    return Backend(
        "working",
        FakeClassifier(),
        None,
        fingerprint="",
        provenance={"options": f"{options}"},
    )


def leaning(options: BackendOptions) -> Backend:
    on = {"on": str(id(options.other("working")))}
    return Backend("leaning", FakeClassifier(), None, fingerprint="", provenance=on)


def circular(options: BackendOptions) -> Backend:
    return options.other("leaning")


def broken(options: BackendOptions) -> Backend:
    raise RuntimeError(f"no memory for {options.provider}")


def lacking(options: BackendOptions) -> Backend:
    raise MissingExtraError(extra="vlm", purpose=f"Running on {options.provider}")


def wrong(options: BackendOptions) -> object:
    return options


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    known = (working, broken, lacking, wrong, leaning, circular)
    factories = {factory.__name__: factory for factory in known}
    for factory in factories.values():
        monkeypatch.setattr(f"builtins.backend_{factory.__name__}", factory, raising=False)
    entries = [EntryPoint(name, f"builtins:backend_{name}", plugins.BACKENDS) for name in factories]
    entries.append(EntryPoint("absent", "no_such_package.backend:make", plugins.BACKENDS))
    entries += [EntryPoint("twice", "builtins:print", plugins.BACKENDS)] * 2
    monkeypatch.setattr(
        plugins, "entry_points", lambda *, group: {plugins.BACKENDS: entries}[group]
    )


@pytest.mark.usefixtures("offered")
def test_a_backend_gets_the_options_that_are_set_for_it() -> None:
    table = {"working": {"depth": 3}, "broken": {"depth": 4}}
    with container.flags.override({"threads": 2, "provider": "cuda", "backend": table}):
        backend = container.load_backends(["working"])[0]

    options = BackendOptions(provider="cuda", threads=2, extra={"depth": 3})
    assert backend.provenance["options"] == f"{options}"


@pytest.mark.usefixtures("offered")
def test_a_backend_that_others_build_on_is_loaded_once_for_all() -> None:
    first, base, second = container.load_backends(["leaning", "working", "leaning"])

    assert (first.provenance["on"], second.provenance["on"]) == (str(id(base)),) * 2


@pytest.mark.usefixtures("offered")
def test_backends_that_build_on_each_other_are_an_error() -> None:
    with pytest.raises(NotFoundError, match="'working' is not there to build on"):
        container.load_backends(["circular"])[0]


@pytest.mark.usefixtures("offered")
def test_an_unknown_backend_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        NotFoundError, match="'brocken': wanted FILE.py:FACTORY or one of absent, broken, circular"
    ):
        container.load_backends(["brocken"])[0]


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent", "'absent' of an unknown package cannot be loaded: ModuleNotFoundError"),
        ("broken", "'broken' of .* cannot be loaded: RuntimeError: no memory for cpu"),
        ("wrong", "'wrong' of .* gave BackendOptions: wanted a Backend"),
        ("twice", "'twice' is offered by .*: uninstall one"),
    ],
)
def test_a_backend_that_is_not_in_order_is_named_with_the_reason(name: str, said: str) -> None:
    with pytest.raises(BackendError, match=said):
        container.load_backends([name])[0]


@pytest.mark.usefixtures("offered")
def test_a_missing_extra_is_passed_on_as_it_is() -> None:
    with pytest.raises(MissingExtraError, match="gliobench\\[vlm\\]"):
        container.load_backends(["lacking"])[0]


@pytest.mark.parametrize("dataset", ["phantom:", "phantom:many", "phantom:-3", "phantom:1:2:3:4"])
def test_a_phantom_cohort_that_is_not_so_written_is_an_error(dataset: str) -> None:
    with pytest.raises(InvalidInputError, match="wanted phantom:COUNT"):
        container.dataset(dataset)


def test_a_phantom_cohort_has_as_many_studies_as_asked_for() -> None:
    assert len(container.dataset("phantom:3:7").study_ids()) == 3


def test_a_phantom_cohort_has_the_spacing_asked_for() -> None:
    source = container.dataset("phantom:1:0:2.5")

    assert source.study("Phantom_0000").grid.spacing_mm == (2.5, 2.5, 2.5)


def test_a_dataset_keeps_to_the_part_of_a_frozen_cohort_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = (Member("Phantom_0000", "p0"), Member("Phantom_0002", "p2"))
    parts = {"train": ("Phantom_0000",), "test": ("Phantom_0002",)}
    file = tmp_path / "cohort.json"
    file.write_text(freeze(Cohort("phantoms", "f", members, parts)))

    def studies(cohort: str) -> list[str]:
        monkeypatch.setenv("GLIOBENCH_COHORT", cohort)
        with container.settings.override(load_settings()):
            return container.dataset("phantom:3:0:4").study_ids()

    assert studies(str(file)) == ["Phantom_0000", "Phantom_0002"]
    assert studies(f"{file}:test") == ["Phantom_0002"]
    with pytest.raises(NotFoundError, match="no part 'tset': it has train, test"):
        studies(f"{file}:tset")
    with pytest.raises(NotFoundError, match="cannot be read: wanted FILE or FILE:PART"):
        studies(str(tmp_path / "none.json"))
