"""Trains LoRA adapters, and judges them on patients held out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, final

from transformers import PreTrainedModel

from gliobench.adapters.transformers.cards import STAND_IN, card_of
from gliobench.adapters.transformers.fine_tuning.card import AdapterCard
from gliobench.adapters.transformers.fine_tuning.fitting import (
    ADAPTER,
    Batch,
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
from gliobench.adapters.transformers.options import EngineOptions
from gliobench.adapters.vision_language.backend import Speaker
from gliobench.adapters.vision_language.options import ReadingOptions
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.reader import Asking, Reader
from gliobench.adapters.vision_language.slices import PictureSizes, SlicePrompting, planes_by
from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Progress, Row
from gliobench.application.train.training_studies import (
    StudyTrainer,
    TrainingStudies,
    learned_images,
)
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.forms import largest_plane
from gliobench.domain.slices.view import SlicePolicy
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Case

STUDIES_AT_ONCE = 8


class Opened(PictureSizes, Protocol):
    """A checkpoint that is about to learn."""

    @property
    def model(self) -> PreTrainedModel:
        """What learns."""
        ...

    @property
    def provenance(self) -> Mapping[str, str]:
        """What it was before, by name; `model_sha256` among it."""
        ...


OpenedT = TypeVar("OpenedT", bound=Opened)


class Learner(Protocol[OpenedT]):
    """One kind of engine, as far as it decides how its models learn."""

    @property
    def options(self) -> EngineOptions:
        """Of the model, without an adapter."""
        ...

    def open(self, *, four_bit: bool) -> OpenedT:
        """Load the model, to add to it."""
        ...

    def lesson(
        self,
        opened: OpenedT,
        samples: Sequence[Sample],
        prompting: SlicePrompting,
        prompts: Prompts,
        *,
        vision: bool,
    ) -> tuple[Sequence[Any], Callable[[list[Any]], Batch]]:
        """Put samples in tokens.

        Args:
            opened: The model, before anything is added to it.
            samples: Pictures with their answers.
            prompting: How they were drawn.
            prompts: What is asked.
            vision: Whether what looks at pictures learns too.

        Returns:
            Examples, and what makes a batch of some of them.
        """
        ...

    def engine(self, adapter: str | None) -> Speaker:
        """Load what answers, with an adapter or without."""
        ...


@final
class LoraTrainer(StudyTrainer, Generic[OpenedT]):
    """Learns to answer all four questions about the slice of the largest tumour.

    That slice is an oracle's, for learning and for the rows of `predict` alike: they show how well
    a slice is read, not how well it is chosen.

    Args:
        source: Studies with reference masks; those without are left out.
        learner: The model to add to, and how it learns and answers.
        reading: What a slice is shown as and asked; its policy is not used.
        lora: What is added.
        schedule: How long and how fast.
        variants: Pictures of each slice: as it is, mirrored, and moved.
        four_bit: Whether the language model is frozen in four bits (QLoRA).
        prompts: What is asked; None takes the prompts of inference.
    """

    def __init__(
        self,
        source: StudySource,
        learner: Learner[OpenedT],
        reading: ReadingOptions,
        *,
        lora: LoraOptions,
        schedule: LoraSchedule,
        variants: int = 4,
        four_bit: bool = False,
        prompts: Prompts | None = None,
    ) -> None:
        if variants < 1:
            raise InvalidInputError(f"{variants} variants of a slice: wanted 1 or more")
        self._source = source
        self._learner = learner
        self._reading = reading.model_copy(update={"policy": SlicePolicy.ORACLE_LARGEST_TUMOUR})
        self._lora = lora
        self._schedule = schedule
        self._variants = variants
        self._four_bit = four_bit
        self._prompts = prompts or Prompts.load()
        self._studies = TrainingStudies.of(source)

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
        reader = self._reader(self._learner.engine(adapter))
        study_ids = self._studies.ids(patients)
        rows: list[Row] = []
        for start in range(0, len(study_ids), STUDIES_AT_ONCE):
            cases = [
                self._case(study_id) for study_id in study_ids[start : start + STUDIES_AT_ONCE]
            ]
            readings = reader.read([case.study for case in cases])
            rows += [row_of(case, one) for case, one in zip(cases, readings, strict=True)]
        return rows

    def _reader(self, engine: Speaker) -> Reader:
        asking = Asking(
            SlicePrompting.of(self._reading, engine),
            self._prompts,
            grade=self._reading.grade_decoding,
            places=self._reading.decoding,
        )
        planes_of = planes_by(self._reading.policy, modality=asking.prompting.modalities[0])
        return Reader(engine, asking, planes_of, oracle=True)

    def _lesson(self, patients: Collection[str], settings: dict[str, object]) -> Lesson:
        opened = self._learner.open(four_bit=self._four_bit)
        prompting = SlicePrompting.of(self._reading, opened)
        samples = [
            sample
            for study_id in self._studies.ids(patients)
            for sample in self._samples_of(self._case(study_id), prompting)
        ]
        examples, collate = self._learner.lesson(
            opened, samples, prompting, self._prompts, vision=self._lora.vision
        )
        model = add_lora(opened.model, self._lora)
        card = self._card(patients, opened, trainable_parameters(model), settings)
        return Lesson(model, examples, collate, card.write)

    def _samples_of(self, case: Case, prompting: SlicePrompting) -> list[Sample]:
        plane = case.study.oracle_plane
        if plane is None:
            raise InvalidInputError(f"study {case.study.id} shows no tumour: nothing to learn from")
        return samples_of(case, plane, prompting, variants=self._variants, seed=self._schedule.seed)

    def _case(self, study_id: str) -> Case:
        study, reference = self._source.study(study_id), self._source.reference(study_id)
        plane = largest_plane(reference.regions[Region.WT], Axis.AXIAL)
        return Case(replace(study, oracle_plane=plane), reference)

    def _settings(self, patients: Collection[str]) -> dict[str, object]:
        """Name all that decides the outcome of a fit."""
        return {
            "model_sha256": self._model_hash,
            "data_sha256": self.training_data(patients).sha256,
            "prompts_sha256": self._prompts.sha256,
            "lora": asdict(self._lora),
            "schedule": asdict(self._schedule),
            "variants": self._variants,
            "four_bit": self._four_bit,
            "dtype": self._learner.options.dtype,
            "size_px": self._reading.size_px,
            "composition": self._reading.composition.value,
            "modalities": [modality.value for modality in self._reading.modalities],
            "dialect": self._reading.dialect,
        }

    def _card(
        self,
        patients: Collection[str],
        opened: Opened,
        parameters: dict[str, int],
        settings: dict[str, Any],
    ) -> AdapterCard:
        hashes = ("model_sha256", "data_sha256", "prompts_sha256")
        folder = Path(self._learner.options.model)
        trained_on = tuple(sorted(patient_hash(patient) for patient in patients))
        return AdapterCard(
            base=folder.name if folder.is_dir() else self._learner.options.model,
            base_sha256=opened.provenance["model_sha256"],
            stand_in=card_of(self._learner.options.model).get(STAND_IN),
            trained_on=trained_on,
            learned_images=learned_images(self._source, trained_on),
            data_sha256=settings["data_sha256"],
            prompts_sha256=settings["prompts_sha256"],
            parameters=parameters,
            settings={name: one for name, one in settings.items() if name not in hashes},
            versions={name: version(name) for name in ("torch", "transformers", "peft")},
        )

    @cached_property
    def _model_hash(self) -> str:
        return content_hash(self._learner.options.model) or self._learner.options.model
