"""The only place that names concrete adapters.

An adapter is imported when it is first asked for, so that a library that is not installed matters
only to those who use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from gliobench.entrypoints.container import (
    backends,
    datasets,
    documents,
    executors,
    reports,
    stores,
    trainers,
)

if TYPE_CHECKING:
    from gliobench.entrypoints.settings import Settings


def _settings(flags: dict[str, object]) -> Settings:
    from gliobench.entrypoints.settings import load_settings

    return load_settings(flags)


class Container(containers.DeclarativeContainer):
    """What implements each port; `flags` are the settings given on the command line."""

    flags: providers.Object[dict[str, object]] = providers.Object({})
    settings = providers.Singleton(_settings, flags)

    storage = providers.Factory(stores.storage, settings=settings)
    run_store = providers.Factory(stores.run_store, open_storage=storage.provider)
    run_place = providers.Factory(stores.run_place, open_storage=storage.provider)

    dataset_path = providers.Factory(datasets.dataset_path, settings=settings)
    brats_source = providers.Factory(datasets.brats_source)
    slice_source = providers.Factory(datasets.slice_source, settings=settings)
    phantom_source = providers.Factory(datasets.phantom_source)
    study_files = providers.Factory(datasets.study_files)

    read_cohort = providers.Callable(documents.read_cohort)
    read_exclusions = providers.Callable(documents.read_exclusions)
    read_folds = providers.Callable(documents.read_folds)

    backend = providers.Factory(backends.backend, settings=settings)
    trained_backend = providers.Factory(backends.trained_backend)
    exported_backend = providers.Factory(backends.exported_backend)

    executor = providers.Factory(executors.executor)

    localizer_trainer = providers.Factory(trainers.localizer_trainer)
    grader_trainer = providers.Factory(trainers.grader_trainer)
    slice_trainer = providers.Factory(trainers.slice_trainer)
    lora_trainer = providers.Factory(trainers.lora_trainer, settings=settings)
    trained_networks = providers.Factory(trainers.trained_networks)
    count_folds = providers.Callable(trainers.count_folds)

    report_writer = providers.Factory(reports.report_writer, open_storage=storage.provider)
    comparison_writer = providers.Factory(reports.comparison_writer, open_storage=storage.provider)
    picture_encoder = providers.Factory(reports.picture_encoder)
    painter = providers.Factory(reports.painter)
    write_mask = providers.Callable(reports.write_mask)


container = Container()
"""The wiring of this process; tests override its providers."""
