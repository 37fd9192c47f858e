"""Studies in nnU-Net's raw layout, and in the Medical Segmentation Decathlon's."""

from gliobench.adapters.nifti.nnunet.nnunet_study_source import NnunetStudySource, holds_nnunet

__all__ = ["NnunetStudySource", "holds_nnunet"]
