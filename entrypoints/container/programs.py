"""Backends of `kind = "command"`: any program, by a table of settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gliobench.adapters.command.backend import check_starts, command_backend
from gliobench.adapters.command.json_grades import JsonGrades
from gliobench.adapters.command.options import CommandOptions
from gliobench.adapters.command.probabilities import NpzProbabilities
from gliobench.adapters.command.runner import Output
from gliobench.adapters.nifti import write_image
from gliobench.adapters.nifti.predicted_mask_names import MaskFiles
from gliobench.adapters.nifti.predicted_masks import PredictedMasks
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import GliobenchError, InvalidInputError
from gliobench.domain.labels.conventions import LabelConvention
from gliobench.domain.messages import shown
from gliobench.domain.predictions.prediction import Form
from gliobench.entrypoints.label_settings import checked_table, declared_convention
from gliobench.entrypoints.settings import Settings, backend_table

KIND = "command"
MASKS, GRADES = "masks", "grades.json"


def program_backend(
    name: str,
    table: Mapping[str, object],
    source: StudySource | None,  # noqa: ARG001 -- other kinds of backends need it
    *,
    threads: int | None,
) -> Backend:
    """Build the backend of a program.

    Args:
        name: Of the table.
        table: Without its kind.
        source: The studies that it will be asked about.
        threads: That it may use; None leaves the choice to it.

    Raises:
        InvalidInputError: An option is wrong.
        NotFoundError: There is no such program.
        BackendError: A file that it is made of cannot be read.
    """
    options = CommandOptions.checked(table, backend=name)
    return command_backend(
        name,
        options,
        outputs=_outputs(name, options),
        write_image=write_image,
        trained_on=None,
        threads=threads,
    )


def check_programs(settings: Settings) -> dict[str, str | GliobenchError]:
    """Try the programs that tables declare, without a study.

    Returns:
        By backend: what was found, in one line, or why it cannot run.
    """
    declared = [name for name, table in settings.backend.items() if table.get("kind") == KIND]
    return {name: _check(name, settings) for name in declared}


def _check(name: str, settings: Settings) -> str | GliobenchError:
    table = {key: item for key, item in backend_table(settings, name).items() if key != "kind"}
    try:
        program_backend(name, table, None, threads=settings.threads)
        return check_starts(name, CommandOptions.checked(table, backend=name))
    except GliobenchError as error:
        return error


def _outputs(name: str, options: CommandOptions) -> dict[str, Output]:
    known = {MASKS: _masks, GRADES: _grades}
    for item in options.output:
        if item not in known:
            raise InvalidInputError(
                f"backend.{name}.output: got {shown(item)}: wanted some of {', '.join(known)}"
            )
    return {item: known[item](name, options) for item in options.output}


def _masks(name: str, options: CommandOptions) -> Output:
    convention = _convention(name, options)

    def opened(folder: Path, cases: Sequence[str]) -> PredictionFiles:
        if options.probabilities is not None:
            return NpzProbabilities(folder, convention, options.threshold)
        return PredictedMasks(MaskFiles.find(folder, cases), convention)

    return Output(opened, forms=frozenset({Form.MASK}))


def _grades(_: str, options: CommandOptions) -> Output:
    keys = {"grade_key": options.grade_key, "probability_key": options.probability_key}
    return Output(lambda folder, cases: JsonGrades(folder / GRADES, cases, **keys), grades=True)


def _convention(name: str, options: CommandOptions) -> LabelConvention:
    if options.labels is None:
        raise InvalidInputError(
            f"backend.{name}.labels: wanted the convention of its masks, such as nnunet-brats"
        )
    try:
        return declared_convention(checked_table(options.labels))
    except ValueError as error:
        raise InvalidInputError(f"backend.{name}.labels: {error}") from error
