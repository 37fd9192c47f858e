"""Controls: alterations of images that test whether a backend's answers depend on them."""

from __future__ import annotations

from enum import Enum

from gliobench.domain.studies.study import Modality


class Control(str, Enum):
    """An alteration of every image of a cohort, one row each: its name and its heading in reports.

    The references are altered alike, but for `OTHER_PATIENT`: there the reference stays the patient's
    own. `SHIFTED` moves everything by whole voxels, the brain within its field: see `roomiest_shift`.
    """

    BLANK = "blank", "Blank image: there is no tumour"
    OTHER_PATIENT = "other-patient", "Another patient’s image, scored against the own reference"
    MIRRORED = "mirrored", "Left and right mirrored: the answer must be mirrored"
    SHIFTED = "shifted", "Image shifted: the answer must shift with it"
    WITHOUT_T1N = "without-t1n", "Without T1"
    WITHOUT_T1C = "without-t1c", "Without T1c"
    WITHOUT_T2W = "without-t2w", "Without T2"
    WITHOUT_T2F = "without-t2f", "Without FLAIR"

    _value_: str
    heading: str

    def __new__(cls, name: str, heading: str) -> Control:
        """Take the name as the value."""
        control = str.__new__(cls, name)
        control._value_, control.heading = name, heading
        return control

    @property
    def moves(self) -> bool:
        """Whether the answer must move with the image."""
        return self in (Control.MIRRORED, Control.SHIFTED)

    @property
    def dropped(self) -> Modality | None:
        """The modality that is removed, or None."""
        prefix = "without-"
        return Modality(self.value.removeprefix(prefix)) if self.value.startswith(prefix) else None
