"""Faults of a study's files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gliobench.domain.errors import FaultError, InvalidInputError, NotFoundError


class FaultKind(str, Enum):
    """Reason not to use a study, or a note on it: see `is_note`."""

    UNREADABLE = "unreadable"
    """Not NIfTI, corrupt, larger than the limits, or not accessible."""
    TRUNCATED = "truncated"
    MISSING_MODALITY = "missing_modality"
    ABSENT_MODALITY = "absent_modality"
    """One that a network trained with modality dropout does without: see `ESSENTIAL`."""
    AMBIGUOUS_FILE = "ambiguous_file"
    """Two files claim to be the same modality or mask."""
    AMBIGUOUS_SERIES = "ambiguous_series"
    """The tags of DICOM series do not settle which one a modality is."""
    SHAPE_MISMATCH = "shape_mismatch"
    AFFINE_MISMATCH = "affine_mismatch"
    NOT_FINITE = "not_finite"
    NOT_REGISTERED = "not_registered"
    """Raw images could not be brought together, or their brain not be found."""
    EMPTY_VOLUME = "empty_volume"
    MOSTLY_ONE_VALUE = "mostly_one_value"
    OVERFLOWED = "overflowed"
    """Bright voxels turned negative where the image was saved as integers of 16 bits."""
    SKULL_NOT_STRIPPED = "skull_not_stripped"
    BRAIN_TOO_SMALL = "brain_too_small"
    BRAIN_TOO_LARGE = "brain_too_large"
    CONTRAST_ORDER = "contrast_order"
    """Two sequences look as if they bore each other's names, or are one image."""
    SEQUENCES_APART = "sequences_apart"
    """A sequence shows the brain at another place than the others, or mirrored."""
    NO_ORIENTATION = "no_orientation"
    """The files do not state how their voxels lie in the patient."""
    ODD_ORIENTATION = "odd_orientation"
    """The brain's shape is that of one that lies otherwise, or has other edges, than its header says."""
    TUMOUR_TOO_LARGE = "tumour_too_large"
    """An answer labels most of the brain as tumour."""
    UNKNOWN_LABEL = "unknown_label"
    IMPLAUSIBLE_MASK = "implausible_mask"
    """The mask covers most of the image or its border, like an inverted mask."""
    MASK_OFF_BRAIN = "mask_off_brain"
    """Much of the mask lies where the images show nothing."""
    DUPLICATE_ID = "duplicate_id"
    DUPLICATE_CONTENT = "duplicate_content"
    """The same images under another id."""
    MISSING_MASK = "missing_mask"
    MISNAMED_MASK = "misnamed_mask"
    UNUSED_MASK = "unused_mask"
    """A mask that is not used as the reference, because its name indicates something else."""
    UNUSED_IMAGE = "unused_image"
    """An image whose name is of no known sequence, beside a study that lacks one."""
    THRESHOLDED_MASK = "thresholded_mask"
    """The mask has more than two values, as after lossy compression, and was thresholded at half."""
    MISSING_GRADE = "missing_grade"
    NO_TUMOUR = "no_tumour"
    """The reference mask is empty: the study shows no tumour."""
    ODD_NAME = "odd_name"
    """The name is not printable; the study's id is its escaped form."""
    UNREADABLE_FILE = "unreadable_file"
    """Damaged DICOM files lie beside a study's and may be of it."""
    OTHER_FRAME_OF_REFERENCE = "other_frame_of_reference"
    """By their DICOM tags the patient may have moved between series of the same grid."""
    STUDY_IN_PARTS = "study_in_parts"
    """By their DICOM tags the sequences of a patient are of a study each."""
    REPEATED_ROW = "repeated_row"
    """A table repeats a row."""
    BACKGROUND_NOT_ZERO = "background_not_zero"
    """A non-zero background was found and set to 0."""

    @property
    def is_note(self) -> bool:
        """Return whether the study can be used nevertheless."""
        return self in (
            self.ABSENT_MODALITY,
            self.MISSING_MASK,
            self.MISNAMED_MASK,
            self.UNUSED_MASK,
            self.UNUSED_IMAGE,
            self.MASK_OFF_BRAIN,
            self.THRESHOLDED_MASK,
            self.MISSING_GRADE,
            self.NO_TUMOUR,
            self.ODD_NAME,
            self.UNREADABLE_FILE,
            self.OTHER_FRAME_OF_REFERENCE,
            self.STUDY_IN_PARTS,
            self.REPEATED_ROW,
            self.BACKGROUND_NOT_ZERO,
            self.CONTRAST_ORDER,
            self.SEQUENCES_APART,
            self.NO_ORIENTATION,
            self.ODD_ORIENTATION,
        )


class FaultyStudyError(InvalidInputError):
    """A study's file cannot be used, for a reason with a code.

    Args:
        kind: The reason.
        message: One line: the file, the actual and the expected value.
    """

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault or note of one study.

    Args:
        study_id: The study.
        kind: The kind of fault.
        detail: One line of explanation.
    """

    study_id: str
    kind: FaultKind
    detail: str

    @property
    def sentence(self) -> str:
        """Return both in one line."""
        return f"{self.kind.value}: {self.detail}"

    @classmethod
    def of(cls, study_id: str, error: FaultError) -> Fault:
        """Return the kind of an error that a source raised on a study; `UNREADABLE` if unknown."""
        if isinstance(error, FaultyStudyError):
            return cls(study_id, error.kind, str(error))
        if isinstance(error, NotFoundError):
            return cls(study_id, FaultKind.MISSING_MODALITY, str(error))
        return cls(study_id, FaultKind.UNREADABLE, str(error))

    @classmethod
    def of_reference(cls, study_id: str, error: FaultError) -> Fault:
        """Return the kind of an error on a reference, where a missing file is not a missing modality."""
        fault = cls.of(study_id, error)
        if fault.kind is FaultKind.MISSING_MODALITY:
            return cls(study_id, FaultKind.UNREADABLE, fault.detail)
        return fault
