"""Networks built, trained and exported with MONAI and PyTorch (extra `train`)."""

from gliobench.adapters.monai.brain_trainer import BrainTrainer
from gliobench.adapters.monai.fitting import Schedule
from gliobench.adapters.monai.grader_trainer import GraderTrainer
from gliobench.adapters.monai.lesions import load_lesion_cubes
from gliobench.adapters.monai.localizer_trainer import LocalizerTrainer
from gliobench.adapters.monai.region_trainer import (
    RegionTrainer,
    load_mask_tumours,
    load_study_tumours,
)
from gliobench.adapters.monai.slice_trainer import SliceTrainer
from gliobench.adapters.monai.training_run import TrainedNetworks, count_folds

__all__ = [
    "BrainTrainer",
    "GraderTrainer",
    "LocalizerTrainer",
    "RegionTrainer",
    "Schedule",
    "SliceTrainer",
    "TrainedNetworks",
    "count_folds",
    "load_lesion_cubes",
    "load_mask_tumours",
    "load_study_tumours",
]
