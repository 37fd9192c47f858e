"""Controls: alterations of images that test whether a backend's answers depend on them."""

from __future__ import annotations

from enum import Enum

from gliobench.domain.studies.study import Modality


class Control(str, Enum):
    """An alteration of all images of a cohort; references are altered accordingly."""

    BLANK = "blank"
    """Every voxel is 0."""
    OTHER_PATIENT = "other-patient"
    """The images of another patient; the reference stays the patient's own."""
    MIRRORED = "mirrored"
    """Left and right are mirrored about the image centre."""
    SHIFTED = "shifted"
    """Everything is shifted by whole voxels, with the brain inside the field: see `roomiest_shift`."""
    WITHOUT_T1N = "without-t1n"
    WITHOUT_T1C = "without-t1c"
    WITHOUT_T2W = "without-t2w"
    WITHOUT_T2F = "without-t2f"

    @property
    def moves(self) -> bool:
        """Whether the answer must move with the image."""
        return self in (Control.MIRRORED, Control.SHIFTED)

    @property
    def dropped(self) -> Modality | None:
        """The modality that is removed, or None."""
        prefix = "without-"
        return Modality(self.value.removeprefix(prefix)) if self.value.startswith(prefix) else None
