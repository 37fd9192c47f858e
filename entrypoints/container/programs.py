"""Backends of `kind = "command"`: any program, by a table of settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from gliobench.adapters.command.backend import check_starts, command_backend
from gliobench.adapters.command.options import CommandOptions
from gliobench.adapters.command.probabilities import NpzProbabilities
from gliobench.adapters.command.runner import OpenFiles, Output
from gliobench.adapters.nifti import write_image
from gliobench.adapters.nifti.predicted_mask_names import MaskFiles
from gliobench.adapters.nifti.predicted_masks import PredictedMasks
from gliobench.adapters.prediction_files import (
    CONFIDENCES_FILE,
    read_answers,
    read_confidences,
    read_drawings,
    read_grades,
)
from gliobench.application.backends.mask_answers import MaskAnswers
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.answers.questions import FORM_OF_QUESTION, Question
from gliobench.domain.errors import GliobenchError, InvalidInputError
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.messages import shown
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.studies.grading_target import GRADE, GradingTarget
from gliobench.entrypoints.container.backends import BackendKind
from gliobench.entrypoints.container.places import OpenPath
from gliobench.entrypoints.container.prediction_files import training_patients
from gliobench.entrypoints.label_settings import checked_table, declared_convention
from gliobench.entrypoints.settings import Settings, backend_table

KIND = "command"
MASKS = "masks"
_TABLES = ("csv", "json", "jsonl", "parquet")
ENDINGS = {
    "grades": _TABLES,
    "points": _TABLES,
    "boxes": _TABLES,
    "polygons": _TABLES,
    "answers": ("jsonl",),
}
"""Files that a program may write, besides masks."""
PLACES = {
    "points": (Form.POINT_3D, Form.POINT),
    "boxes": (Form.BOX_3D, Form.BOX),
    "polygons": (Form.POLYGON, Form.POLYGON),
}
"""The form of the places in such files, and where all lie on one plane."""


def program_backend(
    name: str, options: BackendOptions, source: StudySource | None, *, open_path: OpenPath
) -> Backend:
    """Build the backend of a program.

    Raises:
        InvalidInputError: An option is wrong.
        NotFoundError: There is no such program, or no such file.
        BackendError: A file that it is made of cannot be read.
    """
    table = CommandOptions.checked(options.extra, backend=name)
    writes_grades = any(item.startswith("grades.") for item in table.output)
    target = source.target if source and writes_grades else GRADE
    return command_backend(
        name,
        table,
        outputs=_outputs(name, table, target),
        target=target,
        write_image=write_image,
        trained_on=training_patients(table.trained_on, source, open_path),
        threads=options.threads,
    )


def check_programs(settings: Settings, build: BackendKind) -> dict[str, str | GliobenchError]:
    """Try the programs that tables declare, without a study.

    Returns:
        By backend: what was found, in one line, or why it cannot run.
    """
    declared = [name for name, table in settings.backend.items() if table.get("kind") == KIND]
    return {name: _check(name, settings, build) for name in declared}


def _check(name: str, settings: Settings, build: BackendKind) -> str | GliobenchError:
    table = {key: item for key, item in backend_table(settings, name).items() if key != "kind"}
    try:
        build(name, BackendOptions(extra=table), None)
        return check_starts(name, CommandOptions.checked(table, backend=name))
    except GliobenchError as error:
        return error


def _outputs(name: str, options: CommandOptions, target: GradingTarget) -> dict[str, Output]:
    outputs = {item: _output(item, name, options, target) for item in options.output}
    forms = [form for output in outputs.values() for form in output.forms]
    if len(forms) > len(set(forms)) or sum(output.grades for output in outputs.values()) > 1:
        raise InvalidInputError(
            f"backend.{name}.output: got {shown(list(options.output))}: wanted each kind of answer once"
        )
    return outputs


def _output(item: str, name: str, options: CommandOptions, target: GradingTarget) -> Output:
    """Return how a kind of output is read, by the name of its file without the ending."""
    if item == MASKS:
        return _masks(name, options)
    kind, dot, ending = item.partition(".")
    if dot and ending in ENDINGS.get(kind, ()):
        if kind == "grades":
            return Output(_reader(partial(read_grades, target=target), item), grades=True)
        if kind == "answers":
            forms = {FORM_OF_QUESTION[q] for q in options.questions if q is not Question.GRADE}
            grades = Question.GRADE in options.questions
            return Output(_reader(read_answers, item), grades=grades, forms=frozenset(forms))
        of, on_plane = PLACES[kind]
        form = on_plane if options.on_plane else of
        return Output(_reader(partial(read_drawings, kind=of), item), forms=frozenset({form}))
    wanted = ", ".join(
        f"{kind}.{ending}" for kind, endings in ENDINGS.items() for ending in endings
    )
    raise InvalidInputError(
        f"backend.{name}.output: got {shown(item)}: wanted some of {MASKS}, {wanted}"
    )


def _reader(read: Callable[..., PredictionFiles], item: str) -> OpenFiles:
    return lambda folder, cases: read(folder / item, study_ids=cases)


def _masks(name: str, options: CommandOptions) -> Output:
    convention = _convention(name, options)

    def opened(folder: Path, cases: Sequence[str]) -> PredictionFiles:
        if options.probabilities is not None:
            return NpzProbabilities(folder, convention, options.threshold)
        beside = folder / CONFIDENCES_FILE
        sure = read_confidences(beside) if beside.is_file() else {}
        return PredictedMasks(
            MaskFiles.find(folder, cases), convention, beside=MaskAnswers(confidences=sure)
        )

    return Output(opened, forms=frozenset({Form.MASK}))


def _convention(name: str, options: CommandOptions) -> LabelConvention:
    if options.labels is None:
        raise InvalidInputError(
            f"backend.{name}.labels: wanted the convention of its masks, such as nnunet-brats"
        )
    try:
        return declared_convention(checked_table(options.labels))
    except ValueError as error:
        raise InvalidInputError(f"backend.{name}.labels: {error}") from error
