"""From a study of one plane to what the networks of slices learn from and are asked about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gliobench.adapters.monai.slice_batches import TrainingSlice
from gliobench.domain.geometry.grids import BoolArray, Spacing
from gliobench.domain.geometry.resampling import Float32Array, resample_to_spacing
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.grader_input import (
    GraderGeometry,
    grader_crop,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.networks.input import Shape, brain_windows, localizer_volumes, window
from gliobench.domain.networks.slice_input import SLICE_MODALITIES, SliceGeometry, thick_as
from gliobench.domain.studies.study import Reference, Study

ROOM = 2
"""How much wider than its crop a grader's lesson is, so that turns and shifts find pixels there."""


def lessons_of(study: Study, reference: Reference, geometry: SliceGeometry) -> list[TrainingSlice]:
    """Cut a study into windows that hold its brain, one as a rule."""
    spacing_mm = _spacing_mm(study, geometry)
    volumes = localizer_volumes(study, spacing_mm, SLICE_MODALITIES)
    whole = resample_to_spacing(
        reference.regions[Region.WT].astype(np.float32),
        spacing_mm=study.grid.spacing_mm,
        target_mm=spacing_mm,
    )
    stacked = np.concatenate([volumes, whole[np.newaxis]])
    cuts = (window(stacked, s, geometry.shape) for s in brain_windows(volumes, geometry.shape))
    return [
        TrainingSlice(study.patient_id, reference.grade, cut[0, :, :, 0], cut[1, :, :, 0])
        for cut in cuts
    ]


def lesson_about(study: Study, reference: Reference, geometry: SliceGeometry) -> TrainingSlice:
    """Cut a wide crop about a study's reference tumour."""
    i, j, k = geometry.crop
    wide = replace(geometry, crop=(ROOM * i, ROOM * j, k))
    whole = reference.regions[Region.WT]
    tumour = grader_crop(
        whole, grid=study.grid, centre=tumour_centre(whole), geometry=_crop_geometry(study, wide)
    )
    pixels = crop_about(whole, study, wide)
    return TrainingSlice(study.patient_id, reference.grade, pixels[0, :, :, 0], tumour[:, :, 0])


def crop_about(whole: BoolArray, study: Study, geometry: SliceGeometry) -> Float32Array:
    """Cut a grader's input about a tumour, as inference does: (1, i, j, 1) float32."""
    return grader_volumes(
        study,
        centre=tumour_centre(whole),
        geometry=_crop_geometry(study, geometry),
        rules=intensity_rules(study, SLICE_MODALITIES),
    )


def _crop_geometry(study: Study, geometry: SliceGeometry) -> GraderGeometry:
    shape: Shape = geometry.crop
    return GraderGeometry(spacing_mm=_spacing_mm(study, geometry), shape=shape)


def _spacing_mm(study: Study, geometry: SliceGeometry) -> Spacing:
    return thick_as(study.grid, geometry.spacing_mm)
