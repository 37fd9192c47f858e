"""Reports on runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gliobench.adapters.html.page import HtmlReportWriter
from gliobench.adapters.json.report_log import JsonReportLog
from gliobench.adapters.parquet.metadata_table import MAGIC, parquet_metadata
from gliobench.application.evaluate.run_layout import run_name, shards_of
from gliobench.application.ports.report_log import ReportLog
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.storage import Storage
from gliobench.application.ports.study_source import StudySource
from gliobench.application.report.export_predictions import Exported, ExportPredictions, Layout
from gliobench.application.report.join_metadata import JoinMetadata
from gliobench.application.report.open_runs import OpenRuns
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.column_strata import ColumnChoice
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.messages import printable, shown
from gliobench.domain.studies.metadata import MetadataTable
from gliobench.entrypoints.label_settings import declared_convention
from gliobench.entrypoints.outputs import output_file
from gliobench.entrypoints.settings import Settings
from gliobench.entrypoints.versions import versions


def report_writer(url: str, open_storage: Callable[[str], Storage]) -> ReportWriter:
    """Return what writes a report into a folder or under a URL."""
    return HtmlReportWriter(open_storage(url))


def json_log(place: str) -> ReportLog:
    """Return what writes the numbers of a report into a file.

    Raises:
        GliobenchError: As `output_file`.
    """
    return JsonReportLog(Path(output_file(place)))


def report_log(target: str, kinds: Mapping[str, Callable[[str], ReportLog]]) -> ReportLog:
    """Return what takes the numbers of a report, by its kind and place: `json:FILE`, `mlflow:URI`.

    Raises:
        InvalidInputError: There is no such kind, or no place.
        MissingExtraError: Its library is not installed.
    """
    kind, _, place = target.partition(":")
    if kind not in kinds or not place:
        raise InvalidInputError(f"--to {shown(target)}: wanted json:FILE or mlflow:URI")
    return kinds[kind](place)


def metadata_table(place: str, open_storage: Callable[[str], Storage]) -> MetadataTable:
    """Read a user's table about studies or patients: CSV, TSV or Parquet, in a folder or at a URL.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is no such table.
    """
    name = place.rpartition("/")[-1]
    folder = open_storage(place.removesuffix(name) or ".")
    if not name or not folder.exists(name):
        raise NotFoundError(f"no table {shown(place)}: wanted a CSV, TSV or Parquet file")
    content = folder.read(name)
    read = parquet_metadata if content.startswith(MAGIC) else MetadataTable.of_text
    return read(content, place=printable(name))


def join_metadata(
    settings: Settings, read_table: Callable[[str], MetadataTable]
) -> JoinMetadata | None:
    """Return what divides studies by the table of the settings; None where they name none.

    Raises:
        NotFoundError: As `metadata_table`.
        InvalidInputError: Subgroups are named without a table or are no columns of it, or as
            `metadata_table`.
    """
    asked, wanted = settings.report, [n for n, cuts in settings.report.subgroups.items() if cuts]
    if asked.metadata is None:
        if wanted:
            raise InvalidInputError(f"subgroups by {', '.join(wanted)}: wanted --metadata FILE too")
        return None
    chosen = [
        ColumnChoice(name, () if cuts is True else tuple(cuts))
        for name, cuts in asked.subgroups.items()
        if cuts
    ]
    table = read_table(asked.metadata)
    for name in filter(None, [asked.id_column, *(choice.name for choice in chosen)]):
        table.column(name)
    return JoinMetadata(table, asked.id_column, tuple(chosen))


def check_metadata(
    dataset: str, *, join_metadata: JoinMetadata | None, open_dataset: Callable[[str], StudySource]
) -> None:
    """Check before an evaluation that the user's table, if any, is of its studies.

    Raises:
        InvalidInputError: It is not.
        GliobenchError: As `open_dataset` and `join_metadata`.
    """
    if join_metadata is not None:
        source = open_dataset(dataset)
        ids = source.study_ids()
        join_metadata.joined(ids, [source.origin(study_id).patient_id for study_id in ids])


def reporting(*, join_metadata: JoinMetadata | None) -> ReportRuns:
    """Return what reports on runs, as they have recorded it."""
    return ReportRuns(join_metadata=join_metadata)


def comparing(
    *,
    settings: Settings,
    join_metadata: JoinMetadata | None,
    primary: str | None = None,
    replicates: int | None = None,
    allow_leakage: bool = False,
) -> ReportRuns:
    """Return what compares runs, as the settings have it or as is asked for.

    Args:
        settings: Of this process.
        join_metadata: Divides the studies by a user's table.
        primary: Endpoint that decides.
        replicates: Bootstrap cohorts to draw.
        allow_leakage: Compare though a backend has learned from these patients.
    """
    named = primary or settings.compare.primary
    return ReportRuns(
        primary=Endpoint.parse(named) if named else None,
        bootstrap=BootstrapOptions(
            replicates=replicates or settings.compare.replicates, seed=settings.seed
        ),
        versions=versions(),
        refuses_leakage=not allow_leakage,
        fewest=2,
        join_metadata=join_metadata,
    )


@dataclass(frozen=True, slots=True)
class ExportOfRun:
    """Exports the predictions of the run at a place."""

    open_runs: OpenRuns
    open_place: Callable[[str], RunPlace]
    open_dataset: Callable[[str], StudySource]
    export: ExportPredictions

    def __call__(
        self,
        run: str,
        out: Path,
        layout: Layout,
        *,
        dataset: str | None = None,
        labels: str | None = None,
    ) -> Exported:
        """Export, as `ExportPredictions` does.

        Raises:
            InvalidInputError: There are several runs at the place.
            GliobenchError: As of `OpenRuns`, `ExportPredictions` and a dataset.
        """
        found = self.open_runs([run])
        if len(found.stores) != 1:
            names = ", ".join(found.stores)
            raise InvalidInputError(f"{run} holds {len(found.stores)} runs: wanted one of {names}")
        (store,), (url,) = found.stores.values(), found.places.values()
        place = self.open_place(url)
        return self.export(
            store,
            out,
            layout,
            shards=[place.store(run_name("", shard)) for shard in shards_of(place, "")],
            source=None if dataset is None else self.open_dataset(dataset),
            labels=None if labels is None else declared_convention(labels),
        )
