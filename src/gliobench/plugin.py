"""What the author of a backend imports, and no more.

A backend is a function that takes `BackendOptions` and gives a `Backend`. Register it in the
entry-point group `gliobench.backends`, or name its file: `--backend my_file.py:make`. Whatever it
answers is checked; a wrong value fails the study that it is about, in a line that names the backend.
See docs/plugins.md.
"""

from gliobench.application.ports.backend import Backend, BackendFactory, BackendOptions, Reads
from gliobench.application.ports.classifier import Classifier
from gliobench.application.ports.localizer import Localizer
from gliobench.domain.errors import (
    BackendError,
    FaultError,
    GliobenchError,
    InvalidInputError,
    JobError,
    MissingExtraError,
    NotFoundError,
)
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.geometry.grids import (
    Axis,
    Box,
    Box3D,
    Grid,
    Plane,
    Point,
    Point3D,
    Polygon,
)
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    GradeSet,
    LocalisationPrediction,
    Mask,
    NoTumour,
)
from gliobench.domain.predictions.reasons import Reason
from gliobench.domain.studies.grading_target import GradingTarget
from gliobench.domain.studies.image_hash import image_hash
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Grade, Modality, Study

__all__ = [
    "BUILT_IN",
    "NO_TUMOUR",
    "Axis",
    "Backend",
    "BackendError",
    "BackendFactory",
    "BackendFacts",
    "BackendOptions",
    "Box",
    "Box3D",
    "Classifier",
    "Failure",
    "FailureReason",
    "FaultError",
    "Form",
    "GliobenchError",
    "Grade",
    "GradePrediction",
    "GradeSet",
    "GradingTarget",
    "Grid",
    "InvalidInputError",
    "JobError",
    "LabelConvention",
    "LocalisationPrediction",
    "Localizer",
    "Mask",
    "MissingExtraError",
    "Modality",
    "NoTumour",
    "NotFoundError",
    "Plane",
    "Point",
    "Point3D",
    "Polygon",
    "Reads",
    "Reason",
    "Region",
    "Study",
    "image_hash",
    "patient_hash",
]
