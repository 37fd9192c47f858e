"""Masks that a program wrote as DICOM segmentations, whatever their files are called."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import final

from gliobench.adapters.dicom.dicom_study_source import dicom_studies
from gliobench.adapters.dicom.files import find_files
from gliobench.adapters.dicom.headers import Header, read_header
from gliobench.adapters.dicom.quiet import silence_pydicom
from gliobench.adapters.dicom.segmentation_headers import SegmentationHeader
from gliobench.adapters.dicom.segmentation_mask import THRESHOLD
from gliobench.adapters.dicom.study_masks import MaskEntry, mask_entries, study_of
from gliobench.application.backends.mask_answers import MaskAnswers, unusable
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.prediction_files import IGNORED, OF_NO_STUDY, PredictionFiles
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
)
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.study import Study


@dataclass(frozen=True, slots=True)
class FoundSegmentations:
    """The segmentations of a folder.

    Args:
        masks: By study.
        n_strays: How many are of no study.
        passed_over: How many other files there are, by what they are.
    """

    masks: Mapping[str, MaskEntry]
    n_strays: int
    passed_over: Mapping[str, int]


@final
class PredictedSegmentations(PredictionFiles):
    """Reads segmentations as answers.

    Args:
        found: In a folder.
        beside: What is said of studies beside their masks.

    Raises:
        InvalidInputError: A study has a mask and a failure.
    """

    grades = False
    forms = frozenset({Form.MASK})

    def __init__(self, found: FoundSegmentations, beside: MaskAnswers) -> None:
        self._found, self._beside = found, beside
        beside.check_apart({study_id: one.facts.id for study_id, one in found.masks.items()})

    @cached_property
    def fingerprint(self) -> str:
        """Hash the files and how they are read."""
        digest = sha256(f"{THRESHOLD} {self._beside.values()}".encode(errors="surrogatepass"))
        for study_id, entry in sorted(self._found.masks.items()):
            digest.update(f"{study_id} {_hash(entry)}\n".encode())
        return digest.hexdigest()

    @property
    def provenance(self) -> Mapping[str, str]:
        """Describe the files."""
        said = {
            "masks": f"{len(self._found.masks)} DICOM segmentations, fractions above "
            f"{THRESHOLD:g} inside"
        }
        if self._found.passed_over:
            others = (f"{reason} ({n})" for reason, n in self._found.passed_over.items())
            said[IGNORED] = ", ".join(others)
        if self._found.n_strays:
            said[f"masks {OF_NO_STUDY}"] = f"{self._found.n_strays} segmentations"
        return said

    def holds(self, study_id: str) -> bool:
        """Return whether there is a mask of a study, or why there is none."""
        return study_id in self._found.masks or study_id in self._beside.failures

    def grade(self, study: Study) -> GradePrediction | Failure:
        """Return that a mask holds no grade."""
        return Failure(FailureReason.MISSING_PREDICTION, f"no grade of study {study.id}")

    def localise(self, study: Study) -> LocalisationPrediction | Failure:
        """Read a study's mask."""
        entry = self._found.masks.get(study.id)
        if entry is None:
            return self._beside.without_mask(study)
        try:
            mask = entry.sound()
            return self._beside.with_mask(study, mask.read(study.grid), mask.convention)
        except FaultError as error:
            return unusable(error, named=str(error))


def predicted_segmentations(
    place: DatasetPath,
    pseudonyms: Pseudonyms,
    *,
    source: StudySource | None,
    excluded: Collection[str] = (),
    beside: MaskAnswers,
) -> PredictedSegmentations:
    """Find the segmentations of a folder or a zip, and the studies that they are of.

    Args:
        place: With segmentations under any names.
        pseudonyms: Those of the studies.
        source: The studies; None where they are not known yet.
        excluded: Series that are left out, by their pseudonym or UID.
        beside: What is said of studies beside their masks.

    Raises:
        InvalidInputError: The studies are no DICOM, there are images in the folder, two segmentations are
            of one study, or an excluded one is not there.
    """
    studies = None if source is None else dicom_studies(source)
    if source is not None and studies is None:
        raise InvalidInputError(
            f"{place}: holds DICOM segmentations, and the dataset no DICOM: wanted NIfTI masks"
        )
    by_series = {} if studies is None else studies.by_series()
    known = None if source is None else frozenset(source.study_ids())
    passed_over: Counter[str] = Counter()
    by_study: dict[str | None, list[SegmentationHeader]] = defaultdict(list)
    for header in _segmentations(place, passed_over):
        by_study[study_of(header, pseudonyms, by_series=by_series, known=known)].append(header)
    n_strays = len(by_study.pop(None, []))
    entries = {
        study_id: [*mask_entries(headers, pseudonyms)]
        for study_id, headers in by_study.items()
        if study_id is not None
    }
    masks = _one_each(entries, frozenset(excluded), place)
    return PredictedSegmentations(FoundSegmentations(masks, n_strays, passed_over), beside)


def _one_each(
    entries: Mapping[str, Sequence[MaskEntry]], excluded: frozenset[str], place: DatasetPath
) -> dict[str, MaskEntry]:
    """Leave out what is excluded, and check that each study has one segmentation at most."""
    names = {name for its in entries.values() for entry in its for name in entry.names}
    if unknown := len(excluded - names):
        raise InvalidInputError(
            f"--exclude: {unknown} of {len(excluded)} series are not in {place}: wanted ids such as "
            "series-0123456789abcdef, or UIDs"
        )
    masks: dict[str, MaskEntry] = {}
    for study_id, its in entries.items():
        left = [entry for entry in its if not entry.names & excluded]
        if len(left) > 1:
            raise InvalidInputError(
                f"{place}: {len(left)} segmentations of study {study_id}, {left[0].facts.id} and "
                f"{left[1].facts.id}: wanted one: leave others out by --exclude SERIES"
            )
        if left:
            masks[study_id] = left[0]
    return masks


def _segmentations(place: DatasetPath, passed_over: Counter[str]) -> Iterator[SegmentationHeader]:
    silence_pydicom()
    for file in find_files(place):
        try:
            found = read_header(file)
        except InvalidInputError as error:
            if "no DICOM" not in str(error):
                passed_over[str(error)] += 1
            continue
        if isinstance(found, Header):
            raise InvalidInputError(
                f"{place}: holds MR images: wanted a folder of predicted segmentations alone"
            )
        if isinstance(found, SegmentationHeader):
            yield found
        else:
            passed_over["a DICOM file that is no segmentation"] += 1


def _hash(entry: MaskEntry) -> str:
    try:
        return entry.content()
    except FaultError as error:  # reported when it is read as an answer
        return str(error)
