"""Trains LoRA adapters, and judges them on patients held out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

import torch
from accelerate import PartialState

from gliobench.adapters.transformers.cards import STAND_IN, card_of
from gliobench.adapters.transformers.fine_tuning.card import AdapterCard
from gliobench.adapters.transformers.fine_tuning.fitting import (
    ADAPTER,
    Lesson,
    LoraSchedule,
    fit_adapter,
)
from gliobench.adapters.transformers.fine_tuning.lora import (
    LoraOptions,
    add_lora,
    trainable_parameters,
)
from gliobench.adapters.transformers.fine_tuning.rows import row_of
from gliobench.adapters.transformers.fine_tuning.samples import Sample, samples_of
from gliobench.adapters.transformers.loading import content_hash
from gliobench.adapters.transformers.mllama.checkpoint import Checkpoint, load_checkpoint
from gliobench.adapters.transformers.mllama.engine import Engine
from gliobench.adapters.transformers.mllama.fine_tuning.examples import Collator, examples_of
from gliobench.adapters.transformers.mllama.fine_tuning.vision_states import (
    VisionStates,
    vision_tower_of,
)
from gliobench.adapters.transformers.mllama.options import MllamaOptions
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.reader import Asking, Reader
from gliobench.adapters.vision_language.slices import SlicePrompting, planes_by
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Progress, Row, Trainer, TrainingData
from gliobench.application.train.learned_images import learned_images
from gliobench.application.train.training_studies import TrainingStudies, hash_of
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.forms import largest_plane
from gliobench.domain.slices.view import SlicePolicy
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Case

STUDIES_AT_ONCE = 8


@final
class LoraTrainer(Trainer):
    """Learns to answer all four questions about the slice of the largest tumour.

    That slice is an oracle's, for learning and for the rows of `predict` alike: they show how well
    a slice is read, not how well it is chosen.

    Args:
        source: Studies with reference masks; those without are left out.
        engine: The model to add to, and how held-out patients are answered.
        reading: What a slice is shown as and asked; its policy is not used.
        lora: What is added.
        schedule: How long and how fast.
        states: Folder for what the frozen vision tower made of the pictures; fits share it.
        variants: Pictures of each slice: as it is, mirrored, and moved.
        four_bit: Whether the language model is frozen in four bits (QLoRA).
        prompts: What is asked; None takes the prompts of inference.
    """

    def __init__(
        self,
        source: StudySource,
        engine: MllamaOptions,
        reading: ReadingOptions,
        *,
        lora: LoraOptions,
        schedule: LoraSchedule,
        states: Path,
        variants: int = 4,
        four_bit: bool = False,
        prompts: Prompts | None = None,
    ) -> None:
        if variants < 1:
            raise InvalidInputError(f"{variants} variants of a slice: wanted 1 or more")
        self._source = source
        self._engine = engine.model_copy(update={"adapter": None})
        self._reading = reading.model_copy(update={"policy": SlicePolicy.ORACLE_LARGEST_TUMOUR})
        self._lora = lora
        self._schedule = schedule
        self._states = states
        self._variants = variants
        self._four_bit = four_bit
        self._prompts = prompts or Prompts.load()
        self._studies = TrainingStudies.of(source)

    def strata(self) -> Mapping[str, str]:
        """Name site and grade of every patient; of several studies, the first's."""
        return self._studies.strata()

    def training_data(self, patients: Collection[str]) -> TrainingData:
        """Name these patients, and hash their studies."""
        return TrainingData(tuple(sorted(patients)), self._data_hash(patients))

    def fit(self, patients: Collection[str], folder: Path, progress: Progress) -> None:
        """Learn an adapter from these patients' slices; it is left in `adapter/`."""
        settings = self._settings(patients)
        fit_adapter(
            lambda: self._lesson(patients, settings),
            schedule=self._schedule,
            settings=settings,
            folder=folder,
            progress=progress,
        )

    def predict(self, patients: Collection[str], folder: Path | None) -> list[Row]:
        """Ask about these patients' slices with the adapter of a fit or none, and score the answers."""
        adapter = None if folder is None else str(folder / ADAPTER)
        engine = self._engine.model_copy(update={"adapter": adapter})
        reader = self._reader(Engine.load(engine))
        study_ids = self._studies.ids(patients)
        rows: list[Row] = []
        for start in range(0, len(study_ids), STUDIES_AT_ONCE):
            cases = [
                self._case(study_id) for study_id in study_ids[start : start + STUDIES_AT_ONCE]
            ]
            readings = reader.read([case.study for case in cases])
            rows += [row_of(case, one) for case, one in zip(cases, readings, strict=True)]
        return rows

    def _reader(self, engine: Engine) -> Reader:
        asking = Asking(
            SlicePrompting.of(self._reading, engine),
            self._prompts,
            grade=self._reading.grade_decoding,
            places=self._reading.decoding,
        )
        planes_of = planes_by(self._reading.policy, modality=asking.prompting.modalities[0])
        return Reader(engine, asking, planes_of, oracle=True)

    def _lesson(self, patients: Collection[str], settings: dict[str, object]) -> Lesson:
        checkpoint = load_checkpoint(self._engine, four_bit=self._four_bit)
        prompting = SlicePrompting.of(self._reading, checkpoint)
        samples = [
            sample
            for study_id in self._studies.ids(patients)
            for sample in self._samples_of(self._case(study_id), prompting)
        ]
        states = None if self._lora.vision else self._encode(checkpoint, samples)
        examples = examples_of(samples, checkpoint, prompting, self._prompts)
        model = add_lora(checkpoint.model, self._lora)
        card = self._card(patients, checkpoint, trainable_parameters(model), settings)
        return Lesson(model, examples, Collator(checkpoint, states), card.write)

    def _samples_of(self, case: Case, prompting: SlicePrompting) -> list[Sample]:
        plane = case.study.oracle_plane
        if plane is None:
            raise InvalidInputError(f"study {case.study.id} shows no tumour: nothing to learn from")
        return samples_of(case, plane, prompting, variants=self._variants, seed=self._schedule.seed)

    def _encode(self, checkpoint: Checkpoint, samples: list[Sample]) -> VisionStates:
        tower = f"{self._model_hash} {checkpoint.model.dtype}"
        states = VisionStates(self._states, tower, vision_tower_of(checkpoint))
        processes = PartialState(cpu=not torch.cuda.is_available())
        with processes.main_process_first():  # one looks for all
            states.prepare([sample.picture for sample in samples])
        return states

    def _case(self, study_id: str) -> Case:
        study, reference = self._source.study(study_id), self._source.reference(study_id)
        plane = largest_plane(reference.regions[Region.WT], Axis.AXIAL)
        return Case(replace(study, oracle_plane=plane), reference)

    def _settings(self, patients: Collection[str]) -> dict[str, object]:
        """Name all that decides the outcome of a fit."""
        return {
            "model_sha256": self._model_hash,
            "data_sha256": self._data_hash(patients),
            "prompts_sha256": self._prompts.sha256,
            "lora": asdict(self._lora),
            "schedule": asdict(self._schedule),
            "variants": self._variants,
            "four_bit": self._four_bit,
            "dtype": self._engine.dtype,
            "size_px": self._reading.size_px,
            "composition": self._reading.composition.value,
            "modalities": [modality.value for modality in self._reading.modalities],
            "dialect": self._reading.dialect,
        }

    def _card(
        self,
        patients: Collection[str],
        checkpoint: Checkpoint,
        parameters: dict[str, int],
        settings: dict[str, Any],
    ) -> AdapterCard:
        hashes = ("model_sha256", "data_sha256", "prompts_sha256")
        folder = Path(self._engine.model)
        trained_on = tuple(sorted(patient_hash(patient) for patient in patients))
        return AdapterCard(
            base=folder.name if folder.is_dir() else self._engine.model,
            base_sha256=checkpoint.provenance["model_sha256"],
            stand_in=card_of(self._engine.model).get(STAND_IN),
            trained_on=trained_on,
            learned_images=learned_images(self._source, trained_on),
            data_sha256=settings["data_sha256"],
            prompts_sha256=settings["prompts_sha256"],
            parameters=parameters,
            settings={name: one for name, one in settings.items() if name not in hashes},
            versions={name: version(name) for name in ("torch", "transformers", "peft")},
        )

    def _data_hash(self, patients: Collection[str]) -> str:
        return hash_of(self._studies.hashes(patients))

    @cached_property
    def _model_hash(self) -> str:
        return content_hash(self._engine.model) or self._engine.model
