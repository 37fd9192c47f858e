"""Studies and masks in NIfTI files, in the layouts that BraTS uses."""

from gliobench.adapters.nifti.brats_study_source import BratsStudySource
from gliobench.adapters.nifti.image_writing import write_image, write_map
from gliobench.adapters.nifti.mask_file import write_mask
from gliobench.adapters.nifti.study_files import StudyFiles

__all__ = ["BratsStudySource", "StudyFiles", "write_image", "write_map", "write_mask"]
