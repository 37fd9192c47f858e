"""Studies in DICOM files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from typing import final

import structlog

from gliobench.adapters.dicom.catalogue import Catalogue, SeriesEntry, StudyEntry, catalogue
from gliobench.adapters.dicom.series_images import SeriesImages
from gliobench.application.datasets.dicom_series import DicomContent, StudySeries
from gliobench.application.datasets.name_mapping import NameMapping
from gliobench.application.datasets.study_images import study_of_images
from gliobench.application.ports.dataset_path import DatasetPath, resolved
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.studies.faults import Fault, FaultKind, FaultyStudyError
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.series_choice import ChosenSeries, choose_series
from gliobench.domain.studies.study import Grade, Modality, Origin, Reference, Study
from gliobench.domain.studies.subjects import Subject

_LOG = structlog.get_logger(__name__)


@final
class DicomStudySource(StudySource):
    """Reads studies from a folder, a zip or a DICOMDIR of MR images.

    Series are distinguished by their tags; what those leave in doubt makes the study a fault until the user
    declares it. Series of one study are read as they lie, and must lie on one grid. No id, message or
    log holds a tag that names a patient, nor the name of a file.

    Args:
        place: Searched up to 16 folders deep. Grades come from a name_mapping.csv beside the images,
            by the pseudonyms of studies or patients.
        pseudonyms: Names studies, patients, sites and series.
        declared: The modality of series by their pseudonym or UID; None excludes a series. Others than
            those of this place are ignored.
        wanted: Those of `declared` that have to be of this place.
        burned_in: Whether images with burnt-in annotations are read.

    Raises:
        NotFoundError: There is no such place, or no MR image in it.
        InvalidInputError: It cannot be listed, its name_mapping.csv cannot be read, or a wanted series is
            not there.
    """

    def __init__(
        self,
        place: DatasetPath | str,
        pseudonyms: Pseudonyms,
        *,
        declared: Mapping[str, Modality | None] | None = None,
        wanted: frozenset[str] = frozenset(),
        burned_in: bool = False,
    ) -> None:
        root = resolved(place)
        self._found = catalogue(root, pseudonyms, burned_in=burned_in)
        if not self._found.studies:
            raise NotFoundError(f"no MR image in {root}{_reasons(self._found.passed_over)}")
        if self._found.passed_over:
            _LOG.info("dicom_files_passed_over", reasons=dict(self._found.passed_over))
        self._declared = _declared(self._found, declared or {}, wanted)
        self._names = NameMapping.near(root if root.is_dir() else root.parent)

    def study_ids(self) -> list[str]:
        """List the pseudonyms of all studies."""
        return sorted(self._found.studies)

    def study(self, study_id: str) -> Study:
        """Open a study."""
        images = self._chosen_images(study_id)
        origin = self.origin(study_id)
        return study_of_images(study_id, images, patient_id=origin.patient_id, site=origin.site)

    def origin(self, study_id: str) -> Origin:
        """Return the pseudonyms of a study's patient and site; a table takes precedence."""
        subject = self._subject(study_id)
        return Origin(subject.patient_id, subject.site or self._entry(study_id).site)

    def grade(self, study_id: str) -> Grade | None:
        """Return the reference grade."""
        return self._subject(study_id).grade

    def reference(self, study_id: str) -> Reference:
        """Return the grade of the table; DICOM images have no mask."""
        return Reference(grade=self._subject(study_id).grade)

    def content_hash(self, study_id: str) -> str:
        """Hash the files of the series that are used, each under its modality."""
        digest = sha256()
        for modality, images in self._chosen_images(study_id).items():
            if isinstance(images, FaultyStudyError):
                raise images.with_traceback(None)
            digest.update(f"{modality.value} {images.content()}\n".encode())
        return digest.hexdigest()

    def notes(self, study_id: str) -> list[Fault]:
        """Report damaged files beside the study's, and series of different frames of reference."""
        entry, notes = self._entry(study_id), []
        if entry.beside:
            detail = f"{entry.beside} damaged DICOM files in its folders, which may be of it"
            notes.append(Fault(study_id, FaultKind.UNREADABLE_FILE, detail))
        chosen = {series.id for series in self._choice(entry).chosen.values()}
        frames = {item.frame_uid for item in entry.series if item.series.id in chosen} - {""}
        if len(frames) > 1:
            detail = (
                f"its series have {len(frames)} frames of reference: the patient may have moved"
            )
            notes.append(Fault(study_id, FaultKind.OTHER_FRAME_OF_REFERENCE, detail))
        return notes

    def images(self, study_id: str, modality: Modality) -> SeriesImages:
        """Return the series of a modality, for what is written about its images.

        Raises:
            NotFoundError: There is no such study, or it has no such series.
            FaultyStudyError: The series cannot be read, or is in doubt.
        """
        images = self._chosen_images(study_id).get(modality)
        if images is None:
            raise NotFoundError(f"study {study_id} has no {modality.value}")
        if isinstance(images, FaultyStudyError):
            raise images.with_traceback(None)
        return images

    def content(self) -> DicomContent:
        """List every series of every study, and what was passed over."""
        studies = (
            StudySeries(
                study_id=entry.id,
                patient_id=entry.patient_id,
                site=entry.site,
                scanner=entry.scanner,
                choice=self._choice(entry),
                fault=entry.fault,
            )
            for _, entry in sorted(self._found.studies.items())
        )
        return DicomContent(tuple(studies), dict(self._found.passed_over))

    def _chosen_images(self, study_id: str) -> dict[Modality, SeriesImages | FaultyStudyError]:
        entry = self._entry(study_id)
        if entry.fault:
            raise FaultyStudyError(FaultKind.UNREADABLE, f"study {study_id}: {entry.fault}")
        choice = self._choice(entry)
        if choice.questions:
            questions = "; ".join(choice.questions.values())
            raise FaultyStudyError(
                FaultKind.AMBIGUOUS_SERIES,
                f"study {study_id}: {questions}: settle it by --series MODALITY=SERIES; "
                "gliobench dataset series lists all",
            )
        by_id = {item.series.id: item.images for item in entry.series}
        return {modality: by_id[series.id] for modality, series in choice.chosen.items()}

    def _choice(self, entry: StudyEntry) -> ChosenSeries:
        return choose_series([item.series for item in entry.series], self._declared)

    def _subject(self, study_id: str) -> Subject:
        return self._names.subject(study_id, patient=self._entry(study_id).patient_id)

    def _entry(self, study_id: str) -> StudyEntry:
        if study_id not in self._found.studies:
            raise NotFoundError(f"no study {study_id!r} among these DICOM files")
        return self._found.studies[study_id]


def _declared(
    found: Catalogue, declared: Mapping[str, Modality | None], wanted: frozenset[str]
) -> dict[str, Modality | None]:
    """Return the declared modalities by the pseudonyms of series."""
    names: dict[str, list[SeriesEntry]] = {}
    for study in found.studies.values():
        for item in study.series:
            for name in {item.series.id, item.uid, item.series.id.partition(".")[0]}:
                names.setdefault(name, []).append(item)
    if unknown := sum(name not in names for name in wanted):
        raise InvalidInputError(
            f"--series: {unknown} of {len(wanted)} series are not in this dataset: wanted ids as "
            "gliobench dataset series lists them, or UIDs"
        )
    settled: dict[str, Modality | None] = {}
    for name, modality in declared.items():
        entries = names.get(name, [])
        if len(entries) > 1 and modality is not None:
            choices = ", ".join(item.series.id for item in entries[:5])
            raise InvalidInputError(
                f"a declared series holds {len(entries)} volumes: wanted one of {choices}"
            )
        settled |= {item.series.id: modality for item in entries}
    return settled


def _reasons(passed_over: Counter[str]) -> str:
    found = ", ".join(f"{reason} ({n} of them)" for reason, n in passed_over.most_common(3))
    return f": {found}" * bool(found)
