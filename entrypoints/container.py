"""The only place that names concrete adapters.

An adapter is imported when it is first asked for, so that a library that is not installed matters
only to those who use it.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from gliobench.domain.errors import BackendError, GliobenchError, InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from gliobench.application.ports.backend import Backend, BackendOptions
    from gliobench.application.ports.report_writer import ReportWriter
    from gliobench.application.ports.run_store import RunStore
    from gliobench.application.ports.study_painter import StudyPainter
    from gliobench.application.ports.study_source import StudySource
    from gliobench.entrypoints.settings import Settings

BACKENDS = "gliobench.backends"
PHANTOM = "phantom:"


def _load_settings(flags: dict[str, object]) -> Settings:
    from gliobench.entrypoints.settings import load_settings

    return load_settings(flags)


def _brats_source(dataset: str) -> StudySource:
    from gliobench.adapters.nifti import BratsStudySource

    return BratsStudySource(Path(dataset))


def _phantom_source(dataset: str) -> StudySource:
    numbers = dataset.removeprefix(PHANTOM).split(":")
    if len(numbers) > 2 or not all(number.isdecimal() for number in numbers):
        raise InvalidInputError(f"dataset {dataset!r}: wanted phantom:COUNT or phantom:COUNT:SEED")
    count, seed = (*map(int, numbers), 0)[:2]
    from gliobench.adapters.phantom import PhantomStudySource

    return PhantomStudySource(count=count, seed=seed)


def _parquet_run_store(folder: Path) -> RunStore:
    from gliobench.adapters.parquet import ParquetRunStore

    return ParquetRunStore(folder)


def _html_report_writer() -> ReportWriter:
    from gliobench.adapters.html import HtmlReportWriter

    return HtmlReportWriter()


def _matplotlib_painter() -> StudyPainter:
    from gliobench.adapters.matplotlib import MatplotlibStudyPainter

    return MatplotlibStudyPainter()


def _backend(name: str, settings: Settings) -> Backend:
    from gliobench.application.ports.backend import Backend

    entry = backend_entry(name)
    try:
        backend = entry.load()(_options(name, settings))
    except GliobenchError:
        raise
    except Exception as error:
        raise BackendError(
            f"backend {name!r} of {package_of(entry)} cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(backend, Backend):
        raise BackendError(
            f"backend {name!r} of {package_of(entry)}: {entry.value} gave "
            f"{type(backend).__name__}: wanted a Backend"
        )
    return backend


def _options(name: str, settings: Settings) -> BackendOptions:
    from gliobench.application.ports.backend import BackendOptions

    return BackendOptions(
        provider=settings.provider,
        allow_cpu_fallback=settings.allow_cpu_fallback,
        threads=settings.threads,
        weights_dir=str(settings.weights_dir) if settings.weights_dir else None,
        extra=settings.backend.get(name, {}),
    )


class Container(containers.DeclarativeContainer):
    """What implements each port; `flags` are the settings given on the command line."""

    flags: providers.Object[dict[str, object]] = providers.Object({})
    settings = providers.Singleton(_load_settings, flags)
    brats_source = providers.Factory(_brats_source)
    phantom_source = providers.Factory(_phantom_source)
    backend = providers.Factory(_backend, settings=settings)
    run_store = providers.Factory(_parquet_run_store)
    report_writer = providers.Factory(_html_report_writer)
    painter = providers.Factory(_matplotlib_painter)


container = Container()
"""The wiring of this process; tests override its providers."""


def settings() -> Settings:
    """Give the settings of this process.

    Raises:
        InvalidInputError: A source sets an unknown name or a wrong value.
    """
    loaded: Settings = container.settings()
    return loaded


def open_source(dataset: str) -> StudySource:
    """Open a dataset: a folder in BraTS layout, or `phantom:COUNT[:SEED]`.

    Raises:
        InvalidInputError: The phantom's numbers cannot be read.
        NotFoundError: The folder is not there, or holds no study.
        MissingExtraError: Phantoms are asked for and their extra is not installed.
    """
    provider = container.phantom_source if dataset.startswith(PHANTOM) else container.brats_source
    source: StudySource = provider(dataset)
    return source


def load_backend(name: str) -> Backend:
    """Load a backend, ours or a plugin's, with the options that the settings hold for it.

    Raises:
        NotFoundError: No installed package offers it.
        BackendError: Two packages offer it, or its package cannot be imported or build it.
    """
    backend: Backend = container.backend(name)
    return backend


def run_store(folder: Path) -> RunStore:
    """Open the store of one run."""
    store: RunStore = container.run_store(folder)
    return store


def report_writer() -> ReportWriter:
    """Give what writes reports."""
    writer: ReportWriter = container.report_writer()
    return writer


def painter() -> StudyPainter:
    """Give what draws studies."""
    drawer: StudyPainter = container.painter()
    return drawer


def backend_entries() -> list[EntryPoint]:
    """List the backends that installed packages offer, by name."""
    return sorted(entry_points(group=BACKENDS), key=lambda entry: entry.name)


def backend_entry(name: str) -> EntryPoint:
    """Find the entry point of a backend.

    Raises:
        NotFoundError: No installed package offers it.
        BackendError: Two packages offer it.
    """
    known = backend_entries()
    found = [entry for entry in known if entry.name == name]
    if not found:
        names = ", ".join(sorted({entry.name for entry in known}))
        raise NotFoundError(f"unknown backend {name!r}: wanted one of {names}")
    if len(found) > 1:
        packages = " and ".join(package_of(entry) for entry in found)
        raise BackendError(f"backend {name!r} is offered by {packages}: uninstall one")
    return found[0]


def package_of(entry: EntryPoint) -> str:
    """Name the package that an entry point comes from, with its version."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
