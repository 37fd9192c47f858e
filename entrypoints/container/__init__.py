"""The only place that names concrete adapters; it offers the use cases.

An adapter or a use case is imported when it is first asked for, so that a library that is slow or
not installed matters only to those who use it. What needs more than its arguments handed over is
wired in a module of this package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dependency_injector.providers import Callable as Call
from dependency_injector.providers import Dict, Factory, Object, Singleton

from gliobench.domain.errors import MissingExtraError
from gliobench.entrypoints.files import keep_private
from gliobench.entrypoints.logging import configure_logging

if TYPE_CHECKING:
    from gliobench.entrypoints.settings import Settings


def _late(path: str, *, extra: str | None = None, purpose: str = "") -> Callable[..., Any]:
    """Name a function or class that is imported when it is first called.

    Args:
        path: Its module and name, below `gliobench`.
        extra: That installs the libraries of the module.
        purpose: What needs them, for the error where they are not installed.
    """
    module, _, name = path.rpartition(".")

    def call(*args: object, **options: object) -> Any:  # noqa: ANN401 -- whatever it gives
        try:
            found = import_module(f"gliobench.{module}")
        except ModuleNotFoundError as error:
            if extra is None:
                raise
            raise MissingExtraError(extra=extra, purpose=purpose) from error
        return getattr(found, name)(*args, **options)

    return call


def _wired(path: str, **of_extra: str) -> Callable[..., Any]:
    """Name a function of this package, as `_late` does."""
    return _late(f"entrypoints.container.{path}", **of_extra)


def _of_dicom(path: str) -> Callable[..., Any]:
    """Name what reads DICOM, as `_late` does."""
    return _late(f"adapters.dicom.{path}", extra="dicom", purpose="Reading DICOM")


_trainer = partial(_wired, extra="train", purpose="Training")


class Container:
    """What implements each port, and below it the use cases.

    `flags` are the settings given on the command line. No `DeclarativeContainer`: its module imports
    FastAPI and Flask where they are installed, for a quarter of a second.
    """

    flags: Object[dict[str, object]] = Object({})
    settings = Singleton(_late("entrypoints.settings.load_settings"), flags)

    storage = Factory(
        _late("adapters.storage.open_storage"), patience_s=settings.provided.store_patience_s
    )
    run_store = Factory(_wired("runs.run_store"), open_storage=storage.provider)
    score_table = Call(_wired("runs.score_table"), open_storage=storage.provider)
    run_place = Factory(_wired("runs.run_place"), open_storage=storage.provider)

    dataset_path = Factory(_wired("datasets.dataset_path"), settings=settings)
    segmentations = Factory(
        _wired("dicom.segmentations"),
        settings=settings,
        build=_of_dicom("predicted_segmentations.predicted_segmentations"),
    )
    file_backend = Factory(
        _wired("prediction_files.file_backend"),
        open_path=dataset_path.provider,
        segmentations=segmentations.provider,
    )
    settle_labels = Factory(
        _wired("prediction_files.with_settled_labels"), open_path=dataset_path.provider
    )
    program_backend = Factory(_wired("programs.program_backend"), open_path=dataset_path.provider)
    hf_vision = Factory(
        _late(
            "adapters.transformers.hf.backend.hf_vision",
            extra="vlm",
            purpose="Vision-language models",
        )
    )
    openai_vision = Factory(
        _late("adapters.openai.backend.openai_vision", extra="openai", purpose="A server"),
        cache_dir=settings.provided.cache_dir,
    )
    backend = Factory(
        _wired("backends.backend"),
        settings=settings,
        kinds=Dict(
            {
                "files": file_backend.provider,
                "command": program_backend.provider,
                "hf-vision": hf_vision.provider,
                "openai-vision": openai_vision.provider,
            }
        ),
    )
    load_backends = Call(_wired("backends.load_backends"), build=backend.provider)
    list_backends = Call(
        _wired("backends.list_backends"), load=load_backends.provider, settings=settings
    )
    backend_origins = Call(_wired("backends.backend_origins"), settings=settings)
    check_programs = Call(
        _wired("programs.check_programs"), settings=settings, build=program_backend.provider
    )
    exported_backend = Factory(_wired("backends.exported_backend"))
    embedded_weights = Call(_wired("backends.embedded_weights"))

    brats_source = Factory(_late("adapters.nifti.BratsStudySource"))
    bids_source = Factory(_wired("datasets.bids_source"), settings=settings)
    nnunet_source = Factory(_late("adapters.nifti.NnunetStudySource"))
    slice_source = Factory(_wired("datasets.slice_source"), settings=settings)
    phantom_source = Factory(_wired("datasets.phantom_source"))
    dicom_source = Factory(
        _wired("dicom.dicom_source"),
        settings=settings,
        build=_late("adapters.dicom.DicomStudySource", extra="dicom", purpose="Reading DICOM"),
    )
    registrar = Factory(
        _late(
            "adapters.simpleitk.SimpleItkRegistrar", extra="prepare", purpose="Preparing raw images"
        )
    )
    preparing = Factory(
        _wired("preparation.preparing"),
        settings=settings,
        registrar=registrar.provider,
        open_storage=storage.provider,
    )
    prepared = Call(
        _wired("prepared.prepared"),
        settings=settings,
        prepare=Factory(
            _late("application.prepare.prepared_studies.PreparedStudies"), prepare=preparing
        ).provider,
    )
    index_source = Factory(
        _wired("indexes.index_source"),
        settings=settings,
        open_storage=storage.provider,
        open_path=dataset_path.provider,
    )
    dataset_kinds = Factory(
        _wired("datasets.dataset_kinds"),
        brats_source=brats_source.provider,
        bids_source=bids_source.provider,
        nnunet_source=nnunet_source.provider,
        slice_source=slice_source.provider,
        dicom_source=dicom_source.provider,
        phantom_source=phantom_source.provider,
        index_source=index_source.provider,
    )
    copy_included_phantoms = Call(_late("adapters.phantom.copy_included_phantoms"))
    study_files = Factory(_wired("datasets.study_files"))
    dataset = Factory(
        _wired("datasets.dataset"),
        settings=settings,
        open_storage=storage.provider,
        open_path=dataset_path.provider,
        kinds=dataset_kinds,
        prepared=prepared.provider,
    )
    labelled_dataset = Factory(_wired("datasets.labelled_dataset"), open_dataset=dataset.provider)
    one_study = Factory(
        _wired("datasets.one_study"),
        open_dataset=dataset.provider,
        study_files=study_files.provider,
        prepared=prepared.provider,
    )
    listed_root = Call(_wired("indexes.listed_root"), open_storage=storage.provider)
    cohort_name = Call(
        _wired("datasets.cohort_name"),
        open_storage=storage.provider,
        listed_root=listed_root.provider,
    )
    mask_convention = Call(_wired("datasets.mask_convention"), settings=settings)

    picture_encoder = Factory(_late("adapters.pillow.WebpPictureEncoder"))
    painter = Factory(_late("adapters.pillow.PillowStudyPainter"))
    write_image = _late("adapters.nifti.write_image")
    write_mask = Call(_late("adapters.nifti.write_mask"))
    write_map = Call(_late("adapters.nifti.write_map"))
    report_writer = Factory(_wired("reports.report_writer"), open_storage=storage.provider)
    json_log = Factory(_wired("reports.json_log"))
    mlflow_log = Factory(
        _late("adapters.mlflow.MlflowReportLog", extra="mlflow", purpose="Logging in MLflow")
    )
    report_log = Call(
        _wired("reports.report_log"),
        kinds=Dict({"json": json_log.provider, "mlflow": mlflow_log.provider}),
    )
    prediction_page = Factory(_late("adapters.html.prediction.HtmlPredictionPage"))

    ray_executor = Factory(
        _late("adapters.ray.RayExecutor", extra="ray", purpose="Working on Ray"),
        address=settings.provided.ray.address,
        workers=settings.provided.workers,
        num_cpus=settings.provided.ray.num_cpus,
        num_gpus=settings.provided.ray.num_gpus,
        study_timeout_s=settings.provided.study_timeout_s,
    )
    executor = Factory(
        _wired("evaluation.executor"), settings=settings, ray_executor=ray_executor.provider
    )

    localizer_trainer = Factory(_trainer("trainers.localizer_trainer"))
    grader_trainer = Factory(_trainer("trainers.grader_trainer"))
    region_trainer = Factory(_trainer("trainers.region_trainer"))
    slice_trainer = Factory(_trainer("trainers.slice_trainer"))
    lora_trainer = Factory(
        _wired("fine_tuning.lora_trainer", extra="vlm", purpose="Fine-tuning"), settings=settings
    )
    read_folds = Call(_late("adapters.json.read_folds"))

    prepare_study = Factory(
        _late("application.predict.prepare_study.PrepareStudy"),
        load_backends=load_backends.provider,
        settle_labels=_late("application.datasets.dataset_labels.settle_labels"),
    )
    report_prediction = Factory(
        _late("application.report.report_prediction.ReportPrediction"),
        page=prediction_page,
        encoder=picture_encoder,
    )
    write_prepared = Factory(
        _late("application.prepare.write_prepared.WritePrepared"),
        write_image=write_image,
        painter=painter,
        track=_wired("preparation.tracking"),
    )
    metadata_table = Call(_wired("reports.metadata_table"), open_storage=storage.provider)
    evaluated_dataset = Factory(
        _wired("targets.evaluated_dataset"),
        settings=settings,
        open_dataset=dataset.provider,
        read_table=metadata_table.provider,
    )
    work_on = Factory(
        _late("application.evaluate.request.work_on"),
        seed=settings.provided.seed,
        measures=settings.provided.measures,
        versions=Call(_late("entrypoints.versions.versions")),
        open_dataset=evaluated_dataset.provider,
        open_place=run_place.provider,
        load_backends=load_backends.provider,
    )
    evaluate = Factory(
        _wired("evaluation.evaluate"),
        settings=settings,
        open_dataset=evaluated_dataset.provider,
        open_place=run_place.provider,
        executor=executor,
        encoder=picture_encoder,
        settle_labels=settle_labels.provider,
    )
    merge_shards = Factory(_late("application.evaluate.merge_shards.MergeShards"))
    open_runs = Factory(
        _late("application.report.open_runs.OpenRuns"),
        open_storage=storage.provider,
        open_store=run_store.provider,
        open_place=run_place.provider,
    )
    join_metadata = Call(
        _wired("reports.join_metadata"), settings=settings, read_table=metadata_table.provider
    )
    check_metadata = Call(
        _wired("reports.check_metadata"), join_metadata=join_metadata, open_dataset=dataset.provider
    )
    write_report = Factory(
        _late("application.report.write_report.WriteReport"),
        report_runs=Factory(_wired("reports.reporting"), join_metadata=join_metadata),
        open_runs=open_runs,
        open_place=run_place.provider,
        open_writer=report_writer.provider,
    )
    dicom_images = Call(
        _late("adapters.dicom.objects.images_of", extra="dicom", purpose="Writing DICOM")
    )
    write_dicom = Call(
        _late("adapters.dicom.objects.write_objects", extra="dicom", purpose="Writing DICOM")
    )
    export_predictions = Factory(
        _wired("reports.ExportOfRun"),
        open_runs=open_runs,
        open_place=run_place.provider,
        open_dataset=dataset.provider,
        export=Factory(
            _late("application.report.export_predictions.ExportPredictions"),
            write_mask=write_mask.provider,
            write_objects=write_dicom.provider,
        ),
    )
    score_places = Call(
        _wired("mask_scores.score_places"),
        settings=settings,
        open_path=dataset_path.provider,
        segmentations=Factory(
            _wired("mask_scores.SegmentationReaders"),
            find=Factory(
                _wired("dicom.segmentations"),
                settings=settings,
                build=_of_dicom("found_segmentations.find_segmentations"),
            ).provider,
            references=_of_dicom("reference_segmentations.ReferenceSegmentations"),
            predictions=_of_dicom("predicted_segmentations.PredictedSegmentations"),
        ),
    )
    comparing = Factory(_wired("reports.comparing"), settings=settings, join_metadata=join_metadata)
    dicom_content = Call(
        _wired("dicom.dicom_content"), open_path=dataset_path.provider, source=dicom_source.provider
    )
    verify_dataset = Call(_wired("cohorts.verify"), open_dataset=dataset.provider)
    fingerprint_dataset = Call(
        _wired("cohorts.fingerprint"), open_labelled=labelled_dataset.provider
    )
    index_dataset = Call(
        _wired("indexes.index"),
        settings=settings,
        kinds=dataset_kinds,
        open_storage=storage.provider,
        open_path=dataset_path.provider,
        open_dataset=dataset.provider,
    )
    split_dataset = Call(
        _wired("cohorts.split"),
        open_dataset=dataset.provider,
        open_labelled=labelled_dataset.provider,
        name_of=cohort_name.provider,
    )
    cross_validation = Factory(_late("application.train.cross_validate.CrossValidation"))
    export_networks = Factory(
        _trainer("trainers.export_networks"), exported_backend=exported_backend.provider
    )


container = Container()
"""The wiring of this process; tests override its providers."""


def configure(flags: Mapping[str, str]) -> None:
    """Read the settings from every source, and work under them from now on.

    Args:
        flags: Settings given on the command line, by name.

    Raises:
        InvalidInputError: A source cannot be read, or sets an unknown name or a wrong value.
    """
    container.flags.override(dict(flags))
    container.settings.reset_override()  # of a command before, in this process
    container.settings.reset()
    settings = container.settings()
    keep_private(settings.private)
    configure_logging(
        level="error" if settings.quiet else settings.log_level, style=settings.log_format
    )


def adopt(settings: Settings) -> None:
    """Work under these settings from now on: changed ones, or those of another process."""
    keep_private(settings.private)
    if container.settings() != settings:
        container.settings.override(Object(settings))
