"""What people see: pages, pictures and masks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gliobench.application.ports.comparison_writer import ComparisonWriter
    from gliobench.application.ports.picture_encoder import PictureEncoder
    from gliobench.application.ports.report_writer import ReportWriter
    from gliobench.application.ports.storage import Storage
    from gliobench.application.ports.study_painter import StudyPainter
    from gliobench.domain.labels.conventions import LabelConvention
    from gliobench.domain.predictions.prediction import Mask
    from gliobench.domain.studies.study import Study


def report_writer(url: str, open_storage: Callable[[str], Storage]) -> ReportWriter:
    """Give what writes a report into a folder or under a URL."""
    from gliobench.adapters.html import HtmlReportWriter

    return HtmlReportWriter(open_storage(url))


def comparison_writer(url: str, open_storage: Callable[[str], Storage]) -> ComparisonWriter:
    """Give what writes a comparison into a folder or under a URL."""
    from gliobench.adapters.html.comparison import HtmlComparisonWriter

    return HtmlComparisonWriter(open_storage(url))


def picture_encoder() -> PictureEncoder:
    """Give what makes small files of pictures."""
    from gliobench.adapters.pillow import WebpPictureEncoder

    return WebpPictureEncoder()


def painter() -> StudyPainter:
    """Give what draws studies."""
    from gliobench.adapters.matplotlib import MatplotlibStudyPainter

    return MatplotlibStudyPainter()


def write_mask(path: Path, mask: Mask, study: Study, convention: LabelConvention) -> None:
    """Write a mask as NIfTI on the grid of the study's own files.

    Raises:
        InvalidInputError: The convention has no integer for a voxel.
        JobError: The file cannot be written.
    """
    from gliobench.adapters.nifti import write_mask as write

    write(path, mask, study, convention)
