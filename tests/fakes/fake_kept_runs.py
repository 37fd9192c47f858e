"""Runs in memory that keep pictures and volumes of their cases, made as real ones are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fakes.fake_picture_encoder import FakePictureEncoder
from fakes.fake_run_store import FakeRunStore
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.evaluate.save_cases import SaveCases, SavedImages
from gliobench.application.evaluate.score_study import ScoreStudy
from gliobench.application.ports.picture_encoder import PictureEncoder
from gliobench.application.ports.run_store import RunManifest, RunStore, StudyPrediction
from gliobench.domain.geometry.grids import Axis, Box, Box3D, Plane, Point, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.study import Case, Grade, Modality, Study

Answer = tuple[GradePrediction | Failure, LocalisationPrediction | Failure | None]
Backend = Callable[[Study], Answer]

EVIL = "</script><img src=x onerror=alert(1)>'\"&{{7*7}} 100%"
"""A study id that tries everything."""
SHAPE = (40, 48, 36)


def head(study_id: str, number: int) -> Case:
    """Make a head of 4 mm voxels with a tumour whose place depends on its number."""
    corner = (8 + 3 * (number % 4), 10 + 4 * (number % 3), 12)
    tumour = Box3D(start=corner, stop=(corner[0] + 9, corner[1] + 11, corner[2] + 8))
    grade = Grade.HGG if number % 3 else Grade.LGG
    site = f"site{number % 2}"
    case = fake_case(
        study_id,
        grade=grade,
        site=site,
        shape=SHAPE,
        spacing_mm=(4.0, 4.0, 4.0),
        tumour=tumour,
        modalities=(Modality.T1C,),
    )
    case.study.volumes[Modality.T1C][_beyond_the_skull()] = 0
    return case


def _beyond_the_skull() -> np.ndarray:
    places = np.indices(SHAPE) - (np.array(SHAPE)[:, None, None, None] - 1) / 2
    radii = np.array([17.0, 21.0, 15.0])[:, None, None, None]
    return ((places / radii) ** 2).sum(axis=0) > 1


def looks(study: Study) -> Answer:
    """Find what is bright, and grade right whoever is not the fifth."""
    found = study.volume(Modality.T1C) > 120
    grade = Grade.LGG if study.id.endswith("5") else Grade.HGG
    return GradePrediction(grade, 0.2 if grade is Grade.LGG else 0.9), LocalisationPrediction(
        {Form.MASK: Mask(study.grid, {Region.WT: np.asarray(found)})}
    )


def draws(study: Study) -> Answer:
    """Draw on one slice, near the middle; decline about the second study."""
    if study.id.endswith("2"):
        refusal = Failure(FailureReason.REFUSAL, "it declined to answer", raw="I <b>can't</b>.")
        return refusal, refusal
    plane = Plane(Axis.AXIAL, 15)
    return GradePrediction(Grade.HGG, raw="HGG, I think"), LocalisationPrediction(
        {
            Form.POINT: Point(plane, (19.5, 23.5)),
            Form.BOX: Box(plane, (14, 16), (26, 30)),
            Form.POLYGON: Polygon(plane, ((14, 16), (26, 18), (24, 30), (15, 28))),
        }
    )


def says_hgg(_: Study) -> Answer:
    """Answer HGG and nothing else."""
    return GradePrediction(Grade.HGG), None


BACKENDS: Mapping[str, Backend] = {"looks": looks, "draws": draws, "says-hgg": says_hgg}


def fake_heads(n: int = 8, *, last: str = EVIL) -> list[Case]:
    """Make some heads; the last one's id is hostile."""
    ids = [*(f"s{number}" for number in range(n - 1)), last]
    return [head(study_id, number) for number, study_id in enumerate(ids)]


def saved_runs(
    cases: Sequence[Case],
    backends: Mapping[str, Backend] = BACKENDS,
    *,
    images: SavedImages = SavedImages(volumes=2),  # noqa: B008 -- frozen
    encoder: PictureEncoder | None = None,
    open_store: Callable[[str], RunStore] = lambda _: FakeRunStore(),
) -> dict[str, RunStore]:
    """Evaluate backends over cases, and keep what readers will see."""
    source = FakeStudySource(cases)
    save_cases = SaveCases(
        source, encoder or FakePictureEncoder(), cohort=source.study_ids(), images=images
    )
    stores = {}
    for name, backend in backends.items():
        stores[name] = store = open_store(name)
        manifest = manifest_of(name, len(cases))
        store.open(manifest)
        keys = {study_id: f"{name} of {study_id}" for study_id in source.study_ids()}
        said = [
            StudyPrediction(keys[one], one, *backend(source.study(one)))
            for one in source.study_ids()
        ]
        store.append(said)
        store.write_scores(
            [ScoreStudy.of(source, one.study_id, one.study_id)(one, manifest) for one in said]
        )
        save_cases(store, store.scores(), keys)
    return stores


def manifest_of(backend: str, n_studies: int) -> RunManifest:
    """Make the manifest of a run."""
    return RunManifest(
        cohort="c" * 64,
        backend=backend,
        fingerprint="f" * 64,
        provenance={},
        grades=True,
        forms=frozenset({Form.MASK, Form.POINT, Form.BOX, Form.POLYGON}),
        settings={},
        trained_on=frozenset(),
        seed=0,
        n_studies=n_studies,
        name="heads",
    )
