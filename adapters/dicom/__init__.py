"""Studies in DICOM files, with pseudonyms in place of the names of patients (extra `dicom`)."""

from gliobench.adapters.dicom.dicom_study_source import DicomStudySource
from gliobench.adapters.dicom.objects import write_objects

__all__ = ["DicomStudySource", "write_objects"]
