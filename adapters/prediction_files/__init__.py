"""Predictions in tables and documents that other programs wrote: grades, places, answers in words."""

from gliobench.adapters.prediction_files.answers import read_answers
from gliobench.adapters.prediction_files.coco import is_coco, read_coco, read_drawings
from gliobench.adapters.prediction_files.confidences import (
    CONFIDENCES_FILE,
    FAILURES_FILE,
    read_confidences,
    read_failures,
)
from gliobench.adapters.prediction_files.grades import read_grades, targets_in
from gliobench.adapters.prediction_files.names import read_names
from gliobench.adapters.prediction_files.places import read_places
from gliobench.adapters.prediction_files.written import Written

__all__ = [
    "CONFIDENCES_FILE",
    "FAILURES_FILE",
    "Written",
    "is_coco",
    "read_answers",
    "read_coco",
    "read_confidences",
    "read_drawings",
    "read_failures",
    "read_grades",
    "read_names",
    "read_places",
    "targets_in",
]
