"""Studies and masks in NIfTI files, in the layouts of BraTS, BIDS, nnU-Net and the Decathlon."""

from gliobench.adapters.nifti.bids import BidsStudySource, holds_bids
from gliobench.adapters.nifti.brats_pieces import BratsPieces
from gliobench.adapters.nifti.brats_study_source import BratsStudySource
from gliobench.adapters.nifti.image_writing import write_image, write_map
from gliobench.adapters.nifti.indexed_study_source import IndexedStudySource
from gliobench.adapters.nifti.mask_file import write_mask
from gliobench.adapters.nifti.nnunet import NnunetStudySource, holds_nnunet
from gliobench.adapters.nifti.study_files import StudyFiles

__all__ = [
    "BidsStudySource",
    "BratsPieces",
    "BratsStudySource",
    "IndexedStudySource",
    "NnunetStudySource",
    "StudyFiles",
    "holds_bids",
    "holds_nnunet",
    "write_image",
    "write_map",
    "write_mask",
]
