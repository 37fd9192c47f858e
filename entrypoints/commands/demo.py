"""`gliobench demo`: a first prediction and a first report, of phantoms that are included."""

from __future__ import annotations

import json
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from gliobench.application.evaluate.request import EvaluationRequest
from gliobench.application.predict.study_reading import StudyReading
from gliobench.application.report.write_report import WrittenReport
from gliobench.entrypoints.commands.predict import write_prediction
from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.errors import ExitCode
from gliobench.entrypoints.monitoring import watching
from gliobench.entrypoints.outputs import local_folder
from gliobench.entrypoints.progress import waiting
from gliobench.entrypoints.settings import with_defaults
from gliobench.entrypoints.terminal import say
from gliobench.entrypoints.views.prediction import print_prediction
from gliobench.entrypoints.views.report import show_report

app = typer.Typer(add_completion=False)

PREDICTED_BY = "cnn-onnx"
EVALUATED = (PREDICTED_BY, "centre-prior", "majority", "mean-box")
OF_OTHER_STUDIES = ("cohort", "labels", "measures", "report", "shards", "target")
"""Settings about a user's own studies."""
NEXT = {
    "gliobench predict STUDY_DIR": "one study of yours",
    "gliobench evaluate DATASET --backend cnn-onnx --backend majority --backend centre-prior --out run": (
        "all of them, with reference grades or masks"
    ),
    "gliobench score REFERENCES PREDICTIONS": "masks that another tool made",
}
"""What to run on one's own data, and what it is for."""


@app.command()
def demo(
    out: Annotated[
        str, typer.Option("--out", callback=local_folder, help="Folder for the files.")
    ] = "gliobench-demo",
    open_report: Annotated[
        bool,
        typer.Option("--open", help="Open the report in a browser; ignored without a terminal."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the places of the files as JSON.")
    ] = False,
) -> None:
    """Predict and evaluate four simulated patients that are included: a first report without data.

    Writes the studies in the layout of BraTS, a prediction of one, and a run with its report. All of it
    is stamped SIMULATED: it shows what gliobench does, not how well.

    Exit code 3: a study failed.
    """
    folder = Path(out)
    adopt(with_defaults(container.settings(), OF_OTHER_STUDIES))
    studies = container.copy_included_phantoms(folder / "studies")
    reading, written = _predict(folder / "studies" / studies[-1], folder / "prediction")
    report = _evaluate(folder)
    if as_json:
        typer.echo(json.dumps(_places(folder, written, report), indent=2))
    else:
        print_prediction(reading, written)
        show_report(report, out=str(folder / "run"), as_json=False)
        _print_next(folder)
    if open_report and sys.stdout.isatty():
        webbrowser.open(Path(report.place).resolve().as_uri())
    if report.has_failures or reading.failures:
        raise typer.Exit(ExitCode.WITH_RESERVATIONS)


def _predict(study: Path, out: Path) -> tuple[StudyReading, dict[str, str]]:
    with waiting(f"{PREDICTED_BY} reads {study.name}"):
        source = container.one_study(str(study))
        reading = container.prepare_study()(source, PREDICTED_BY).predict()
        return reading, write_prediction(reading, out)


def _evaluate(folder: Path) -> WrittenReport:
    settings, run = container.settings(), str(folder / "run")
    request = EvaluationRequest(
        dataset=str(folder / "studies"), backends=EVALUATED, out=run, name="demo"
    )
    with watching(
        metrics_file=None, batch_size=settings.batch_size, backends=request.names
    ) as watch:
        container.evaluate(watch=watch)(request)
    with waiting("writing the report"):
        written: WrittenReport = container.write_report().of_evaluation(run, request.names)
    return written


def _places(folder: Path, written: Mapping[str, str], report: WrittenReport) -> dict[str, object]:
    return {
        "simulated": True,
        "studies": str(folder / "studies"),
        "prediction": dict(written),
        "run": str(folder / "run"),
        "report": report.place,
        "next": list(NEXT),
    }


def _print_next(folder: Path) -> None:
    say(f"\nNext, with your own images (in folders such as {folder / 'studies'}):\n")
    for command, purpose in NEXT.items():
        say(f"  # {purpose}\n  {command}")
