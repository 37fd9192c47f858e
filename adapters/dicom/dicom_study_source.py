"""Studies in DICOM files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from hashlib import sha256
from typing import final

import structlog

from gliobench.adapters.dicom.catalogue import StudyEntry, catalogue
from gliobench.adapters.dicom.declarations import declared_masks, declared_modalities
from gliobench.adapters.dicom.segmentation_mask import SegmentationMask
from gliobench.adapters.dicom.series_images import SeriesImages
from gliobench.adapters.dicom.study_masks import united
from gliobench.adapters.dicom.united_mask import UnitedMask
from gliobench.application.datasets.dicom_series import DicomContent, StudySeries
from gliobench.application.datasets.name_mapping import NameMapping
from gliobench.application.datasets.studies_of import StudiesOf
from gliobench.application.datasets.study_images import study_of_images
from gliobench.application.ports.dataset_path import DatasetPath, resolved
from gliobench.application.ports.study_source import StudySource
from gliobench.application.prepare.prepared_studies import PreparedStudies
from gliobench.domain.errors import FaultError, InvalidInputError, NotFoundError
from gliobench.domain.studies.faults import Fault, FaultKind, FaultyStudyError
from gliobench.domain.studies.mask_choice import MaskChoice, choose_mask
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.series_choice import ChosenSeries, choose_series
from gliobench.domain.studies.study import Grade, Modality, Origin, Reference, Study
from gliobench.domain.studies.subjects import Subject

_LOG = structlog.get_logger(__name__)


@final
class DicomStudySource(StudySource):
    """Reads studies from a folder, a zip or a DICOMDIR of MR images, with the segmentations among them.

    Series are distinguished by their tags; what those leave in doubt makes the study a fault until the user
    declares it. Series of one study are read as they lie, and must lie on one grid. No id, message or
    log holds a tag that names a patient, nor the name of a file.

    Args:
        place: Searched up to 16 folders deep. Grades come from a name_mapping.csv beside the images,
            by the pseudonyms of studies or patients, masks from segmentations among them.
        pseudonyms: Names studies, patients, sites and series.
        declared: The modality of series by their pseudonym or UID; None excludes a series. Others than
            those of this place are ignored.
        masks: Segmentations that are references, by the pseudonym or UID of their series.
        wanted: Those of `declared` and `masks` that have to be of this place.
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
        masks: frozenset[str] = frozenset(),
        wanted: frozenset[str] = frozenset(),
        burned_in: bool = False,
    ) -> None:
        root = resolved(place)
        self._found = catalogue(root, pseudonyms, burned_in=burned_in)
        if not self._found.studies:
            raise NotFoundError(f"no MR image in {root}{_reasons(self._found.passed_over)}")
        if self._found.passed_over:
            _LOG.info("dicom_files_passed_over", reasons=dict(self._found.passed_over))
        self._by_patient: defaultdict[str, list[StudyEntry]] = defaultdict(list)
        for entry in self._found.studies.values():
            self._by_patient[entry.patient_id].append(entry)
        self._declared = declared_modalities(self._found, declared or {}, wanted - masks)
        self._masks = declared_masks(self._found, masks, masks & wanted)
        self._names = NameMapping.near(root if root.is_dir() else root.parent)

    def study_ids(self) -> list[str]:
        """List the pseudonyms of all studies."""
        return sorted(self._found.studies)

    def study(self, study_id: str) -> Study:
        """Open a study."""
        images = self._chosen_images(study_id)
        origin = self.origin(study_id)
        return study_of_images(
            study_id,
            images,
            patient_id=origin.patient_id,
            site=origin.site,
            drawn_on=self._drawn_on(study_id, images),
        )

    def origin(self, study_id: str) -> Origin:
        """Return the pseudonyms of a study's patient and site; a table takes precedence."""
        subject = self._subject(study_id)
        return Origin(subject.patient_id, subject.site or self._entry(study_id).site)

    def grade(self, study_id: str) -> Grade | None:
        """Return the reference grade."""
        return self._subject(study_id).grade

    def reference(self, study_id: str) -> Reference:
        """Return the grade of the table, and the mask of a segmentation."""
        grade = self._subject(study_id).grade
        try:
            grid = self.study(study_id).grid
        except InvalidInputError:
            return self._reference_alone(study_id, grade)
        try:
            mask = self._mask(study_id)
            regions = mask.read(grid) if mask else {}
        except FaultError as error:
            return Reference(grade=grade, fault=Fault.of_reference(study_id, error))
        return Reference(grade=grade, regions=regions)

    def _reference_alone(self, study_id: str, grade: Grade | None) -> Reference:
        """Read the mask on its own grid: where no image can be opened, it still counts the failure."""
        try:
            mask = self._mask(study_id)
            if mask is None:
                return Reference(grade=grade)
            grid = mask.own_grid
            return Reference(grade=grade, regions=mask.read(grid), grid=grid)
        except FaultError:  # the study's own fault is reported
            return Reference(grade=grade)

    def content_hash(self, study_id: str) -> str:
        """Hash the files of the series that are used, each under its modality."""
        digest = sha256()
        for modality, images in self._chosen_images(study_id).items():
            if isinstance(images, FaultyStudyError):
                raise images.with_traceback(None)
            digest.update(f"{modality.value} {images.content()}\n".encode())
        return digest.hexdigest()

    def notes(self, study_id: str) -> list[Fault]:
        """Report a study in parts, damaged files, frames of reference, unused masks, and faults of the table."""
        entry, notes = self._entry(study_id), []
        known = self._names.subjects
        if (
            known and not {study_id, entry.patient_id} & known.keys()
        ):  # whose names may be patients'
            detail = "its table has no row for it: wanted pseudonyms, as gliobench dataset series lists them"
            notes.append(Fault(study_id, FaultKind.MISSING_GRADE, detail))
        if parts := self._parts_beside(entry):
            detail = (
                f"{len(parts)} other studies of its patient have one other sequence each, such as {parts[0]}: "
                "an anonymiser may have changed StudyInstanceUID for each series"
            )
            notes.append(Fault(study_id, FaultKind.STUDY_IN_PARTS, detail))
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
        choice = self._mask_choice(entry)
        if not choice.chosen and not choice.question:
            for mask in choice.masks:
                detail = (
                    f"{mask.id}: not taken for the experts' mask: {mask.objection or 'excluded'}"
                )
                notes.append(Fault(study_id, FaultKind.UNUSED_MASK, detail))
        return notes

    def _parts_beside(self, entry: StudyEntry) -> list[str]:
        """Return the other studies of a patient whose studies have one sequence each, all different."""
        same = self._by_patient[entry.patient_id]
        if len(same) > len(Modality):
            return []
        choices = [self._choice(item) for item in same]
        sequences = [{*choice.chosen, *choice.questions} for choice in choices]
        are_parts = all(len(found) == 1 for found in sequences) and len(
            set.union(*sequences)
        ) == len(same)
        return sorted(item.id for item in same if item is not entry) if are_parts else []

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
                masks=self._mask_choice(entry),
            )
            for _, entry in sorted(self._found.studies.items())
        )
        return DicomContent(tuple(studies), dict(self._found.passed_over))

    def by_series(self) -> dict[str, str]:
        """Return the study of each series, by the pseudonyms of series."""
        studies = self._found.studies.values()
        return {name: study.id for study in studies for name in study.series_ids}

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
        if not choice.chosen:
            reasons = Counter(found.reason for found in choice.judgements)
            raise FaultyStudyError(
                FaultKind.MISSING_MODALITY,
                f"study {study_id}: none of its {len(entry.series)} series is taken for a modality"
                f"{_reasons(reasons)}; gliobench dataset series lists all",
            )
        by_id = {item.series.id: item.images for item in entry.series}
        return {modality: by_id[series.id] for modality, series in choice.chosen.items()}

    def _mask(self, study_id: str) -> SegmentationMask | UnitedMask | None:
        """Return the experts' mask; raises FaultyStudyError where it is in doubt or unusable."""
        entry = self._entry(study_id)
        choice = self._mask_choice(entry)
        if choice.question:
            raise FaultyStudyError(
                FaultKind.AMBIGUOUS_SERIES,
                f"study {study_id}: {choice.question}: settle it by --series mask=SERIES",
            )
        found = [item for item in entry.masks if item.facts in choice.chosen]
        return united(found).sound() if found else None

    def _mask_choice(self, entry: StudyEntry) -> MaskChoice:
        excluded = {name for name, modality in self._declared.items() if modality is None}
        facts = [item.facts for item in entry.masks]
        return choose_mask(facts, declared=self._masks, excluded=excluded)

    def _drawn_on(
        self, study_id: str, images: Mapping[Modality, SeriesImages | FaultyStudyError]
    ) -> SeriesImages | None:
        """Return the image that the experts' mask lies on, of several that which it names."""
        try:
            mask = self._mask(study_id)
        except FaultyStudyError:  # reported where the mask is read
            return None
        if mask is None:
            return None
        named = mask.header.referenced
        uids = {item.series.id: item.uid for item in self._entry(study_id).series}
        sound = [image for image in images.values() if isinstance(image, SeriesImages)]
        sound.sort(key=lambda image: uids[image.name] not in named)
        return next((image for image in sound if mask.lies_on(image.native_grid)), None)

    def _choice(self, entry: StudyEntry) -> ChosenSeries:
        return choose_series([item.series for item in entry.series], self._declared)

    def _subject(self, study_id: str) -> Subject:
        return self._names.subject(study_id, patient=self._entry(study_id).patient_id)

    def _entry(self, study_id: str) -> StudyEntry:
        if study_id not in self._found.studies:
            raise NotFoundError(f"no study {study_id!r} among these DICOM files")
        return self._found.studies[study_id]


def _reasons(passed_over: Counter[str]) -> str:
    found = ", ".join(f"{reason} ({n} of them)" for reason, n in passed_over.most_common(3))
    return f": {found}" * bool(found)


def dicom_studies(source: StudySource) -> DicomStudySource | None:
    """Return the DICOM studies that a source shows; None where it shows others."""
    while isinstance(source, StudiesOf | PreparedStudies):
        source = source.whole
    return source if isinstance(source, DicomStudySource) else None
