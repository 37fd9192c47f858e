"""What implements each port, and which use cases it is handed to."""

from __future__ import annotations

from dependency_injector.providers import Callable as Call
from dependency_injector.providers import Dict, Factory, Object, Singleton

from gliobench.entrypoints.container.late import late, of_dicom, to_dicom, trainer, wired


class Container:
    """What implements each port, and below it the use cases.

    `flags` are the settings given on the command line. No `DeclarativeContainer`: its module imports
    FastAPI and Flask where they are installed, for a quarter of a second.
    """

    flags: Object[dict[str, object]] = Object({})
    settings = Singleton(late("entrypoints.settings.load_settings"), flags)

    storage = Factory(
        late("adapters.storage.open_storage"), patience_s=settings.provided.store_patience_s
    )
    run_store = Factory(wired("runs.run_store"), open_storage=storage.provider)
    score_table = Call(wired("runs.score_table"), open_storage=storage.provider)
    run_place = Factory(wired("runs.run_place"), open_storage=storage.provider)

    dataset_path = Factory(wired("datasets.dataset_path"), settings=settings)
    segmentations = Factory(
        wired("dicom.segmentations"),
        settings=settings,
        build=of_dicom("predicted_segmentations.predicted_segmentations"),
    )
    file_backend = Factory(
        wired("prediction_files.file_backend"),
        open_path=dataset_path.provider,
        segmentations=segmentations.provider,
    )
    settle_labels = Factory(
        wired("prediction_files.with_settled_labels"), open_path=dataset_path.provider
    )
    program_backend = Factory(wired("programs.program_backend"), open_path=dataset_path.provider)
    hf_vision = Factory(
        late(
            "adapters.transformers.hf.backend.hf_vision",
            extra="vlm",
            purpose="Vision-language models",
        )
    )
    openai_vision = Factory(
        late("adapters.openai.backend.openai_vision", extra="openai", purpose="A server"),
        cache_dir=settings.provided.cache_dir,
    )
    backend = Factory(
        wired("backends.backend"),
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
    load_backends = Call(wired("backends.load_backends"), build=backend.provider)
    list_backends = Call(
        wired("backends.list_backends"), load=load_backends.provider, settings=settings
    )
    backend_origins = Call(wired("backends.backend_origins"), settings=settings)
    check_programs = Call(
        wired("programs.check_programs"), settings=settings, build=program_backend.provider
    )
    exported_backend = Factory(wired("backends.exported_backend"))
    embedded_weights = Call(wired("backends.embedded_weights"))

    brats_source = Factory(late("adapters.nifti.BratsStudySource"))
    bids_source = Factory(wired("datasets.bids_source"), settings=settings)
    nnunet_source = Factory(late("adapters.nifti.NnunetStudySource"))
    slice_source = Factory(wired("datasets.slice_source"), settings=settings)
    phantom_source = Factory(wired("datasets.phantom_source"))
    dicom_source = Factory(
        wired("dicom.dicom_source"),
        settings=settings,
        build=of_dicom("DicomStudySource"),
    )
    registrar = Factory(
        late(
            "adapters.simpleitk.SimpleItkRegistrar", extra="prepare", purpose="Preparing raw images"
        )
    )
    bias_fields = Factory(
        late("adapters.simpleitk.N4BiasField", extra="prepare", purpose="Preparing raw images")
    )
    preparing = Factory(
        wired("preparation.preparing"),
        settings=settings,
        registrar=registrar.provider,
        bias_fields=bias_fields.provider,
        open_storage=storage.provider,
    )
    prepared = Call(
        wired("prepared.prepared"),
        settings=settings,
        prepare=Factory(
            late("application.prepare.prepared_studies.PreparedStudies"), prepare=preparing
        ).provider,
    )
    index_source = Factory(
        wired("indexes.index_source"),
        settings=settings,
        open_storage=storage.provider,
        open_path=dataset_path.provider,
    )
    dataset_kinds = Factory(
        wired("datasets.dataset_kinds"),
        brats_source=brats_source.provider,
        bids_source=bids_source.provider,
        nnunet_source=nnunet_source.provider,
        slice_source=slice_source.provider,
        dicom_source=dicom_source.provider,
        phantom_source=phantom_source.provider,
        index_source=index_source.provider,
    )
    copy_included_phantoms = Call(late("adapters.phantom.copy_included_phantoms"))
    study_files = Factory(wired("datasets.study_files"))
    dataset = Factory(
        wired("datasets.dataset"),
        settings=settings,
        open_storage=storage.provider,
        open_path=dataset_path.provider,
        kinds=dataset_kinds,
        prepared=prepared.provider,
    )
    labelled_dataset = Factory(wired("datasets.labelled_dataset"), open_dataset=dataset.provider)
    one_study = Factory(
        wired("datasets.one_study"),
        open_dataset=dataset.provider,
        study_files=study_files.provider,
        prepared=prepared.provider,
    )
    listed_root = Call(wired("indexes.listed_root"), open_storage=storage.provider)
    cohort_name = Call(
        wired("datasets.cohort_name"),
        open_storage=storage.provider,
        listed_root=listed_root.provider,
    )
    mask_convention = Call(wired("datasets.mask_convention"), settings=settings)

    picture_encoder = Factory(late("adapters.pillow.WebpPictureEncoder"))
    painter = Factory(late("adapters.pillow.PillowStudyPainter"))
    write_image = late("adapters.nifti.write_image")
    write_mask = Call(late("adapters.nifti.write_mask"))
    write_map = Call(late("adapters.nifti.write_map"))
    report_writer = Factory(wired("reports.report_writer"), open_storage=storage.provider)
    json_log = Factory(wired("reports.json_log"))
    mlflow_log = Factory(
        late("adapters.mlflow.MlflowReportLog", extra="mlflow", purpose="Logging in MLflow")
    )
    report_log = Call(
        wired("reports.report_log"),
        kinds=Dict({"json": json_log.provider, "mlflow": mlflow_log.provider}),
    )
    prediction_page = Factory(late("adapters.html.prediction.HtmlPredictionPage"))

    ray_executor = Factory(
        late("adapters.ray.RayExecutor", extra="ray", purpose="Working on Ray"),
        address=settings.provided.ray.address,
        workers=settings.provided.workers,
        num_cpus=settings.provided.ray.num_cpus,
        num_gpus=settings.provided.ray.num_gpus,
        study_timeout_s=settings.provided.study_timeout_s,
    )
    executor = Factory(
        wired("evaluation.executor"), settings=settings, ray_executor=ray_executor.provider
    )

    localizer_trainer = Factory(trainer("trainers.localizer_trainer"))
    grader_trainer = Factory(trainer("trainers.grader_trainer"))
    region_trainer = Factory(trainer("trainers.region_trainer"))
    slice_trainer = Factory(trainer("trainers.slice_trainer"))
    brain_trainer = Factory(trainer("trainers.brain_trainer"))
    lora_trainer = Factory(
        wired("fine_tuning.lora_trainer", extra="vlm", purpose="Fine-tuning"), settings=settings
    )
    read_folds = Call(late("adapters.json.read_folds"))

    prepare_study = Factory(
        late("application.predict.prepare_study.PrepareStudy"),
        load_backends=load_backends.provider,
        settle_labels=late("application.datasets.dataset_labels.settle_labels"),
    )
    report_prediction = Factory(
        late("application.report.report_prediction.ReportPrediction"),
        page=prediction_page,
        encoder=picture_encoder,
    )
    write_prepared = Factory(
        late("application.prepare.write_prepared.WritePrepared"),
        write_image=write_image,
        painter=painter,
        track=wired("preparation.tracking"),
    )
    metadata_table = Call(wired("reports.metadata_table"), open_storage=storage.provider)
    evaluated_dataset = Factory(
        wired("targets.evaluated_dataset"),
        settings=settings,
        open_dataset=dataset.provider,
        read_table=metadata_table.provider,
    )
    work_on = Factory(
        late("application.evaluate.request.work_on"),
        seed=settings.provided.seed,
        measures=settings.provided.measures,
        versions=Call(late("entrypoints.versions.versions")),
        open_dataset=evaluated_dataset.provider,
        open_place=run_place.provider,
        load_backends=load_backends.provider,
    )
    evaluate = Factory(
        wired("evaluation.evaluate"),
        settings=settings,
        open_dataset=evaluated_dataset.provider,
        open_place=run_place.provider,
        executor=executor,
        encoder=picture_encoder,
        settle_labels=settle_labels.provider,
    )
    merge_shards = Factory(late("application.evaluate.merge_shards.MergeShards"))
    open_runs = Factory(
        late("application.report.open_runs.OpenRuns"),
        open_storage=storage.provider,
        open_store=run_store.provider,
        open_place=run_place.provider,
    )
    join_metadata = Call(
        wired("reports.join_metadata"), settings=settings, read_table=metadata_table.provider
    )
    check_metadata = Call(
        wired("reports.check_metadata"), join_metadata=join_metadata, open_dataset=dataset.provider
    )
    write_report = Factory(
        late("application.report.write_report.WriteReport"),
        report_runs=Factory(wired("reports.reporting"), join_metadata=join_metadata),
        open_runs=open_runs,
        open_place=run_place.provider,
        open_writer=report_writer.provider,
    )
    dicom_images = Call(to_dicom("objects.images_of"))
    write_dicom = Call(to_dicom("objects.write_objects"))
    export_predictions = Factory(
        wired("reports.ExportOfRun"),
        open_runs=open_runs,
        open_place=run_place.provider,
        open_dataset=dataset.provider,
        export=Factory(
            late("application.report.export_predictions.ExportPredictions"),
            write_mask=write_mask.provider,
            write_objects=write_dicom.provider,
        ),
    )
    score_places = Call(
        wired("mask_scores.score_places"),
        settings=settings,
        open_path=dataset_path.provider,
        segmentations=Factory(
            wired("mask_scores.SegmentationReaders"),
            find=Factory(
                wired("dicom.segmentations"),
                settings=settings,
                build=of_dicom("found_segmentations.find_segmentations"),
            ).provider,
            references=of_dicom("predicted_segmentations.ReferenceSegmentations"),
            predictions=of_dicom("predicted_segmentations.PredictedSegmentations"),
        ),
    )
    comparing = Factory(wired("reports.comparing"), settings=settings, join_metadata=join_metadata)
    dicom_content = Call(
        wired("dicom.dicom_content"), open_path=dataset_path.provider, source=dicom_source.provider
    )
    verify_dataset = Call(wired("cohorts.verify"), open_dataset=dataset.provider)
    fingerprint_dataset = Call(
        wired("cohorts.fingerprint"), open_labelled=labelled_dataset.provider
    )
    index_dataset = Call(
        wired("indexes.index"),
        settings=settings,
        kinds=dataset_kinds,
        open_storage=storage.provider,
        open_path=dataset_path.provider,
        open_dataset=dataset.provider,
    )
    split_dataset = Call(
        wired("cohorts.split"),
        open_dataset=dataset.provider,
        open_labelled=labelled_dataset.provider,
        name_of=cohort_name.provider,
    )
    cross_validation = Factory(late("application.train.cross_validate.CrossValidation"))
    export_networks = Factory(
        trainer("trainers.export_networks"), exported_backend=exported_backend.provider
    )
