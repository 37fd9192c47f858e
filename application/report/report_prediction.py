"""Show one prediction as a report shows a case: its slice, its volume, and the report in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gliobench.application.evaluate.save_cases import has_volume, image_to_save, saved_slice
from gliobench.application.ports.picture_encoder import PictureEncoder
from gliobench.application.ports.prediction_page import PredictionPage, PredictionReport
from gliobench.application.predict.observations import (
    DISCLAIMER,
    file_slice,
    observations,
    slice_text,
    warnings_of,
)
from gliobench.application.predict.study_reading import Place, StudyReading, drawn_answer
from gliobench.domain.comparison.casebook import Casebook, CaseEntry, Frame
from gliobench.domain.errors import FaultError
from gliobench.domain.evaluation.saved_case import Coarsening, SavedCase, SavedVolume
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.geometry.grids import Box, Box3D, FloatArray, Plane, Point, Point3D, Polygon
from gliobench.domain.labels.regions import nested
from gliobench.domain.predictions.forms import on_plane
from gliobench.domain.predictions.prediction import Form, LocalisationPrediction, Mask
from gliobench.domain.slices.view import brain_middle


@dataclass(frozen=True, slots=True)
class ReportPrediction:
    """Draws predictions."""

    page: PredictionPage
    encoder: PictureEncoder

    def __call__(self, reading: StudyReading) -> bytes:
        """Return the page of a prediction.

        Raises:
            InvalidInputError: An image cannot be drawn.
            StoreError: The source cannot be read now.
        """
        return self.page.draw(
            PredictionReport(
                study_id=reading.study.id,
                backend=reading.backend.name,
                warnings=tuple(warnings_of(reading)),
                observations=tuple(observations(reading)),
                casebook=self._casebook(reading),
                disclaimer=DISCLAIMER,
            )
        )

    def _casebook(self, reading: StudyReading) -> Casebook:
        study, name = reading.study, reading.backend.name
        try:
            modality, image = image_to_save(study)
        except FaultError:
            return Casebook()
        if not image.any():
            return Casebook()
        plane = reading.lesion.plane if reading.lesion else brain_middle(image)
        picture = saved_slice(study, plane, modality, image, self.encoder)
        volume = _volume(reading, image) if has_volume(study) else None
        masks = {} if volume is None or volume.prediction is None else {name: volume.prediction}
        entry = CaseEntry(
            scores={name: _as_case(reading, plane)},
            kept=SavedCase(study.id, modality, picture, volume),
            masks=masks,
            frame=Frame(
                grid=study.grid,
                centre=_centre(reading, plane),
                caption=slice_text(file_slice(study, plane)),
            ),
        )
        return Casebook(backends=(name,), entries=(entry,))


def _volume(reading: StudyReading, image: FloatArray) -> SavedVolume:
    coarsening = Coarsening.of(np.asarray(image != 0), reading.study.grid)
    mask = reading.place.mask if isinstance(reading.place, Place) else None
    return SavedVolume(
        grid=coarsening.grid,
        grey=coarsening.grey(image),
        reference=None,
        prediction=coarsening.depths(nested(mask.regions)) if mask else None,
    )


def _centre(reading: StudyReading, plane: Plane) -> Point3D:
    drawn = drawn_answer(reading)
    middle = [(length - 1) / 2 for length in reading.study.grid.shape]
    return Point3D(drawn.through_vox if drawn else (middle[0], middle[1], float(plane.index)))


def _as_case(reading: StudyReading, plane: Plane) -> CaseScore:
    """Return the answers as a case without a reference."""
    study = reading.study
    return CaseScore(
        study_id=study.id,
        patient_id=study.patient_id,
        site=None,
        reference_grade=None,
        grade=reading.grade,
        localisation={
            form: FormOutcome(scores={}, answer=answer)
            for form, answer in _drawn_on(plane, reading).items()
        },
        plane=plane,
        slice_choice=study.plane_choice,
        simulated=study.is_simulated,
    )


def _drawn_on(plane: Plane, reading: StudyReading) -> dict[Form, Point | Box | Polygon]:
    """Cut the answer by a plane; a box is left out where there is an outline."""
    place = reading.place if isinstance(reading.place, Place) else None
    drawn = reading.on_slice
    answers = [
        (Form.POINT_3D, place.centre if place else None),
        (Form.MASK, place.mask if place else None),
        (Form.POLYGON, drawn.polygon if drawn else None),
        (Form.BOX_3D, drawn.box if drawn else place.box if place else None),
    ]
    known = (Point3D, Mask, Polygon, Box3D)
    given = {form: answer for form, answer in answers if isinstance(answer, known)}
    if not given:
        return {}
    cut = on_plane(LocalisationPrediction(given), plane, reading.study.grid)
    found = {form: item for form, item in cut.items() if isinstance(item, Point | Box | Polygon)}
    return {form: item for form, item in found.items() if form is not Form.BOX or len(found) < 3}
