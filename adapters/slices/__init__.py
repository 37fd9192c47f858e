"""Studies of one axial slice each, in a folder of pictures."""

from gliobench.adapters.slices.slice_study_source import CASES_FILE, IMAGES, MASKS, SliceStudySource

__all__ = ["CASES_FILE", "IMAGES", "MASKS", "SliceStudySource"]
