"""Studies in DICOM files, with pseudonyms in place of the names of patients (extra `dicom`)."""

from gliobench.adapters.dicom.dicom_study_source import DicomStudySource

__all__ = ["DicomStudySource"]
