"""Keep what a reader of the report will want to see, so that a report reads no image."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gliobench.application.datasets.side_by_side import side_by_side
from gliobench.application.ports.picture_encoder import PictureEncoder
from gliobench.application.ports.run_store import RunStore
from gliobench.application.ports.study_source import Listing, StudySource
from gliobench.application.predict.failures import may_harm
from gliobench.application.predict.read_reference import read_reference
from gliobench.domain.errors import FaultError, NotFoundError
from gliobench.domain.evaluation.saved_case import (
    Coarsening,
    SavedCase,
    SavedSlice,
    SavedVolume,
    chosen,
)
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.geometry.grids import BoolArray, FloatArray, Plane, extent
from gliobench.domain.labels.regions import nested
from gliobench.domain.predictions.prediction import Form, LocalisationPrediction, Mask
from gliobench.domain.slices.pictures import render
from gliobench.domain.slices.view import Composition, SliceView
from gliobench.domain.studies.study import ESSENTIAL, Modality, Study

SIZE_PX = 256
"""Edge of a kept picture."""
PREFERRED = (*ESSENTIAL, Modality.T1N, Modality.T2W)
"""Which modality is kept: the first of these that can be read."""
DRAWN_AT_ONCE = 2
"""Studies that are drawn side by side: each takes the memory of an image or two."""
LEAST_PLANES = 8
"""Fewer than these along an axis are no volume to turn around."""


@dataclass(frozen=True, slots=True)
class SavedImages:
    """Of how many studies images are saved; the same of every backend and shard.

    Args:
        pictures: Studies of which the scored slice is saved, chosen by lot where there are more.
        volumes: Studies of which a volume is saved, the first of the same lots.
    """

    pictures: int = 1000
    volumes: int = 8


class SaveCases:
    """Keeps the scored slice of every study, and of a few studies a small volume.

    What it draws of a study it remembers, so that one image of a study is read once for any number
    of runs.

    Args:
        source: Where the studies and their references come from.
        encoder: Of the pictures.
        cohort: Every study of the cohort, whichever of them a shard scores.
        images: Of how many studies images are saved.
    """

    def __init__(
        self,
        source: StudySource,
        encoder: PictureEncoder,
        *,
        cohort: Collection[str],
        images: SavedImages = SavedImages(),
    ) -> None:
        self._source = source
        self._encoder = encoder
        self._slices = frozenset(_drawn(cohort, images.pictures))
        self._volumes = frozenset(_drawn(cohort, images.volumes))
        self._drawn: dict[str, _Drawing | None] = {}

    def __call__(
        self, store: RunStore, cases: Iterable[CaseScore], keys: Mapping[str, str]
    ) -> None:
        """Keep the cases of one run; a study that cannot be drawn, or did harm, is left out.

        Raises:
            JobError: The store cannot be read or written.
            StoreError: The source cannot be read now.
        """
        wanted = self._slices | self._volumes
        ours = [case for case in cases if case.study_id in wanted and not may_harm(case)]
        drawings = side_by_side(self._drawing, ours, at_once=DRAWN_AT_ONCE)
        drawn = {
            case.study_id: one for case, one in zip(ours, drawings, strict=True) if one is not None
        }
        kept = {study_id: one.case for study_id, one in drawn.items()}
        solid = {keys[study_id]: one for study_id, one in drawn.items() if one.coarsening}
        for key, mask in _masks(store, solid):
            one = solid[key]
            if one.coarsening is not None and one.case.volume is not None:
                volume = replace(
                    one.case.volume, prediction=one.coarsening.depths(nested(mask.regions))
                )
                kept[one.case.study_id] = replace(one.case, volume=volume)
        store.write_saved_cases(kept.values())

    def _drawing(self, case: CaseScore) -> _Drawing | None:
        if case.study_id not in self._drawn:
            try:
                self._drawn[case.study_id] = self._draw(case)
            except FaultError:
                self._drawn[case.study_id] = None
        return self._drawn[case.study_id]

    def _draw(self, case: CaseScore) -> _Drawing:
        study = self._source.study(case.study_id)
        modality, image = image_to_save(study)
        picture = None
        if case.plane is not None and study.id in self._slices:
            picture = saved_slice(study, case.plane, modality, image, self._encoder)
        kept = SavedCase(study.id, modality, picture, volume=None)
        if study.id not in self._volumes or not has_volume(study):
            return _Drawing(kept)
        coarsening = Coarsening.of(image != 0, study.grid)
        reference = read_reference(self._source, study.id)
        volume = SavedVolume(
            grid=coarsening.grid,
            grey=coarsening.grey(image),
            reference=None
            if reference.tumour is None
            else coarsening.depths(nested(reference.regions)),
            prediction=None,
        )
        return _Drawing(replace(kept, volume=volume), coarsening)


def _drawn(cohort: Collection[str], count: int) -> list[str]:
    return cohort.drawn(count) if isinstance(cohort, Listing) else chosen(cohort, count)


def image_to_save(study: Study) -> tuple[Modality, NDArray[np.float32]]:
    """Return the first of `PREFERRED` that can be read.

    Raises:
        NotFoundError: None can.
        StoreError: The source cannot be read now.
    """
    for modality in PREFERRED:
        try:
            return modality, study.volume(modality)
        except FaultError:
            continue
    raise NotFoundError(f"study {study.id} has no modality that can be read")


def has_volume(study: Study) -> bool:
    """Return whether a study has enough planes to turn around."""
    return min(study.grid.shape) >= LEAST_PLANES


def saved_slice(
    study: Study, plane: Plane, modality: Modality, image: FloatArray, encoder: PictureEncoder
) -> SavedSlice:
    """Draw a slice of an image, cropped to the head on it."""
    head: BoolArray = plane.cut(image) != 0
    crop = extent(head) if head.any() else None
    view = SliceView.of(study.grid, plane, SIZE_PX, crop=crop)
    pixels = render({modality: image}, view, Composition.ONE, [modality])[:, :, 0]
    return SavedSlice(view, encoder.encode(pixels))


@dataclass(frozen=True, eq=False)
class _Drawing:
    case: SavedCase
    coarsening: Coarsening | None = None


def _masks(store: RunStore, keys: Collection[str]) -> Iterator[tuple[str, Mask]]:
    for prediction in store.predictions(keys):
        if isinstance(place := prediction.localisation, LocalisationPrediction):
            mask = place.answers.get(Form.MASK)
            if isinstance(mask, Mask):
                yield prediction.key, mask
