"""The only place that names concrete adapters.

An adapter is imported when it is first asked for, so that a library that is not installed matters
only to those who use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dependency_injector import containers, providers

from gliobench.application.chosen_studies import ChosenStudies
from gliobench.application.freeze_cohort import thaw
from gliobench.domain.errors import InvalidInputError, MissingExtraError, NotFoundError
from gliobench.entrypoints.plugins import build_backend

if TYPE_CHECKING:
    from gliobench.adapters.monai import TrainedNetworks
    from gliobench.application.ports.backend import Backend, BackendOptions
    from gliobench.application.ports.comparison_writer import ComparisonWriter
    from gliobench.application.ports.dataset_path import DatasetPath
    from gliobench.application.ports.executor import Executor
    from gliobench.application.ports.network import Network
    from gliobench.application.ports.picture_encoder import PictureEncoder
    from gliobench.application.ports.report_writer import ReportWriter
    from gliobench.application.ports.run_place import RunPlace
    from gliobench.application.ports.run_store import RunStore
    from gliobench.application.ports.storage import Storage
    from gliobench.application.ports.study_painter import StudyPainter
    from gliobench.application.ports.study_source import StudySource
    from gliobench.application.ports.trainer import Trainer
    from gliobench.domain.prediction import Mask
    from gliobench.domain.study import Modality, Study
    from gliobench.entrypoints.settings import Settings

PHANTOM = "phantom:"
PHANTOM_DATASET = re.compile(
    r"phantom:(?P<count>\d+)(:(?P<seed>\d+)(:(?P<spacing_mm>\d+(\.\d+)?))?)?"
)


def _load_settings(flags: dict[str, object]) -> Settings:
    from gliobench.entrypoints.settings import load_settings

    return load_settings(flags)


def _fsspec_dataset(dataset: str, settings: Settings) -> DatasetPath:
    from gliobench.adapters.fsspec import open_dataset

    return open_dataset(
        dataset,
        cache=settings.cache_dir,
        cache_bytes=int(settings.cache_gib * 2**30),
        patience_s=settings.store_patience_s,
        trust_checksums=settings.trust_checksums,
    )


def _brats_source(folder: DatasetPath) -> StudySource:
    from gliobench.adapters.nifti import BratsStudySource

    return BratsStudySource(folder)


def _slice_source(folder: DatasetPath, settings: Settings) -> StudySource:
    from gliobench.adapters.slices import SliceStudySource

    return SliceStudySource(folder, spacing_mm=settings.slice_spacing_mm)


def _phantom_source(dataset: str) -> StudySource:
    parts = PHANTOM_DATASET.fullmatch(dataset)
    if parts is None:
        raise InvalidInputError(
            f"dataset {dataset!r}: wanted phantom:COUNT[:SEED[:SPACING_MM]], all numbers"
        )
    from gliobench.adapters.phantom import PhantomStudySource

    return PhantomStudySource(
        count=int(parts["count"]),
        seed=int(parts["seed"] or 0),
        spacing_mm=float(parts["spacing_mm"] or 1.0),
    )


def _fsspec_storage(url: str, settings: Settings) -> Storage:
    from gliobench.adapters.fsspec import open_storage

    return open_storage(url, patience_s=settings.store_patience_s)


def _parquet_run_store(url: str) -> RunStore:
    from gliobench.adapters.parquet import ParquetRunStore

    return ParquetRunStore(storage(url))


def _parquet_run_place(url: str) -> RunPlace:
    from gliobench.adapters.parquet import ParquetRunPlace

    return ParquetRunPlace(storage(url), lambda name: storage(f"{url.rstrip('/')}/{name}"))


def _webp_picture_encoder() -> PictureEncoder:
    from gliobench.adapters.pillow import WebpPictureEncoder

    return WebpPictureEncoder()


def _executor(settings: Settings) -> Executor:
    workers, timeout_s = settings.workers, settings.study_timeout_s
    if settings.executor == "ray":
        return _ray_executor(settings)
    from gliobench.adapters.executors import InProcessExecutor, ProcessExecutor

    if workers == 1 and timeout_s is None:
        return InProcessExecutor()
    return ProcessExecutor(workers=workers, study_timeout_s=timeout_s)


def _ray_executor(settings: Settings) -> Executor:
    try:
        from gliobench.adapters.ray import RayExecutor
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra="ray", purpose="Working on Ray") from error
    return RayExecutor(
        address=settings.ray.address,
        workers=settings.workers,
        num_cpus=settings.ray.num_cpus,
        num_gpus=settings.ray.num_gpus,
        study_timeout_s=settings.study_timeout_s,
    )


def _html_report_writer(url: str) -> ReportWriter:
    from gliobench.adapters.html import HtmlReportWriter

    return HtmlReportWriter(storage(url))


def _html_comparison_writer(url: str) -> ComparisonWriter:
    from gliobench.adapters.html.comparison import HtmlComparisonWriter

    return HtmlComparisonWriter(storage(url))


def _matplotlib_painter() -> StudyPainter:
    from gliobench.adapters.matplotlib import MatplotlibStudyPainter

    return MatplotlibStudyPainter()


def _options(
    name: str, settings: Settings, other: Callable[[str], Backend] | None
) -> BackendOptions:
    from gliobench.application.ports.backend import BackendOptions
    from gliobench.entrypoints.settings import backend_table

    table = backend_table(settings, name)
    weights = table.pop("weights_dir", settings.weights_dir)
    options = BackendOptions(
        provider=settings.provider,
        allow_cpu_fallback=settings.allow_cpu_fallback,
        threads=settings.threads,
        weights_dir=str(weights) if weights else None,
        extra=table,
    )
    return replace(options, other=other) if other else options


def _localizer_trainer(
    source: StudySource,
    *,
    cubes: Path | None,
    masks: Path | None,
    phantoms: int,
    steps: int,
    seed: int,
) -> Trainer:
    monai = _monai()
    lesions = monai.load_lesion_cubes(cubes, masks) if cubes and masks else []
    simulated = None
    if phantoms:
        from gliobench.adapters.phantom import PhantomStudySource

        simulated = PhantomStudySource(count=phantoms, seed=1000, spacing_mm=2.0)
    trainer: Trainer = monai.LocalizerTrainer(
        source,
        lesions,
        simulated,
        schedule=monai.Schedule(steps=steps, seed=seed),
    )
    return trainer


def _grader_trainer(
    source: StudySource | None, *, cubes: Path, masks: Path, steps: int, seed: int
) -> Trainer:
    from gliobench.adapters.nifti.name_mapping import NameMapping

    monai = _monai()
    subjects = NameMapping.near(cubes.resolve().parent).subjects
    trainer: Trainer = monai.GraderTrainer(
        monai.load_lesion_cubes(cubes, masks),
        source,
        sites={name: one.site for name, one in subjects.items() if one.site},
        schedule=monai.Schedule(steps=steps, seed=seed),
    )
    return trainer


def _slice_trainer(source: StudySource, *, steps: int, seed: int) -> Trainer:
    monai = _monai()
    schedule = monai.Schedule(steps=steps, learning_rate=3e-3, weight_decay=1e-2, seed=seed)
    trainer: Trainer = monai.SliceTrainer(source, schedule=schedule)
    return trainer


def _lora_trainer(
    source: StudySource,
    settings: Settings,
    *,
    states: Path,
    variants: int,
    four_bit: bool,
    lora: Mapping[str, Any],
    schedule: Mapping[str, Any],
) -> Trainer:
    from gliobench.adapters.mllama.options import options_of
    from gliobench.entrypoints.settings import backend_table

    engine, reading = options_of(backend_table(settings, "llama-vision"))
    try:
        from gliobench.adapters.mllama.fine_tuning import fitting, trainer
        from gliobench.adapters.mllama.fine_tuning.lora import LoraOptions
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra="vlm", purpose="Fine-tuning") from error
    return trainer.LoraTrainer(
        source,
        engine,
        reading,
        lora=LoraOptions(**lora),
        schedule=fitting.LoraSchedule(**schedule),
        states=states,
        variants=variants,
        four_bit=four_bit,
    )


def _study_files(images: Mapping[Modality, Path]) -> StudySource:
    from gliobench.adapters.nifti import StudyFiles

    return StudyFiles(images, study_id=next(iter(images.values())).parent.resolve().name)


def _trained_backend(localizer: Network, grader: Network) -> Backend:
    from gliobench.adapters.onnx.backend import backend_of

    return backend_of(localizer, grader, provenance={"runtime": "PyTorch"})


def _onnx_backend(name: str, folder: Path) -> Backend:
    from gliobench.application.ports.backend import BackendOptions

    return build_backend(name, BackendOptions(weights_dir=str(folder)))


def _monai() -> ModuleType:
    try:
        return import_module("gliobench.adapters.monai")
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra="train", purpose="Training") from error


def _backend(
    name: str, settings: Settings, *, other: Callable[[str], Backend] | None = None
) -> Backend:
    return build_backend(name, _options(name, settings, other))


class Container(containers.DeclarativeContainer):
    """What implements each port; `flags` are the settings given on the command line."""

    flags: providers.Object[dict[str, object]] = providers.Object({})
    settings = providers.Singleton(_load_settings, flags)
    dataset_path = providers.Factory(_fsspec_dataset, settings=settings)
    brats_source = providers.Factory(_brats_source)
    slice_source = providers.Factory(_slice_source, settings=settings)
    phantom_source = providers.Factory(_phantom_source)
    backend = providers.Factory(_backend, settings=settings)
    localizer_trainer = providers.Factory(_localizer_trainer)
    grader_trainer = providers.Factory(_grader_trainer)
    slice_trainer = providers.Factory(_slice_trainer)
    lora_trainer = providers.Factory(_lora_trainer, settings=settings)
    study_files = providers.Factory(_study_files)
    trained_backend = providers.Factory(_trained_backend)
    onnx_backend = providers.Factory(_onnx_backend)
    storage = providers.Factory(_fsspec_storage, settings=settings)
    run_store = providers.Factory(_parquet_run_store)
    run_place = providers.Factory(_parquet_run_place)
    picture_encoder = providers.Factory(_webp_picture_encoder)
    executor = providers.Factory(_executor)
    report_writer = providers.Factory(_html_report_writer)
    comparison_writer = providers.Factory(_html_comparison_writer)
    painter = providers.Factory(_matplotlib_painter)


container = Container()
"""The wiring of this process; tests override its providers."""


def settings() -> Settings:
    """Give the settings of this process.

    Raises:
        InvalidInputError: A source sets an unknown name or a wrong value.
    """
    loaded: Settings = container.settings()
    return loaded


def open_source(dataset: str) -> StudySource:
    """Open a dataset: a folder in BraTS layout or of slices, or `phantom:COUNT[:SEED[:SPACING_MM]]`.

    A folder may be a URL that fsspec knows, e.g. `s3://bucket/cohort`: its files are fetched when
    they are looked at. A folder of slices is one that holds `cases.csv` and `image/`. Where the settings name a frozen
    cohort, or a part of one, only its studies are there.

    Raises:
        InvalidInputError: The phantom's numbers or the table of cases cannot be read.
        NotFoundError: The folder is not there, or holds no study.
        MissingExtraError: Phantoms or a store are asked for and their extra is not installed.
        StoreError: The store cannot be read.
    """
    source = _open_whole(dataset)
    cohort = settings().cohort
    return ChosenStudies(source, _members(cohort)) if cohort else source


def _members(cohort: str) -> list[str]:
    """Name the studies of a frozen cohort, `FILE`, or of one of its parts, `FILE:PART`."""
    file, _, part = (cohort, "", "") if _is_file(cohort) else cohort.rpartition(":")
    try:
        frozen = thaw(read_file(file).decode())
    except (NotFoundError, UnicodeDecodeError) as error:
        raise NotFoundError(f"cohort {cohort} cannot be read: wanted FILE or FILE:PART") from error
    return [member.study_id for member in (frozen.part(part) if part else frozen.members)]


def _open_whole(dataset: str) -> StudySource:
    if dataset.startswith(PHANTOM):
        phantoms: StudySource = container.phantom_source(dataset)
        return phantoms
    folder: DatasetPath = container.dataset_path(dataset)
    of_slices = (folder / "cases.csv").is_file() and (folder / "image").is_dir()
    source: StudySource = (container.slice_source if of_slices else container.brats_source)(folder)
    return source


def _is_file(place: str) -> bool:
    folder, name = _parted(place)
    return bool(name) and storage(folder).exists(name)


def _parted(place: str) -> tuple[str, str]:
    name = place.rpartition("/")[-1]
    return place.removesuffix(name) or ".", name


def read_file(place: str) -> bytes:
    """Read a file of this machine or of a store.

    Raises:
        NotFoundError: It is not there.
        StoreError: It cannot be read.
    """
    folder, name = _parted(place)
    if not name:
        raise NotFoundError(f"no file {place!r}")
    return storage(folder).read(name)


def load_backend(name: str) -> Backend:
    """Load a backend, ours or a plugin's, with the options that the settings hold for it.

    Raises:
        NotFoundError: No installed package offers it.
        BackendError: Two packages offer it, or its package cannot be imported or build it.
    """
    return load_backends([name])[0]


def load_backends(names: Sequence[str]) -> list[Backend]:
    """Load backends; one that others build on is loaded once for all.

    Raises:
        NotFoundError: No installed package offers one.
        BackendError: Two packages offer it, or its package cannot be imported or build it.
    """
    loaded: dict[str, Backend] = {}

    def other(name: str) -> Backend:
        if name not in loaded:  # what others build on builds on nothing itself
            loaded[name] = container.backend(name)
        return loaded[name]

    for name in names:
        if name not in loaded:
            loaded[name] = container.backend(name, other=other)
    return [loaded[name] for name in names]


def open_files(images: Mapping[Modality, Path]) -> StudySource:
    """Open one study that is given file by file; it is named after its folder."""
    source: StudySource = container.study_files(images)
    return source


def write_mask(path: Path, mask: Mask, study: Study) -> None:
    """Write a mask as NIfTI on the grid of the study's own files.

    Raises:
        JobError: The file cannot be written.
    """
    from gliobench.adapters.nifti import write_mask as write

    write(path, mask, study)


def trained_networks(
    localizer_run: Path, grader_run: Path | None, *, fold: int | None = None
) -> TrainedNetworks:
    """Load what training runs ended in, or what one of their folds did.

    Args:
        localizer_run: Of the localizer; of both networks of slices, where there is no other.
        grader_run: Of the grader.
        fold: Whose networks; None loads those that learned from everybody.

    Raises:
        MissingExtraError: The extra `train` is not installed.
        NotFoundError: A run is not finished.
    """
    networks: TrainedNetworks = _monai().TrainedNetworks.of(localizer_run, grader_run, fold=fold)
    return networks


def count_folds(run: Path) -> int:
    """Count the folds of a training run.

    Raises:
        MissingExtraError: The extra `train` is not installed.
        NotFoundError: It has none.
    """
    folds: int = _monai().count_folds(run)
    return folds


def trained_backend(networks: TrainedNetworks) -> Backend:
    """Run networks as training left them."""
    backend: Backend = container.trained_backend(networks.localizer, networks.grader)
    return backend


def exported_backend(name: str, folder: Path) -> Backend:
    """Run the networks exported to a folder, on the CPU, as the backend of this name."""
    backend: Backend = container.onnx_backend(name, folder)
    return backend


def localizer_trainer(
    dataset: str,
    *,
    cubes: Path | None = None,
    masks: Path | None = None,
    phantoms: int = 0,
    steps: int,
    seed: int,
) -> Trainer:
    """Give what trains localizers on a dataset, and on lesion cubes and phantoms besides.

    Raises:
        MissingExtraError: The extra `train` is not installed.
        InvalidInputError: The dataset has no masks, or the cubes cannot be read.
    """
    trainer: Trainer = container.localizer_trainer(
        open_source(dataset),
        cubes=cubes,
        masks=masks,
        phantoms=phantoms,
        steps=steps,
        seed=seed,
    )
    return trainer


def grader_trainer(
    cubes: Path, masks: Path, *, dataset: str | None = None, steps: int, seed: int
) -> Trainer:
    """Give what trains graders on lesion cubes, and on a dataset's crops besides.

    Raises:
        MissingExtraError: The extra `train` is not installed.
        InvalidInputError: The cubes cannot be read.
    """
    trainer: Trainer = container.grader_trainer(
        open_source(dataset) if dataset else None,
        cubes=cubes,
        masks=masks,
        steps=steps,
        seed=seed,
    )
    return trainer


def slice_trainer(dataset: str, *, steps: int, seed: int) -> Trainer:
    """Give what trains the networks of `cnn-2d-onnx` on a dataset of slices.

    Raises:
        MissingExtraError: The extra `train` is not installed.
        InvalidInputError: The dataset holds volumes, or no slice with mask and grade.
    """
    trainer: Trainer = container.slice_trainer(open_source(dataset), steps=steps, seed=seed)
    return trainer


def lora_trainer(
    dataset: str,
    *,
    states: Path,
    variants: int,
    four_bit: bool,
    lora: Mapping[str, Any],
    schedule: Mapping[str, Any],
) -> Trainer:
    """Give what trains LoRA adapters for the model that the settings name.

    Raises:
        MissingExtraError: The extra `vlm` is not installed.
        InvalidInputError: The dataset has no masks, or a value is wrong.
    """
    trainer: Trainer = container.lora_trainer(
        open_source(dataset),
        states=states,
        variants=variants,
        four_bit=four_bit,
        lora=lora,
        schedule=schedule,
    )
    return trainer


def storage(url: str) -> Storage:
    """Open a place that keeps files: a folder, or a URL that fsspec knows, e.g. `s3://bucket/run`.

    Raises:
        InvalidInputError: No such kind of store is known, or the URL is malformed.
        MissingExtraError: The library of the store is not installed.
    """
    place: Storage = container.storage(url)
    return place


def run_store(url: str) -> RunStore:
    """Open the store of one run, in a folder or under a URL.

    Raises:
        InvalidInputError: No such kind of store is known, or the URL is malformed.
        MissingExtraError: The library of the store is not installed.
    """
    store: RunStore = container.run_store(url)
    return store


def run_place(url: str) -> RunPlace:
    """Open the place of an evaluation, where runs lie side by side.

    Raises:
        InvalidInputError: No such kind of store is known, or the URL is malformed.
        MissingExtraError: The library of the store is not installed.
    """
    place: RunPlace = container.run_place(url)
    return place


def picture_encoder() -> PictureEncoder:
    """Give what makes small files of pictures."""
    encoder: PictureEncoder = container.picture_encoder()
    return encoder


def executor(settings: Settings) -> Executor:
    """Give whom the settings put to work.

    Raises:
        MissingExtraError: Ray is asked for and its extra is not installed.
    """
    found: Executor = container.executor(settings)
    return found


def adopt(given: Settings) -> None:
    """Work under settings that another process has read; in that process nothing changes."""
    if settings() != given:
        container.settings.override(providers.Object(given))


def report_writer(url: str) -> ReportWriter:
    """Give what writes a report into a folder or under a URL."""
    writer: ReportWriter = container.report_writer(url)
    return writer


def comparison_writer(url: str) -> ComparisonWriter:
    """Give what writes a comparison into a folder or under a URL."""
    writer: ComparisonWriter = container.comparison_writer(url)
    return writer


def painter() -> StudyPainter:
    """Give what draws studies."""
    drawer: StudyPainter = container.painter()
    return drawer


def embedded_weights() -> Path:
    """Name the folder of the weights that ship with gliobench, which need not be imported."""
    return Path(str(files("gliobench.adapters"))) / "onnx" / "weights"
