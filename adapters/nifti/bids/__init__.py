"""Studies in folders that follow the Brain Imaging Data Structure, raw or derived."""

from gliobench.adapters.nifti.bids.bids_study_source import BidsStudySource, holds_bids

__all__ = ["BidsStudySource", "holds_bids"]
