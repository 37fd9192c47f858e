"""What every painter promises."""

from __future__ import annotations

import pytest

from fakes.fake_study_painter import FakeStudyPainter
from fakes.fake_study_source import fake_case
from gliobench.adapters.matplotlib import MatplotlibStudyPainter
from gliobench.application.ports.study_painter import StudyPainter
from gliobench.domain.errors import NotFoundError
from gliobench.domain.geometry import Box3D
from gliobench.domain.study import Modality

PAINTERS = [FakeStudyPainter(), MatplotlibStudyPainter()]


@pytest.mark.parametrize("painter", PAINTERS, ids=lambda painter: type(painter).__name__)
def test_the_same_arguments_give_the_same_png(painter: StudyPainter) -> None:
    case = fake_case("s1")

    first, second = (
        painter.paint(
            case.study,
            centre_vox=(5.0, 6.0, 4.0),
            regions=case.reference.regions,
            reference=case.reference.regions,
            box=Box3D((2, 2, 2), (5, 5, 5)),
            through_vox=(4.0, 6.0, 4.0),
            title="s1",
        )
        for _ in range(2)
    )

    assert first == second
    assert first.startswith(b"\x89PNG")


@pytest.mark.parametrize("painter", PAINTERS, ids=lambda painter: type(painter).__name__)
@pytest.mark.parametrize("modality", list(Modality))
def test_any_modality_will_do(painter: StudyPainter, modality: Modality) -> None:
    study = fake_case("s1", modalities=[modality]).study

    assert painter.paint(study, centre_vox=None)


@pytest.mark.parametrize("painter", PAINTERS, ids=lambda painter: type(painter).__name__)
def test_a_study_without_modalities_cannot_be_drawn(painter: StudyPainter) -> None:
    with pytest.raises(NotFoundError, match="has no modality"):
        painter.paint(fake_case("s1", modalities=()).study, centre_vox=None)
