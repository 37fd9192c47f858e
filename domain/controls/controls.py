"""Controls: what is done to an image to see whether a backend's answer depends on it."""

from __future__ import annotations

from enum import Enum

from gliobench.domain.studies.study import Modality


class Control(str, Enum):
    """An alteration of every image of a cohort; the references are altered alike."""

    BLANK = "blank"
    """Every voxel is 0: there is nothing to see."""
    OTHER_PATIENT = "other-patient"
    """The images of another patient; the reference stays the patient's own."""
    MIRRORED = "mirrored"
    """Left and right change places about the image's middle."""
    SHIFTED = "shifted"
    """Everything moves by whole voxels, the brain within its field: see `roomiest_shift`."""
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
        """The modality that it takes away, or None."""
        prefix = "without-"
        return Modality(self.value.removeprefix(prefix)) if self.value.startswith(prefix) else None
