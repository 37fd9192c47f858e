"""`gliobench evaluate`: backends over a cohort, held against references."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gliobench.application.evaluate_cohort import Progress
    from gliobench.application.ports.backend import Backend
    from gliobench.application.ports.study_source import StudySource
    from gliobench.domain.evaluation.report import EvaluationReport

SOME_FAILED = 3
"""Exit code where every study was taken up and some could not be predicted."""


def evaluate(
    dataset: Annotated[
        str, typer.Argument(help="Folder of studies in BraTS layout, or phantom:COUNT.")
    ],
    backend: Annotated[
        list[str], typer.Option("--backend", help="Backend to run; may be repeated.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="Folder of the run; an interrupted run goes on.")
    ],
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=1, help="Studies predicted at once.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Take only the first studies.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run backends over a cohort and report how well each grades and localises.

    Exit code 3 tells that some studies could not be predicted; they are counted as failures.
    """
    from gliobench.entrypoints.container import load_backends, open_source, report_writer

    if len(set(backend)) < len(backend):
        raise typer.BadParameter("each backend can be given once", param_hint="--backend")
    source = open_source(dataset)
    backends = load_backends(backend)
    study_ids = source.study_ids()[:limit]
    report = _evaluate(_name(dataset), source, backends, study_ids, out, batch_size)
    places = report_writer(str(out)).write(report)
    if as_json:
        typer.echo((out / "report.json").read_text(encoding="utf-8"), nl=False)
    else:
        _print(report, places)
    if any(one.summary.n_failed for one in report.backends):
        raise typer.Exit(SOME_FAILED)


def _evaluate(
    name: str,
    source: StudySource,
    backends: list[Backend],
    study_ids: list[str],
    out: Path,
    batch_size: int | None,
) -> EvaluationReport:
    from gliobench.application.evaluate_cohort import EvaluateCohort
    from gliobench.application.paint_overlays import PaintOverlays
    from gliobench.application.report_evaluation import report_evaluation
    from gliobench.application.score_run import ScoreRun
    from gliobench.entrypoints.container import painter, run_store, settings
    from gliobench.entrypoints.versions import versions

    evaluate_cohort = EvaluateCohort(
        source,
        open_store=lambda backend: run_store(out / backend),
        batch_size=batch_size or settings().batch_size,
        seed=settings().seed,
        versions=versions(),
    )
    with _progress() as (predicting, scoring):
        runs = evaluate_cohort(backends, study_ids, predicting)
        score_run, reports = ScoreRun(source), []
        for done, run in enumerate(runs):
            scoring(done, len(runs), 0)
            reports.append(score_run(run))
        overlays = PaintOverlays(source, painter())(runs, reports)
        scoring(len(runs), len(runs), 0)
    return report_evaluation(
        name,
        fingerprint=runs[0].manifest.cohort,
        backends=reports,
        seed=settings().seed,
        versions=versions(),
        overlays=overlays,
    )


def _name(dataset: str) -> str:
    """Call a cohort by its folder's name; where that lies is nobody's business."""
    folder = Path(dataset)
    return folder.resolve().name if folder.is_dir() else dataset


@contextmanager
def _progress() -> Iterator[tuple[Progress, Progress]]:
    """Show two bars on stderr, of predictions and of runs scored."""
    from rich import progress
    from rich.console import Console

    bars = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("[red]{task.fields[failed]}"),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
    )

    def bar(description: str) -> Progress:
        task = bars.add_task(description, total=None, failed="")

        def show(done: int, total: int, failed: int) -> None:
            note = f"{failed} failed" if failed else ""
            bars.update(task, completed=done, total=total, failed=note)

        return show

    with bars:
        yield bar("predicting"), bar("scoring")


def _print(report: EvaluationReport, places: list[str]) -> None:
    from rich.console import Console

    from gliobench.entrypoints.summary_table import summary_table

    console = Console()
    console.print(summary_table(report))
    console.print(f"Report: {places[0]}", soft_wrap=True, highlight=False)
