"""Draw a cohort from a dataset and split it by patient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256

from gliobench.application.datasets.dataset_labels import Track
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.read_reference import read_reference
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.labels.proposal import UndeclaredLabelsError
from gliobench.domain.studies.cohort import Cohort, Member, cohort_fingerprint, one_patient_each
from gliobench.domain.studies.folds import assign_folds
from gliobench.domain.studies.image_hash import image_at_hand, image_hash
from gliobench.domain.studies.patients import assumptions
from gliobench.domain.studies.study import Grade, Study


def draw_cohort(
    source: StudySource, *, name: str, exclude: Mapping[str, str] | None = None, track: Track = iter
) -> Cohort:
    """List the studies that can be used, and why the others cannot.

    Args:
        source: The dataset.
        name: What to call the cohort.
        exclude: Reason by study id, e.g. a quarantine list; studies that are not there are named.
        track: Wraps the study ids, e.g. in a progress bar.

    Returns:
        A cohort without a split. A study whose headers or reference cannot be read is excluded.
        Patients who share a study's images, or a name that is sure, count as one.

    Raises:
        StoreError: The source cannot be read now: a cohort without the rest would be another one.
    """
    exclusions: dict[str, str] = {}
    members: list[Member] = []
    hashes: dict[str, str] = {}
    images: dict[str, str] = {}
    for study_id in track(source.study_ids()):
        if exclude and study_id in exclude:
            exclusions[study_id] = exclude[study_id]
            continue
        try:
            content, study = source.content_hash(study_id), source.study(study_id)
            member = _member(study, _grade(source, study_id))
            image = _image(study)
        except FaultError as error:
            exclusions[study_id] = str(error)
        else:
            hashes[study_id] = content
            members.append(member)
            if image is not None:
                images[study_id] = image
    together = one_patient_each(members, images)
    patients = {member.study_id: member.patient_id for member in together}
    return Cohort(
        name=name,
        fingerprint=cohort_fingerprint(hashes),
        members=tuple(together),
        exclusions=exclusions,
        assumptions=(
            *assumptions(patients),
            *_repeated_images(images),
            *_not_there(set(exclude or ()).difference(source.study_ids())),
        ),
        labels=source.labels,
    )


def _not_there(excluded: Collection[str]) -> Iterator[str]:
    """Describe which studies to exclude the dataset does not have: their names may be others here."""
    if excluded:
        few = ", ".join(sorted(excluded)[:5]) + ", …" * (len(excluded) > 5)
        yield f"{len(excluded)} to exclude, no study of this dataset: {few}"


def split_into_folds(cohort: Cohort, *, folds: int, seed: int) -> Cohort:
    """Split a cohort into equal parts `fold-0`, `fold-1`, …, as cross-validation does.

    Patients never part; grade and site are spread as evenly as they go.

    Raises:
        InvalidInputError: Fewer than two folds, or more folds than patients.
    """
    dealt = assign_folds(_strata(cohort), folds=folds, seed=seed)
    part_of = {patient: f"fold-{fold}" for patient, fold in dealt.items()}
    return _split(cohort, part_of, names=[f"fold-{fold}" for fold in range(folds)], seed=seed)


def split_by_fractions(cohort: Cohort, *, fractions: Mapping[str, float], seed: int) -> Cohort:
    """Split a cohort into named parts.

    Patients never part. In each stratum of grade and site a part gets its fraction, rounded down
    or up; which parts are rounded up is decided by what they lack over all strata so far.

    Args:
        cohort: Any; an older split is dropped.
        fractions: Share of the patients by part, each > 0, together 1.
        seed: Of the order of patients within a stratum.

    Raises:
        InvalidInputError: Fewer than two parts, a fraction of zero or below, another sum than 1, or
            too few patients to give every part one.
    """
    shares = exact_shares(fractions)
    part_of: dict[str, str] = {}
    deficit = dict.fromkeys(shares, Fraction(0))
    for patients in _patients_by_stratum(cohort).values():
        patients.sort(key=lambda patient: sha256(f"{seed}/{patient}".encode()).digest())
        places = _places(len(patients), shares, deficit)
        part_of.update(zip(patients, places, strict=True))
    if empty := sorted(set(shares) - set(part_of.values())):
        raise InvalidInputError(
            f"part {empty[0]} would be empty: {len(part_of)} patients are too few to split like this"
        )
    return _split(cohort, part_of, names=list(shares), seed=seed)


def exact_shares(fractions: Mapping[str, float]) -> dict[str, Fraction]:
    """Take fractions as they are written, 0.1 for a tenth, and check them.

    Raises:
        InvalidInputError: Fewer than two, one that is not between 0 and 1, or another sum than 1.
    """
    if len(fractions) < 2 or not all(0 < fraction < 1 for fraction in fractions.values()):
        raise InvalidInputError(
            f"fractions {dict(fractions)}: wanted two or more, each between 0 and 1"
        )
    exact = {part: Fraction(str(fraction)) for part, fraction in fractions.items()}
    total = sum(exact.values(), Fraction(0))
    if abs(total - 1) > Fraction(1, 10**6):
        raise InvalidInputError(f"fractions {dict(fractions)} add up to {float(total):g}: wanted 1")
    return {part: share / total for part, share in exact.items()}


def _member(study: Study, grade: Grade | None) -> Member:
    return Member(study.id, study.patient_id, grade=grade, site=study.site)


def _grade(source: StudySource, study_id: str) -> Grade | None:
    """Return the reference grade; the mask is read only where no table gives it."""
    try:
        return source.grade(study_id) or read_reference(source, study_id).grade
    except UndeclaredLabelsError:
        return None


def _image(study: Study) -> str | None:
    image = image_at_hand(study)
    return None if image is None else image_hash(image)


def _repeated_images(images: Mapping[str, str]) -> Iterator[str]:
    same: dict[str, list[str]] = defaultdict(list)
    for study_id, image in images.items():
        same[image].append(study_id)
    again = [ids for ids in same.values() if len(ids) > 1]
    if again:
        yield (
            f"{sum(map(len, again))} studies hold images that others hold too (such as "
            f"{again[0][0]} and {again[0][1]}) and stay on one side of the split"
        )


def _split(cohort: Cohort, part_of: Mapping[str, str], *, names: list[str], seed: int) -> Cohort:
    parts = {
        name: tuple(
            member.study_id for member in cohort.members if part_of[member.patient_id] == name
        )
        for name in names
    }
    return replace(cohort, parts=parts, seed=seed)


def _strata(cohort: Cohort) -> dict[str, str]:
    """Return each patient the stratum of the first study."""
    strata: dict[str, str] = {}
    for member in cohort.members:
        strata.setdefault(member.patient_id, member.stratum)
    return strata


def _patients_by_stratum(cohort: Cohort) -> dict[str, list[str]]:
    patients: dict[str, list[str]] = defaultdict(list)
    for patient, stratum in _strata(cohort).items():
        patients[stratum].append(patient)
    return dict(sorted(patients.items()))


def _places(n: int, shares: Mapping[str, Fraction], deficit: dict[str, Fraction]) -> list[str]:
    """Name the parts that the n patients of a stratum go to.

    Args:
        n: Patients in the stratum.
        shares: Fraction by part, together 1.
        deficit: Shortfall of each part over the previous strata; updated.
    """
    counts = {part: int(n * share) for part, share in shares.items()}
    for part, share in shares.items():
        deficit[part] += n * share - counts[part]
    could_be_one_more = [part for part, share in shares.items() if (n * share).denominator > 1]
    left_over = n - sum(counts.values())
    for part in sorted(could_be_one_more, key=lambda part: -deficit[part])[:left_over]:
        counts[part] += 1
        deficit[part] -= 1
    return [part for part, count in counts.items() for _ in range(count)]
