"""A cross-validated backend over its own training patients: each answered by a fold that is blind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias, TypeVar

from gliobench.application.backends.asked import AskedClassifier, AskedLocalizer, Grades, Places
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.resampling import Float32Array
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.image_hash import image_at_hand, image_hash
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Study

OPTION = "held_out"
"""The option of a backend that names the folder of its folds."""
RULE = "each patient by the fold that has not seen them"

BuildFold: TypeAlias = Callable[[BackendOptions, Path], Backend]
AnswerT = TypeVar("AnswerT", GradePrediction, LocalisationPrediction)


def held_out(options: BackendOptions, build: BuildFold) -> Backend | None:
    """Build a backend from its folds where the option `held_out` asks for it.

    Args:
        options: Of the backend; `held_out` names a folder with `fold-0`, `fold-1`, …
        build: Makes the backend of one fold, given the options without `held_out` and the fold's
            folder.

    Returns:
        What answers about every patient by a fold that has not learned from them; None where
        nothing is asked for.

    Raises:
        NotFoundError: The folder holds no fold.
        InvalidInputError: A fold does not state its training patients.
    """
    extra = dict(options.extra)
    named = extra.pop(OPTION, None)
    if named is None:
        return None
    plain = replace(options, extra=extra)
    folders = _fold_folders(Path(str(named)))
    return backend_of({folder.name: build(plain, folder) for folder in folders})


def backend_of(folds: Mapping[str, Backend]) -> Backend:
    """Join the backends of a cross-validation's folds into one.

    A patient that some folds have not learned from is answered by the first of those: of the
    training patients that is the fold that held them out, of anybody else the first fold. A patient
    that every fold has learned from is refused.

    Args:
        folds: By name, in their order; alike but for what they have learned.

    Raises:
        InvalidInputError: A fold does not state its training patients.
    """
    for name, fold in folds.items():
        if not fold.trained_on:
            raise InvalidInputError(f"{name} of {fold.name} does not state its training patients")
    first = next(iter(folds.values()))
    blind = _BlindFold(tuple(folds.values()))
    forms = first.localizer.forms if first.localizer else None
    return Backend(
        name=first.name,
        classifier=AskedClassifier(blind.grades) if first.classifier else None,
        localizer=AskedLocalizer(forms, blind.places) if forms is not None else None,
        fingerprint=sha256(
            "".join(f"{name} {fold.fingerprint}\n" for name, fold in folds.items()).encode()
        ).hexdigest(),
        provenance={
            **_shared([fold.provenance for fold in folds.values()]),
            **{name: fold.fingerprint for name, fold in folds.items()},
        },
        trained_on=frozenset(),
        unstated=first.unstated,
        facts=replace(first.facts, held_out=RULE),
        show_prompts=blind.show_prompts if first.show_prompts else None,
        calibrate=first.calibrate,
        probability_maps=blind.probability_maps if first.probability_maps else None,
        reads=first.reads,
    )


@dataclass(frozen=True, slots=True)
class _BlindFold:
    """Finds who may answer about a patient."""

    folds: tuple[Backend, ...]

    def about(self, study: Study) -> Backend | None:
        """Return the first fold that has not learned from the patient or image; None where all have."""
        image = image_at_hand(study)
        known = {
            patient_hash(study.patient_id),
            patient_hash(study.id),
            None if image is None else image_hash(image),
        }
        return next((fold for fold in self.folds if known.isdisjoint(fold.trained_on or ())), None)

    def answers(
        self,
        studies: Sequence[Study],
        ask: Callable[[Backend, list[Study]], list[AnswerT | Failure]],
    ) -> list[AnswerT | Failure]:
        """Ask each fold about its patients at once, and put the answers in the studies' order."""
        folds = [self.about(study) for study in studies]
        found: dict[int, AnswerT | Failure] = {
            n: _seen_by_all(study) for n, study in enumerate(studies) if folds[n] is None
        }
        for fold in self.folds:
            places = [n for n, its in enumerate(folds) if its is fold]
            if places:
                said = ask(fold, [studies[n] for n in places])
                found.update(zip(places, said, strict=True))
        return [found[n] for n in range(len(studies))]

    def grades(self, studies: Sequence[Study]) -> Grades:
        """Grade each study; one of a patient that every fold has learned from fails."""
        return self.answers(studies, _classify)

    def places(self, studies: Sequence[Study], forms: Collection[Form]) -> Places:
        """Localise each study likewise."""
        return self.answers(studies, partial(_localise, forms=forms))

    def show_prompts(self, study: Study) -> str:
        """Return the prompts that the fold would send.

        Raises:
            InvalidInputError: Every fold has learned from the patient.
        """
        fold = self.about(study)
        if fold is None or fold.show_prompts is None:
            raise InvalidInputError(_seen_by_all(study).detail)
        return fold.show_prompts(study)

    def probability_maps(self, study: Study) -> Mapping[Region, Float32Array]:
        """Return the probabilities of the fold's voxels.

        Raises:
            FaultError: Every fold has learned from the patient, or the fold fails on the study.
        """
        fold = self.about(study)
        if fold is None or fold.probability_maps is None:
            raise InvalidInputError(_seen_by_all(study).detail)
        return fold.probability_maps(study)


def _classify(fold: Backend, studies: list[Study]) -> Grades:
    return fold.classifier.classify(studies) if fold.classifier else []


def _localise(fold: Backend, studies: list[Study], *, forms: Collection[Form]) -> Places:
    return fold.localizer.localise(studies, forms) if fold.localizer else []


def _seen_by_all(study: Study) -> Failure:
    return Failure(
        FailureReason.BACKEND_ERROR,
        f"study {study.id}: every fold has learned from its patient, none was held out",
    )


def _shared(provenances: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Keep what all folds say alike."""
    first, *others = provenances
    return {
        key: value
        for key, value in first.items()
        if all(other.get(key) == value for other in others)
    }


def _fold_folders(folder: Path) -> list[Path]:
    found = sorted(item for item in folder.glob("fold-*") if item.is_dir())
    if not found:
        raise NotFoundError(
            f"{folder} holds no folds (fold-0, fold-1, …): export them with --folds"
        )
    return found
