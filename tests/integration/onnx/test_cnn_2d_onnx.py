"""The backend `cnn-2d-onnx` with two tiny networks: T1c above a z-score is tumour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

pytest.importorskip("onnx", reason="the extra `train` is not installed")

from fakes.fake_slice import fake_slice
from fakes.fake_study_source import fake_case
from fakes.onnx_file import (
    SLICE_GRADER_CARD,
    write_grader,
    write_slice_weights,
    write_weights,
)
from gliobench.adapters.onnx.backend import EMBEDDED_WEIGHTS, cnn_2d_onnx, cnn_onnx
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.application.ports.backend import Backend, BackendOptions, Reads
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Box, Box3D, Plane, Point, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.grader_input import (
    GraderGeometry,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.networks.slice_input import SLICE_MODALITIES
from gliobench.domain.predictions.forms import on_plane
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Modality, Study
from gliobench.entrypoints.plugins import build_backend


def slice_with_tumour(study_id: str = "slice-1", *, thickness_mm: float = 1.0) -> Study:
    """Give T1c alone, as slices have it, of a tumour of 18 x 16 pixels."""
    case = fake_slice(
        study_id,
        shape=(40, 44, 10),
        spacing_mm=(1.0, 1.0, thickness_mm),
        tumour=Box3D(start=(8, 20, 2), stop=(26, 36, 6)),
        modalities=[Modality.T1C],
    )
    return case.study


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_slice_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def backend(weights: Path) -> Iterator[Backend]:
    return cnn_2d_onnx(BackendOptions(weights_dir=str(weights), threads=1))


def place_of(backend: Backend, study: Study) -> LocalisationPrediction | Failure:
    assert backend.localizer is not None
    (place,) = backend.localizer.localise([study], {Form.MASK})
    return place


def grade_of(backend: Backend, study: Study) -> GradePrediction | Failure:
    assert backend.classifier is not None
    (grade,) = backend.classifier.classify([study])
    return grade


@pytest.mark.parametrize("thickness_mm", [1.0, 5.0, 0.4])
def test_a_slice_of_any_thickness_is_segmented_where_its_tumour_is(
    backend: Backend, thickness_mm: float
) -> None:
    study = slice_with_tumour(thickness_mm=thickness_mm)

    place = place_of(backend, study)

    assert isinstance(place, LocalisationPrediction)
    mask = place.answers[Form.MASK]
    assert isinstance(mask, Mask)
    assert list(mask.regions) == [Region.WT]
    expected = np.zeros((40, 44, 1), dtype=bool)
    expected[8:26, 20:36] = True
    np.testing.assert_array_equal(mask.whole, expected)


def test_point_box_and_polygon_on_the_slice_follow(backend: Backend) -> None:
    study = slice_with_tumour()

    forms = on_plane(place_of(backend, study), Plane(Axis.AXIAL, 0), study.grid)

    point, box, polygon = (forms[one] for one in (Form.POINT, Form.BOX, Form.POLYGON))
    assert isinstance(point, Point)
    assert point.at == (16.5, 27.5)
    assert isinstance(box, Box)
    assert (box.start, box.stop) == ((8, 20), (26, 36))
    assert isinstance(polygon, Polygon)
    assert len(polygon.vertices) == 4


def test_a_grade_is_read_from_the_crop_about_the_tumour(backend: Backend) -> None:
    study = slice_with_tumour()
    whole = np.zeros((40, 44, 1), dtype=bool)
    whole[8:26, 20:36] = True
    crop = grader_volumes(
        study,
        centre=tumour_centre(whole),
        geometry=GraderGeometry(spacing_mm=(1.0, 1.0, 1.0), shape=(8, 8, 1)),
        rules=intensity_rules(study, SLICE_MODALITIES),
    )

    grade = grade_of(backend, study)

    assert isinstance(grade, GradePrediction)
    assert grade.probability_hgg == pytest.approx(float(expit(2 * crop.mean() / 2)), abs=1e-6)


def test_a_volume_fails_with_one_clear_line(backend: Backend) -> None:
    study = fake_case("volume-1").study

    for answer in (place_of(backend, study), grade_of(backend, study)):
        assert answer == Failure(
            FailureReason.UNREADABLE_STUDY, "study volume-1 is a volume of 10 planes: wanted slices"
        )


def test_a_slice_fails_the_backend_of_volumes_with_one_clear_line(tmp_path: Path) -> None:
    of_volumes = cnn_onnx(BackendOptions(weights_dir=str(write_weights(tmp_path))))

    assert of_volumes.reads is Reads.VOLUMES
    assert place_of(of_volumes, slice_with_tumour()) == Failure(
        FailureReason.UNREADABLE_STUDY, "study slice-1 is a single slice: wanted volumes"
    )


def test_the_backend_says_what_it_is(backend: Backend) -> None:
    assert backend.name == "cnn-2d-onnx"
    assert backend.reads is Reads.SLICES
    assert backend.trained_on == {"aa", "bb", "cc"}


def test_networks_of_the_other_kind_are_refused_in_one_line(tmp_path: Path, weights: Path) -> None:
    volumes = write_weights(tmp_path)

    with pytest.raises(InvalidInputError, match="cnn-2d-onnx reads slices: .* volumes"):
        cnn_2d_onnx(BackendOptions(weights_dir=str(volumes)))
    with pytest.raises(InvalidInputError, match="cnn-onnx reads volumes: .* slices"):
        cnn_onnx(BackendOptions(weights_dir=str(weights)))


def test_a_localizer_of_slices_and_a_grader_of_volumes_are_refused(tmp_path: Path) -> None:
    write_slice_weights(tmp_path)
    write_grader(tmp_path / "grader.onnx")

    with pytest.raises(InvalidInputError, match="do not fit"):
        cnn_2d_onnx(BackendOptions(weights_dir=str(tmp_path)))


def test_each_patient_is_answered_by_the_fold_whose_weights_have_not_seen_them(
    tmp_path: Path,
) -> None:
    seen = [("ann", "ben"), ("ben", "cy"), ("ann", "cy")]
    for number, patients in enumerate(seen):
        hashes = tuple(map(patient_hash, patients))
        folder = write_slice_weights(tmp_path / f"fold-{number}", trained_on=hashes)
        if number == 1:  # tells itself apart: it grades the other way round
            card = replace(SLICE_GRADER_CARD, trained_on=hashes)
            write_grader(folder / "grader.onnx", card=card, gain=-2.0)

    backend = build_backend("cnn-2d-onnx", BackendOptions(extra={"held_out": str(tmp_path)}))

    signs = {}
    for patient in ("ann", "ben", "cy"):
        grade = grade_of(backend, replace(slice_with_tumour(), patient_id=patient))
        assert isinstance(grade, GradePrediction)
        assert grade.probability_hgg is not None
        signs[patient] = grade.probability_hgg > 0.5
    assert signs == {"ann": False, "ben": True, "cy": True}
    assert backend.trained_on == frozenset()


def test_the_weights_that_ship_are_small_and_say_whom_they_learned_from() -> None:
    folder = EMBEDDED_WEIGHTS / "slices"

    size = sum((folder / f"{kind}.onnx").stat().st_size for kind in ("localizer", "grader"))
    card = OnnxNetwork(folder / "localizer.onnx", kind="localizer").card

    assert size < 5_000_000
    assert card.modalities == ("t1c",)
    assert len(card.trained_on) > 200
