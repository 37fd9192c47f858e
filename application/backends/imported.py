"""Predictions that others made, as a backend that reads files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from gliobench.application.backends.asked import AskedClassifier, AskedLocalizer
from gliobench.application.backends.misplaced import check_inside
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.prediction_files import IGNORED, OF_NO_STUDY, PredictionFiles
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.messages import shown
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
    NoTumour,
)
from gliobench.domain.studies.grading_target import GRADE, GradingTarget
from gliobench.domain.studies.metadata_join import joined_name
from gliobench.domain.studies.patients import patient_hash, patient_of
from gliobench.domain.studies.study import Grade, Modality, Study
from gliobench.domain.studies.study_ids import lost_zeros

_WORDS = re.compile(r"[\s,;:/\\\"'\[\](){}]+")
_ENDING = re.compile(r"\.(nii(\.gz)?|npz|npy|h5|zip|dcm)$")
_SUFFIX = re.compile(
    rf"[-_]({'|'.join(name for modality in Modality for name in modality.names)}|seg|\d{{4}})$"
)
"""What follows a study's id in the name of a file."""


def unused(provenance: Mapping[str, str]) -> Iterator[str]:
    """Name the files and rows that a backend from files did not use, as its provenance states them."""
    for key, text in provenance.items():
        if key == IGNORED or key.endswith(OF_NO_STUDY):
            yield f"{key}: {text}"


def imported(
    name: str,
    files: Sequence[PredictionFiles],
    *,
    trained_on: frozenset[str] | None = None,
    family: str = "",
    target: GradingTarget = GRADE,
) -> Backend:
    """Return the backend that answers with what the files hold.

    Args:
        name: Of the backend and its run.
        files: Of different forms; at most one holds grades.
        trained_on: Hashes of the patients that its model learned from; None where that is not stated.
        family: Of the model, see `BackendFacts`.
        target: What the grades are of.

    Raises:
        InvalidInputError: There are no files, or two of them hold the same form.
    """
    graders = [item for item in files if item.grades]
    places = [item for item in files if item.forms]
    forms = [form for item in places for form in item.forms]
    if not files or len(graders) > 1 or len(forms) > len(set(forms)):
        raise InvalidInputError(
            f"backend {name}: wanted files of predictions, and each kind of prediction once"
        )
    prints = [item.fingerprint for item in files]
    return Backend(
        name=name,
        classifier=AskedClassifier(lambda studies: list(map(graders[0].grade, studies)))
        if graders
        else None,
        localizer=AskedLocalizer(
            frozenset(forms), lambda studies, _: [_together(places, study) for study in studies]
        )
        if places
        else None,
        fingerprint=sha256(" ".join(prints).encode()).hexdigest(),
        provenance={key: text for item in files for key, text in item.provenance.items()},
        trained_on=trained_on,
        facts=BackendFacts(family=family),
        reads_images=False,
        target=target,
    )


def check_belongs(name: str, files: Iterable[PredictionFiles], source: StudySource) -> None:
    """Check that files are of a dataset before anything is scored.

    Raises:
        NotFoundError: Some of the files hold no prediction of any study.
        InvalidInputError: Every mask that was looked at is on another grid than its study, or every place
            outside of its image.
    """
    studies = source.study_ids()
    for item in files:
        held = [study_id for study_id in studies if item.holds(study_id)]
        if not held:
            raise NotFoundError(
                f"backend {name}: no prediction is of a study of this dataset, such as "
                f"{shown(studies[0])}: {'; '.join(item.provenance.values())}"
            )
        if item.forms:
            check_inside(name, item, source, held)


def check_targets(place: str, targets: Mapping[str, Grade], source: StudySource) -> None:
    """Check a table's own references against the dataset's: their classes may stand in another order.

    Args:
        place: Of the table, for messages.
        targets: The grades that its references mean, if 1 is HGG.
        source: The studies.

    Raises:
        InvalidInputError: More than half of them are the opposite of the dataset's.
    """
    known = {study_id: source.grade(study_id) for study_id in source.study_ids()}
    pairs = [(said, known[one]) for one, said in targets.items() if known.get(one) is not None]
    opposite = sum(said is not grade for said, grade in pairs)
    if 2 * opposite > len(pairs):
        raise InvalidInputError(
            f"{place}: Target is the opposite of the reference grade in {opposite} of {len(pairs)} "
            "studies, taking 1 for HGG: wanted a column probability_hgg, or 1 for HGG"
        )


def check_grades(
    place: str, said: Mapping[str, GradePrediction | Failure], source: StudySource
) -> None:
    """Check that a table's grades are what was predicted, where it holds probabilities beside them.

    Raises:
        InvalidInputError: Every grade is the reference, and no cut of the probabilities gives them.
    """
    known = {
        study_id: source.grade(study_id) for study_id in source.study_ids() if study_id in said
    }
    pairs = [(said[one], grade) for one, grade in known.items() if grade is not None]
    rated = [
        (one.probability_hgg, one.grade is grade, grade)
        for one, grade in pairs
        if isinstance(one, GradePrediction) and one.probability_hgg is not None
    ]
    high = [number for number, _, grade in rated if grade is Grade.HGG]
    low = [number for number, _, grade in rated if grade is Grade.LGG]
    if all(right for _, right, _ in rated) and high and low and max(low) > min(high):
        raise InvalidInputError(
            f"{place}: the grades equal the references in all {len(rated)} studies, and contradict the "
            "probabilities: wanted predicted grades, or no column of grades"
        )


def patients_named(names: Collection[str], source: StudySource | None) -> frozenset[str]:
    """Hash the patients that names of studies or patients stand for.

    Args:
        names: Of studies, of this dataset or others, or of patients.
        source: The studies; None where they are not known.

    Raises:
        InvalidInputError: A name is no study's, but holds the id of one: it is of a file, or a list.
    """
    known = {item: source.origin(item).patient_id for item in source.study_ids()} if source else {}
    _check_names(names, known)
    named = {*names, *(patient_of(name).id for name in names)}
    same = set(map(joined_name, named))
    patients = {
        patient for one, patient in known.items() if same & {joined_name(one), joined_name(patient)}
    }
    return frozenset(map(patient_hash, patients | named))


def _check_names(names: Collection[str], patients: Mapping[str, str]) -> None:
    """Refuse names that would pass for those of others, and hide what a model learned from."""
    known = {*patients, *patients.values()}
    same = set(map(joined_name, known))
    by_word = {name.casefold(): name for name in known if name in patients or not name.isdecimal()}
    strangers = [
        name
        for name in sorted(names)
        if not same & {joined_name(name), joined_name(patient_of(name).id)}
    ]
    pairs = ((name, by_word.get(word)) for name in strangers for word in _words_of(name))
    like = next((pair for pair in pairs if pair[1]), None) or lost_zeros(strangers, known)
    if like:
        raise InvalidInputError(
            f"{shown(like[0])} is no study, but looks like {like[1]}: wanted a study's or a patient's name "
            "alone in each line"
        )


def _words_of(name: str) -> Iterator[str]:
    """Yield what a line may name: its words without the endings of files, and their patients."""
    for word in _WORDS.split(name.casefold()):
        bare = _ENDING.sub("", word)
        for name_of_file in (bare, _SUFFIX.sub("", bare)):
            yield from (name_of_file, patient_of(name_of_file).id.casefold())


def _together(files: Sequence[PredictionFiles], study: Study) -> LocalisationPrediction | Failure:
    """Put the answers of all files together; a failure of one is of its forms only."""
    said = [item.localise(study) for item in files]
    if len(said) == 1:
        return said[0]
    answers: dict[Form, Localisation | NoTumour | Failure] = {}
    raw: dict[Form, str] = {}
    sure: LocalisationPrediction | None = None
    for item, place in zip(files, said, strict=True):
        if isinstance(place, Failure):
            answers |= dict.fromkeys(item.forms, place)
        else:
            answers |= place.answers
            raw |= place.raw
            sure = sure or (place if place.confidence is not None else None)
    oracle = any(isinstance(place, LocalisationPrediction) and place.oracle for place in said)
    return LocalisationPrediction(
        answers,
        oracle=oracle,
        raw=raw,
        confidence=sure.confidence if sure else None,
        region_confidence=sure.region_confidence if sure else {},
    )
