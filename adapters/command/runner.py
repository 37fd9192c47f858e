"""Runs a program over studies, and reads what it wrote, or why it did not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias, final
from weakref import WeakKeyDictionary

from gliobench.adapters.command.command_line import INPUT, MASK, OUTPUT, CommandLine
from gliobench.adapters.command.failures import Teller
from gliobench.adapters.command.layouts import InputFiles
from gliobench.adapters.command.program import Limits, workplace
from gliobench.application.backends.imported import imported
from gliobench.application.ports.prediction_files import PredictionFiles
from gliobench.application.predict.ask_backend import Answer, ask
from gliobench.application.predict.failures import failure_of
from gliobench.domain.errors import FaultError, NotFoundError
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.study import Study

OpenFiles: TypeAlias = Callable[[Path, Sequence[str]], PredictionFiles]
"""Opens what a program wrote to a folder about cases of these names."""


PROGRAM = "the program"
"""What messages call it; the backend is known where they are shown."""


@dataclass(frozen=True, slots=True)
class Output:
    """One kind of files that a program writes.

    Args:
        open: Opens them; a FaultError is the failure of every case.
        grades: Whether they hold grades.
        forms: The forms of localisation that they hold.
    """

    open: OpenFiles
    grades: bool = False
    forms: frozenset[Form] = frozenset()


@final
class Runner:
    """Runs a program once for each study, or for a batch, and remembers the answers.

    Args:
        line: What is run.
        inputs: Writes the studies.
        outputs: What it writes.
        env: Its environment.
        limits: What it may use; the time is for one study.
        batch: Whether it takes several studies at once. Those of a batch that it left out are given
            to it again, each alone, so that none fails for another.
    """

    def __init__(
        self,
        line: CommandLine,
        *,
        inputs: InputFiles,
        outputs: Sequence[Output],
        env: Mapping[str, str],
        limits: Limits,
        batch: bool,
    ) -> None:
        self._line, self._inputs, self._outputs = line, inputs, tuple(outputs)
        self._env, self._limits, self._batch = env, limits, batch
        self._answers: WeakKeyDictionary[Study, Answer] = WeakKeyDictionary()

    def answers(self, studies: Sequence[Study]) -> list[Answer]:
        """Return the program's answers on studies; it is asked once about each."""
        new = [study for study in dict.fromkeys(studies) if study not in self._answers]
        for group in [new] if self._batch and new else [[study] for study in new]:
            self._run(group)
        return [self._answers[study] for study in studies]

    def _run(self, studies: Sequence[Study]) -> None:
        with workplace() as place:
            cases = self._write(place.folder, studies)
            if not cases:
                return
            limits = replace(self._limits, timeout_s=self._limits.timeout_s * len(cases))
            words = self._line.filled(self._places(place.folder, list(cases)))
            ended = place.run(words, env=self._env, limits=limits)
            teller = Teller(place.folder, ended)
            if self._batch or ended.exit_code == 0:
                self._read(place.folder, cases, teller)
        for case, study in cases.items():
            if study in self._answers:
                continue
            if len(cases) > 1 and ended.exit_code is not None:
                self._run([study])
            else:
                self._keep(study, teller.of_nothing(case, study, self._limits))

    def _write(self, folder: Path, studies: Sequence[Study]) -> dict[str, Study]:
        """Write the files of studies; one that cannot be read fails, and is left out."""
        cases: dict[str, Study] = {}
        for name in (INPUT, OUTPUT):
            (folder / name).mkdir()
        for study in studies:
            case = self._inputs.case(len(cases))
            try:
                self._inputs.write(folder / INPUT, case, study)
            except FaultError as error:
                self._keep(study, failure_of(error))
            else:
                cases[case] = study
        self._inputs.finish(folder / INPUT, list(cases))
        return cases

    def _places(self, folder: Path, cases: Sequence[str]) -> dict[str, str]:
        """Return the paths that a command may name."""
        places = {name: str(folder / name) for name in (INPUT, OUTPUT)}
        if not self._batch:
            images = self._inputs.paths(folder / INPUT, cases[0])
            places |= {modality.value: str(path) for modality, path in images.items()}
            places[MASK] = str(folder / OUTPUT / f"{cases[0]}{self._inputs.ending}")
        return places

    def _read(self, folder: Path, cases: Mapping[str, Study], teller: Teller) -> None:
        """Keep the answers on each study that the program wrote something about.

        Of a batch, a study needs all kinds of output: what it lacks may be the fault of another.
        """
        files = [_opened(output, folder / OUTPUT, list(cases)) for output in self._outputs]
        enough = all if len(cases) > 1 else any
        held = [case for case in cases if enough(item.holds(case) for item in files)]
        named = [replace(cases[case], id=case, patient_id=case) for case in held]
        for case, answer in zip(held, ask(imported(PROGRAM, files), named), strict=True):
            self._answers[cases[case]] = teller.of_answer(answer, case, cases[case])

    def _keep(self, study: Study, failure: Failure) -> None:
        grades = any(output.grades for output in self._outputs)
        places = any(output.forms for output in self._outputs)
        self._answers[study] = (failure if grades else None, failure if places else None)


def _opened(output: Output, folder: Path, cases: Sequence[str]) -> PredictionFiles:
    try:
        return output.open(folder, cases)
    except NotFoundError as error:
        failure, is_there = Failure(FailureReason.MISSING_PREDICTION, str(error)), False
    except FaultError as error:
        is_there = len(cases) == 1
        failure = Failure(FailureReason.UNREADABLE_PREDICTION, str(error))
    return _Unreadable(output, failure, is_there)


@final
class _Unreadable(PredictionFiles):
    """A file that is not there, or cannot be read: each case has its failure."""

    def __init__(self, output: Output, failure: Failure, is_there: bool) -> None:
        self._output, self._failure, self._is_there = output, failure, is_there

    @property
    def fingerprint(self) -> str:
        return self._failure.detail

    @property
    def provenance(self) -> Mapping[str, str]:
        return {"unreadable": self._failure.detail}

    @property
    def grades(self) -> bool:
        return self._output.grades

    @property
    def forms(self) -> frozenset[Form]:
        return self._output.forms

    def holds(self, study_id: str) -> bool:  # noqa: ARG002 -- all alike
        return self._is_there

    def grade(self, study: Study) -> GradePrediction | Failure:  # noqa: ARG002
        return self._failure

    def localise(self, study: Study) -> LocalisationPrediction | Failure:  # noqa: ARG002
        return self._failure
