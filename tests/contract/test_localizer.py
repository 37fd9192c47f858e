"""What every localizer promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import fake_case
from fakes.network_backends import fake_llama, tiny_networks
from fakes.program_backend import backend as program
from gliobench.adapters.baselines.backends import brain_centroid, centre_prior, mean_box
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.localizer import Localizer
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.predictions.prediction import Failure, LocalisationPrediction, Mask

STUDIES = [
    fake_case(
        f"s{number}",
        shape=(16 + number, 18, 14),
        spacing_mm=(2.0, 2.0, 2.0),
        tumour=Box3D(start=(2 + number, 3, 2), stop=(7 + number, 9, 8)),
    ).study
    for number in range(4)
]


def localizer_of(make: Callable[[BackendOptions], Backend]) -> Localizer:
    localizer = make(BackendOptions()).localizer
    assert localizer is not None
    return localizer


MAKERS: dict[str, Callable[[], Localizer]] = {
    "fake": FakeLocalizer,
    "centre-prior": lambda: localizer_of(centre_prior),
    "brain-centroid": lambda: localizer_of(brain_centroid),
    "mean-box": lambda: localizer_of(mean_box),
    "onnx": lambda: localizer_of(lambda _: tiny_networks()),
    "llama": lambda: localizer_of(lambda _: fake_llama()),
    "program": lambda: localizer_of(lambda _: program(batch=True)),
}


@pytest.fixture(params=sorted(MAKERS))
def make(request: pytest.FixtureRequest) -> Callable[[], Localizer]:
    return MAKERS[request.param]


def plain(answer: LocalisationPrediction | Failure) -> object:
    """Bring an answer into a shape that `==` compares, masks voxel by voxel."""
    if isinstance(answer, Failure):
        return answer
    return {
        form: {region: voxels.tobytes() for region, voxels in one.regions.items()}
        if isinstance(one, Mask)
        else one
        for form, one in answer.answers.items()
    }


def ask(localizer: Localizer, studies: list) -> list[object]:
    return [plain(answer) for answer in localizer.localise(studies, localizer.forms)]


def test_each_study_gets_one_result(make: Callable[[], Localizer]) -> None:
    localizer = make()

    answers = localizer.localise(STUDIES, localizer.forms)

    assert len(answers) == len(STUDIES)
    assert all(isinstance(answer, LocalisationPrediction | Failure) for answer in answers)


def test_each_form_asked_for_has_an_answer_or_a_failure(make: Callable[[], Localizer]) -> None:
    localizer = make()

    for answer in localizer.localise(STUDIES, localizer.forms):
        assert isinstance(answer, Failure) or set(answer.answers) == localizer.forms


def test_no_study_gets_no_result(make: Callable[[], Localizer]) -> None:
    assert ask(make(), []) == []


def test_results_come_in_the_order_of_the_studies(make: Callable[[], Localizer]) -> None:
    localizer = make()

    assert ask(localizer, STUDIES) == ask(localizer, STUDIES[::-1])[::-1]


def test_a_result_does_not_depend_on_the_batch(make: Callable[[], Localizer]) -> None:
    alone = [answer for study in STUDIES for answer in ask(make(), [study])]

    assert ask(make(), STUDIES) == alone


def test_a_mask_lies_on_the_grid_of_its_study(make: Callable[[], Localizer]) -> None:
    localizer = make()

    for study, answer in zip(STUDIES, localizer.localise(STUDIES, localizer.forms), strict=True):
        for one in answer.answers.values() if isinstance(answer, LocalisationPrediction) else ():
            assert not isinstance(one, Mask) or one.grid == study.grid


@pytest.mark.parametrize("name", sorted(set(MAKERS) - {"fake"}))
@pytest.mark.parametrize("emptied", ["no-modality", "all-zero"])
def test_a_study_that_shows_nothing_is_answered_or_fails_as_a_value(
    name: str, emptied: str
) -> None:
    study = STUDIES[0]
    zeros = {modality: np.zeros_like(volume) for modality, volume in study.volumes.items()}
    empty = replace(study, volumes={} if emptied == "no-modality" else zeros)

    first, second = ask(MAKERS[name](), [empty, STUDIES[1]])

    assert first is not None
    assert second == ask(MAKERS[name](), [STUDIES[1]])[0]
