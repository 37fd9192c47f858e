"""How an evaluation is put together: passes over studies, then what readers see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from gliobench.application.evaluate.evaluate_cohort import Run
    from gliobench.application.evaluate.merge_shards import Parts
    from gliobench.application.evaluate.progress import Progress, Watch
    from gliobench.application.evaluate.shards import Shard
    from gliobench.domain.comparison.report import EvaluationReport
    from gliobench.entrypoints.recipe import EvaluationRecipe

T = TypeVar("T")


def evaluate_studies(recipe: EvaluationRecipe, *, controls: bool = False) -> list[Run]:
    """Predict, score and keep what the recipe names; an interrupted evaluation goes on.

    Args:
        recipe: Of the pass over the true images.
        controls: Put the backends to altered images too.

    Returns:
        The runs over the true images.

    Raises:
        InvalidInputError: The place keeps the cohort in another number of shards, or the meaning of
            the masks' labels is not declared and several are possible.
        StoppedError: SIGTERM came before all was done.
        JobError: A store cannot be read or written.
    """
    from gliobench.entrypoints.monitoring import watching

    settings = recipe.settings
    _check_division(recipe)
    recipe = _with_labels(recipe)
    with watching(metrics_file=settings.metrics_file, batch_size=settings.batch_size) as watch:
        runs = one_pass(recipe, watch)
        altered = control_passes(recipe, runs, watch) if controls else []
    keep_for_readers(recipe, runs)
    for run in [*altered, *runs]:
        run.store.finish()
    return runs


def _with_labels(recipe: EvaluationRecipe) -> EvaluationRecipe:
    """Settle what the labels mean, once for all passes and workers."""
    from gliobench.application.datasets.dataset_labels import settle_labels
    from gliobench.entrypoints.progress import tracked

    source = recipe.source()
    wanted = recipe.study_ids(source)
    part = recipe.shard.take(wanted) if recipe.shard else wanted
    settled = settle_labels(source, part, track=partial(tracked, "reading labels"))
    return replace(recipe, labels=settled.labels)


def one_pass(recipe: EvaluationRecipe, watch: Watch) -> list[Run]:
    """Have every backend predict the studies of the recipe's source, and score them.

    Raises:
        StoppedError: SIGTERM came while batches were worked on.
        JobError: A store cannot be read or written.
    """
    from gliobench.application.evaluate.evaluate_cohort import EvaluateCohort
    from gliobench.entrypoints.container import container
    from gliobench.entrypoints.settings import primary_origin
    from gliobench.entrypoints.stopping import terminating

    source = recipe.source()
    evaluate_cohort = EvaluateCohort(
        source,
        container.executor(recipe.settings),
        open_store=recipe.store,
        batch_size=recipe.settings.batch_size,
        stopping=terminating,
        watch=watch,
    )
    shard = recipe.shard if recipe.control is None else None  # controlled, it is all there is
    return evaluate_cohort(
        recipe,
        recipe.study_ids(source),
        name=recipe.name,
        shard=shard,
        primary=recipe.settings.compare.primary,
        primary_origin=primary_origin(recipe.settings),
    )


def control_passes(recipe: EvaluationRecipe, runs: Sequence[Run], watch: Watch) -> list[Run]:
    """Have every backend predict altered images too, and hold the answers against the true ones.

    Returns:
        The runs over the altered images.

    Raises:
        StoppedError: SIGTERM came while batches were worked on.
        JobError: A store cannot be read or written.
    """
    from gliobench.application.evaluate.controlled_studies import ControlledStudies
    from gliobench.application.evaluate.score_control import ScoreControl
    from gliobench.domain.controls.controls import Control

    done: list[Run] = []
    for control in Control:
        controlled = replace(recipe, control=control)
        studies = controlled.source()
        # Of a shard that has no such study there is an empty run, for those who wait for it.
        if not isinstance(studies, ControlledStudies) or not (recipe.shard or studies.study_ids()):
            continue
        altered = one_pass(controlled, _named(watch, control.value))
        score_control = ScoreControl(studies)
        for true, other in zip(runs, altered, strict=True):
            score_control(true=true.store, altered=other.store)
        done += altered
    return done


def _named(watch: Watch, control: str) -> Watch:
    """Tell a pass over altered images from that over the true ones."""

    def tell(progress: Progress) -> None:
        def named(told: Mapping[str, T]) -> dict[str, T]:
            return {f"{backend} {control}": one for backend, one in told.items()}

        watch(
            replace(
                progress,
                done=named(progress.done),
                failed=named(progress.failed),
                providers=named(progress.providers),
            )
        )

    return tell


def keep_for_readers(recipe: EvaluationRecipe, runs: Sequence[Run]) -> None:
    """Keep what readers will want to see of the cases.

    Raises:
        JobError: A store cannot be read or written.
    """
    from gliobench.application.evaluate.save_cases import Keep, SaveCases
    from gliobench.entrypoints.container import container

    source = recipe.source()
    wanted = recipe.settings.keep
    save_cases = SaveCases(
        source,
        container.picture_encoder(),
        cohort=recipe.study_ids(source),
        keep=Keep(pictures=wanted.pictures, volumes=wanted.volumes),
    )
    for run in runs:
        save_cases(run.store, run.store.scores(), run.keys)


def merge(out: str, backends: Sequence[str], *, allow_partial: bool) -> None:
    """Make whole runs of shards.

    Raises:
        NotFoundError: A shard is missing that may not be.
        InvalidInputError: Shards do not belong together.
        JobError: A store cannot be read or written.
    """
    from gliobench.application.evaluate.merge_shards import MergeShards
    from gliobench.entrypoints.container import container

    merge_shards = MergeShards(container.run_place(out))
    for backend in backends:
        merge_shards(backend, allow_partial=allow_partial)


def parts(out: str, backends: Sequence[str]) -> list[Parts]:
    """Tell which shards of backends are finished.

    Raises:
        NotFoundError: A backend has no shards.
        JobError: A store cannot be read.
    """
    from gliobench.application.evaluate.merge_shards import MergeShards
    from gliobench.entrypoints.container import container

    return [MergeShards(container.run_place(out)).parts(backend) for backend in backends]


def run_names(out: str, backends: Sequence[str]) -> list[str]:
    """Name the runs of backends: over the true images, and over altered ones as far as they began.

    Raises:
        JobError: The place cannot be read.
    """
    from gliobench.entrypoints.container import container

    place = container.run_place(out)
    return [
        name
        for backend in backends
        for name in (
            backend,
            *(f"{backend}/controls/{one}" for one in place.folders(f"{backend}/controls")),
        )
    ]


def sharded_backends(out: str) -> list[str]:
    """Name the backends that have shards in a place.

    Raises:
        NotFoundError: There is none.
        JobError: The place cannot be read.
    """
    from gliobench.domain.errors import NotFoundError
    from gliobench.entrypoints.container import container

    place = container.run_place(out)
    found = [name for name in place.folders() if place.folders(f"{name}/shards")]
    if not found:
        url = container.storage(out).url
        raise NotFoundError(f"{url} holds no shards: evaluate with --shard first")
    return found


def report(out: str, backends: Sequence[str]) -> tuple[EvaluationReport, str, Sequence[str]]:
    """Write the report of whole runs, and of those of the same cohort that lie beside them.

    They stand in alphabetical order, however they were asked for.

    Returns:
        What it says, where to open it, and why other runs are not in it.

    Raises:
        JobError: A store cannot be read, or the report not be written.
    """
    from gliobench.application.report.report_runs import report_runs
    from gliobench.application.report.runs_beside import runs_beside
    from gliobench.application.report.saved_controls import saved_controls
    from gliobench.entrypoints.container import container

    place = container.run_place(out)
    beside = runs_beside(place, backends)
    names = sorted({*backends, *beside.alike})
    made = report_runs(
        {backend: place.store(backend) for backend in names},
        {backend: saved_controls(place, backend) for backend in names},
    )
    return made, container.report_writer(out).write(made)[0], beside.left_out


def shard_of_job(given: str | None, shards: int | None, index: str | None) -> Shard | None:
    """Tell which part of a cohort is wanted; None wants all of it.

    Args:
        given: `I/N`, as on the command line; wins over the rest.
        shards: As the settings have it.
        index: JOB_COMPLETION_INDEX, as Kubernetes tells a pod of an Indexed Job.

    Raises:
        InvalidInputError: There is no such shard, or it is not known which one this is.
    """
    from gliobench.application.evaluate.shards import Shard
    from gliobench.domain.errors import InvalidInputError

    if given is not None:
        shard = Shard.parse(given)
        if shards not in (None, shard.of):
            raise InvalidInputError(f"--shard {given}, but the setting shards is {shards}")
        return shard
    if shards is None:
        return None
    if index is None:
        raise InvalidInputError(
            f"shards = {shards}, but which of them? Wanted --shard I/{shards} or "
            "JOB_COMPLETION_INDEX"
        )
    return Shard.parse(f"{index}/{shards}")


def _check_division(recipe: EvaluationRecipe) -> None:
    from gliobench.application.evaluate.merge_shards import check_division
    from gliobench.entrypoints.container import container

    if recipe.shard is not None:
        for backend in recipe.backends:
            check_division(container.run_place(recipe.out), backend, recipe.shard)
