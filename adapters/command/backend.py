"""A backend of a program: its classifier and localizer share the runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from gliobench.adapters.command.command_line import CommandLine
from gliobench.adapters.command.layouts import LAYOUTS, InputFiles, WriteImage
from gliobench.adapters.command.options import CommandOptions
from gliobench.adapters.command.program import Limits, environment, without_network, workplace
from gliobench.adapters.command.runner import Output, Runner
from gliobench.application.backends.asked import AskedClassifier, AskedLocalizer, Grades, Places
from gliobench.application.ports.backend import Backend
from gliobench.domain.errors import BackendError, NotFoundError
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.files.content import content_of, digest_of
from gliobench.domain.predictions.prediction import (
    Form,
)
from gliobench.domain.secrets import hidden
from gliobench.domain.studies.grading_target import GRADE, GradingTarget
from gliobench.domain.studies.study import Study

CHECK_S = 120.0
"""Time limit of the command `check`."""


def command_backend(
    name: str,
    options: CommandOptions,
    *,
    outputs: Mapping[str, Output],
    write_image: WriteImage,
    trained_on: frozenset[str] | None,
    threads: int | None = None,
    target: GradingTarget = GRADE,
) -> Backend:
    """Build the backend of a program.

    Args:
        name: Of its table.
        options: Of its table.
        outputs: How what it writes is read, by the names in `options.output`.
        write_image: Writes what it is given.
        trained_on: Hashes of the patients that it learned from; None where that is not stated.
        threads: That it may use; None leaves the choice to it.
        target: What its grades are of.

    Raises:
        InvalidInputError: The command names a place that there is not.
        NotFoundError: There is no such program, or no such file of its version.
        BackendError: A file that it is made of cannot be read.
    """
    setting = f"backend.{name}.command"
    line = CommandLine.of(options.command, name=setting)
    line.check_places(batch=options.batch, name=setting)
    runner = Runner(
        line,
        inputs=InputFiles(
            LAYOUTS[options.input], options.modalities, options.file_ending, write_image
        ),
        outputs=tuple(outputs.values()),
        env=environment(options.env, threads),
        limits=_limits(options),
        batch=options.batch,
    )
    graded = any(output.grades for output in outputs.values())
    forms = frozenset(form for output in outputs.values() for form in output.forms)
    made_of = _made_of(line, options)
    decisive: list[object] = [options.model_dump(mode="json"), made_of]
    decisive += [] if target.is_grade else [str(target)]
    return Backend(
        name=name,
        classifier=AskedClassifier(partial(_grades, runner)) if graded else None,
        localizer=AskedLocalizer(forms, partial(_places, runner)) if forms else None,
        fingerprint=hashlib.sha256(json.dumps(decisive).encode()).hexdigest(),
        provenance=_provenance(line, options, made_of),
        trained_on=trained_on,
        facts=BackendFacts(family=options.family),
        target=target,
    )


def check_starts(name: str, options: CommandOptions) -> str:
    """Try a program by its command `check`; where there is none, only find it.

    Returns:
        What was found, in one line.

    Raises:
        NotFoundError: There is no such program.
        BackendError: It cannot be started, or its check fails.
    """
    line = CommandLine.of(options.command, name=f"backend.{name}.command")
    if options.check is None:
        return f"{line.program} is there, and was not tried: no check is set"
    tried = CommandLine.of(options.check, name=f"backend.{name}.check")
    limits = Limits(CHECK_S, network=options.network)
    with workplace() as place:
        ended = place.run(tried.words, env=environment(options.env, None), limits=limits)
    if ended.exit_code != 0:
        how = ended.reason or f"exit code {ended.exit_code}"
        raise BackendError(f"check {hidden(options.check)}: {how}: {hidden(ended.said)}")
    return f"{line.program} starts"


def _limits(options: CommandOptions) -> Limits:
    memory = None if options.memory_gib is None else int(options.memory_gib * 2**30)
    return Limits(options.timeout_s, memory, options.network)


def _made_of(line: CommandLine, options: CommandOptions) -> list[str]:
    """Hash the files that the command names, and what its version names."""
    files = [f"{path.name} {digest_of(path)}" for path in line.files()]
    content = content_of(options.version)
    if not content and options.version.startswith(("/", "./", "../")):
        raise NotFoundError(f"version {options.version}: no such file or folder")
    return [*files, content or options.version]


def _provenance(
    line: CommandLine, options: CommandOptions, made_of: Sequence[str]
) -> dict[str, str]:
    is_path = Path(options.version).is_absolute()
    found = {
        "command": line.shown,
        "version": Path(options.version).name if is_path else options.version,
        "files_sha256": hashlib.sha256("\n".join(made_of).encode()).hexdigest(),
        "input": f"{options.input}: {' '.join(item.value for item in options.modalities)}",
        "output": " ".join(options.output),
        "network": _network(options),
    }
    return {key: text for key, text in found.items() if text}


def _network(options: CommandOptions) -> str:
    if options.network:
        return "allowed by its table"
    return "none" if without_network() else "not denied: this system does not permit it"


def _grades(runner: Runner, studies: Sequence[Study]) -> Grades:
    return [grade for grade, _ in runner.answers(studies) if grade is not None]


def _places(runner: Runner, studies: Sequence[Study], _: Collection[Form]) -> Places:
    return [place for _, place in runner.answers(studies) if place is not None]
