"""What `import gliobench as gb` offers; every function raises the errors of `gliobench.domain.errors`.

Settings come from `gliobench.toml` and the environment, as on the command line. Each function takes
others by name: `provider="cuda"`, `llama__model="…"` for a setting of a table.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from threading import RLock

import pyarrow as pa
import structlog
from dependency_injector.providers import Object

from gliobench.application.evaluate.progress import Watch
from gliobench.application.evaluate.request import EvaluationRequest
from gliobench.application.ports.backend import Backend
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.messages import shown
from gliobench.domain.studies.study import Modality
from gliobench.entrypoints.api.named_settings import of_metadata, of_target
from gliobench.entrypoints.api.places import (
    Files,
    Place,
    Runs,
    as_text,
    as_texts,
    whole,
    with_texts,
)
from gliobench.entrypoints.api.predictions import LoadedStudy, PredictedMask, Prediction
from gliobench.entrypoints.api.runs import Report, read_report
from gliobench.entrypoints.api.tables import Table
from gliobench.entrypoints.container import container
from gliobench.entrypoints.files import keep_private
from gliobench.entrypoints.logging import configure_logging
from gliobench.entrypoints.monitoring import watching
from gliobench.entrypoints.outputs import output_folder
from gliobench.entrypoints.plugins import with_whole_path
from gliobench.entrypoints.settings import Settings, load_settings

__all__ = [
    "LoadedStudy",
    "PredictedMask",
    "Prediction",
    "Report",
    "Table",
    "backends",
    "compare",
    "evaluate",
    "load_backend",
    "load_study",
    "predict",
    "report",
]

_ONE_AT_A_TIME = RLock()
"""Settings and the permissions of new files are the process's own."""


def load_study(files: Files, study: str | None = None, **settings: object) -> LoadedStudy:
    """Open one study; its images are read when they are looked at.

    Args:
        files: A folder or URL in the layout of BraTS, BIDS or nnU-Net, or NIfTI files by modality,
            such as `{"t1c": "a.nii.gz", "t2f": "b.nii.gz"}`.
        study: Its id, where the folder has several.
        settings: Others than those of `gliobench.toml` and the environment.

    Raises:
        NotFoundError: There is no such folder or file.
        InvalidInputError: It is no study, or there are several.
    """
    with _working_under(settings):
        if isinstance(files, Mapping):
            if not files:
                raise InvalidInputError("no file of the study: wanted at least one modality")
            by_modality = {
                Modality.parse(name): Path(as_text(file)) for name, file in files.items()
            }
            if len(by_modality) < len(files):
                raise InvalidInputError(
                    f"files of {shown(list(files))}: two names of one modality: wanted one file of each"
                )
            source = container.one_study(None, by_modality)
        else:
            source = container.one_study(as_text(files), None, study)
        again = partial(load_study, whole(files), study, **settings)
        return LoadedStudy(source, source.study(source.study_ids()[0]), again)


def load_backend(name: str, **settings: object) -> Backend:
    """Load a backend once, to predict many studies by it.

    Args:
        name: Of an installed backend, or `FILE.py:FACTORY`.
        settings: Others than those of `gliobench.toml` and the environment.

    Raises:
        NotFoundError: There is no such backend.
        BackendError: It cannot be loaded.
        MissingExtraError: It needs a library that is not installed.
    """
    with _working_under(settings):
        return _loaded(name)


def predict(
    study: LoadedStudy | Files,
    backend: str | Backend = "cnn-onnx",
    *,
    force: bool = False,
    **settings: object,
) -> Prediction:
    """Grade and localise the glioma of one study. Research use only.

    Args:
        study: As `load_study` gives or takes it.
        backend: Of an installed backend, `FILE.py:FACTORY`, or what `load_backend` gives.
        force: Answer though images or answer are implausible; the prediction says so.
        settings: Others than those of `gliobench.toml` and the environment.

    Returns:
        Grade, probability, centre, box and mask. Where the backend could not answer they are None,
        and `failures` says why.

    Raises:
        NotFoundError: The study or the backend is not there.
        ImplausibleError: The images show no brain without its skull, or the answer takes most of it
            for tumour.
        InvalidInputError: The study cannot be read, or the backend is not made for such.
        BackendError: The backend cannot be loaded.
    """
    with _working_under(settings):
        opened = (
            study if isinstance(study, LoadedStudy) else load_study(study, study=None, **settings)
        )
        reader = backend if isinstance(backend, Backend) else _loaded(backend)
        prepare_study = container.prepare_study(load_backends=lambda *_: [reader])
        prepared = prepare_study(opened.source, reader.name, study_id=opened.id)
        return Prediction(prepared.predict(force=force), container.mask_convention())


def evaluate(
    dataset: Place,
    backends: str | Sequence[str],
    out: Place,
    *,
    limit: int | None = None,
    controls: bool = False,
    progress: bool = False,
    target: str | None = None,
    metadata: Place | None = None,
    subgroups: Mapping[str, bool | Sequence[float]] | None = None,
    **settings: object,
) -> Report:
    """Run backends over a dataset and write the report; an interrupted evaluation goes on.

    Args:
        dataset: Folder or URL of studies (BraTS, BIDS, nnU-Net) or of slices, or `phantom:COUNT`.
        backends: Names of installed backends, or `FILE.py:FACTORY`.
        out: Folder or URL of the runs and the report.
        limit: Take only the first studies.
        controls: Run again over altered images.
        progress: Show progress on stderr.
        target: Grade a column of the metadata, not LGG or HGG: `"idh=mutant"`, or of numbers
            `"survival_days=>365"`.
        metadata: CSV, TSV or Parquet table about studies or patients, for subgroups.
        subgroups: Its columns that divide the cohort, by name: True, or the numbers where bins begin,
            such as `{"age": [40, 60], "sex": True}`, added to those of the setting `report.subgroups`;
            without any, those that suit.
        settings: Others than those of `gliobench.toml` and the environment.

    Raises:
        NotFoundError: The dataset or a backend is not there.
        InvalidInputError: A backend is not made for such studies, or is given twice.
        UndeclaredLabelsError: The labels of the masks may mean several things: set `labels`.
        JobError: `out` cannot be read or written.
    """
    with _working_under(settings | of_metadata(metadata, subgroups) | of_target(target)) as current:
        cohort, place = as_text(dataset), output_folder(as_text(out))
        container.check_metadata(cohort)
        names = [backends] if isinstance(backends, str) else list(backends)
        if not all(isinstance(name, str) for name in names):
            raise InvalidInputError(f"backends {shown(names)}: wanted their names")
        request = EvaluationRequest(
            dataset=cohort,
            backends=tuple(map(with_whole_path, names)),
            out=place,
            name=container.cohort_name(cohort),
            limit=limit,
        )
        if len(set(request.names)) < len(names) or not names:
            raise InvalidInputError(f"backends {shown(names)}: wanted one or more, each once")
        with _watched(current, progress=progress) as watch:
            use_case = container.evaluate(watch=watch)
            quiet = use_case if progress else replace(use_case, track=iter)
            quiet(request, controls=controls)
        written = container.write_report().of_evaluation(place, request.names)
        return read_report(written, container.storage(place))


def compare(
    runs: Runs,
    out: Place,
    *,
    primary: str | None = None,
    replicates: int | None = None,
    allow_leakage: bool = False,
    metadata: Place | None = None,
    subgroups: Mapping[str, bool | Sequence[float]] | None = None,
    **settings: object,
) -> Report:
    """Compare runs over the same studies in pairs, and write the comparison.

    Args:
        runs: Folders or URLs of runs, or of several as `evaluate` leaves them, or the `runs` of a report.
        out: Folder or URL of the comparison.
        primary: Endpoint that decides; None takes the setting `compare.primary`.
        replicates: Bootstrap cohorts to draw.
        allow_leakage: Compare though a backend has learned from these patients.
        metadata: CSV, TSV or Parquet table about studies or patients, for subgroups.
        subgroups: Its columns that divide the cohort, by name: True, or the numbers where bins begin,
            such as `{"age": [40, 60], "sex": True}`, added to those of the setting `report.subgroups`;
            without any, those that suit.
        settings: Others than those of `gliobench.toml` and the environment.

    Raises:
        NotFoundError: A place keeps no run.
        InvalidInputError: The runs are of different patients, or of learned ones.
        JobError: A place cannot be read or written.
    """
    drawn = {} if replicates is None else {"compare.replicates": replicates}
    with _working_under(settings | of_metadata(metadata, subgroups) | drawn):
        comparing = container.comparing(primary=primary, allow_leakage=allow_leakage)
        place = output_folder(as_text(out))
        use_case = container.write_report(report_runs=comparing)
        written = use_case.of_runs(as_texts(runs), place)
        return read_report(written, container.storage(place))


def report(
    runs: Runs,
    out: Place,
    *,
    metadata: Place | None = None,
    subgroups: Mapping[str, bool | Sequence[float]] | None = None,
    **settings: object,
) -> Report:
    """Report on runs without comparing them by a chosen endpoint; leakage is stamped.

    Args:
        runs: Folders or URLs of runs, or of several as `evaluate` leaves them, or the `runs` of a report.
        out: Folder or URL of the report.
        metadata: CSV, TSV or Parquet table about studies or patients, for subgroups.
        subgroups: Its columns that divide the cohort, by name: True, or the numbers where bins begin,
            such as `{"age": [40, 60], "sex": True}`, added to those of the setting `report.subgroups`;
            without any, those that suit.
        settings: Others than those of `gliobench.toml` and the environment.

    Raises:
        NotFoundError: A place keeps no run.
        InvalidInputError: The runs are of different patients.
        JobError: A place cannot be read or written.
    """
    with _working_under(settings | of_metadata(metadata, subgroups)):
        place = output_folder(as_text(out))
        written = container.write_report().of_runs(as_texts(runs), place)
        return read_report(written, container.storage(place))


def backends(**settings: object) -> Table:
    """List the backends that are installed, what each can do, and why one cannot run.

    Args:
        settings: Others than those of `gliobench.toml` and the environment.
    """
    with _working_under(settings):
        return Table(pa.Table.from_pylist([asdict(row) for row in container.list_backends()]))


@contextmanager
def _working_under(given: Mapping[str, object]) -> Iterator[Settings]:
    """Take the settings of file and environment, changed by those given, for as long as it lasts."""
    settings = load_settings(
        {name.replace("__", "."): with_texts(value) for name, value in given.items()}
    )
    if not structlog.is_configured():
        level = settings.log_level if "log_level" in settings.model_fields_set else "error"
        configure_logging(level=level, style=settings.log_format)
    with _ONE_AT_A_TIME, container.settings.override(Object(settings)):
        umask = os.umask(0o077)
        try:
            keep_private(settings.private)
            yield settings
        finally:
            os.umask(umask)


def _loaded(name: str) -> Backend:
    if not isinstance(name, str):
        raise InvalidInputError(
            f"backend {shown(name)}: wanted its name, or what load_backend gives"
        )
    loaded: list[Backend] = container.load_backends([name])
    return loaded[0]


def _watched(settings: Settings, *, progress: bool) -> AbstractContextManager[Watch]:
    if not progress:
        return nullcontext(lambda _: None)
    return watching(metrics_file=settings.metrics_file, batch_size=settings.batch_size)
